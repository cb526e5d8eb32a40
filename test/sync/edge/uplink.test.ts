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
type Fault = 'pass' | 'lose' | 'double' | 'later' | 'break' | 'kill HQ';

/** How HQ acknowledges. The second and third are what the contract forbids: the same test must catch them. */
type Manner = 'after the commit' | 'before the commit' | 'as the broker does';

/** Plays `count` sales over the line until the till believes that all are delivered; answers what HQ has then. */
async function play(faults: readonly Fault[], count: number, manner: Manner) {
  const ledger = createSqliteLedger(':memory:');
  await ledger.open();
  const clock = new FakeClock();
  const outbox = memoryOutbox(address);
  const toHq: Uint8Array[] = [];
  const toTill: Ack[] = [];
  let turn = 0;
  const through = <Message>(queue: Message[], message: Message) => {
    const fault = faults[turn++] ?? 'pass';
    if (fault === 'double') queue.push(message, message);
    // Overtaken by what was sent just before.
    else if (fault === 'later') queue.splice(Math.max(0, queue.length - 1), 0, message);
    else if (fault === 'break') {
      uplink.down();
      queueMicrotask(() => uplink.up());
    } else if (fault !== 'lose') queue.push(message);
  };
  const ackOf = (payload: Uint8Array): Ack => {
    const batch = decodeBatch(payload);
    assert.ok(batch.ok);
    return { epoch: 1, contiguous: batch.value.events.at(-1)?.seq ?? 0, missing: [] };
  };
  const uplink = createUplink({
    outbox,
    clock,
    random: () => 0.5,
    log: silentLog,
    send(payload) {
      if (manner === 'as the broker does') queueMicrotask(() => uplink.acknowledged(ackOf(payload)));
      through(toHq, payload);
    },
    onDrained() {},
  });
  for (let n = 1; n <= count; n++) outbox.append('sale.completed', saleBody(`S${n}`, n));
  uplink.up();
  for (let step = 0; outbox.acknowledged() < count; step++) {
    assert.ok(step < 400, `stuck at ${outbox.acknowledged()} of ${count}`);
    for (const payload of toHq.splice(0)) {
      const batch = decodeBatch(payload);
      assert.ok(batch.ok);
      if (manner === 'before the commit') through(toTill, ackOf(payload));
      const killed = faults[turn++] === 'kill HQ';
      if (killed && manner === 'before the commit') continue;
      const { standings } = await ledger.commit([batch.value], '2026-11-21T09:20:00Z');
      if (killed || manner !== 'after the commit') continue;
      for (const { epoch, contiguous, missing } of standings) through(toTill, { epoch, contiguous, missing });
    }
    for (const ack of toTill.splice(0)) uplink.acknowledged(ack);
    await clock.advance(5_000);
  }
  const found = {
    events: (await ledger.events({ limit: 5000 })).length,
    ...(await ledger.totals('2026-11-21')).today,
    chain: (await ledger.tills('2026-11-21'))[0]?.chain,
  };
  await ledger.close();
  return found;
}

const fault = fc.constantFrom<Fault>('pass', 'pass', 'lose', 'double', 'later', 'break', 'kill HQ');
const faults = fc.array(fault, { maxLength: 60 });

test('over a line that loses, doubles, delays and breaks, with an HQ that dies between commit and word, every event counts exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(faults, fc.integer({ min: 1, max: 700 }), async (drawn, count) => {
      const found = await play(drawn, count, 'after the commit');
      // 1 + 2 + … + count
      const net = (count * (count + 1)) / 2;
      assert.deepEqual(
        { events: found.events, sales: found.sales, net: found.net, chain: found.chain },
        { events: count, sales: count, net, chain: 'whole' },
      );
    }),
    { numRuns: 30 },
  );
});

for (const manner of ['before the commit', 'as the broker does'] satisfies Manner[])
  test(`control: the same line loses sales when the acknowledgement comes ${manner}`, async () => {
    const result = await fc.check(
      fc.asyncProperty(faults, fc.integer({ min: 1, max: 700 }), async (drawn, count) => {
        assert.equal((await play(drawn, count, manner)).sales, count);
      }),
      { numRuns: 200, endOnFailure: true },
    );
    assert.equal(result.failed, true, 'this manner must be caught');
  });
