import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Arrival, Ledger } from '../../../sync/hq/ledger.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import type { StateMessage } from '../../../sync/protocol/messages.ts';
import type { TillEvent } from '../../../sync/protocol/types.ts';
import { memoryOutbox, saleBody } from '../support/till-end.ts';
import { onBoth, usePostgres } from './ledgers.ts';

const name = { store: '0042', till: '1' };
const at = '2026-11-21T09:20:00Z';

usePostgres();

const arrival = (events: readonly TillEvent[], epoch = 1): Arrival => ({
  ...name,
  epoch,
  boot: 1,
  events,
  unreadable: [],
});

/** A till's day: a sale, its coupon printed, the coupon redeemed in a second sale, a third sale voided. */
function aDay(epoch = 1) {
  const outbox = memoryOutbox({ tenant: 'demo', ...name }, epoch);
  outbox.append('sale.completed', saleBody('A', 1000));
  const coupon = { serial: 'C1', offer: 'coffee', variant: null, saleId: 'A', issuedAt: '2026-11-21T10:15:00+01:00' };
  outbox.append('coupon.issued', { ...coupon, validFrom: '2026-11-22', validTo: '2026-12-05', title: 'Kaffee' });
  outbox.append('coupon.printed', { serial: 'C1', evidence: 'sent' });
  outbox.append('coupon.printed', { serial: 'C1', evidence: 'confirmed' });
  outbox.append('sale.completed', saleBody('B', 2000));
  outbox.append('coupon.redeemed', { serial: 'C1', offer: 'coffee', saleId: 'B', amount: 180 });
  outbox.append('coupon.suppressed', { offer: 'tea', variant: null, saleId: 'B' });
  outbox.append('points.changed', { member: 'm1', saleId: 'B', delta: 20, balance: 140 });
  outbox.append('sale.completed', saleBody('C', 4000));
  outbox.append('sale.voided', { saleId: 'C' });
  outbox.append('till.note', { note: 'end of the day' });
  return outbox.events;
}

/** Everything that the console shows, without the order in which it came. */
async function picture(ledger: Ledger) {
  const { sales } = await ledger.sales({});
  return {
    sales: sales.map(({ receivedAt: _, ...sale }) => sale).sort((a, b) => (a.saleId < b.saleId ? -1 : 1)),
    campaigns: await ledger.campaigns('2026-01-01', '2026-12-31'),
    totals: await ledger.totals('2026-11-21'),
    tills: (await ledger.tills('2026-11-21')).map(({ lastEventAt: _, ...till }) => till),
    standing: await ledger.standing(name, 1),
  };
}

onBoth('whatever the order, the repeats and the grouping, HQ ends with the same tables', async (ledgerWith, kind) => {
  const events = aDay();
  const expected = await ledgerWith(async ledger => {
    await ledger.commit([arrival(events)], at);
    return picture(ledger);
  });
  assert.deepEqual(expected.standing, { ...name, epoch: 1, contiguous: 11, missing: [] });
  assert.deepEqual(
    expected.sales.map(({ saleId, state, net, issued, redeemed }) => [saleId, state, net, issued, redeemed]),
    [
      ['A', 'completed', 1000, 1, 0],
      ['B', 'completed', 2000, 0, 1],
      ['C', 'voided', 4000, 0, 0],
    ],
  );
  // The voided sale does not count: 1000 + 2000.
  assert.equal(expected.totals.today.net, 3000);
  assert.deepEqual(expected.campaigns, [
    {
      offer: 'coffee',
      variant: null,
      issued: 1,
      printed: { confirmed: 1, fenced: 0, sent: 0, unknown: 0, failed: 0, queued: 0 },
      redeemed: 1,
      voided: 0,
      suppressed: 0,
    },
    {
      offer: 'tea',
      variant: null,
      issued: 0,
      printed: { confirmed: 0, fenced: 0, sent: 0, unknown: 0, failed: 0, queued: 0 },
      redeemed: 0,
      voided: 0,
      suppressed: 1,
    },
  ]);
  assert.equal(expected.tills[0]?.chain, 'whole');
  const order = fc.array(fc.nat(events.length - 1), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(
      order,
      fc.shuffledSubarray([...events.keys()], { minLength: events.length }),
      fc.integer({ min: 1, max: 5 }),
      async (repeats, shuffled, size) => {
        await ledgerWith(async ledger => {
          const sent = [...repeats, ...shuffled].map(index => events[index] as TillEvent);
          for (let from = 0; from < sent.length; from += size)
            await ledger.commit([arrival(sent.slice(from, from + size))], at);
          assert.deepEqual(await picture(ledger), expected);
        });
      },
    ),
    // A new place in PostgreSQL takes long to make.
    { numRuns: kind === 'sqlite' ? 30 : 8 },
  );
});

