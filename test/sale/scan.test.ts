import assert from 'node:assert/strict';
import test from 'node:test';
import type { ScanAnswer } from '../../agent/api/wire.ts';
import { formatSerial } from '../../agent/coupons/index.ts';
import { createCatalogue } from '../../agent/store/index.ts';
import { anna, bundleOf, coffee, coreTill, discard, milk, nextVisit } from './core-till.ts';

const said = (answer: ScanAnswer) => [answer.kind, 'reason' in answer ? answer.reason : null, answer.message];
const card = '2501000000017';

test('every kind of bad scan says which it is, in one sentence', async () => {
  const catalogue = createCatalogue([
    { gtin: '7610200337450', names: { de: 'Kaffee', en: 'Coffee' }, price: 450, unit: 'ea', category: 'food/coffee' },
  ]);
  const till = await coreTill({ catalogue });
  const scan = async (code: string, language: 'de' | 'en' = 'en') =>
    said(await till.sales.scan('S1', { code }, language));
  assert.deepEqual(await scan('2501000000018'), [
    'unknown',
    'card-misread',
    'The card was misread. Please scan it again.',
  ]);
  assert.deepEqual(await scan('ZZZ'), ['unknown', 'no-scheme', 'This code is none of our cards, coupons or articles.']);
  assert.deepEqual(await scan('\u0001\u0002'), [
    'unknown',
    'unreadable',
    "This code can't be read. Please scan it again.",
  ]);
  assert.deepEqual(await scan('4111111111111111'), [
    'unknown',
    'payment-card',
    'This is a payment card. Please use it at the terminal only.',
  ]);
  assert.deepEqual(await scan('7610200000019'), ['unknown', 'product-unknown', 'This article is not known here.']);
  assert.deepEqual(await scan('7610200337450', 'de'), ['product', null, 'Kaffee']);
  // A code of the scales: article 1234, 9.95 francs.
  const scales = await coreTill({
    catalogue: createCatalogue([
      { gtin: '2101234000007', names: { de: 'Käse', en: 'Cheese' }, price: 1990, unit: 'kg', category: 'food/cheese' },
    ]),
    weighed: [{ prefix: '21', value: 'price', digits: 5, decimals: 2 }],
  });
  assert.deepEqual(said(await scales.sales.scan('S1', { code: '2101234009956' }, 'en')), ['product', null, 'Cheese']);
  // Coupons of others: GCN (AI 255), EAN-13 of a coupon prefix, North American AI 8110.
  for (const code of ['2557610200000019', '9828508010106', '\u001d8110106141416543213150110120'])
    assert.deepEqual(await scan(code), [
      'refused',
      'coupon-unknown',
      "This coupon is another issuer's. It can't be redeemed here.",
    ]);
  // A card of the scheme that nobody has.
  assert.deepEqual(await scan('2501000000031'), [
    'refused',
    'member-unknown',
    'This card is not known here. The sale goes on without it.',
  ]);
  assert.throws(() => till.sales.getSale('S1', 'en'), 'none of these opened a sale');
  await discard(till);
});

test('a coupon is reserved at once, gives its benefit, and is redeemed with the sale', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  const answer = await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  assert.deepEqual(said(answer), ['coupon', null, 'Coupon taken: 20 % on your next visit.']);
  // 20 % of 1.60.
  assert.equal(answer.kind === 'coupon' && answer.coupon.amount, 32);
  assert.equal(till.sales.coupon(serial).state, 'reserved');
  till.sales.complete('S2', { completedAt: till.now(), total: 128 }, 'en');
  assert.equal(till.sales.coupon(serial).state, 'redeemed');
  const [redeemed] = till.events('coupon.redeemed');
  assert.deepEqual([redeemed?.body.serial, redeemed?.body.amount, redeemed?.body.saleId], [serial, 32, 'S2']);
  await discard(till);
});

test('a coupon is known by the serial that a person types, dashes or not; a slip of the finger is not', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  assert.equal((await till.sales.scan('S2', { code: formatSerial(serial).toLowerCase() }, 'en')).kind, 'coupon');
  till.sales.removeCoupon('S2', formatSerial(serial), 'en');
  const wrong = serial.slice(0, -1) + (serial.endsWith('X') ? 'Y' : 'X');
  assert.deepEqual(said(await till.sales.scan('S2', { code: wrong }, 'en')).slice(0, 2), ['refused', 'coupon-unknown']);
  await discard(till);
});

