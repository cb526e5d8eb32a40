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
  assert.deepEqual(of(`8017${gsrn}${FNC1}80191`, 'GS1-128'), { kind: 'unknown', why: 'no-scheme' });
  assert.deepEqual(of(`${FNC1}8110106141416543213150110120`, 'DATABAR'), {
    kind: 'coupon',
    form: 'ai-8110',
    code: '106141416543213150110120',
    elements: { '8110': '106141416543213150110120' },
  });
  assert.deepEqual(of('0107610200337451', 'GS1-128'), { kind: 'unknown', why: 'check-digit' });
  assert.deepEqual(of(`255${gcn}${FNC1}17261331`, 'GS1-128'), { kind: 'unknown', why: 'unreadable' }, 'month 13');
});

test('dates of AI 17 are days that exist, or the last of a month', () => {
  const expiring = (date: string) => of(`0107610200337450${'17'}${date}`, 'GS1-DATAMATRIX').kind;
  for (const date of ['261231', '260200', '280229', '000229']) assert.equal(expiring(date), 'product', date);
  for (const date of ['260229', '260431', '261301', '260001', '260132']) assert.equal(expiring(date), 'unknown', date);
});

test('FNC1 ends what has no fixed length, and what has one needs none', () => {
  const found = (text: string) => {
    const code = of(text, 'GS1-DATAMATRIX');
    return code.kind === 'product' ? code.elements : code;
  };
  const goods = '0107610200337450';
  const both = { '01': '07610200337450', '17': '261231', '21': 'A1' };
  assert.deepEqual(found(`${goods}1726123121A1`), both, 'no FNC1 needed behind 01 and 17');
  assert.deepEqual(found(`${goods}21A1${FNC1}17261231`), both);
  assert.deepEqual(found(`${FNC1}${goods}21A1${FNC1}17261231${FNC1}`), both, 'one in front and one at the end');
  assert.deepEqual(found(`${goods}${FNC1}17261231${FNC1}21A1`), both, 'one more than needed');
  assert.deepEqual(
    found(`${goods}21A117261231`),
    { '01': '07610200337450', '21': 'A117261231' },
    'none: all is the serial',
  );
  assert.deepEqual(found(`${goods}17${FNC1}261231`), { kind: 'unknown', why: 'unreadable' }, 'inside a fixed length');
  assert.deepEqual(found(`${goods}172612`), { kind: 'unknown', why: 'unreadable' }, 'too short for its fixed length');
});

test('values of coupons: 390n amounts, 394n percentages, 8111 points, one of them, and only beside a coupon', () => {
  const kind = (text: string) => of(text, 'GS1-128');
  for (const [value, elements] of [
    ['3900123', { '3900': '123' }],
    ['3903123456789012345', { '3903': '123456789012345' }],
    ['39410250', { '3941': '0250' }],
    ['81110500', { '8111': '0500' }],
  ] as const)
    assert.deepEqual(kind(`255${gcn}42${FNC1}${value}`), {
      kind: 'coupon',
      form: 'gcn',
      code: `${gcn}42`,
      elements: { '255': `${gcn}42`, ...elements },
    });
  for (const wrong of [
    `255${gcn}${FNC1}39021234567890123456`, // 16 digits
    `255${gcn}${FNC1}3941025`, // a percentage has four
    `255${gcn}${FNC1}39440250`, // n is at most 3
    `255${gcn}${FNC1}81115`,
    `255${gcn}${FNC1}3902100${FNC1}3903100`, // two amounts
    `255${gcn}${FNC1}3902100${FNC1}39400050`, // amount and percentage
    `255${gcn}${FNC1}81110500${FNC1}3902100`,
    `0107610200337450${'3902100'}`, // no coupon
    `0107610200337450${'255'}${gcn}`, // goods and coupon at once
    `8018${gsrn}${FNC1}8017${gsrn}`, // member and staff at once
    `801912${FNC1}17261231`,
    `255${gcn}1234567890123`, // serial of 13
  ])
    assert.equal(kind(wrong).kind, 'unknown', wrong.replaceAll(FNC1, '~'));
});

