import assert from 'node:assert/strict';
import test from 'node:test';
import { applyPeerFact } from '../../agent/coupons/index.ts';
import { bundleOf, type CoreTill, coffee, coreTill, discard, milk, nextVisit } from '../sale/core-till.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PeerStore } from './peer-store.ts';

const card = '2501000000017';

async function twoTills(bundle = bundleOf([nextVisit])): Promise<{ one: CoreTill; two: CoreTill; store: PeerStore }> {
  const store = new PeerStore();
  const clock = new FakeClock();
  const one = await coreTill({ till: '1', clock, peers: store.port('1'), bundle });
  const two = await coreTill({ till: '2', clock, peers: store.port('2'), bundle });
  return { one, two, store };
}

/** Opens a sale with Anna's card, milk and the coupon. */
async function hand(till: CoreTill, saleId: string, token: string) {
  await till.sales.scan(saleId, { code: card }, 'en');
  till.sales.putSale(saleId, { startedAt: till.now(), lines: [milk] }, 'en');
  const answer = await till.sales.scan(saleId, { code: token }, 'en');
  return [answer.kind, 'reason' in answer ? answer.reason : null, answer.message];
}
const pay = (till: CoreTill, saleId: string) =>
  till.sales.complete(saleId, { completedAt: till.now(), total: 0 }, 'en').decision as { applied: unknown[] };
const notes = (till: CoreTill) => till.events('till.note').map(event => event.body.note);

test('a coupon printed at one till is redeemed at the other, and then refused at both with date and till', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one, two]);
  assert.equal((await hand(two, 'S1', token))[0], 'coupon');
  assert.equal(pay(two, 'S1').applied.length, 1);
  store.tellFacts([one, two], 2);
  assert.equal(one.sales.coupon(serial).state, 'redeemed');
  await one.clock.advance(86_400_000);
  const used = ['refused', 'coupon-used', 'This coupon was used on 21 November at till 2.'];
  assert.deepEqual(await hand(one, 'S9', token), used);
  assert.deepEqual(await hand(two, 'S9', token), used);
  assert.deepEqual([...notes(one), ...notes(two)], []);
  await discard(one, two);
});

test('while one till holds a coupon the other refuses it, and takes it once it is free', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one]);
  await hand(one, 'S2', token);
  assert.deepEqual(await hand(two, 'S1', token), [
    'refused',
    'coupon-reserved',
    'This coupon is being used at till 1.',
  ]);
  one.sales.removeCoupon('S2', serial, 'en');
  assert.equal((await hand(two, 'S1', token))[0], 'coupon');
  two.sales.voidSale('S1', 'en');
  assert.equal((await hand(one, 'S2', token))[0], 'coupon');
  await discard(one, two);
});

test('of two tills that scan at once, both come to the same answer: the earlier scan, then the lower till', async () => {
  for (const laterMs of [0, 1000]) {
    const { one, two, store } = await twoTills();
    const [serial = ''] = await one.sell('S1', [coffee], card);
    const token = one.token(serial);
    store.tellFacts([one]);
    store.slow = true;
    // Till 2 is first by a second, or both in the same one.
    assert.equal((await hand(two, 'S2', token))[0], 'coupon');
    await one.clock.advance(laterMs);
    assert.equal((await hand(one, 'S2', token))[0], 'coupon');
    store.deliver();
    const [winner, loser] = laterMs === 0 ? [one, two] : [two, one];
    const view = loser.sales.getSale('S2', 'en').presented[0];
    assert.deepEqual([view?.applies, view?.reason], [false, 'coupon-reserved']);
    assert.equal(winner.sales.getSale('S2', 'en').presented[0]?.applies, true);
    assert.equal(pay(loser, 'S2').applied.length, 0);
    assert.equal(pay(winner, 'S2').applied.length, 1);
    store.slow = false;
    store.tellFacts([one, two]);
    assert.deepEqual([...notes(one), ...notes(two)], []);
    assert.equal(one.sales.coupon(serial).state, 'redeemed');
    assert.equal(two.sales.coupon(serial).state, 'redeemed');
    await discard(one, two);
  }
});

test('a coupon redeemed elsewhere while it lies in an open sale does not count at completion', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one]);
  store.cut = true;
  await hand(one, 'S2', token);
  await hand(two, 'S2', token);
  pay(two, 'S2');
  store.cut = false;
  store.tellFacts([two]);
  assert.equal(one.sales.getSale('S2', 'en').presented[0]?.message, 'This coupon was used today at 10:15 at till 2.');
  assert.equal(pay(one, 'S2').applied.length, 0);
  assert.equal(one.events('coupon.redeemed').length, 0);
  await discard(one, two);
});