test('a coupon that cannot be used says why and goes back to the customer', async () => {
  const later = { ...nextVisit, coupon: { ...nextVisit.coupon, validFromDays: 2, validDays: 3 } as never };
  const till = await coreTill({ bundle: bundleOf([later]) });
  const [serial = ''] = await till.sell('S1', [coffee], card);
  const token = till.token(serial);
  const scan = async (saleId: string, code = token) => said(await till.sales.scan(saleId, { code }, 'en'));
  till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  assert.deepEqual(await scan('S2'), ['refused', 'coupon-not-yet', 'This coupon is valid from 23 November.']);
  await till.clock.advance(3 * 86_400_000);
  // Bound to Anna's household; Beat may not use it.
  await till.sales.scan('S2', { code: '2501000000024' }, 'en');
  assert.deepEqual(await scan('S2'), ['refused', 'coupon-bound', "This coupon belongs to another member's card."]);
  await till.sales.scan('S2', { code: card }, 'en');
  assert.equal((await scan('S2'))[0], 'coupon');
  assert.deepEqual(await scan('S2'), ['coupon', null, 'This coupon is in this sale already.']);
  assert.deepEqual(await scan('S3'), [
    'refused',
    'coupon-reserved',
    'This coupon is in another open sale at this till.',
  ]);
  till.sales.complete('S2', { completedAt: till.now(), total: 128 }, 'en');
  assert.deepEqual(await scan('S3'), ['refused', 'coupon-used', 'This coupon was used today at 10:15 at till 1.']);
  await till.clock.advance(86_400_000);
  assert.deepEqual(await scan('S3'), ['refused', 'coupon-used', 'This coupon was used on 24 November at till 1.']);
  const [other = ''] = till.store.sales.outcome('S2')?.serials ?? [];
  await till.clock.advance(10 * 86_400_000);
  assert.deepEqual(await scan('S3', till.token(other)), [
    'refused',
    'coupon-expired',
    'This coupon was valid until 28 November.',
  ]);
  assert.deepEqual(till.sales.getSale('S3', 'en').presented, []);
  await discard(till);
});

test('a bound coupon without its card asks for the card, and counts once the card is scanned', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  const first = await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  assert.deepEqual(said(first), ['coupon', null, "This coupon needs the member's card. Please scan it."]);
  assert.equal(first.kind === 'coupon' && first.coupon.applies, false);
  const second = await till.sales.scan('S2', { code: card }, 'en');
  assert.equal(second.kind === 'member' && second.sale?.presented[0]?.applies, true);
  await discard(till);
});

