/** PostgreSQL dies with -9 in the middle of ingest, again and again. */
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { systemClock } from '../../../clock.ts';
import { createIngest } from '../../../sync/hq/ingest.ts';
import type { Standing } from '../../../sync/hq/ledger.ts';
import { createPostgresLedger } from '../../../sync/hq/postgres-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { encodeBatch } from '../../../sync/protocol/batch.ts';
import { noPostgres, startPostgres } from '../../support/postgres.ts';
import { type MemoryOutbox, memoryOutbox, saleBody, until } from '../support/till-end.ts';

/** `TILLSIDE_POSTGRES_KILLS=100` for a long run. */
const kills = Number(process.env.TILLSIDE_POSTGRES_KILLS ?? 3);
const store = '0042';

test(`PostgreSQL killed with -9 ${kills} times in the middle of ingest has every event once after it is back`, {
  skip: noPostgres,
}, async t => {
  // It waits for its disk: what it has committed must be there after the kill.
  const server = await startPostgres({ durable: true });
  t.after(() => server.close());
  const ledger = createPostgresLedger({ url: await server.database('hq'), log: silentLog });
  t.after(() => ledger.close());
  await ledger.open();

  const tills = new Map(['1', '2', '3', '4', '5'].map(till => [till, memoryOutbox({ tenant: 'demo', store, till })]));
  let refused = 0;
  let heard = () => {};
  const ingest = createIngest({
    ledger,
    clock: systemClock,
    log: silentLog,
    acknowledge({ till, epoch, contiguous }: Standing) {
      tills.get(till)?.acknowledge(epoch, contiguous);
      heard();
    },
    onCommitted() {},
    onRefused(reason) {
      assert.equal(reason, 'database');
      refused += 1;
      heard();
    },
  });
  const acknowledged = () => [...tills.values()].reduce((sum, outbox) => sum + outbox.acknowledged(), 0);
  const made = () => [...tills.values()].reduce((sum, outbox) => sum + outbox.events.length, 0);

  /** As the uplink does it: what is not acknowledged goes out, again if need be, several batches at a time. */
  async function send(till: string, outbox: MemoryOutbox) {
    while (outbox.acknowledged() < outbox.events.length) {
      const before = [outbox.acknowledged(), refused];
      for (let batch = 0; batch < 4; batch++) {
        const events = outbox.read(outbox.acknowledged() + batch * 25, 25);
        if (events.length === 0) break;
        const payload = encodeBatch({ till, store, epoch: 1, boot: 1, events });
        assert.ok(payload.ok);
        await ingest.receive({ store, till }, payload.value);
      }
      // Until HQ says a word about it.
      while (before[0] === outbox.acknowledged() && before[1] === refused)
        await new Promise<void>(resolve => {
          const others = heard;
          heard = () => {
            others();
            resolve();
          };
        });
    }
  }

  const sell = (count: number) => {
    for (const outbox of tills.values())
      for (let n = 0; n < count; n++) {
        const saleId = `S${outbox.events.length + 1}`;
        outbox.append('sale.completed', saleBody(saleId, 250));
        const serial = `${outbox.address.till}-${saleId}`;
        outbox.append('coupon.issued', { serial, offer: 'coffee', saleId, issuedAt: '2026-11-21T10:15:00+01:00' });
      }
  };

  for (let round = 0; round < kills; round++) {
    sell(120);
    const before = acknowledged();
    const sending = Promise.all([...tills].map(([till, outbox]) => send(till, outbox)));
    // At another moment in each round: the first word, and later.
    await until(() => acknowledged() > before + (round % 5) * 150, 'some of it acknowledged');
    await server.kill();
    const told = new Map([...tills].map(([till, outbox]) => [till, outbox.acknowledged()]));
    await server.start();
    for (const [till, contiguous] of told) {
      const standing = await ledger.standing({ store, till }, 1);
      assert.ok((standing?.contiguous ?? 0) >= contiguous, `till ${till} was told ${contiguous}`);
    }
    await sending;
  }
  await ingest.idle();
  assert.equal(acknowledged(), made());
  const { events, today } = await ledger.totals('2026-11-21');
  assert.deepEqual(
    { ...events, sales: today.sales, net: today.net, issued: today.issued },
    { committed: made(), missing: 0, quarantined: 0, sales: made() / 2, net: (250 * made()) / 2, issued: made() / 2 },
  );
  const { rows } = await server.run('hq', 'SELECT count(*)::int AS rows, count(DISTINCT id)::int AS facts FROM event');
  assert.deepEqual(rows[0], { rows: made(), facts: made() });
  assert.deepEqual(
    (await ledger.tills('2026-11-21')).map(({ till, chain, contiguous }) => [till, chain, contiguous]),
    [...tills].map(([till, outbox]) => [till, 'whole', outbox.events.length]),
  );
});
