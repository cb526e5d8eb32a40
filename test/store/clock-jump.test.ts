import assert from 'node:assert/strict';
import test from 'node:test';
import { bundleOf, coffee, coreTill, discard, milk, nextVisit } from '../sale/core-till.ts';

const card = '2501000000017';
const DAY = 86_400_000;

test('a clock that jumps and comes back loses no coupon and frees none', async () => {
  const till = await coreTill();
  const [spent = '', held = '', kept = ''] = [
    ...(await till.sell('S1', [coffee], card)),
    ...(await till.sell('S2', [coffee], card)),
    ...(await till.sell('S3', [coffee], card)),
  ];
  const hand = async (saleId: string, serial: string) => {
    await till.sales.scan(saleId, { code: card }, 'en');
    till.sales.putSale(saleId, { startedAt: till.now(), lines: [milk] }, 'en');
    await till.sales.scan(saleId, { code: till.token(serial) }, 'en');
  };
  await hand('Q1', spent);
  till.sales.complete('Q1', { completedAt: till.now(), total: 128 }, 'en');
  await hand('Q2', held);
  for (const days of [1, 20, 450, -450]) {
    till.clock.jump(days * DAY);
    till.store.prune();
    till.clock.jump(-days * DAY);
    till.store.prune();
  }
  const states = [spent, held, kept].map(serial => till.store.coupons.get(serial)?.state);
  assert.deepEqual(states, ['redeemed', 'reserved', 'issued']);
  assert.equal(till.sales.getSale('Q2', 'en').presented.length, 1);
  await discard(till);
});

test('a sale that the POS forgot gives its coupon back after a day, and HQ is told', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('Q1', { code: card }, 'en');
  await till.sales.scan('Q1', { code: till.token(serial) }, 'en');
  await till.clock.advance(DAY + 1000);
  till.store.prune();
  assert.equal(till.sales.coupon(serial).state, 'issued');
  const [note] = till.events('till.note');
  assert.deepEqual([note?.body.note, note?.body.serial], ['coupon-of-forgotten-sale-freed', serial]);
  await discard(till);
});

for (const scope of ['store', 'member'] as const)
  test(`a cap of one for each ${scope} holds when the clock goes back a day`, async () => {
    const till = await coreTill({ bundle: bundleOf([{ ...nextVisit, caps: [{ scope, limit: 1 }] }]) });
    assert.equal((await till.sell('S1', [coffee], card)).length, 1);
    till.clock.jump(-DAY);
    assert.equal((await till.sell('S2', [coffee], card)).length, 0);
    await discard(till);
  });