test('a coupon whose condition is not met waits in the sale until it is; if it never is, it stays with the customer', async () => {
  const large = { ...nextVisit, coupon: { ...nextVisit.coupon, redeem: { spend: { atLeast: 1000 } } } as never };
  const till = await coreTill({ bundle: bundleOf([large]) });
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  const answer = await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  assert.deepEqual(said(answer), ['coupon', null, 'Something is still missing in the basket for this coupon.']);
  const enough = till.sales.putSale('S2', { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  assert.deepEqual([enough.presented[0]?.applies, enough.presented[0]?.amount], [true, 212]);
  till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  till.sales.complete('S2', { completedAt: till.now(), total: 160 }, 'en');
  assert.equal(till.sales.coupon(serial).state, 'issued');
  await discard(till);
});

test('a coupon taken out of the sale is free at once', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  assert.deepEqual(till.sales.removeCoupon('S2', serial, 'en').presented, []);
  assert.equal(till.sales.coupon(serial).state, 'issued');
  await till.sales.scan('S3', { code: card }, 'en');
  assert.equal((await till.sales.scan('S3', { code: till.token(serial) }, 'en')).kind, 'coupon');
  await discard(till);
});

test('a coupon of another store is read from its token; a forged one is unknown', async () => {
  const elsewhere = await coreTill({ store: '0001' });
  const [serial = ''] = await elsewhere.sell('S1', [coffee], card);
  const token = elsewhere.token(serial);
  const here = await coreTill({ store: '0042' });
  await here.sales.scan('S1', { code: card }, 'en');
  here.sales.putSale('S1', { startedAt: here.now(), lines: [milk] }, 'en');
  const forged = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
  assert.deepEqual(said(await here.sales.scan('S1', { code: forged }, 'en')).slice(0, 2), [
    'refused',
    'coupon-unknown',
  ]);
  const answer = await here.sales.scan('S1', { code: token }, 'en');
  assert.equal(answer.kind === 'coupon' && answer.coupon.amount, 32);
  here.sales.complete('S1', { completedAt: here.now(), total: 128 }, 'en');
  assert.equal(here.events('coupon.redeemed')[0]?.body.serial, serial);
  // The same slip again, at the till that has seen it only once.
  await here.sales.scan('S2', { code: card }, 'en');
  assert.equal(said(await here.sales.scan('S2', { code: token }, 'en'))[1], 'coupon-used');
  // The binding travels as a hash: another member's card does not fit it.
  const third = await coreTill({ store: '0043' });
  await third.sales.scan('S1', { code: '2501000000024' }, 'en');
  assert.equal(said(await third.sales.scan('S1', { code: token }, 'en'))[1], 'coupon-bound');
  const otherKey = await coreTill({ couponKey: Buffer.alloc(32, 8) });
  assert.equal(said(await otherKey.sales.scan('S1', { code: token }, 'en'))[1], 'coupon-unknown');
  await discard(elsewhere, here, third, otherKey);
});

test('what only a token vouches for is taken, declined or taken up to an amount, as its offer says', async () => {
  const policies = { accept: 'accept', decline: 'decline', small: { upTo: 31 }, large: { upTo: 32 } } as const;
  const found: Record<string, unknown> = {};
  for (const [name, offline] of Object.entries(policies)) {
    const offer = { ...nextVisit, coupon: { ...nextVisit.coupon, offline } as never };
    const elsewhere = await coreTill({ bundle: bundleOf([offer]), store: '0001' });
    const here = await coreTill({ bundle: bundleOf([offer]) });
    const [serial = ''] = await elsewhere.sell('S1', [coffee], card);
    await here.sales.scan('S1', { code: card }, 'en');
    here.sales.putSale('S1', { startedAt: here.now(), lines: [milk] }, 'en');
    found[name] = said(await here.sales.scan('S1', { code: elsewhere.token(serial) }, 'en'));
    await discard(elsewhere, here);
  }
  assert.deepEqual(found, {
    accept: ['coupon', null, 'Coupon taken: 20 % on your next visit.'],
    decline: ['refused', 'coupon-offline', "Without a line to HQ this coupon can't be checked."],
    small: ['refused', 'coupon-offline', 'Without a line to HQ this coupon counts up to CHF 0.31 only.'],
    large: ['coupon', null, 'Coupon taken: 20 % on your next visit.'],
  });
});

test('where HQ can be asked about a coupon, its word goes before the offline policy', async () => {
  const offer = { ...nextVisit, coupon: { ...nextVisit.coupon, offline: 'decline' } as never };
  const elsewhere = await coreTill({ bundle: bundleOf([offer]), store: '0001' });
  const [serial = ''] = await elsewhere.sell('S1', [coffee], card);
  for (const [answer, kind] of [
    [true, 'coupon'],
    [false, 'refused'],
    [null, 'refused'],
  ] as const) {
    const here = await coreTill({ bundle: bundleOf([offer]), askCoupon: async () => answer });
    await here.sales.scan('S1', { code: card }, 'en');
    assert.equal((await here.sales.scan('S1', { code: elsewhere.token(serial) }, 'en')).kind, kind);
    await discard(here);
  }
  await discard(elsewhere);
});

test('a coupon scanned at the device before any article goes into the next sale', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  const source = { aim: null, symbology: null, source: 'test:' };
  await till.sales.deviceScan({ text: card, ...source });
  const kept = await till.sales.deviceScan({ text: till.token(serial), ...source });
  assert.equal(kept.kind, 'coupon');
  const sale = till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  assert.deepEqual([sale.member?.firstName, sale.presented[0]?.amount], [anna.firstName, 32]);
  await discard(till);
});

test('without a bundle no coupon can be taken, and the cashier is told so', async () => {
  const till = await coreTill({ bundle: null });
  const other = await coreTill();
  const [serial = ''] = await other.sell('S1', [coffee], card);
  assert.deepEqual(said(await till.sales.scan('S1', { code: other.token(serial) }, 'en')), [
    'refused',
    'bundle-none',
    "This till has no offers yet. Coupons can't be taken now.",
  ]);
  await discard(till, other);
});
