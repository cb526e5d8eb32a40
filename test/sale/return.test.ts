import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isTillsideError } from '../../errors.ts';
import { bundleOf, coffee, coffeeTenth, coreTill, discard, earn, milk, nextVisit } from './core-till.ts';

const card = '2501000000017';
const code = (expected: string) => (error: unknown) => isTillsideError(error) && error.code === expected;

test('goods come back for what was paid for them, and their points with them', async () => {
  const till = await coreTill();
  // Coffee 9.00 less 10 %: 8.10 for two; milk 1.60. Net 9.70: 9 points.
  const [serial = ''] = await till.sell('S1', [coffee, milk], card);
  const first = till.sales.returnLines('R1', { saleId: 'S1', lines: [{ lineId: '1', quantity: '1' }] }, 'en');
  // Half of 8.10; floor(9 × 405 / 970) = 3 points.
  assert.deepEqual([first.refund, first.points, first.message], [405, 3, 'To pay back: CHF 4.05.']);
  assert.deepEqual(first.coupons, [{ serial, offer: 'next-visit', outcome: 'kept' }]);
  const rest = [
    { lineId: '1', quantity: '1' },
    { lineId: '2', quantity: '1' },
  ];
  const second = till.sales.returnLines('R2', { saleId: 'S1', lines: rest }, 'en');
  assert.deepEqual([second.refund, second.points], [565, 6]);
  assert.deepEqual(second.coupons, [{ serial, offer: 'next-visit', outcome: 'voided' }]);
  assert.equal(till.sales.coupon(serial).state, 'voided');
  assert.equal(till.sales.member(card, 'en').points, 120);
  assert.equal(till.events('return.completed').length, 2);
  await discard(till);
});

test('a return is idempotent by its id, and more than was bought cannot come back', async () => {
  const till = await coreTill();
  await till.sell('S1', [coffee], card);
  const goods = { saleId: 'S1', lines: [{ lineId: '1', quantity: '1' }] };
  const first = till.sales.returnLines('R1', goods, 'en');
  const before = till.events().length;
  assert.deepEqual(till.sales.returnLines('R1', goods, 'en'), first);
  assert.equal(till.events().length, before);
  const more = { saleId: 'S1', lines: [{ lineId: '1', quantity: '2' }] };
  assert.throws(() => till.sales.returnLines('R1', more, 'en'), code('conflict'));
  assert.throws(() => till.sales.returnLines('R2', more, 'en'), code('request-invalid'));
  const unknown = { saleId: 'S1', lines: [{ lineId: '7', quantity: '1' }] };
  assert.throws(() => till.sales.returnLines('R2', unknown, 'en'), code('request-invalid'));
  assert.throws(() => till.sales.returnLines('R2', { ...goods, saleId: 'S9' }, 'en'), code('not-found'));
  assert.throws(() => till.sales.voidSale('S1', 'en'), code('sale-state'));
  till.sales.putSale('S2', { startedAt: till.now(), lines: [coffee] }, 'en');
  assert.throws(() => till.sales.returnLines('R2', { ...goods, saleId: 'S2' }, 'en'), code('sale-state'));
  await discard(till);
});

test('however a sale comes back in parts, all parts together are exactly what was paid and earned', async () => {
  const till = await coreTill({ bundle: bundleOf([nextVisit, coffeeTenth, earn]) });
  let sale = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9999 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
      async (pieces, amount, parts) => {
        const saleId = `S${++sale}`;
        const line = { ...coffee, quantity: String(pieces), amount };
        await till.sell(saleId, [line], card);
        const { total, points } = till.sales.getSale(saleId, 'en');
        let left = pieces;
        let refund = 0;
        let taken = 0;
        for (const [at, part] of [...parts, pieces].entries()) {
          const quantity = Math.min(part, left);
          if (quantity === 0) break;
          left -= quantity;
          const goods = { saleId, lines: [{ lineId: '1', quantity: String(quantity) }] };
          const answer = till.sales.returnLines(`R${saleId}-${at}`, goods, 'en');
          assert(answer.refund >= 0 && answer.points >= 0);
          refund += answer.refund;
          taken += answer.points;
        }
        assert.deepEqual([left, refund, taken], [0, total.net, points?.earned]);
      },
    ),
    { numRuns: 40 },
  );
  await discard(till);
});

test('goods beside a line that took money off never take more points back than the sale gave', async () => {
  const till = await coreTill({ bundle: bundleOf([earn]) });
  for (const quantity of ['1', '-1']) {
    const saleId = `S${quantity}`;
    const deposit = { lineId: 'd', gtin: '7610200000019', quantity, amount: -900, category: 'deposit' };
    await till.sell(saleId, [{ ...coffee, amount: 1000 }, deposit], card);
    const earned = till.sales.getSale(saleId, 'en').points?.earned ?? 0;
    const half = { saleId, lines: [{ lineId: '1', quantity: '1' }] };
    const answers = [`a${saleId}`, `b${saleId}`].map(id => till.sales.returnLines(id, half, 'en').points);
    assert(answers.every(points => points >= 0 && points <= earned));
    assert.equal(answers[0], Math.floor(earned / 2));
    assert.equal((answers[0] ?? 0) + (answers[1] ?? 0), earned);
  }
  assert.equal(till.sales.member(card, 'en').points, 120);
  await discard(till);
});