test('a coupon redeemed at both tills while they could not talk is told to HQ by both, once', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one]);
  store.cut = true;
  await hand(one, 'S2', token);
  pay(one, 'S2');
  await one.clock.advance(60_000);
  await hand(two, 'S2', token);
  pay(two, 'S2');
  store.cut = false;
  store.tellFacts([one, two], 3);
  assert.deepEqual(notes(one), ['double-redemption']);
  assert.deepEqual(notes(two), ['double-redemption']);
  // The earlier one stands at both.
  for (const till of [one, two]) assert.equal(till.store.coupons.get(serial)?.redeemedTill, '1');
  await discard(one, two);
});

test('what a member did at one till counts at the other: points, purchases, caps, coupons', async () => {
  const earn = { id: 'earn', version: 1, phase: 'points' as const, benefit: { points: { per: 100, earn: 1 } } };
  const once = {
    ...nextVisit,
    caps: [
      { scope: 'store' as const, limit: 2 },
      { scope: 'member' as const, limit: 1 },
    ],
  };
  const again = {
    id: 'again',
    version: 1,
    phase: 'line' as const,
    benefit: { percent: { permyriad: 1000 } },
    when: { bought: { of: { category: ['food/coffee'] }, withinDays: 7 } },
    caps: [{ scope: 'household' as const, limit: 1 }],
  };
  const { one, two, store } = await twoTills(bundleOf([earn, once, again]));
  await one.sell('S1', [coffee], card);
  store.tellFacts([one], 2);
  // 9 points for 9.00.
  assert.equal(two.sales.member(card, 'en').points, 129);
  assert.deepEqual(await two.sell('S1', [coffee], card), []);
  assert.equal(two.sales.getSale('S1', 'en').total.discount, 90);
  store.tellFacts([two], 2);
  await one.sell('S2', [coffee], card);
  assert.equal(one.sales.getSale('S2', 'en').total.discount, 0, "the household's one discount was had at till 2");
  assert.equal(one.sales.member(card, 'en').points, 120 + 9 + 8 + 9);
  await discard(one, two);
});

test('a sale voided at the other till takes back what it did here too', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one]);
  await hand(two, 'S1', token);
  pay(two, 'S1');
  store.tellFacts([two]);
  assert.equal(one.sales.coupon(serial).state, 'redeemed');
  two.sales.voidSale('S1', 'en');
  store.tellFacts([two]);
  assert.equal(one.sales.coupon(serial).state, 'issued');
  assert.equal((await hand(one, 'S2', token))[0], 'coupon');
  await discard(one, two);
});

test('a coupon voided at its till is refused at the other; one already spent there is reported', async () => {
  const { one, two, store } = await twoTills();
  const [first = ''] = await one.sell('S1', [coffee], card);
  const [second = ''] = await one.sell('S2', [coffee], card);
  const tokens = [first, second].map(serial => one.token(serial));
  store.tellFacts([one]);
  one.sales.cancel(first);
  store.tellFacts([one]);
  assert.equal((await hand(two, 'S1', tokens[0] ?? ''))[1], 'coupon-voided');
  store.cut = true;
  await hand(two, 'S2', tokens[1] ?? '');
  pay(two, 'S2');
  one.sales.cancel(second);
  store.cut = false;
  store.tellFacts([one, two]);
  assert.deepEqual(notes(one), ['voided-coupon-spent']);
  assert.deepEqual(notes(two), ['voided-coupon-spent']);
  await discard(one, two);
});

test('the claim of a till that fell silent ends after two hours', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one]);
  await hand(one, 'S2', token);
  store.cut = true;
  assert.equal((await hand(two, 'S2', token))[1], 'coupon-reserved');
  await two.clock.advance(2 * 3_600_000 + 1000);
  assert.equal((await hand(two, 'S2', token))[0], 'coupon');
  await discard(one, two);
});

test('a fact that cannot be read changes nothing', async () => {
  const { one, two, store } = await twoTills();
  const port = store.port('3');
  const types = [
    'coupon.issued',
    'coupon.redeemed',
    'coupon.voided',
    'points.changed',
    'sale.completed',
    'sale.voided',
  ] as const;
  const before = two.events().length;
  for (const [at, type] of types.entries()) {
    for (const body of [{}, { serial: 7, saleId: null, lines: 'x', applied: [null, 3] }, { serial: 'A', offer: {} }]) {
      const event = {
        v: 1,
        type,
        id: `${at}-${JSON.stringify(body)}`,
        seq: 1,
        at: two.now(),
        bundle: null,
        prev: '',
      } as const;
      port.send({ kind: 'fact', till: '3', epoch: 1, event: { ...event, body } });
    }
  }
  assert.deepEqual([two.events().length, two.faults, one.faults], [before, [], []]);
  await discard(one, two);
});

