import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { symbologyNamed } from '../../../drivers/scanner/aim.ts';
import { gs1CheckDigit, gs1CheckOk, luhnOk } from '../../../drivers/scanner/check-digit.ts';
import { type CodeConfig, classify } from '../../../drivers/scanner/codes.ts';
import type { CardScheme, ScannedCode, Symbology } from '../../../drivers/scanner/types.ts';

const club: CardScheme = {
  id: 'club',
  prefix: '2501',
  length: 13,
  check: 'gs1-mod10',
  symbologies: ['EAN13', 'CODE128', 'QR'],
};
const config: CodeConfig = { schemes: [club] };
const FNC1 = '\u001d';

const of = (text: string, symbology: Symbology | null = null, using = config): ScannedCode =>
  classify({ text, symbology }, using);
/** A number with its GS1 check digit. */
const checked = (digits: string) => digits + gs1CheckDigit(digits);

const gsrn = checked('76102001234567890');
const gcn = checked('761020000001');

test('the check digits of the standards are computed as in their examples', () => {
  assert.equal(gs1CheckDigit('629104150021'), '3'); // GS1: how to calculate a check digit manually, GTIN-13
  assert.equal(gs1CheckOk('7610200337450'), true);
  assert.equal(luhnOk('79927398713'), true);
  assert.equal(luhnOk('79927398710'), false);
});

test('a card of the scheme is a member, in each of its symbologies, from a keyboard and as a POS posts it', () => {
  const card = checked('250100000001');
  for (const symbology of ['EAN13', 'CODE128', 'QR', 'GS1-QR', null] as const)
    assert.deepEqual(of(card, symbology), { kind: 'member', scheme: 'club', card });
  assert.deepEqual(of(`]E0${card}`), { kind: 'member', scheme: 'club', card });
  assert.equal(symbologyNamed('ean13'), 'EAN13');
  assert.equal(symbologyNamed(']Q3'), 'GS1-QR');
  assert.equal(symbologyNamed('morse'), null);
});

test('a card with the right prefix and length but a wrong check digit says so', () => {
  assert.deepEqual(of('2501000000018', 'EAN13'), { kind: 'unknown', why: 'check-digit' });
  assert.deepEqual(of('4006381333932', 'EAN13'), { kind: 'unknown', why: 'check-digit' });
});

test('a symbology that the scheme does not allow is no card', () => {
  const card = checked('250100000001');
  assert.deepEqual(of(card, 'ITF'), { kind: 'product', gtin: card });
});

test('a Luhn scheme goes before the payment card that its number looks like', () => {
  const schemes: CardScheme[] = [{ id: 'visa-like', prefix: '4111', length: 16, check: 'luhn' }];
  assert.deepEqual(of('4111111111111111', null, { schemes }), {
    kind: 'member',
    scheme: 'visa-like',
    card: '4111111111111111',
  });
  assert.deepEqual(of('4111111111111111'), { kind: 'payment-card' });
});

test('goods come in one form whatever the symbol: UPC-A as 13 digits, EAN-8 as 8, a case as 14', () => {
  assert.deepEqual(of('7610200337450', 'EAN13'), { kind: 'product', gtin: '7610200337450' });
  assert.deepEqual(of('036000291452', 'UPCA'), { kind: 'product', gtin: '0036000291452' });
  assert.deepEqual(of('0036000291452', 'EAN13'), { kind: 'product', gtin: '0036000291452' });
  assert.deepEqual(of('96385074', 'EAN8'), { kind: 'product', gtin: '96385074' });
  assert.deepEqual(of(checked('1761020033745'), 'ITF'), { kind: 'product', gtin: checked('1761020033745') });
  assert.deepEqual(of('761020033745012', 'EAN13'), { kind: 'product', gtin: '7610200337450' }, 'add-on of two digits');
});

test("tillside's own coupon token and the serial that a cashier types from the slip are coupons", () => {
  assert.deepEqual(of('TS1.abc-DEF_1.2~3', 'QR'), { kind: 'coupon', form: 'token', code: 'TS1.abc-DEF_1.2~3' });
  assert.deepEqual(of('TS1.', 'QR'), { kind: 'unknown', why: 'unreadable' });
  assert.deepEqual(of('TS1.a b', 'QR'), { kind: 'unknown', why: 'unreadable' });
  assert.deepEqual(of('7k3m-9p2q-xxyz-0001'), { kind: 'coupon', form: 'token', code: '7K3M9P2QXXYZ0001' });
  assert.deepEqual(of('7K3M9P2QXXYZ0001'), { kind: 'coupon', form: 'token', code: '7K3M9P2QXXYZ0001' });
  assert.deepEqual(of('7K3M9P2QXXYZ000I'), { kind: 'unknown', why: 'no-scheme' }, 'I is no letter of Crockford');
});

