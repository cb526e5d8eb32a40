import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Offer } from '../../agent/offers/types.ts';
import type { Lease } from '../../sync/protocol/lease.ts';
import { bundleOf, type CoreTill, coffee, coffeeTenth, coreTill, discard, nextVisit } from './core-till.ts';

const first: Offer = { ...nextVisit, caps: [{ scope: 'global', limit: 100 }] };
const leased = bundleOf([first]);

/** As HQ grants them: the next number, a week. */
function grant(till: CoreTill, units: number, change: Partial<Lease> = {}): void {
  till.leases.port.take({
    kind: 'lease',
    epoch: till.store.epoch,
    leases: [
      {
        number: till.store.leases.last() + 1,
        offer: 'next-visit',
        units,
        validUntil: '2026-11-28T10:15:00Z',
        ...change,
      },
    ],
    refused: [],
  });
}

const told = (till: CoreTill) => till.events('lease.used').at(-1)?.body;
const put = (till: CoreTill, saleId: string) =>
  till.sales.putSale(saleId, { startedAt: till.now(), lines: [coffee] }, 'en');

async function withTill(run: (till: CoreTill) => Promise<void>, bundle = leased): Promise<void> {
  const till = await coreTill({ bundle });
  try {
    await run(till);
    assert.deepEqual(till.faults, []);
  } finally {
    await discard(till);
  }
}

test('without a unit a capped coupon is refused with cap-global; with units it comes out until they are used up', () =>
  withTill(async till => {
    assert.deepEqual(await till.sell('S0'), []);
    assert.equal(
      till.sales.explain('S0', 'en').offers.find(({ offer }) => offer === 'next-visit')?.reason,
      'cap-global',
    );
    grant(till, 2);
    assert.equal((await till.sell('S1')).length, 1);
    assert.deepEqual([told(till)?.used, told(till)?.returned, told(till)?.units], [1, 0, 2]);
    assert.equal((await till.sell('S2')).length, 1);
    assert.deepEqual(await till.sell('S3'), []);
  }));

test('a void, a coupon that never came out and goods that came back return their unit; a replacement keeps it', () =>
  withTill(async till => {
    grant(till, 1);
    const [serial = ''] = await till.sell('S1');
    const job = till.store.printJournal.last(serial);
    assert.ok(job !== null);
    const second = till.store.transaction(() => till.book.replace(job, 'print-unknown', 1));
    assert.equal(told(till)?.used, 1);
    assert.deepEqual(await till.sell('S2'), []);
    till.store.transaction(() => till.book.void(second?.serial ?? '', 'not-printed'));
    assert.equal(told(till)?.used, 0);
    assert.equal((await till.sell('S3')).length, 1);
    till.sales.voidSale('S3', 'en');
    assert.equal(told(till)?.used, 0);
    await till.sell('S4');
    till.sales.returnLines('R1', { saleId: 'S4', lines: [{ lineId: '1', quantity: '2' }] }, 'en');
    assert.equal(told(till)?.used, 0);
  }));

test('a coupon printed anew after its unit went back takes another one, or is not printed', () =>
  withTill(async till => {
    grant(till, 1);
    const [serial = ''] = await till.sell('S1');
    till.store.transaction(() => till.book.void(serial, 'not-printed'));
    const job = till.store.printJournal.last(serial);
    assert.ok(job !== null);
    const again = till.store.transaction(() => till.book.replace(job, 'print-unknown', 0));
    assert.ok(again !== null);
    till.store.transaction(() => till.book.void(again.serial, 'not-printed'));
    assert.equal((await till.sell('S2')).length, 1);
    const lost = till.store.printJournal.last(again.serial);
    assert.ok(lost !== null);
    assert.equal(
      till.store.transaction(() => till.book.replace(lost, 'print-unknown', 0)),
      null,
    );
  }));