onBoth('what becomes of a coupon is told as a change of the sale that issued it, whatever till did it', ledgerWith =>
  ledgerWith(async ledger => {
    const [sold, issued, sent, confirmed] = aDay();
    assert.ok(sold !== undefined && issued !== undefined && sent !== undefined && confirmed !== undefined);
    const sales = async (one: Arrival) => (await ledger.commit([one], at)).sales;
    const issuedIn = { ...name, saleId: 'A' };
    // Of a coupon that HQ does not know yet no sale can be told.
    assert.deepEqual(await sales(arrival([sent])), []);
    assert.deepEqual(await sales(arrival([sold, issued])), [issuedIn]);
    assert.deepEqual(await sales(arrival([confirmed])), [issuedIn]);
    const other = { store: '0043', till: '7' };
    const outbox = memoryOutbox({ tenant: 'demo', ...other });
    outbox.append('coupon.redeemed', { serial: 'C1', offer: 'coffee', saleId: 'Z', amount: 180 });
    assert.deepEqual(await sales({ ...arrival(outbox.events), ...other }), [{ ...other, saleId: 'Z' }, issuedIn]);
    outbox.append('coupon.voided', { serial: 'C1', reason: 'cancelled' });
    assert.deepEqual(await sales({ ...arrival(outbox.events.slice(1)), ...other }), [issuedIn]);
  }),
);

onBoth('a gap is named, and closing it moves the mark over everything that waited behind it', async ledgerWith => {
  const events = aDay();
  await ledgerWith(async ledger => {
    const some = events.filter(({ seq }) => ![2, 5, 6].includes(seq));
    const first = await ledger.commit([arrival(some)], at);
    assert.deepEqual(first.standings, [{ ...name, epoch: 1, contiguous: 1, missing: [2, 5, 6] }]);
    const second = await ledger.commit([arrival(events.slice(1, 2))], at);
    assert.deepEqual(second.standings, [{ ...name, epoch: 1, contiguous: 4, missing: [5, 6] }]);
    const third = await ledger.commit([arrival(events.slice(4, 6))], at);
    assert.deepEqual(third.standings, [{ ...name, epoch: 1, contiguous: 11, missing: [] }]);
  });
});

onBoth('a far number is a gap of many, and the answer stays small', async ledgerWith => {
  await ledgerWith(async ledger => {
    const [event] = aDay();
    assert.ok(event !== undefined);
    const committed = await ledger.commit([arrival([{ ...event, seq: Number.MAX_SAFE_INTEGER - 1 }])], at);
    assert.equal(committed.standings[0]?.contiguous, 0);
    assert.equal(committed.standings[0]?.missing.length, 500);
  });
});

onBoth(
  'an event that does not follow from the one before breaks the chain visibly and counts all the same',
  async ledgerWith => {
    await ledgerWith(async ledger => {
      const events = aDay().map(event => (event.seq === 5 ? { ...event, body: saleBody('B', 9999) } : event));
      await ledger.commit([arrival(events)], at);
      const [till] = await ledger.tills('2026-11-21');
      assert.equal(till?.chain, 'broken');
      assert.equal(till?.contiguous, 11);
    });
  },
);

