/** The coupon's layout on three paper widths and in four languages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CouponPrint, layoutCoupon } from '../../agent/printing/layout.ts';
import { slipLanguage, validity } from '../../agent/printing/layout-words.ts';
import { wrapWords } from '../../drivers/printer/escpos/display-width.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { printerProfiles, resolveProfile } from '../../drivers/printer/profiles.ts';
import type { SlipElement } from '../../drivers/printer/types.ts';

const coupon: CouponPrint = {
  title: '20 % auf alle Bio-Produkte',
  benefitText: '20 %',
  body: 'Beim nächsten Einkauf',
  legal: 'Nicht kumulierbar.',
  validFrom: '2026-11-22',
  validTo: '2026-12-05',
  serial: '7Q4K-9M2X',
  token: 'TS1.7Q4K9M2X',
  barcode: 'qr',
  languages: ['de'],
};

function texts(slip: readonly SlipElement[]): readonly (SlipElement & { kind: 'text' })[] {
  return slip.filter(element => element.kind === 'text');
}

function lines(slip: readonly SlipElement[]): string {
  return texts(slip)
    .map(({ text }) => text)
    .join('\n');
}

test('dates and words follow the language', () => {
  assert.equal(validity('2026-11-22', '2026-12-05', 'de'), 'Gültig 22.11.2026–05.12.2026');
  assert.equal(validity('2026-11-22', '2026-12-05', 'fr'), 'Valable 22.11.2026–05.12.2026');
  assert.equal(validity('2026-11-22', '2026-12-05', 'it'), 'Valido 22.11.2026–05.12.2026');
  assert.equal(validity('2026-11-22', '2026-12-05', 'en'), 'Valid 22.11.2026–05.12.2026');
  assert.equal(validity('2026-02-01', '2026-02-01', 'fr'), 'Valable le 01.02.2026');
});

test('the first language that slips are written in is taken, German if none is', () => {
  assert.equal(slipLanguage(['rm', 'it-CH', 'de']), 'it');
  assert.equal(slipLanguage(['pt']), 'de');
  assert.match(lines(layoutCoupon({ ...coupon, languages: ['fr'] }, 42)), /Votre bon\n/);
});

test('the benefit is not said twice, and is the largest thing on the slip', () => {
  const slip = texts(layoutCoupon(coupon, 48));
  assert.deepEqual(
    slip.filter(({ size = 1 }) => size > 1).map(({ text, size }) => [text, size]),
    [
      ['20\u00a0%', 3],
      ['auf alle Bio-Produkte', 2],
    ],
  );
});

test('a long benefit stays the largest thing: the title beneath it is small then', () => {
  const slip = texts(layoutCoupon({ ...coupon, benefitText: 'Bon anniversaire !', title: 'Un gâteau offert' }, 42));
  assert.deepEqual(
    slip.filter(({ bold, inverse }) => bold && !inverse).map(({ text, size }) => [text, size]),
    [
      ['Bon anniversaire\u00a0!', 2],
      ['Un gâteau offert', 1],
    ],
  );
});

test('a word is parted at its hyphen only where that saves a line', () => {
  const body = (text: string, columns: number) =>
    lines(layoutCoupon({ ...coupon, title: 'Rabatt', body: text }, columns))
      .split('\n')
      .slice(3, -2);
  assert.deepEqual(body('At the café beside the check-outs, any size, until we close.', 42), [
    'At the café beside the check-outs,',
    'any size, until we close.',
  ]);
  assert.deepEqual(body('Gemüse-Antipasti-Grillspiess-Selbstbedienung', 32), [
    'Gemüse-Antipasti-Grillspiess-',
    'Selbstbedienung',
  ]);
});

test('the logo stands above everything, as an image of its own', () => {
  const logo = { name: 'logo', width: 16, height: 2, bits: Uint8Array.of(1, 2, 3, 4), storedAs: 't0' };
  const [first, second] = layoutCoupon({ ...coupon, logo, storeName: 'Muster Markt' }, 42);
  assert.deepEqual(first, { kind: 'image', ...logo });
  assert.deepEqual(second, { kind: 'feed', lines: 1 });
});

test('a name is printed only if it is given', () => {
  assert.match(lines(layoutCoupon({ ...coupon, firstName: 'Zoë' }, 48)), /Für Zoë/);
  assert.doesNotMatch(lines(layoutCoupon(coupon, 48)), /Für /);
});

test('a reprint says that it is one, at the code', () => {
  const slip = layoutCoupon({ ...coupon, reprint: true }, 48);
  const code = slip.findIndex(({ kind }) => kind === 'barcode');
  assert.match(lines(slip.slice(code)), /Nachdruck – gilt nur einmal/);
});

test('the slip ends in one cut, and its code has the serial in letters', () => {
  const slip = layoutCoupon(coupon, 32);
  assert.deepEqual(slip.at(-1), { kind: 'cut' });
  assert.equal(slip.filter(({ kind }) => kind === 'cut').length, 1);
  assert.deepEqual(
    slip.find(({ kind }) => kind === 'barcode'),
    { kind: 'barcode', type: 'qr', data: coupon.token, human: coupon.serial },
  );
});

test('no line of large type is wider than the paper, and no word is cut that would fit in a smaller size', () => {
  const word = fc.stringMatching(/^[A-Za-zäöüéà%-]{1,22}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), fc.constantFrom(32, 42, 48), (words, columns) => {
      const slip = layoutCoupon({ ...coupon, title: words.join(' '), benefitText: words[0] ?? '' }, columns);
      for (const { text, size = 1, small = false } of texts(slip))
        if (!small) assert.ok(text.length <= Math.floor(columns / size), `"${text}" at ${size} in ${columns}`);
      const printed = lines(slip).replaceAll(/\s/g, '');
      assert.ok(printed.includes(words.slice(1).join('').replaceAll(/\s/g, '')));
    }),
    { numRuns: 300 },
  );
});

test('every printer can print it', () => {
  for (const profile of printerProfiles) encodeSlip(layoutCoupon(coupon, profile.columns), profile);
});

test('percent signs, money and French punctuation stay with their word', () => {
  assert.deepEqual(wrapWords('Jetzt 20 % sparen', 8), ['Jetzt', '20\u00a0%', 'sparen']);
  assert.deepEqual(wrapWords('nur CHF 5.– heute', 9), ['nur', 'CHF\u00a05.–', 'heute']);
  assert.deepEqual(wrapWords('Quelle chance !', 13), ['Quelle', 'chance\u00a0!']);
});

test('a word longer than the line is cut where the line ends, and hyphens are places to break', () => {
  assert.deepEqual(wrapWords('Donaudampfschiff', 6), ['Donaud', 'ampfsc', 'hiff']);
  assert.deepEqual(wrapWords('Bio-Rüeblisaft', 12), ['Bio-', 'Rüeblisaft']);
  assert.deepEqual(wrapWords('a\n\nb', 10), ['a', '', 'b']);
});

test('a text coupon takes less than 700 bytes', () => {
  for (const name of ['TM-T88VI', 'TM-T20III', 'generic-58']) {
    const profile = resolveProfile(name, 80);
    const { init, body, cut } = encodeSlip(layoutCoupon(coupon, profile.columns), profile);
    assert.ok(init.length + body.length + cut.length < 700);
  }
});