test('GS1 symbols: GTIN with expiry and serial, GCN coupon with value, GSRN member, staff refused', () => {
  assert.deepEqual(of(`0107610200337450${'17261231'}21ABC/1`, 'GS1-DATAMATRIX'), {
    kind: 'product',
    gtin: '7610200337450',
    elements: { '01': '07610200337450', '17': '261231', '21': 'ABC/1' },
  });
  assert.deepEqual(of(`255${gcn}0042${FNC1}3902500${FNC1}17261231`, 'GS1-128'), {
    kind: 'coupon',
    form: 'gcn',
    code: `${gcn}0042`,
    elements: { '255': `${gcn}0042`, '3902': '500', '17': '261231' },
  });
  assert.deepEqual(of(`8018${gsrn}80191`, 'GS1-128'), { kind: 'unknown', why: 'unreadable' }, 'no FNC1 after 8018');
  assert.deepEqual(of(`8018${gsrn}${FNC1}80191`, 'GS1-128'), { kind: 'member', scheme: 'gsrn', card: gsrn });
  assert.deepEqual(of(`8017${gsrn}`, 'GS1-128'), { kind: 'unknown', why: 'no-scheme' });
  assert.deepEqual(of(`${FNC1}8110106141416543213150110120`, 'DATABAR'), {
    kind: 'coupon',
    form: 'ai-8110',
    code: '106141416543213150110120',
    elements: { '8110': '106141416543213150110120' },
  });
  assert.deepEqual(of('0107610200337451', 'GS1-128'), { kind: 'unknown', why: 'check-digit' });
  assert.deepEqual(of(`255${gcn}${FNC1}17261331`, 'GS1-128'), { kind: 'unknown', why: 'unreadable' }, 'month 13');
});

test('element strings are known without a symbology only where they can be nothing else', () => {
  assert.deepEqual(of(`8018${gsrn}`), { kind: 'member', scheme: 'gsrn', card: gsrn });
  assert.equal(of('0107610200337450').kind, 'product');
  assert.equal(of(`255${gcn}123456789012`).kind, 'coupon');
});

test('a bare GTIN under DataBar, as some scanners send it, is goods', () => {
  assert.deepEqual(of('07610200337450', 'DATABAR'), { kind: 'product', gtin: '7610200337450' });
});

test('Digital Links lead to members, coupons and goods', () => {
  assert.deepEqual(of(`https://id.example/8018/${gsrn}`, 'QR'), { kind: 'member', scheme: 'gsrn', card: gsrn });
  assert.deepEqual(of(`https://shop.example/x/255/${gcn}0042?17=261231`, 'QR'), {
    kind: 'coupon',
    form: 'gcn',
    code: `${gcn}0042`,
    elements: { '255': `${gcn}0042`, '17': '261231' },
  });
  assert.equal(of('https://id.gs1.org/01/7610200337450/21/A%2F1?linkType=all', 'QR').kind, 'product');
  assert.deepEqual(of('https://id.gs1.org/01/7610200337451', 'QR'), { kind: 'unknown', why: 'check-digit' });
  assert.deepEqual(of('https://example.com/menu', 'QR'), { kind: 'unknown', why: 'no-scheme' });
});

test('EAN 98 and 99 are coupons only where the retailer says so', () => {
  const code = checked('981234500100');
  assert.deepEqual(of(code, 'EAN13'), { kind: 'unknown', why: 'no-scheme' });
  assert.deepEqual(of(code, 'EAN13', { ...config, restrictedCoupons: true }), {
    kind: 'coupon',
    form: 'ean-98-99',
    code,
  });
});

test('codes of the scales are the article and its weight or price; a longer card prefix goes before', () => {
  const weighedPrefixes = [{ prefix: '25', value: 'weight', digits: 5, decimals: 3 } as const];
  const both = { schemes: [club], weighedPrefixes };
  assert.deepEqual(of(checked('251234501234'), 'EAN13', both), {
    kind: 'product',
    gtin: checked('251234500000'),
    elements: { '3103': '001234' },
  });
  assert.equal(of(checked('250100000001'), 'EAN13', both).kind, 'member');
});

test('payment cards are dropped however they arrive, goods that pass Luhn are not', () => {
  for (const text of [
    '4111111111111111',
    '4111 1111 1111 1111',
    '5555-5555-5555-4444',
    '378282246310005',
    '30569309025904',
    '6011111111111117',
    '3530111333300000',
    '2223003122003222',
    '%B4111111111111111^DOE/JOHN^2612101000000?',
    ';4111111111111111=26121010000000000?',
    'card 4111111111111111 here',
  ])
    for (const symbology of [null, 'CODE128', 'QR', 'OTHER', 'GS1-128'] as const)
      assert.deepEqual(of(text, symbology), { kind: 'payment-card' }, `${text} ${symbology}`);
  // A German EAN that passes Luhn as well as GS1 mod-10, derived: count up until both hold.
  let n = 400638133300;
  while (!luhnOk(checked(String(n)))) n++;
  const ean = checked(String(n));
  for (const symbology of ['EAN13', null] as const)
    assert.deepEqual(of(ean, symbology), { kind: 'product', gtin: ean });
});

test('classify never throws and never takes longer for hostile text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom('0', '1', '5', '8', FNC1, ']', 'C', '/', ':', ' ', '-', 'T', 'S', '.'),
      maxLength: 400,
    }),
    fc
      .tuple(fc.constantFrom('https://a/01/', 'TS1.', ']C1', '8018', '255', '%B', ';'), fc.string())
      .map(parts => parts.join('')),
    fc.integer({ min: 1, max: 9000 }).map(length => '4 '.repeat(length)),
  );
  const symbologies: (Symbology | null)[] = [null, 'EAN13', 'GS1-128', 'QR', 'DATABAR', 'UPCA', 'DOTCODE'];
  fc.assert(
    fc.property(hostile, fc.constantFrom(...symbologies), (text, symbology) => {
      const result = of(text, symbology, { ...config, restrictedCoupons: true });
      assert.ok(['member', 'coupon', 'product', 'payment-card', 'unknown'].includes(result.kind));
    }),
    { numRuns: 2000 },
  );
});
