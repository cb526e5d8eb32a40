import assert from 'node:assert/strict';
import test from 'node:test';
import { offerEngine } from '../../agent/sale/index.ts';
import { factsOf } from '../../agent/store/index.ts';
import { isTillsideError } from '../../errors.ts';
import { settle } from '../support/fake-clock.ts';
import { anna, beat, bundleOf, coffee, coffeeTenth, coreTill, discard, earn, milk, nextVisit } from './core-till.ts';

const code = (expected: string) => (error: unknown) => isTillsideError(error) && error.code === expected;

test('a basket is quoted at once: discount on its line, points ahead, coupons that will print', async () => {
  const till = await coreTill();
  await till.sales.scan('S1', { code: '2501000000017' }, 'en');
  const quote = till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  // 10 % of 9.00; 1.60 stays.
  assert.deepEqual(quote.total, { initial: 1060, discount: 90, net: 970 });
  assert.deepEqual(
    quote.lines.map(line => [line.lineId, line.discount, line.net]),
    [
      ['1', 90, 810],
      ['2', 0, 160],
    ],
  );
  // floor(970 / 100) = 9 points on 120.
  assert.deepEqual(quote.points, { earned: 9, balance: 129, tierBefore: 'basic', tierAfter: 'basic' });
  assert.deepEqual(
    quote.willPrint.map(coupon => [coupon.offer, coupon.validFrom, coupon.validTo]),
    [['next-visit', '2026-11-21', '2026-12-04']],
  );
  assert.equal(quote.member?.firstName, 'Anna');
  assert.equal(
    till.store.outbox.read(0, 10).some(event => event.type === 'sale.completed'),
    false,
  );
  await discard(till);
});

test('a basket that is put again replaces the one before', async () => {
  const till = await coreTill();
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  const quote = till.sales.putSale('S1', { startedAt: till.now(), lines: [milk] }, 'en');
  assert.deepEqual(
    quote.lines.map(line => line.lineId),
    ['2'],
  );
  assert.deepEqual(till.sales.getSale('S1', 'en'), quote);
  await discard(till);
});

test('a faulty basket is refused with the place of every fault, and the one before stays', async () => {
  const till = await coreTill();
  till.sales.putSale('S1', { startedAt: till.now(), lines: [milk] }, 'en');
  const bad = [
    { lineId: '1', quantity: '0', amount: 100 },
    { lineId: '2', quantity: 'two', amount: 100 },
  ];
  assert.throws(
    () => till.sales.putSale('S1', { startedAt: 'yesterday', lines: bad }, 'en'),
    error => {
      assert(isTillsideError(error, 'request-invalid'));
      assert.deepEqual(error.faults.map(fault => fault.pointer).sort(), [
        '/lines/0/quantity',
        '/lines/1/quantity',
        '/startedAt',
      ]);
      return true;
    },
  );
  assert.equal(till.sales.getSale('S1', 'en').total.net, 160);
  await discard(till);
});

test('completing writes sale, coupon, print job, points and events together, and answers the serials', async () => {
  const till = await coreTill();
  const [serial, ...others] = await till.sell('S1', [coffee, milk], '2501000000017');
  assert(serial !== undefined);
  assert.deepEqual(others, []);
  assert.deepEqual(
    till.events().map(event => event.type),
    ['bundle.activated', 'sale.completed', 'coupon.issued', 'points.changed'],
  );
  const [sale] = till.events('sale.completed');
  assert.deepEqual(sale?.bundle, { id: 'weekly', version: 1 });
  assert.deepEqual(sale?.body.total, { initial: 1060, discount: 90, net: 970 });
  assert.equal(sale?.body.member, 'm-anna');
  assert.deepEqual(sale?.body.coupons, [serial]);
  assert.equal('notes' in (sale?.body ?? {}), false);
  assert(!JSON.stringify(till.events()).includes('Anna'), 'no name leaves the till');
  const view = till.sales.coupon(serial);
  assert.equal(view.state, 'issued');
  assert.equal(view.print, 'queued');
  assert.equal(till.queue.queued(), 1);
  // The next sale of the member starts from the new balance.
  till.sales.putSale('S2', { startedAt: till.now(), lines: [] }, 'en');
  const answer = await till.sales.scan('S2', { code: '2501000000017' }, 'en');
  assert.equal(answer.kind === 'member' && answer.member.points, 129);
  await discard(till);
});