onBoth('other content under a committed number is put aside and changes nothing', async ledgerWith => {
  await ledgerWith(async ledger => {
    const events = aDay();
    await ledger.commit([arrival(events)], at);
    const before = await picture(ledger);
    const forged = events.map(event => (event.seq === 1 ? { ...event, body: saleBody('A', 1) } : event));
    const committed = await ledger.commit([arrival(forged)], at);
    assert.equal(committed.events, 0);
    assert.equal(committed.quarantined, 1);
    assert.deepEqual((await picture(ledger)).sales, before.sales);
    assert.match((await ledger.quarantined(10))[0]?.reason ?? '', /committed/);
  });
});

onBoth(
  'an event that this version cannot read is kept whole, acknowledged and shown; the rest goes on',
  async ledgerWith => {
    await ledgerWith(async ledger => {
      const [first, , third] = aDay();
      assert.ok(first !== undefined && third !== undefined);
      const json = JSON.stringify({ v: 2, type: 'sale.completed', seq: 2, prev: first.prev, body: { total: 'new' } });
      const sent = { ...arrival([first, third]), unreadable: [{ seq: 2, reason: 'version 2', json }] };
      const committed = await ledger.commit([sent], at);
      assert.deepEqual(committed.standings, [{ ...name, epoch: 1, contiguous: 3, missing: [] }]);
      // The same again: nothing new.
      assert.equal((await ledger.commit([sent], at)).quarantined, 0);
      const items = await ledger.quarantined(10);
      assert.deepEqual(
        items.map(({ seq, reason }) => [seq, reason]),
        [[2, 'version 2']],
      );
    });
  },
);

onBoth('a sale without a total is put aside and does not stop the sales behind it', async ledgerWith => {
  await ledgerWith(async ledger => {
    const outbox = memoryOutbox({ tenant: 'demo', ...name });
    outbox.append('sale.completed', { saleId: 'A' });
    outbox.append('sale.completed', saleBody('B', 700));
    const committed = await ledger.commit([arrival(outbox.events)], at);
    assert.equal(committed.quarantined, 1);
    assert.equal(committed.standings[0]?.contiguous, 2);
    assert.equal((await ledger.totals('2026-11-21')).today.net, 700);
  });
});

onBoth('facts carried over into a new epoch under new numbers count once', async ledgerWith => {
  await ledgerWith(async ledger => {
    const old = aDay(1);
    await ledger.commit([arrival(old, 1)], at);
    const before = await picture(ledger);
    const restored = memoryOutbox({ tenant: 'demo', ...name }, 2);
    // A copy that says something else shows that copies are not counted.
    for (const { type, body } of old)
      restored.append(type, type === 'coupon.printed' ? { ...body, evidence: 'failed' } : body);
    // Salvaged facts keep their ids.
    const carried = restored.events.map((event, index) => ({ ...event, id: old[index]?.id ?? '' }));
    const committed = await ledger.commit([arrival(carried, 2)], at);
    assert.equal(committed.standings[0]?.epoch, 2);
    assert.equal(committed.standings[0]?.contiguous, 11);
    const after = await picture(ledger);
    assert.deepEqual(after.sales, before.sales);
    assert.deepEqual(after.campaigns, before.campaigns);
  });
});

const saveState = async (ledger: Ledger, said: StateMessage) =>
  (await ledger.saveStates([{ ...name, state: said }], at)).length === 1;

const state = (change: Partial<StateMessage>): StateMessage => ({
  online: true,
  boot: 1,
  session: 1,
  epoch: 1,
  at,
  ...change,
});

