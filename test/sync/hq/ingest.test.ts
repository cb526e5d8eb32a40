import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { TillsideError } from '../../../errors.ts';
import { createIngest } from '../../../sync/hq/ingest.ts';
import type { Arrival, Committed, Ledger, Standing } from '../../../sync/hq/ledger.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { encodeBatch } from '../../../sync/protocol/batch.ts';
import type { TillEvent } from '../../../sync/protocol/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryOutbox, saleBody } from '../support/till-end.ts';

const store = '0042';
const away = () => new TillsideError('database-unavailable', 'gone');

/** @param bytes that each has on the wire, at least */
function sales(till: string, count: number, bytes = 0): readonly TillEvent[] {
  const outbox = memoryOutbox({ tenant: 'demo', store, till });
  for (let n = 1; n <= count; n++)
    outbox.append('sale.completed', { ...saleBody(`S${till}-${n}`, 100), more: randomBytes(bytes).toString('base64') });
  return outbox.events;
}

function payload(till: string, events: readonly TillEvent[]): Uint8Array {
  const encoded = encodeBatch({ till, store, epoch: 1, boot: 1, events });
  assert.ok(encoded.ok);
  return encoded.value;
}

/** An ingest into SQLite whose commits go through `commit`; several workers, as with PostgreSQL. */
async function ingestWith(
  commit: (arrivals: readonly Arrival[], real: () => Promise<Committed>) => Promise<Committed>,
  workers = 1,
) {
  const real = createSqliteLedger(':memory:');
  await real.open();
  const ledger: Ledger = {
    ...real,
    workers,
    commit: (arrivals, at) => commit(arrivals, () => real.commit(arrivals, at)),
  };
  const clock = new FakeClock();
  const acknowledged: Standing[] = [];
  const refused: string[] = [];
  const ingest = createIngest({
    ledger,
    clock,
    log: silentLog,
    acknowledge: standing => acknowledged.push(standing),
    onCommitted() {},
    onRefused: reason => refused.push(reason),
  });
  return { ledger: real, clock, ingest, acknowledged, refused };
}

test('where more waits than one set holds workers commit side by side, but never two sets of one till', async () => {
  const busy = new Set<string>();
  let most = 0;
  let running = 0;
  const order = new Map<string, number[]>();
  const held: (() => void)[] = [];
  const { clock, ingest, acknowledged, ledger } = await ingestWith(async (arrivals, real) => {
    const tills = new Set(arrivals.map(({ till }) => till));
    for (const till of tills) assert.ok(!busy.has(till), `till ${till} is written by two`);
    for (const till of tills) busy.add(till);
    for (const { till, events } of arrivals)
      order.set(till, [...(order.get(till) ?? []), ...events.map(({ seq }) => seq)]);
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>(resolve => held.push(resolve));
    for (const till of tills) busy.delete(till);
    running -= 1;
    return real();
  }, 4);
  const tills = Array.from({ length: 8 }, (_, index) => String(index + 1));
  // 530 KB a batch: one is enough for a set.
  const days = [...tills.map(till => [till, sales(till, 6, 265_000)] as const)];
  for (let round = 0; round < 3; round++) {
    const batches = days.map(([till, day]) => ({ till, bytes: payload(till, day.slice(2 * round, 2 * round + 2)) }));
    await Promise.all(batches.map(({ till, bytes }) => ingest.receive({ store, till }, bytes)));
    await clock.advance(60);
    for (const go of held.splice(0, 2)) go();
    await clock.advance(60);
  }
  for (let turn = 0; turn < 20; turn++) {
    for (const go of held.splice(0)) go();
    await clock.advance(60);
  }
  assert.deepEqual(
    new Set(acknowledged.filter(({ contiguous }) => contiguous === 6).map(({ till }) => till)),
    new Set(tills),
  );
  assert.equal(most, 4);
  for (const till of tills) assert.deepEqual(order.get(till), [1, 2, 3, 4, 5, 6]);
  await ledger.close();
});

test('few batches are committed at once, many gather for longer, and as many as are worth a transaction wait for nothing', async () => {
  const sets: number[] = [];
  const { clock, ingest, ledger } = await ingestWith((arrivals, real) => {
    sets.push(arrivals.length);
    return real();
  }, 4);
  const send = async (count: number, bytes = 0) => {
    for (let n = 1; n <= count; n++)
      await ingest.receive({ store, till: String(n) }, payload(String(n), sales(String(n), 1, bytes)));
  };
  await send(8);
  await clock.advance(49);
  assert.deepEqual(sets, []);
  await clock.advance(1);
  assert.deepEqual(sets, [8]);
  // Many came: so there may be more.
  await send(3);
  await clock.advance(199);
  assert.deepEqual(sets, [8]);
  await clock.advance(1);
  assert.deepEqual(sets, [8, 3]);
  await send(2);
  await clock.advance(50);
  assert.deepEqual(sets, [8, 3, 2]);
  await send(1, 530_000);
  await clock.advance(0);
  assert.deepEqual(sets, [8, 3, 2, 1]);
  await ledger.close();
});

