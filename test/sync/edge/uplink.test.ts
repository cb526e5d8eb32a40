import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createUplink } from '../../../sync/edge/uplink.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { decodeBatch } from '../../../sync/protocol/batch.ts';
import type { Ack } from '../../../sync/protocol/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryOutbox, saleBody } from '../support/till-end.ts';

const address = { tenant: 'demo', store: '0042', till: '1' };

function uplinkOf(events: number, epoch = 1) {
  const outbox = memoryOutbox(address, epoch);
  for (let n = 1; n <= events; n++) outbox.append('sale.completed', saleBody(`S${n}`, n));
  const clock = new FakeClock();
  const sent: (readonly number[])[] = [];
  const uplink = createUplink({
    outbox,
    clock,
    random: () => 0.5,
    log: silentLog,
    send(payload) {
      const batch = decodeBatch(payload);
      assert.ok(batch.ok);
      sent.push(batch.value.events.map(({ seq }) => seq));
    },
    onDrained() {},
  });
  const ends = () => sent.map(batch => [batch[0], batch.at(-1)]);
  const ack = (contiguous: number, missing: readonly number[] = [], of = epoch) =>
    uplink.acknowledged({ epoch: of, contiguous, missing });
  return { outbox, clock, uplink, sent, ends, ack };
}

test('at most eight batches are on their way; an acknowledgement makes room for the next', () => {
  const { uplink, ends, ack, outbox } = uplinkOf(2000);
  uplink.up();
  // 200 events a batch: eight of ten.
  assert.equal(ends().length, 8);
  assert.deepEqual(ends()[7], [1401, 1600]);
  ack(199);
  assert.equal(ends().length, 8);
  ack(400);
  assert.equal(outbox.acknowledged(), 400);
  assert.deepEqual(ends().slice(8), [
    [1601, 1800],
    [1801, 2000],
  ]);
});

test('nothing counts as delivered without HQ’s word; after a break all of it goes out again', () => {
  const { uplink, sent, outbox } = uplinkOf(5);
  uplink.up();
  assert.deepEqual(sent, [[1, 2, 3, 4, 5]]);
  uplink.down();
  assert.equal(outbox.acknowledged(), 0);
  outbox.append('till.note', {});
  uplink.pump();
  assert.equal(sent.length, 1);
  uplink.up();
  assert.deepEqual(sent[1], [1, 2, 3, 4, 5, 6]);
});

test('without an answer it sends again, one batch at a time and ever slower, until HQ answers', async () => {
  const { uplink, clock, ends, ack } = uplinkOf(600);
  uplink.up();
  assert.equal(ends().length, 3);
  // Patience is 10 s × 2^n (jitter pinned to the middle: factor 1).
  await clock.advance(10_000);
  assert.deepEqual(ends().slice(3), [[1, 200]]);
  await clock.advance(19_999);
  assert.equal(ends().length, 4);
  await clock.advance(1);
  assert.deepEqual(ends().slice(4), [[1, 200]]);
  ack(200);
  assert.deepEqual(ends().slice(5), [
    [201, 400],
    [401, 600],
  ]);
});

test('numbers that HQ misses are sent again once, not with every acknowledgement that names them', async () => {
  const { uplink, clock, sent, ack } = uplinkOf(10);
  uplink.up();
  ack(3, [4, 6]);
  assert.deepEqual(sent.slice(1), [[4, 6]]);
  ack(3, [4, 6]);
  assert.equal(sent.length, 2);
  await clock.advance(9_999);
  ack(3, [4, 6]);
  assert.equal(sent.length, 2);
  await clock.advance(1);
  ack(3, [4, 6]);
  assert.ok(sent.slice(2).some(batch => batch.includes(4) && batch.includes(6)));
  ack(10);
});

test('acknowledgements of another epoch, of the past or of the future change nothing', () => {
  const { uplink, ack, outbox, sent } = uplinkOf(5, 3);
  uplink.up();
  ack(5, [], 2);
  assert.equal(outbox.acknowledged(), 0);
  ack(4);
  ack(2);
  assert.equal(outbox.acknowledged(), 4);
  ack(99);
  assert.equal(outbox.acknowledged(), 4);
  outbox.append('till.note', {});
  uplink.pump();
  assert.deepEqual(sent[1], [6], 'what HQ claims to have and was never made still goes out');
});