onBoth('a late Will of an older connection does not take a till off line', async ledgerWith => {
  await ledgerWith(async ledger => {
    const online = async () => (await ledger.tills('2026-11-21'))[0]?.online;
    await saveState(ledger, state({ boot: 7, session: 2, agent: '0.1.0' }));
    assert.equal(await saveState(ledger, state({ boot: 7, session: 1, online: false })), false);
    assert.equal(await saveState(ledger, state({ boot: 6, session: 9, online: false })), false);
    assert.equal(await online(), true);
    assert.equal(await saveState(ledger, state({ boot: 7, session: 2, online: false })), true);
    assert.equal(await online(), false);
    // The Will is short; what was known stays known.
    assert.equal((await ledger.tills('2026-11-21'))[0]?.agent, '0.1.0');
    // A new database starts its boots anew, in a higher epoch.
    assert.equal(await saveState(ledger, state({ boot: 1, session: 1, epoch: 2 })), true);
    assert.equal(await online(), true);
  });
});

onBoth("HQ's totals are held against the till's own over the same events, to the cent", async ledgerWith => {
  await ledgerWith(async ledger => {
    const events = aDay();
    const day = { day: '2026-11-21', sales: 3, voided: 1, net: 3000 };
    const tell = (upTo: number, totals: typeof day) => saveState(ledger, state({ totals: { upTo, days: [totals] } }));
    const verdict = async () => (await ledger.reconcile('2026-11-21', '2026-11-21')).map(row => row.verdict);

    await ledger.commit([arrival(events.slice(0, 8))], at);
    assert.deepEqual(await verdict(), ['untold']);
    await tell(11, day);
    assert.deepEqual(await verdict(), ['waiting']);
    await ledger.commit([arrival(events.slice(8))], at);
    assert.deepEqual(await verdict(), ['agrees']);
    await tell(11, { ...day, net: 3001 });
    assert.deepEqual(await verdict(), ['differs']);
    // The till spoke when it had made five events: two sales, nothing voided.
    await tell(5, { ...day, sales: 2, voided: 0, net: 3000 });
    assert.deepEqual(await verdict(), ['agrees']);
  });
});

onBoth('a till that tells its sales again in a new epoch is shown with its own totals once', async ledgerWith => {
  await ledgerWith(async ledger => {
    const old = aDay(1);
    const totals = { day: '2026-11-21', sales: 3, voided: 1, net: 3000 };
    const tell = (epoch: number, upTo: number, days: (typeof totals)[]) =>
      saveState(ledger, state({ epoch, totals: { upTo, days } }));
    const shown = async () =>
      (await ledger.reconcile('2026-11-21', '2026-11-21')).map(({ hq, own, verdict }) => ({ hq, own, verdict }));
    const { day: _, ...agreed } = totals;

    await ledger.commit([arrival(old, 1)], at);
    await tell(1, 11, [totals]);
    const restored = memoryOutbox({ tenant: 'demo', ...name }, 2);
    for (const { type, body } of old) restored.append(type, body);
    await ledger.commit(
      [
        arrival(
          restored.events.map((event, n) => ({ ...event, id: old[n]?.id ?? '' })),
          2,
        ),
      ],
      at,
    );
    await tell(2, 11, [totals]);
    assert.deepEqual(await shown(), [{ hq: agreed, own: agreed, verdict: 'agrees' }]);
    await tell(2, 11, [{ ...totals, net: 3005 }]);
    assert.deepEqual(await shown(), [{ hq: agreed, own: { ...agreed, net: 3005 }, verdict: 'differs' }]);
  });
});

onBoth('a sale counts on the local day of its till, whatever offset the POS dates it in', async ledgerWith => {
  await ledgerWith(async ledger => {
    const outbox = memoryOutbox({ tenant: 'demo', ...name });
    // 23:30 UTC on the 20th is 00:30 on the 21st at the till (+01:00).
    outbox.append('sale.completed', saleBody('A', 100, '2026-11-20T23:30:00.123Z'));
    outbox.append('sale.completed', saleBody('B', 200, '2026-11-20T23:30:00-05:00'));
    await ledger.commit([arrival(outbox.events)], at);
    assert.equal((await ledger.totals('2026-11-21')).today.net, 300);
  });
});

