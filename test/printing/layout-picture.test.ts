/** The picture that an offer brings in its bundle: printed where it can be, else left out and said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import type { SlipContent } from '../../agent/coupons/index.ts';
import { layoutCoupon } from '../../agent/printing/layout.ts';
import { onPaper, paperNotes } from '../../agent/printing/layout-paper.ts';
import { couponPicture } from '../../agent/printing/layout-picture.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { printerProfiles, resolveProfile } from '../../drivers/printer/profiles.ts';

const paper80 = resolveProfile('TM-T88VI', 80);
const paper58 = resolveProfile('generic-58', 58);

function black(width: number, height: number): string {
  const png = new PNG({ width, height });
  png.data.fill(0);
  for (let at = 3; at < png.data.length; at += 4) png.data[at] = 255;
  return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`;
}

function content(more: Partial<SlipContent> = {}): SlipContent {
  return {
    title: '20 % auf Kaffee',
    benefitText: '20 %',
    body: 'Ab CHF 30.–',
    validFrom: '2026-11-22',
    validTo: '2026-12-05',
    serial: 'ABCDEFGHJKMNPQRS',
    token: 'TS1.0123456789ABCDEFGHJKMNPQRSTVWXYZ',
    barcode: 'qr',
    language: 'de',
    ...more,
  };
}

test('a picture in the bundle stands between what the coupon gives and its conditions, on every paper', () => {
  for (const profile of printerProfiles) {
    const coupon = content({ image: black(400, 150) });
    const slip = layoutCoupon(onPaper(coupon, false, profile), profile.columns);
    const kinds = slip.map(element => (element.kind === 'text' ? element.text : element.kind));
    const at = kinds.indexOf('image');
    assert.ok(
      kinds.findIndex(text => /^20.%$/.test(text)) < at &&
        at < kinds.findIndex(text => /^Ab CHF/.test(text.replaceAll('\u00a0', ' '))),
      `${profile.name}: ${kinds.join(', ')}`,
    );
    assert.ok(encodeSlip(slip, profile).body.length < 8000, 'a few seconds at 9600 baud');
    assert.deepEqual(paperNotes(coupon, profile), []);
  }
});

test('what is no picture is left out, and the journal is told why', () => {
  const why = (image: string) => {
    const picture = couponPicture(image, paper80);
    return picture.kind === 'left-out' ? picture.why : 'printed';
  };
  assert.match(why('coffee.png'), /not of the form/);
  assert.match(why('data:image/png;base64,%%%'), /not base64/);
  assert.match(why('data:image/png;base64,AAAA'), /no PNG/);
  assert.match(why(`data:image/png;base64,${'A'.repeat(20_000)}`), /longer than/);
  assert.equal(why(black(10, 10)), 'printed');
  const slip = onPaper(content({ image: 'coffee.png' }), false, paper80);
  assert.equal(slip.picture, undefined);
  assert.match(paperNotes(content({ image: 'coffee.png' }), paper80).join(), /without its picture/);
});

test('a few bytes that claim a picture of a thousand million dots are not unpacked', () => {
  const bomb = Buffer.from(black(1, 1).slice('data:image/png;base64,'.length), 'base64');
  bomb.writeUInt32BE(40_000, 16);
  bomb.writeUInt32BE(40_000, 20);
  const picture = couponPicture(`data:image/png;base64,${bomb.toString('base64')}`, paper80);
  assert.match(picture.kind === 'left-out' ? picture.why : '', /more than/);
});

test('whatever stands in the bundle as a picture, the coupon prints', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.uint8Array({ maxLength: 300 })), any => {
      const image = typeof any === 'string' ? any : `data:image/png;base64,${Buffer.from(any).toString('base64')}`;
      encodeSlip(layoutCoupon(onPaper(content({ image }), false, paper58), paper58.columns), paper58);
    }),
  );
});

test('a code that is too wide for the paper is exchanged, and the journal is told', () => {
  assert.match(
    paperNotes(content({ barcode: 'code128' }), paper58).join(),
    /^printed as QR code: the code128 .* 58 mm/,
  );
  assert.deepEqual(paperNotes(content({ barcode: 'code128' }), paper80), []);
  assert.deepEqual(paperNotes(content({ barcode: 'ean13' }), paper58), []);
});