test('while HQ is away only a probe goes out; its return starts the stream at once', async () => {
  const { uplink, clock, sent, outbox } = uplinkOf(0);
  uplink.hq(false);
  uplink.up();
  for (let n = 1; n <= 900; n++) outbox.append('sale.completed', saleBody(`S${n}`, n));
  uplink.pump();
  assert.equal(sent.length, 1);
  await clock.advance(60_000);
  assert.equal(sent.length, 2);
  uplink.hq(true);
  // The stream from the start: 900 events in five batches.
  assert.equal(sent.length, 2 + 5);
});

test('on HQ’s command everything from a number on is sent again, though it was acknowledged', () => {
  const { uplink, ack, sent, outbox } = uplinkOf(5);
  uplink.up();
  ack(5);
  uplink.resend(2, 1);
  assert.equal(sent.length, 1, 'another epoch');
  uplink.resend(1, 3);
  assert.deepEqual(sent[1], [3, 4, 5]);
  assert.equal(outbox.acknowledged(), 5);
});

/** What the line does to the next message, drawn by the test. */
type Fault = 'pass' | 'lose' | 'double' | 'later' | 'break';

test('over a line that loses, doubles, delays and breaks, every event is committed exactly once and acknowledged', async () => {
  const fault = fc.constantFrom<Fault>('pass', 'pass', 'lose', 'double', 'later', 'break');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 60 }),
      fc.integer({ min: 1, max: 700 }),
      fc.boolean(),
      async (faults, count, hqFails) => {
        const ledger = createSqliteLedger(':memory:');
        await ledger.open();
        const clock = new FakeClock();
        const outbox = memoryOutbox(address);
        const toHq: Uint8Array[] = [];
        const toTill: Ack[] = [];
        let turn = 0;
        let failing = hqFails;
        const next = (): Fault => faults[turn++] ?? 'pass';
        const through = <Message>(queue: Message[], message: Message) => {
          switch (next()) {
            case 'pass':
              queue.push(message);
              return;
            case 'double':
              queue.push(message, message);
              return;
            case 'later':
              // Overtaken by what is sent next, or by nothing.
              queue.splice(Math.max(0, queue.length - 1), 0, message);
              return;
            case 'break':
              uplink.down();
              queueMicrotask(() => uplink.up());
              return;
            case 'lose':
          }
        };
        const uplink = createUplink({
          outbox,
          clock,
          random: Math.random,
          log: silentLog,
          send: payload => through(toHq, payload),
          onDrained() {},
        });
        for (let n = 1; n <= count; n++) outbox.append('sale.completed', saleBody(`S${n}`, n));
        uplink.up();
        for (let step = 0; outbox.acknowledged() < count; step++) {
          assert.ok(step < 400, `stuck at ${outbox.acknowledged()} of ${count}`);
          for (const payload of toHq.splice(0)) {
            const batch = decodeBatch(payload);
            assert.ok(batch.ok);
            const committed = await ledger.commit([batch.value], '2026-11-21T09:20:00Z');
            // HQ is killed between commit and acknowledgement.
            if (failing) {
              failing = false;
              continue;
            }
            for (const { epoch, contiguous, missing } of committed.standings)
              through(toTill, { epoch, contiguous, missing });
          }
          for (const ack of toTill.splice(0)) uplink.acknowledged(ack);
          await clock.advance(5_000);
        }
        const rows = await ledger.events({ limit: 5000 });
        assert.equal(rows.length, count);
        const totals = await ledger.totals('2026-11-21');
        assert.equal(totals.today.sales, count);
        // 1 + 2 + … + count
        assert.equal(totals.today.net, (count * (count + 1)) / 2);
        assert.equal((await ledger.tills('2026-11-21'))[0]?.chain, 'whole');
        await ledger.close();
      },
    ),
    { numRuns: 40 },
  );
});
