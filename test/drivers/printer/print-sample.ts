/** Prints a sample coupon on its simulated printer, bytes straight from the encoder. */
import assert from 'node:assert/strict';
import { layoutCoupon } from '../../../agent/printing/layout.ts';
import { type EncodedSlip, encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import type { PrinterProfile } from '../../../drivers/printer/profiles.ts';
import type { Slip } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter, type PrintedSlip } from '../../../drivers/virtual/printer.ts';
import { type PersonalityName, printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import type { SampleCoupon } from './coupons.ts';

export interface PrintedSample {
  readonly slip: PrintedSlip;
  readonly encoded: EncodedSlip;
  readonly profile: PrinterProfile;
}

/** A logo is in the printer's memory already where the model keeps one under a key. */
export function printSample({ printer, coupon }: SampleCoupon): Promise<PrintedSample> {
  const { logo } = coupon;
  const keeps = printerPersonalities[printer].profile.imageMemory === 'keyed';
  if (logo === undefined || !keeps) return printSlip(printer, profile => layoutCoupon(coupon, profile.columns));
  const stored = { ...coupon, logo: { ...logo, storedAs: 't0' } };
  return printSlip(printer, profile => layoutCoupon(stored, profile.columns), [
    { kind: 'store-image', key: 't0', image: logo },
  ]);
}

export async function printSlip(
  personality: PersonalityName,
  layout: (profile: PrinterProfile) => Slip,
  before: Slip = [],
): Promise<PrintedSample> {
  const clock = new FakeClock();
  const printer = createVirtualPrinter({ clock, personality });
  const { profile } = printer.personality;
  const encoded = encodeSlip(layout(profile), profile);
  const link = await printer.transport().open();
  if (before.length > 0) await link.write(encodeSlip(before, profile).body);
  await link.write(Buffer.concat([encoded.init, encoded.body, encoded.cut]));
  await clock.advance(60_000);
  assert.deepEqual(printer.unknown(), []);
  const slip = printer.slips()[0];
  assert.ok(slip !== undefined, 'a slip was cut');
  assert.equal(printer.slips().length, 1);
  return { slip, encoded, profile };
}