test('a slip whose replacement is already out pays once: redeemed at another till, it takes the replacement with it', async () => {
  for (const order of ['one first', 'two first']) {
    const { one, two, store } = await twoTills();
    const [serial = ''] = await one.sell('S1', [coffee], card);
    const token = one.token(serial);
    store.tellFacts([one]);
    store.cut = true;
    const job = one.store.printJournal.last(serial);
    assert(job !== null);
    const fresh = one.store.transaction(() => one.book.replace(job, 'print-unknown', 1))?.serial ?? '';
    const second = one.store.printJournal.last(fresh);
    assert(second !== null);
    const last = one.store.transaction(() => one.book.replace(second, 'print-unknown', 2))?.serial ?? '';
    const newToken = one.token(last);
    await hand(two, 'R1', token);
    assert.equal(pay(two, 'R1').applied.length, 1);
    store.cut = false;
    const tills = order === 'one first' ? [one, two, one] : [two, one, two];
    store.tellFacts(tills);
    for (const till of [one, two]) {
      assert.deepEqual(
        [serial, last].map(of => till.store.coupons.get(of)?.state),
        ['redeemed', 'voided'],
      );
      assert.deepEqual((await hand(till, 'R2', newToken)).slice(0, 2), ['refused', 'coupon-voided']);
    }
    assert.equal(one.events('coupon.voided').filter(event => event.body.serial === last).length, 1);
    await discard(one, two);
  }
});

test('of two redemptions during an outage the other still stands once one is voided, at both tills', async () => {
  for (const voids of ['earlier', 'later'] as const) {
    for (const when of ['cut', 'after'] as const) {
      const { one, two, store } = await twoTills();
      const [serial = ''] = await one.sell('S1', [coffee], card);
      const token = one.token(serial);
      store.tellFacts([one]);
      store.cut = true;
      await hand(one, 'S2', token);
      pay(one, 'S2');
      await one.clock.advance(60_000);
      await hand(two, 'S2', token);
      pay(two, 'S2');
      const voiding = voids === 'earlier' ? one : two;
      if (when === 'cut') voiding.sales.voidSale('S2', 'en');
      store.cut = false;
      store.tellFacts([two, one]);
      if (when === 'after') voiding.sales.voidSale('S2', 'en');
      store.tellFacts([one, two]);
      const standing = voids === 'earlier' ? '2' : '1';
      for (const till of [one, two]) {
        const row = till.store.coupons.get(serial);
        assert.deepEqual([row?.state, row?.redeemedTill], ['redeemed', standing], `${voids} ${when}`);
        assert.equal((await hand(till, 'S9', token))[1], 'coupon-used');
      }
      // Without the last one it is free again.
      (voids === 'earlier' ? two : one).sales.voidSale('S2', 'en');
      store.tellFacts([one, two]);
      for (const till of [one, two]) assert.equal(till.store.coupons.get(serial)?.state, 'issued');
      await discard(one, two);
    }
  }
});

test('a coupon whose sale was voided after it was spent elsewhere is void at both once that is taken back', async () => {
  for (const cut of [false, true]) {
    const { one, two, store } = await twoTills();
    const [serial = ''] = await one.sell('S1', [coffee], card);
    const token = one.token(serial);
    store.tellFacts([one]);
    await hand(two, 'S2', token);
    pay(two, 'S2');
    if (!cut) store.tellFacts([two]);
    one.sales.voidSale('S1', 'en');
    store.tellFacts([one, two]);
    two.sales.voidSale('S2', 'en');
    store.tellFacts([two, one]);
    for (const till of [one, two]) assert.equal(till.store.coupons.get(serial)?.state, 'voided');
    // Told again where a redemption was heard in between.
    assert.equal(one.events('coupon.voided').filter(event => event.body.serial === serial).length, cut ? 2 : 1);
    await discard(one, two);
  }
});

test('a void that is heard before what it voids leaves nothing behind', async () => {
  const { one, two, store } = await twoTills();
  const [serial = ''] = await one.sell('S1', [coffee], card);
  const token = one.token(serial);
  store.tellFacts([one]);
  store.cut = true;
  await hand(one, 'S2', token);
  pay(one, 'S2');
  one.sales.voidSale('S2', 'en');
  const events = one.events().filter(event => event.body.saleId === 'S2');
  for (const event of [...events].reverse()) applyPeerFact(two.store, '1', event);
  assert.equal(two.store.coupons.get(serial)?.state, 'issued');
  assert.deepEqual(
    two.store.ledger.purchases('m-anna', 0).map(of => of.saleId),
    ['1/S1'],
  );
  await discard(one, two);
});