test('of two open sales the one that was shown the last coupon gets it, also if the other is paid first', () =>
  withTill(async till => {
    grant(till, 1);
    put(till, 'A');
    put(till, 'B');
    const total = coffee.amount;
    assert.deepEqual(till.sales.complete('B', { completedAt: till.now(), total }, 'en').serials, []);
    assert.equal(till.sales.complete('A', { completedAt: till.now(), total }, 'en').serials.length, 1);
  }));

test('a sale that is voided or forgotten no longer counts on its unit', () =>
  withTill(async till => {
    grant(till, 1);
    put(till, 'A');
    till.sales.voidSale('A', 'en');
    put(till, 'B');
    await till.clock.advance(31 * 60_000);
    assert.equal((await till.sell('C')).length, 1);
  }));

test('a lease whose time is over gives back what is left, and is not live again when the clock jumps back', () =>
  withTill(async till => {
    grant(till, 3);
    await till.sell('S1');
    till.clock.jump(8 * 86_400_000);
    assert.deepEqual(await till.sell('S2'), []);
    till.leases.tend();
    assert.deepEqual([told(till)?.used, told(till)?.returned, told(till)?.open], [1, 2, false]);
    till.clock.jump(-8 * 86_400_000);
    assert.deepEqual(await till.sell('S3'), []);
    // The unit of the closed lease goes straight back to HQ.
    till.sales.voidSale('S1', 'en');
    assert.deepEqual([told(till)?.used, told(till)?.returned], [0, 3]);
    assert.deepEqual(await till.sell('S4'), []);
  }));

test('a lease for tomorrow serves no sale of today', () =>
  withTill(async till => {
    grant(till, 1, { validFrom: '2026-11-21T23:00:00Z', validUntil: '2026-11-22T23:00:00Z' });
    assert.deepEqual(await till.sell('S1'), []);
    till.clock.jump(86_400_000);
    assert.equal((await till.sell('S2')).length, 1);
  }));

test('an offer that is gone gives all its units back', () =>
  withTill(async till => {
    grant(till, 4);
    await till.sell('S1');
    await till.activate(bundleOf([nextVisit], { version: 2 }));
    till.leases.tend();
    assert.deepEqual([told(till)?.used, told(till)?.returned, told(till)?.open], [1, 3, false]);
  }));

test('HQ gets back what it asks for, but not what an open sale counts on nor what it leaves here', () =>
  withTill(async till => {
    grant(till, 5);
    put(till, 'A');
    const ask = { kind: 'lease.return', epoch: till.store.epoch, offer: 'next-visit', keep: 1 } as const;
    till.leases.port.take(ask);
    assert.deepEqual([told(till)?.returned, told(till)?.open], [3, true]);
    till.leases.port.take({ ...ask, epoch: ask.epoch - 1, keep: 0 });
    assert.equal(told(till)?.returned, 3);
  }));

test('the same grant twice, one of another epoch, and one that skips a number are not taken', () =>
  withTill(async till => {
    const lease = { number: 1, offer: 'next-visit', units: 1, validUntil: '2026-11-28T10:15:00Z' };
    const command = { kind: 'lease', epoch: till.store.epoch, leases: [lease], refused: [] } as const;
    till.leases.port.take(command);
    till.leases.port.take(command);
    till.leases.port.take({ ...command, epoch: till.store.epoch + 1, leases: [{ ...lease, number: 2 }] });
    till.leases.port.take({ ...command, leases: [{ ...lease, number: 3 }] });
    assert.equal((await till.sell('S1')).length, 1);
    assert.deepEqual(await till.sell('S2'), []);
  }));

test('a till asks at once for whom only a unit is missing, and wants twice what it used in a day', () =>
  withTill(async till => {
    let calls = 0;
    till.leases.port.onWant(() => {
      calls += 1;
    });
    assert.deepEqual(till.leases.port.wants()?.wants, [
      { offer: 'next-visit', units: 1, at: '2026-11-21T09:15:00+00:00', now: false },
    ]);
    put(till, 'A');
    assert.equal(calls, 1);
    assert.deepEqual(till.leases.port.wants()?.wants, [
      { offer: 'next-visit', units: 2, at: '2026-11-21T09:15:00+00:00', now: true },
    ]);
    grant(till, 12);
    assert.equal(till.leases.port.wants(), null);
    for (let n = 0; n < 10; n++) await till.sell(`S${n}`);
    const wish = till.leases.port.wants();
    assert.deepEqual([wish?.after, wish?.wants[0]?.units, wish?.wants[0]?.now], [1, 20 - 2, false]);
  }));