test('a set that the database can not take for some seconds is tried again and acknowledged once', async () => {
  let failures = 5;
  const { clock, ingest, acknowledged, refused, ledger } = await ingestWith(async (_, real) => {
    if (failures === 0) return real();
    failures -= 1;
    throw away();
  });
  await ingest.receive({ store, till: '1' }, payload('1', sales('1', 3)));
  await clock.advance(600);
  assert.deepEqual([acknowledged.length, ingest.problem()], [0, 'gone']);
  // 50 + 100 + 200 + 400 + 800 ms of pauses, and what gathers before.
  await clock.advance(2000);
  assert.deepEqual(
    acknowledged.map(({ contiguous }) => contiguous),
    [3],
  );
  assert.deepEqual([refused, ingest.problem()], [[], null]);
  await ledger.close();
});

test('a database that stays away: the set is given up unacknowledged, later ones are tried once, and all is well when it is back', async () => {
  let tries = 0;
  let isAway = true;
  const { clock, ingest, acknowledged, refused, ledger } = await ingestWith(async (_, real) => {
    tries += 1;
    if (isAway) throw away();
    return real();
  });
  const send = () => ingest.receive({ store, till: '1' }, payload('1', sales('1', 3)));
  await send();
  await clock.advance(60_000);
  assert.deepEqual([tries, refused, acknowledged.length], [9, ['database'], 0]);
  await send();
  await clock.advance(1000);
  assert.deepEqual([tries, refused.length], [10, 2]);
  isAway = false;
  await send();
  await clock.advance(1000);
  assert.deepEqual([acknowledged.at(-1)?.contiguous, ingest.problem()], [3, null]);
  await ledger.close();
});

test('at the end nothing is waited for', async () => {
  const { clock, ingest, refused, ledger } = await ingestWith(() => Promise.reject(away()));
  await ingest.receive({ store, till: '1' }, payload('1', sales('1', 3)));
  const ended = ingest.idle();
  await clock.advance(60);
  await ended;
  assert.deepEqual(refused, ['database']);
  await ledger.close();
});

test('the one event that the database refuses is found, kept whole and acknowledged; everything else counts', async () => {
  const { clock, ingest, acknowledged, refused, ledger } = await ingestWith((arrivals, real) =>
    arrivals.some(({ events }) => events.some(({ body }) => body.saleId === 'S2-7'))
      ? Promise.reject(new Error('value too strange'))
      : real(),
  );
  for (const till of ['1', '2', '3']) await ingest.receive({ store, till }, payload(till, sales(till, 20)));
  await clock.advance(100);
  const last = new Map(acknowledged.map(({ till, contiguous }) => [till, contiguous]));
  assert.deepEqual([...last].sort(), [
    ['1', 20],
    ['2', 20],
    ['3', 20],
  ]);
  assert.deepEqual(refused, []);
  const { events, today } = await ledger.totals('2026-11-21');
  assert.deepEqual([events.committed, events.quarantined, today.sales], [60, 1, 59]);
  const [aside] = await ledger.quarantined(10);
  assert.deepEqual([aside?.till, aside?.seq, aside?.reason], ['2', 7, 'the database refuses it: value too strange']);
  assert.equal(
    (await ledger.tills('2026-11-21')).every(({ chain }) => chain === 'whole'),
    true,
  );
  await ledger.close();
});

test('batches that cannot be read, or that name another till, are put aside among those that can, and room is made again', async () => {
  const { clock, ingest, acknowledged, refused, ledger } = await ingestWith((_, real) => real());
  const good = ['1', '2', '3'].map(till => ({ till, bytes: payload(till, sales(till, 2)) }));
  for (const { till, bytes } of good) {
    await ingest.receive({ store, till }, bytes);
    await ingest.receive({ store, till: '8' }, bytes.subarray(0, bytes.byteLength - 9));
    await ingest.receive({ store, till: '9' }, bytes);
  }
  await clock.advance(100);
  assert.deepEqual(acknowledged.map(({ till }) => till).sort(), ['1', '2', '3']);
  assert.deepEqual([...refused].sort(), [...Array(3).fill('address'), ...Array(3).fill('unreadable')]);
  const aside = await ledger.quarantined(10);
  assert.deepEqual(aside.map(({ till }) => till).sort(), ['8', '8', '8', '9', '9', '9']);
  await ledger.close();
});
