/**
 * The same coupons by @point-of-sale/receipt-printer-encoder, an encoder that many tills use: bytes differ, what is on paper must not. Both go through the
 * simulated printer, and what is on their lines is read from the bytes.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Encoder from '@point-of-sale/receipt-printer-encoder';
import { layoutCoupon } from '../../../agent/printing/layout.ts';
import { byReceiptPrinterEncoder } from '../../../bench/wire/peers.ts';
import { encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import type { PrinterProfile } from '../../../drivers/printer/profiles.ts';
import type { Slip } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter, type PrintedSlip } from '../../../drivers/virtual/printer.ts';
import { printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { isTillsideError } from '../../../errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { sampleCoupons } from './coupons.ts';
import { printedLines } from './printed-lines.ts';
import { readByZbar, zbarIsThere } from './symbol-readers.ts';

const models = ['TM-T20III', 'TM-T88VI'] as const;

function ours(slip: Slip, profile: PrinterProfile): Uint8Array {
  const { init, body, cut } = encodeSlip(slip, profile);
  return Buffer.concat([init, body, cut]);
}

async function print(bytes: Uint8Array, personality: (typeof models)[number]): Promise<PrintedSlip> {
  const clock = new FakeClock();
  const printer = createVirtualPrinter({ clock, personality });
  const link = await printer.transport().open();
  await link.write(bytes);
  await clock.advance(60_000);
  assert.deepEqual(printer.unknown(), []);
  const [slip, ...more] = printer.slips();
  assert.ok(slip !== undefined && more.length === 0, 'one slip');
  return slip;
}

for (const personality of models) {
  const { profile } = printerPersonalities[personality];
  const coupons = sampleCoupons.filter(({ coupon }) => coupon.logo === undefined && coupon.picture === undefined);

  test(`${personality}: both encoders put the same words in the same size, weight, font and place on paper`, () => {
    for (const { file, coupon } of coupons) {
      const slip = layoutCoupon(coupon, profile.columns);
      const mine = printedLines(ours(slip, profile), profile);
      const theirs = printedLines(byReceiptPrinterEncoder(slip, profile), profile);
      assert.deepEqual(
        mine.map(({ middle, ...line }) => line),
        theirs.map(({ middle, ...line }) => line),
        file,
      );
      mine.forEach(({ text, middle, across }, at) => {
        // It centres with blanks, in a line of whole characters: half a character of the size is as near as it comes.
        const near = across / 2 + (profile.dots / 12 - profile.columns) / 2 + 0.01;
        const apart = Math.abs(middle - (theirs[at]?.middle ?? 0));
        assert.ok(apart <= near, `${file}: "${text}" is ${apart} characters apart`);
      });
    }
  });

  test(`${personality}: both encoders' codes say the same, to the printer and to zbarimg`, async () => {
    const pictures: Uint8Array[] = [];
    // One of each code, the shortest and the longest slip.
    const some = coupons.filter(({ file, coupon }) => coupon.barcode !== 'qr' || /^(11|12)/.test(file));
    assert.equal(some.length, 5);
    for (const { file, coupon } of some) {
      const slip = layoutCoupon(coupon, profile.columns);
      const [mine, theirs] = [
        await print(ours(slip, profile), personality),
        await print(byReceiptPrinterEncoder(slip, profile), personality),
      ];
      assert.deepEqual(mine.symbols, theirs.symbols, file);
      assert.equal(mine.symbols.length, 1);
      pictures.push(mine.png(), theirs.png());
    }
    if (!zbarIsThere) return;
    const read = readByZbar(pictures);
    assert.equal(read.length, pictures.length);
    for (let at = 0; at < read.length; at += 2) assert.equal(read[at], read[at + 1], some[at / 2]?.file);
  });
}

test('what the other encoder lets through is refused here', () => {
  const { profile } = printerPersonalities['TM-T20III'];
  const refused = (slip: Slip) =>
    assert.throws(
      () => encodeSlip(slip, profile),
      error => isTillsideError(error, 'print-content'),
    );
  const theirs = () => new Encoder({ printerModel: 'epson-tm-t20iii', feedBeforeCut: 0 }).initialize();
  const wrongCheckDigit = '7612345678901';
  assert.ok(theirs().barcode(wrongCheckDigit, 'ean13', 60).encode().length > 0);
  refused([{ kind: 'barcode', type: 'ean13', data: wrongCheckDigit }]);
  const unescaped = theirs().barcode('A{1B', 'code128', 60).encode();
  assert.ok(Buffer.from(unescaped).includes('{BA{1B'), 'FNC1 instead of a brace');
  assert.ok(Buffer.from(ours([{ kind: 'barcode', type: 'code128', data: 'A{1B' }], profile)).includes('{BA{{1B'));
  assert.ok(
    Buffer.from(theirs().codepage('cp437').line('Łódź').encode()).includes('?'),
    'question marks, and nobody is told',
  );
  refused([{ kind: 'text', text: '漢' }]);
});