test('HQ that has none is asked again after a minute for a customer, later for the stock', () =>
  withTill(async till => {
    const { port } = till.leases;
    const none = { kind: 'lease', epoch: till.store.epoch, leases: [] } as const;
    const refused = [{ offer: 'next-visit', reason: 'exhausted' }] as const;
    port.take({ ...none, refused });
    assert.equal(port.wants(), null);
    await till.clock.advance(61_000);
    assert.equal(port.wants(), null);
    put(till, 'A');
    assert.equal(port.wants()?.wants[0]?.now, true);
    port.take({ ...none, refused });
    assert.equal(port.wants(), null);
    await till.clock.advance(61_000);
    assert.equal(port.wants()?.wants[0]?.now, true);
  }));

test('a restored database has no units; those of a restart stay', async () => {
  let till = await coreTill({ bundle: leased });
  const { dir, clock } = till;
  const again = async () => {
    await till.close();
    till = await coreTill({ dir, clock, bundle: null });
  };
  try {
    grant(till, 3);
    await again();
    assert.equal((await till.sell('S1')).length, 1);
    await till.close();
    const file = join(dir, 'till.sqlite');
    copyFileSync(file, `${file}.backup`);
    till = await coreTill({ dir, clock, bundle: null });
    assert.equal((await till.sell('S2')).length, 1);
    await till.close();
    for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
    copyFileSync(`${file}.backup`, file);
    till = await coreTill({ dir, clock, bundle: null });
    assert.deepEqual(await till.sell('S3'), []);
    // What was given out before is voided without a unit coming back: the lost past may have given it back already.
    const before = till.events('lease.used').length;
    till.sales.voidSale('S1', 'en');
    assert.equal(till.events('lease.used').length, before);
    assert.equal(till.store.leases.last(), 0);
  } finally {
    await discard(till);
  }
});

test('a cap on applications uses one unit for each, and a void gives them back', () =>
  withTill(
    async till => {
      assert.equal(put(till, 'S0').total.discount, 0);
      grant(till, 1, { offer: 'coffee-10' });
      await till.sell('S1');
      assert.equal(till.store.sales.outcome('S1') === null, false);
      assert.deepEqual([told(till)?.offer, told(till)?.used], ['coffee-10', 1]);
      assert.equal(put(till, 'S2').total.discount, 0);
      till.sales.voidSale('S1', 'en');
      assert.equal(told(till)?.used, 0);
      assert.equal(put(till, 'S2').total.discount, 90);
    },
    bundleOf([{ ...coffeeTenth, caps: [{ scope: 'global', limit: 10 }] }]),
  ));

test('that HQ gives nothing for stock keeps no customer waiting; that it has none for a customer does for a minute', () =>
  withTill(async till => {
    const refuse = () =>
      till.leases.port.take({
        kind: 'lease',
        epoch: till.store.epoch,
        leases: [],
        refused: [{ offer: 'next-visit', reason: 'exhausted' }],
      });
    assert.equal(till.leases.port.wants()?.wants[0]?.now, false);
    refuse();
    assert.equal(till.leases.port.wants(), null, 'no stock for a while');
    put(till, 'S1');
    assert.equal(till.leases.port.wants()?.wants[0]?.now, true, 'a customer stands there');
    refuse();
    assert.equal(till.leases.port.wants(), null);
    await till.clock.advance(60_001);
    put(till, 'S1');
    assert.equal(till.leases.port.wants()?.wants[0]?.now, true);
  }));
