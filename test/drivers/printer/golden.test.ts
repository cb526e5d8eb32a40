/**
 * Seventeen coupons in four languages, three widths and nine printers, against the pictures kept in `golden/`. `UPDATE_GOLDEN=1` writes them anew: look at them then.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { type SampleCoupon, sampleCoupons } from './coupons.ts';
import { type PrintedSample, printSample } from './print-sample.ts';

const slips = new Map<string, Promise<PrintedSample>>();

/** Each is printed once. */
function printed(sample: SampleCoupon): Promise<PrintedSample> {
  const known = slips.get(sample.file) ?? printSample(sample);
  slips.set(sample.file, known);
  return known;
}

const folder = join(import.meta.dirname, 'golden');

for (const sample of sampleCoupons) {
  test(`the coupon ${sample.file} looks as it did when it was last looked at`, async t => {
    const { slip, encoded, profile } = await printed(sample);
    const file = join(folder, `${sample.file}.png`);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, slip.png());
    const made = PNG.sync.read(Buffer.from(slip.png()));
    const kept = PNG.sync.read(readFileSync(file));
    assert.deepEqual([made.width, made.height], [kept.width, kept.height]);
    assert.ok(made.data.equals(kept.data), 'some dots differ');
    const bytes = encoded.init.length + encoded.body.length + encoded.cut.length;
    // A printer without QR command, or without a memory for the logo, gets them as dots.
    const asDots =
      (sample.coupon.barcode === 'qr' && !profile.symbols.some(symbol => symbol.startsWith('qr')) ? 400 : 0) +
      (sample.coupon.logo !== undefined && profile.imageMemory !== 'keyed' ? sample.coupon.logo.bits.length : 0) +
      (sample.coupon.picture?.bits.length ?? 0);
    const most = 700 + asDots;
    assert.ok(bytes < most, `${bytes} bytes`);
    t.diagnostic(`${bytes} bytes`);
  });

  if (sample.coupon.barcode === 'qr')
    test(`jsqr reads the coupon ${sample.file} from its picture`, async () => {
      const { slip } = await printed(sample);
      const { data, width, height } = PNG.sync.read(Buffer.from(slip.png()));
      assert.equal(jsQR.default(new Uint8ClampedArray(data), width, height)?.data, sample.coupon.token);
    });
}

test('zbarimg reads every code from its picture', async t => {
  if (spawnSync('zbarimg', ['--version']).error !== undefined) {
    t.skip('zbarimg is not installed (apt-get install zbar-tools)');
    return;
  }
  const here = mkdtempSync(join(tmpdir(), 'slips-'));
  t.after(() => rmSync(here, { recursive: true }));
  for (const sample of sampleCoupons) {
    const { slip } = await printed(sample);
    writeFileSync(join(here, `${sample.file}.png`), slip.png());
  }
  const files = sampleCoupons.map(({ file }) => join(here, `${file}.png`));
  const { stdout } = spawnSync(
    'zbarimg',
    ['--quiet', '-Sdisable', '-Sqrcode.enable', '-Scode128.enable', '-Sean13.enable', ...files],
    { encoding: 'utf8' },
  );
  const wanted = sampleCoupons.map(({ coupon }) => {
    if (coupon.barcode === 'qr') return `QR-Code:${coupon.token}`;
    if (coupon.barcode === 'ean13') return `EAN-13:${coupon.token}4`;
    return `CODE-128:${coupon.barcode === 'code128' ? coupon.token : '2557612345678900004711\u001d17261205'}`;
  });
  assert.deepEqual(stdout.trim().split('\n'), wanted);
});
