import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newSerial } from '../../agent/coupons/index.ts';
import { layoutCoupon } from '../../agent/printing/layout.ts';
import { couponCode } from '../../agent/printing/layout-code.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { printerProfiles, resolveProfile } from '../../drivers/printer/profiles.ts';

const token = 'TS1.0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const kinds = ['qr', 'code128', 'gs1-128', 'ean13'] as const;

test('on 80 mm every offer has the code that it asks for, whatever the serial', () => {
  for (const profile of printerProfiles.filter(({ dots }) => dots >= 512))
    for (const barcode of kinds)
      for (let run = 0; run < 50; run++) {
        const serial = newSerial(length => randomBytes(length));
        assert.equal(couponCode({ barcode, serial, token }, profile).barcode, barcode, `${profile.name} ${serial}`);
      }
});

test('on 58 mm a code that is too wide gives way to the QR code, and an EAN does not', () => {
  const profile = resolveProfile('generic-58', 58);
  // One in some hundred serials has so many digits that its code128 fits.
  const serial = 'ABCDEFGHJKMNPQRS';
  const of = (barcode: (typeof kinds)[number]) => couponCode({ barcode, serial, token }, profile);
  assert.deepEqual(of('code128'), { barcode: 'qr', token });
  assert.deepEqual(of('gs1-128'), { barcode: 'qr', token });
  assert.equal(of('ean13').barcode, 'ean13');
});

test('what is chosen can be printed on every printer', () => {
  for (const profile of printerProfiles)
    for (const barcode of kinds) {
      const serial = newSerial(length => randomBytes(length));
      const validity = { validFrom: '2026-11-22', validTo: '2026-12-05' };
      const code = couponCode({ barcode, serial, token }, profile);
      encodeSlip(
        layoutCoupon({ title: 'x', ...validity, serial, ...code, languages: ['de'] }, profile.columns),
        profile,
      );
    }
});