onBoth('a till that stays silent after HQ came on line is off line; one that spoke is not', async ledgerWith => {
  await ledgerWith(async ledger => {
    const other = { store: '0042', till: '2' };
    await ledger.saveStates(
      [
        { ...name, state: state({}) },
        { ...other, state: state({}) },
      ],
      at,
    );
    assert.deepEqual(await ledger.markSilent(new Set(['0042/2']), '2026-11-21T10:00:00Z'), [name]);
    const tills = await ledger.tills('2026-11-21');
    assert.deepEqual(
      tills.map(till => [till.till, till.online, till.since]),
      [
        ['1', false, '2026-11-21T10:00:00Z'],
        ['2', true, at],
      ],
    );
  });
});

onBoth('texts, numbers and dates that a database could choke on stop nothing', async ledgerWith => {
  await ledgerWith(async ledger => {
    const nul = 'a\u0000b';
    const outbox = memoryOutbox({ tenant: 'demo', ...name });
    const coupon = { offer: 'tea', saleId: 'A', issuedAt: '2026-11-21T10:15:00+01:00' };
    outbox.append('sale.completed', saleBody('A', 700));
    // What can't be kept as it is: put aside.
    outbox.append('sale.completed', saleBody(nul, 1));
    outbox.append('sale.completed', saleBody('x'.repeat(5000), 1));
    outbox.append('sale.completed', saleBody('B', Number.MAX_SAFE_INTEGER - 100));
    outbox.append('sale.completed', saleBody('C', 1, '+275760-09-13T00:00:00.000Z'));
    outbox.append('coupon.issued', { ...coupon, serial: nul });
    outbox.append('coupon.printed', { serial: 'C1', evidence: nul });
    // What can: counted, with what is odd left out.
    outbox.append('coupon.issued', { ...coupon, serial: 'C1', title: nul, variant: 'x'.repeat(5000) });
    outbox.append('coupon.issued', { ...coupon, serial: 'C2', title: '\ud800 \u{1f600} "\\\'' });
    outbox.append('till.note', { note: nul, saleId: { not: 'a text' } });
    const events = outbox.events.map(event => (event.seq === 1 ? { ...event, id: nul } : event));
    const unreadable = [{ seq: 11, reason: nul, json: JSON.stringify({ seq: 11, [nul]: '\ud800' }) }];
    const committed = await ledger.commit([{ ...arrival(events), unreadable }], at);
    assert.deepEqual(committed.standings, [{ ...name, epoch: 1, contiguous: 11, missing: [] }]);
    assert.equal(committed.quarantined, 7);
    const { totals, campaigns } = await picture(ledger);
    assert.deepEqual([totals.today.sales, totals.today.net], [1, 700]);
    assert.equal(campaigns[0]?.issued, 2);
    await ledger.quarantine({ ...name, reason: nul, payload: Buffer.from([0, 255, 1]) }, at);
    assert.equal((await ledger.quarantined(100)).length, 8);
    // Each is kept as it was sent.
    const kept = await ledger.events({});
    assert.deepEqual(
      kept.slice(1, 10).map(({ event }) => event),
      events.slice(1),
    );
  });
});

test("the database's files are their owner's alone, those of an earlier version too", async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-ledger-'));
  const dataDir = join(dir, 'data', 'hq');
  const file = join(dataDir, 'hq.sqlite');
  const umask = process.umask(0o022);
  const modes = () =>
    readdirSync(dataDir).map(name => [name, (statSync(join(dataDir, name)).mode & 0o777).toString(8)]);
  try {
    const first = createSqliteLedger(file);
    await first.commit([arrival(aDay())], at);
    assert.equal(statSync(dataDir).mode & 0o777, 0o700);
    const all = ['hq.sqlite', 'hq.sqlite-shm', 'hq.sqlite-wal'].map(name => [name, '600']);
    assert.deepEqual(modes().sort(), all);
    await first.close();
    chmodSync(file, 0o644);
    const second = createSqliteLedger(file);
    assert.equal((await second.sales({})).sales.length, 3);
    assert.deepEqual(modes().sort(), all);
    await second.close();
  } finally {
    process.umask(umask);
    rmSync(dir, { recursive: true, force: true });
  }
});
