/**
 * `node bench/wire/run.ts [--json]`: bytes of a coupon, and how long they are on the wire at 9600 and 115200 baud (ten bits a byte) and as TCP segments at
 * 100 Mbit/s, beside two other encoders on the same slip. The times are worked out from the bytes, not measured: a line is as fast as it is.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { layoutCoupon } from '../../agent/printing/layout.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import type { Slip } from '../../drivers/printer/types.ts';
import { sampleCoupons } from '../../test/drivers/printer/coupons.ts';
import { byReceiptline, byReceiptPrinterEncoder } from './peers.ts';

/** A text coupon has to be shorter. */
const goal = 700;
const profile = resolveProfile('TM-T20III', 80);
const encoders: Readonly<Record<string, (slip: Slip) => number>> = {
  tillside(slip) {
    const { init, body, cut } = encodeSlip(slip, profile);
    return init.length + body.length + cut.length;
  },
  'receipt-printer-encoder': slip => byReceiptPrinterEncoder(slip, profile).length,
  receiptline: slip => byReceiptline(slip, profile).length,
};

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const texts = sampleCoupons.filter(({ coupon }) => coupon.logo === undefined && coupon.picture === undefined);
const rows = texts.map(({ file, coupon }) => {
  const slip = layoutCoupon(coupon, profile.columns);
  return {
    coupon: file,
    bytes: Object.fromEntries(Object.entries(encoders).map(([name, length]) => [name, length(slip)])),
  };
});
const mean = Object.fromEntries(
  Object.keys(encoders).map(name => [
    name,
    Math.round(rows.reduce((sum, { bytes }) => sum + (bytes[name] ?? 0), 0) / rows.length),
  ]),
);
const all = [...rows, { coupon: 'mean', bytes: mean }];
const longest = Math.max(...rows.map(({ bytes }) => bytes.tillside ?? 0));

if (values.json)
  for (const { coupon, bytes } of all)
    for (const [encoder, length] of Object.entries(bytes))
      console.log(
        JSON.stringify({
          bench: 'wire',
          coupon,
          encoder,
          bytes: length,
          ...wireMs(length),
          ratio: ratio(length, bytes),
        }),
      );
else {
  console.log(`the same coupon for a ${profile.name} of ${profile.columns} columns`);
  console.log(cells(['coupon', 'encoder', 'bytes', '9600 Bd', '115200 Bd', 'TCP', 'ratio']));
  for (const { coupon, bytes } of all)
    for (const [encoder, length] of Object.entries(bytes)) {
      const { ms9600, ms115200, msTcp } = wireMs(length);
      const times = [`${ms9600.toFixed(0)} ms`, `${ms115200.toFixed(1)} ms`, `${msTcp.toFixed(3)} ms`];
      console.log(cells([coupon, encoder, String(length), ...times, ratio(length, bytes).toFixed(2)]));
    }
  console.log(`the longest takes ${longest} bytes; ${goal} are allowed`);
}
if (longest >= goal) process.exitCode = 1;

function wireMs(bytes: number): { readonly ms9600: number; readonly ms115200: number; readonly msTcp: number } {
  // Ethernet, IP and TCP put 78 bytes around at most 1448 (IEEE 802.3 with preamble and gap, time stamps on).
  const onWire = bytes + Math.ceil(bytes / 1448) * 78;
  return { ms9600: round(bytes / 0.96), ms115200: round(bytes / 11.52), msTcp: round((onWire * 8) / 100_000) };
}

function ratio(length: number, bytes: Readonly<Record<string, number>>): number {
  return round(length / (bytes.tillside ?? length));
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function cells([first = '', second = '', ...numbers]: readonly string[]): string {
  return `${first.padEnd(24)}${second.padEnd(25)}${numbers.map(text => text.padStart(10)).join('')}`;
}