test('a repeated completion gives the first answer; with other content it is a conflict', async () => {
  const till = await coreTill();
  const post = { completedAt: till.now(), total: 810, tenders: [{ type: 'cash', amount: 810 }] };
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  const first = till.sales.complete('S1', post, 'en');
  const before = till.events().length;
  assert.deepEqual(till.sales.complete('S1', post, 'en'), first);
  assert.equal(till.events().length, before);
  assert.throws(() => till.sales.complete('S1', { ...post, total: 811 }, 'en'), code('conflict'));
  assert.throws(() => till.sales.complete('S1', { ...post, tenders: [] }, 'en'), code('conflict'));
  assert.throws(() => till.sales.complete('S9', post, 'en'), code('not-found'));
  await discard(till);
});

test('a completed sale takes no other basket, and the same one once more without complaint', async () => {
  const till = await coreTill();
  await till.sell('S1', [coffee]);
  assert.equal(till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en').state, 'completed');
  const change = () => till.sales.putSale('S1', { startedAt: till.now(), lines: [milk] }, 'en');
  assert.throws(change, code('sale-state'));
  await assert.rejects(till.sales.scan('S1', { code: '2501000000017' }, 'en'), code('sale-state'));
  await discard(till);
});

test("a total that differs from the till's own does not hold the sale up: both are recorded and noted", async () => {
  const till = await coreTill();
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  const answer = till.sales.complete('S1', { completedAt: till.now(), total: 900 }, 'en');
  assert.equal(answer.sale.total.net, 810);
  const [event] = till.events('sale.completed');
  assert.deepEqual(event?.body.notes, ['total-mismatch']);
  assert.equal(event?.body.posTotal, 900);
  await discard(till);
});

test('without any bundle the sale goes on without offers', async () => {
  const till = await coreTill({ bundle: null });
  const quote = till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  assert.deepEqual(quote.total, { initial: 900, discount: 0, net: 900 });
  assert.equal(quote.bundle, null);
  const answer = till.sales.complete('S1', { completedAt: till.now(), total: 900 }, 'en');
  assert.deepEqual(answer.serials, []);
  assert.equal(till.events('sale.completed').length, 1);
  await discard(till);
});

test('an evaluator that breaks costs the offers, not the sale, and the fault is recorded', async () => {
  const engine = {
    ...offerEngine,
    decide: () => {
      throw new RangeError('broken');
    },
  };
  const till = await coreTill({ engine });
  const serials = await till.sell('S1', [coffee]);
  assert.deepEqual(serials, []);
  assert.deepEqual(till.events('sale.completed')[0]?.body.notes, ['offers-failed']);
  assert(till.faults.some(fault => fault instanceof RangeError));
  await discard(till);
});

test('an open sale is still there after a restart, with its member and its coupon', async () => {
  const first = await coreTill();
  const [serial = ''] = await first.sell('S1', [coffee], '2501000000017');
  await first.sales.scan('S2', { code: '2501000000017' }, 'en');
  first.sales.putSale('S2', { startedAt: first.now(), lines: [milk] }, 'en');
  await first.sales.scan('S2', { code: first.token(serial) }, 'en');
  const before = first.sales.getSale('S2', 'en');
  await first.close();
  const again = await coreTill({ dir: first.dir, clock: first.clock });
  assert.deepEqual(again.sales.getSale('S2', 'en'), before);
  assert.equal(again.sales.coupon(serial).state, 'reserved');
  await discard(again);
});

test('a card scanned at the device before any article goes into the next sale, within two minutes', async () => {
  const till = await coreTill();
  const scan = { text: '2501000000017', aim: null, symbology: null, source: 'test:' };
  const greeting = await till.sales.deviceScan(scan);
  assert.equal(greeting.kind, 'member');
  await till.clock.advance(119_000);
  assert.equal(till.sales.putSale('S1', { startedAt: till.now(), lines: [] }, 'en').member?.firstName, 'Anna');
  till.sales.complete('S1', { completedAt: till.now(), total: 0 }, 'en');

  await till.sales.deviceScan(scan);
  await till.clock.advance(121_000);
  assert.equal(till.sales.putSale('S2', { startedAt: till.now(), lines: [] }, 'en').member, null);
  await discard(till);
});

test('a scan at the device goes into the open sale, and screens hear of scan and sale', async () => {
  const till = await coreTill();
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  const heard: unknown[] = [];
  till.sales.onEvent((name, render) => {
    const value = render('de') as { message?: string; source?: string };
    heard.push([name, value.message ?? null, value.source ?? null]);
  });
  await till.sales.deviceScan({ text: '2501000000017', aim: ']E0', symbology: 'EAN13', source: 'hid:1' });
  assert.deepEqual(heard, [
    ['scan', 'Guten Tag, Anna.', 'hid:1'],
    ['sale', null, null],
  ]);
  assert.equal(till.sales.getSale('S1', 'en').member?.firstName, 'Anna');
  await discard(till);
});

test('a screen that fails does not undo a sale', async () => {
  const till = await coreTill();
  till.sales.onEvent(() => {
    throw new Error('the screen is gone');
  });
  await till.sell('S1');
  assert.equal(till.sales.getSale('S1', 'en').state, 'completed');
  await discard(till);
});

test('a second card in the same sale takes the place of the first', async () => {
  const till = await coreTill();
  await till.sales.scan('S1', { code: '2501000000017' }, 'en');
  await till.sales.scan('S1', { code: '2501000000024' }, 'en');
  assert.equal(till.sales.getSale('S1', 'en').member?.firstName, 'Beat');
  await discard(till);
});

test('a member whom only HQ knows is asked for and greeted', async () => {
  const till = await coreTill({
    members: [beat],
    askMember: async card => (card === anna.cards[0] ? factsOf(anna, 0) : null),
  });
  const answer = await till.sales.scan('S1', { code: '2501000000017' }, 'fr');
  assert.equal(answer.kind === 'member' && answer.message, 'Bonjour Anna.');
  await discard(till);
});

test('purchases of earlier sales count in the next one', async () => {
  const again = {
    ...coffeeTenth,
    id: 'again',
    when: { bought: { of: { category: ['food/coffee'] }, withinDays: 30 } },
  };
  const till = await coreTill({ bundle: bundleOf([again]) });
  await till.sell('S1', [coffee], '2501000000017');
  assert.deepEqual(till.sales.getSale('S1', 'en').total.discount, 0);
  await till.clock.advance(86_400_000);
  await till.sell('S2', [coffee], '2501000000017');
  assert.deepEqual(till.sales.getSale('S2', 'en').total.discount, 90);
  await till.clock.advance(31 * 86_400_000);
  await till.sell('S3', [coffee], '2501000000017');
  assert.deepEqual(till.sales.getSale('S3', 'en').total.discount, 0);
  await discard(till);
});

test('caps of member, household and store count what this till did, inside their windows', async () => {
  const capped = (id: string, scope: 'member' | 'household' | 'store', limit: number) => ({
    ...nextVisit,
    id,
    caps: [{ scope, limit, window: { calendar: 'day' as const } }],
  });
  const bundle = bundleOf([
    capped('of-member', 'member', 1),
    capped('of-house', 'household', 2),
    capped('of-store', 'store', 3),
  ]);
  const till = await coreTill({ bundle });
  const printed = async (saleId: string, card: string) => {
    await till.sell(saleId, [coffee], card);
    return till.sales
      .getSale(saleId, 'en')
      .coupons.map(coupon => coupon.offer)
      .sort();
  };
  assert.deepEqual(await printed('S1', '2501000000017'), ['of-house', 'of-member', 'of-store']);
  assert.deepEqual(await printed('S2', '2501000000017'), ['of-house', 'of-store']);
  assert.deepEqual(await printed('S3', '2501000000017'), ['of-store']);
  assert.deepEqual(await printed('S4', '2501000000024'), ['of-house', 'of-member']);
  // A void gives the unit back.
  till.sales.voidSale('S3', 'en');
  assert.deepEqual(await printed('S5', '2501000000024'), ['of-house', 'of-store']);
  // The next local day begins anew.
  await till.clock.advance(14 * 3_600_000);
  assert.deepEqual(await printed('S6', '2501000000017'), ['of-house', 'of-member', 'of-store']);
  await discard(till);
});

test('a held-out coupon is told to HQ as suppressed and not printed', async () => {
  const heldOut = { ...nextVisit, experiment: { salt: 'x', holdout: 10_000 } };
  const till = await coreTill({ bundle: bundleOf([heldOut]) });
  assert.deepEqual(await till.sell('S1', [coffee], '2501000000017'), []);
  assert.equal(till.events('coupon.suppressed')[0]?.body.offer, 'next-visit');
  await discard(till);
});

test('explain names every offer with its reason', async () => {
  const tea = { ...coffeeTenth, id: 'tea', when: { spend: { atLeast: 5000 } } };
  const till = await coreTill({ bundle: bundleOf([coffeeTenth, tea, nextVisit, earn]) });
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  const { offers } = till.sales.explain('S1', 'en');
  assert.deepEqual(offers.map(({ offer, outcome, reason }) => [offer, outcome, reason]).sort(), [
    ['coffee-10', 'applied', null],
    ['earn', 'rejected', 'no-member'],
    ['next-visit', 'issued', null],
    ['tea', 'rejected', 'when'],
  ]);
  await discard(till);
});

test('the coupon prints in the language of the member, or in the default language', async () => {
  const till = await coreTill();
  const [german = ''] = await till.sell('S1', [coffee], '2501000000017');
  const [french = ''] = await till.sell('S2', [coffee], '2501000000024');
  assert.equal(till.sales.coupon(german).title, '20 % beim nächsten Einkauf');
  // No French texts: the default language.
  assert.equal(till.sales.coupon(french).title, '20 % beim nächsten Einkauf');
  till.queue.start();
  await settle();
  assert.deepEqual(till.printer.paper, [german, french]);
  await discard(till);
});

test('a POS whose clock is far off completes its sale, without the coupons that such a day cannot be put on', async () => {
  for (const completedAt of ['1970-01-01T00:10:00Z', '2019-12-31T12:00:00+01:00', '2250-01-01T00:00:00Z']) {
    const till = await coreTill({
      bundle: bundleOf([nextVisit, coffeeTenth, earn], { notAfter: '2300-01-01T00:00:00Z' }),
    });
    await till.sales.scan('S1', { code: '2501000000017' }, 'en');
    till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
    const done = till.sales.complete('S1', { completedAt, total: 810 }, 'en');
    assert.deepEqual([done.serials, till.sales.getSale('S1', 'en').state], [[], 'completed']);
    assert.deepEqual(till.sales.complete('S1', { completedAt, total: 810 }, 'en').serials, []);
    const [note] = till.events('till.note');
    assert.deepEqual([note?.body.note, note?.body.saleId], ['coupons-failed', 'S1']);
    assert.equal(till.events('coupon.issued').length, 0);
    await discard(till);
  }
});

test('a coupon that cannot be written is left out, and nothing of it stays', async () => {
  const broken = { add: () => assert.fail('no room for this job') };
  const till = await coreTill({
    wrapStore: store => ({ ...store, printJournal: { ...store.printJournal, ...broken } }),
  });
  assert.deepEqual(await till.sell('S1', [coffee], '2501000000017'), []);
  assert.equal(till.sales.getSale('S1', 'en').state, 'completed');
  assert.deepEqual(till.store.coupons.ofSale('S1', '1'), []);
  assert.equal(till.events('till.note')[0]?.body.note, 'coupons-failed');
  assert.equal(till.faults.length, 1);
  await discard(till);
});
