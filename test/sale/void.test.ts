import assert from 'node:assert/strict';
import test from 'node:test';
import { isTillsideError } from '../../errors.ts';
import { settle } from '../support/fake-clock.ts';
import { coffee, coreTill, discard, milk } from './core-till.ts';

const card = '2501000000017';

test('an open sale that is voided frees its coupons and tells HQ nothing', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  const before = till.events().length;
  assert.equal(till.sales.voidSale('S2', 'en').state, 'voided');
  assert.equal(till.sales.coupon(serial).state, 'issued');
  assert.equal(till.events().length, before);
  assert.throws(
    () => till.sales.complete('S2', { completedAt: till.now(), total: 0 }, 'en'),
    error => isTillsideError(error, 'sale-state'),
  );
  await discard(till);
});

test('a completed sale that is voided is undone: points back, its coupons void, redeemed ones as before', async () => {
  const till = await coreTill();
  const [old = ''] = await till.sell('S1', [coffee], card);
  const expiry = till.store.coupons.get(old)?.expiresMs;
  await till.sales.scan('S2', { code: card }, 'en');
  till.sales.putSale('S2', { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  await till.sales.scan('S2', { code: till.token(old) }, 'en');
  const { serials, sale } = till.sales.complete('S2', { completedAt: till.now(), total: 1 }, 'en');
  const [fresh = ''] = serials;
  assert.equal(till.sales.coupon(old).state, 'redeemed');
  // 120 and 8 of S1: what S2 earned comes on top.
  assert.equal(sale.points?.balance, 128 + (sale.points?.earned ?? 0));

  const voided = till.sales.voidSale('S2', 'en');
  assert.equal(voided.state, 'voided');
  assert.equal(till.sales.coupon(fresh).state, 'voided');
  assert.equal(till.sales.coupon(old).state, 'issued');
  assert.equal(till.store.coupons.get(old)?.expiresMs, expiry);
  assert.equal(till.sales.member(card, 'en').points, 128);
  assert.equal(till.queue.queued(), 1, 'only the coupon of S1 still waits for paper');
  const [event] = till.events('sale.voided');
  assert.deepEqual(event?.body.reopenedCoupons, [old]);
  assert.deepEqual(event?.body.voidedCoupons, [fresh]);
  const changes = till.events('points.changed').map(of => Number(of.body.delta));
  assert.equal(
    changes.reduce((sum, delta) => sum + delta, 0),
    8,
  );
  // Once more changes nothing.
  const before = till.events().length;
  till.sales.voidSale('S2', 'en');
  assert.equal(till.events().length, before);
  await discard(till);
});

test('a coupon that was spent before its sale was voided is reported as an exception', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
  await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  till.sales.complete('S2', { completedAt: till.now(), total: 128 }, 'en');
  till.sales.voidSale('S1', 'en');
  assert.equal(till.sales.coupon(serial).state, 'redeemed');
  const [note] = till.events('till.note');
  assert.deepEqual([note?.body.note, note?.body.serial], ['coupon-of-voided-sale-spent', serial]);
  await discard(till);
});

test('a coupon of a voided sale that lies in another open sale is taken out of it', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  await till.sales.scan('S2', { code: card }, 'en');
  await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  till.sales.voidSale('S1', 'en');
  assert.deepEqual(till.sales.getSale('S2', 'en').presented, []);
  assert.equal(till.sales.coupon(serial).state, 'voided');
  await discard(till);
});

test('a coupon that still waits for paper is not printed once its sale is voided', async () => {
  const till = await coreTill();
  till.printer.noPaper = true;
  till.queue.start();
  await till.sell('S1', [coffee], card);
  const [kept = ''] = await till.sell('S2', [coffee], card);
  await settle();
  till.sales.voidSale('S1', 'en');
  till.printer.refill();
  await settle();
  assert.deepEqual(till.printer.paper, [kept]);
  await discard(till);
});

test('a cancelled coupon is refused with a plain word, and cannot be printed again', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], card);
  assert.equal(till.sales.cancel(serial).state, 'voided');
  assert.equal(till.sales.cancel(serial).state, 'voided');
  await till.sales.scan('S2', { code: card }, 'en');
  const answer = await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  assert.deepEqual([answer.kind, answer.message], ['refused', 'This coupon was cancelled.']);
  assert.throws(
    () => till.sales.reprint(serial),
    error => isTillsideError(error, 'sale-state'),
  );
  assert.equal(till.events('coupon.voided')[0]?.body.reason, 'cancelled');
  await discard(till);
});

test('a coupon of a voided or wholly returned sale does not come back with the sale that spent it', async () => {
  for (const how of ['void', 'return'] as const) {
    const till = await coreTill();
    const [serial = ''] = await till.sell('S1', [coffee], card);
    await till.sales.scan('S2', { code: card }, 'en');
    till.sales.putSale('S2', { startedAt: till.now(), lines: [milk] }, 'en');
    await till.sales.scan('S2', { code: till.token(serial) }, 'en');
    till.sales.complete('S2', { completedAt: till.now(), total: 128 }, 'en');
    if (how === 'void') till.sales.voidSale('S1', 'en');
    else till.sales.returnLines('R1', { saleId: 'S1', lines: [{ lineId: '1', quantity: '2' }] }, 'en');
    assert.equal(till.sales.coupon(serial).state, 'redeemed');
    till.sales.voidSale('S2', 'en');
    assert.equal(till.sales.coupon(serial).state, 'voided');
    const reason = how === 'void' ? 'sale-voided' : 'goods-returned';
    const told = till.events('coupon.voided').filter(event => event.body.serial === serial);
    assert.deepEqual(
      told.map(event => event.body.reason),
      [reason],
    );
    assert.deepEqual(till.events('sale.voided').at(-1)?.body.reopenedCoupons, []);
    await discard(till);
  }
});