test('North American coupons are told by their own structure', () => {
  const least = '012345612345611110123'; // company 6, offer, save 1, one of family 123
  for (const code of [
    least,
    `${least}11110123${'0'}123456`, // a second purchase of another company
    `${least}11110123${'9'}`, // of the same
    `${least}211012361234567890${'12'}`,
    `${least}3260131`,
    `${least}3260131${'4251201'}`,
    `${least}50123456`,
    `${least}611234567`,
    `${least}90000`,
  ])
    assert.deepEqual(of(`8110${code}`, 'DATABAR'), {
      kind: 'coupon',
      form: 'ai-8110',
      code,
      elements: { '8110': code },
    });
  for (const code of [
    least.slice(0, -1),
    `${least}7`,
    `${least}3260132`,
    `${least}3251201${'4260131'}`, // over before it begins
    `${least}501234`,
    `7${least.slice(1)}`,
    `${least.slice(0, -1)}A`,
  ])
    assert.deepEqual(of(`8110${code}`, 'DATABAR'), { kind: 'unknown', why: 'unreadable' }, code);
  const offer = '001234561234560123456';
  assert.equal(of(`8112${offer}`, 'DATABAR').kind, 'coupon');
  assert.equal(of(`81122${offer.slice(1)}`, 'DATABAR').kind, 'unknown');
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
  assert.deepEqual(of(`HTTPS://ID.EXAMPLE/8018/${gsrn}/8019/12`, 'QR'), { kind: 'member', scheme: 'gsrn', card: gsrn });
  assert.equal(
    of('https://id.gs1.org/01/07610200337450/22/2A/10/L1/21/S1/?17=261231&3103=000195&x=1', 'QR').kind,
    'product',
  );
  assert.equal(of(`https://shop.example/255/${gcn}?3902=250`, 'DATAMATRIX').kind, 'coupon');
});

test('addresses that only look like a Digital Link are no codes of ours', () => {
  for (const address of [
    'https://example.com/2026/01/menu',
    'https://example.com/blog/255/comments',
    'https://example.com/01',
    'https://example.com/01/7610200337450/21', // a qualifier without value
    'https://example.com/01/7610200337450/21/A/10/B', // in the wrong order
    `https://example.com/8018/${gsrn}/21/A`, // no qualifier of a member
    'ftp://example.com/01/7610200337450',
  ])
    assert.deepEqual(of(address, 'QR'), { kind: 'unknown', why: 'no-scheme' }, address);
  assert.equal(of('https://example.com/01/02/01/7610200337450', 'QR').kind, 'product', 'the key nearest to the end');
  assert.deepEqual(of(`https://example.com/255/${gcn}?3902=1&3903=1`, 'QR'), { kind: 'unknown', why: 'unreadable' });
});

test('EAN-13 of the coupon prefixes is a coupon of another issuer, never goods; refund receipts are neither', () => {
  for (const prefix of ['981', '982', '983', '984', '990', '999']) {
    const code = checked(`${prefix}234500100`);
    for (const symbology of ['EAN13', null] as const)
      assert.deepEqual(of(code, symbology), { kind: 'coupon', form: 'ean-98-99', code });
  }
  // GS1 Greece's own example of a coupon over 10 cents.
  assert.equal(of('9828508010106', 'EAN13').kind, 'coupon');
  assert.deepEqual(of(checked('980234500100'), 'EAN13'), { kind: 'unknown', why: 'no-scheme' });
  assert.equal(of(checked('978234500100'), 'EAN13').kind, 'product', 'a book');
  const schemes: CardScheme[] = [{ id: 'club', prefix: '990', length: 13, check: 'gs1-mod10' }];
  assert.equal(of(checked('990234500100'), 'EAN13', { schemes }).kind, 'member', 'a card scheme goes before');
});

test('UPC-E stands for the UPC-A whose zeros it leaves out', () => {
  // One for each way of leaving zeros out: last digit 0–2, 3, 4, 5–9; the UPC-A beside it is derived by hand.
  const pairs = [
    ['0425261', '042100005264'],
    ['0123453', '012300000451'],
    ['0123444', '012340000049'],
    ['0123458', '012345000089'],
    ['1345672', '134200005677'],
  ];
  for (const [upcE = '', rough = ''] of pairs) {
    const upcA = checked(rough.slice(0, 11));
    const scanned = `${upcE}${upcA.at(-1)}`;
    for (const symbology of ['UPCE', 'EAN13', 'UPCA'] as const)
      assert.deepEqual(of(scanned, symbology), { kind: 'product', gtin: `0${upcA}` }, `${scanned} ${symbology}`);
  }
  assert.deepEqual(of('04252614', 'UPCE'), { kind: 'product', gtin: '0042100005264' });
  assert.deepEqual(of(']E004252614'), { kind: 'product', gtin: '0042100005264' });
  assert.deepEqual(of('04252614'), { kind: 'product', gtin: '0042100005264' }, 'from a keyboard: no right EAN-8');
  assert.deepEqual(of('04252615', 'UPCE'), { kind: 'unknown', why: 'check-digit' });
  assert.deepEqual(of('04252614', 'EAN8'), { kind: 'unknown', why: 'check-digit' });
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
      const result = of(text, symbology);
      assert.ok(['member', 'coupon', 'product', 'payment-card', 'unknown'].includes(result.kind));
    }),
    { numRuns: 2000 },
  );
});
