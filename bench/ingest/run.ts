/**
 * `node bench/ingest/run.ts [--json] [--workers N]`: HQ's ingest into a real PostgreSQL beside the bare `unnest` insert of the same
 * events into the same server, in turns, in one run. docs/hq-database.md tells what is measured and how.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { systemClock } from '../../clock.ts';
import { createIngest } from '../../sync/hq/ingest.ts';
import { createPostgresLedger } from '../../sync/hq/postgres-ledger.ts';
import { silentLog } from '../../sync/link/link.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../../test/support/postgres.ts';
import { type Arrays, bareRows, bareTable, insertBare } from './bare.ts';
import { used } from './processor-time.ts';
import { type Sum, tellRate, tellWire, wire } from './report.ts';
import { type World, worldOf } from './world.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    workers: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '4' },
  },
});
/** No checkpoint and no vacuum within the run: they would fall on whoever happens to be measured. */
const serverSettings = { shared_buffers: '512MB', max_wal_size: '8GB', checkpoint_timeout: '30min', autovacuum: 'off' };
const workers = Number(values.workers);
const rounds = Number(values.rounds);
if (noPostgres !== false) {
  console.log(noPostgres);
  process.exit(0);
}
const server = await startPostgres({ durable: true, settings: serverSettings });
try {
  await server.database('hq');
  for (const arrays of ['text', 'binary'] as const) await server.run('hq', bareTable(arrays));
  const ledger = createPostgresLedger({ url: server.url('hq'), log: silentLog, workers });
  const bare = new pg.Pool({ connectionString: server.url('hq'), max: workers });
  bare.on('error', () => {});
  await ledger.open();
  // Saved up for hours: batches of 200. While selling: one batch a sale.
  const stored = { text: none(), binary: none(), real: none() };
  const live = { text: none(), binary: none(), real: none() };
  let till = 0;
  let bytes = { sales: 0, up: 0, down: 0 };
  const next = (tills: number, sales: number, perBatch: number | 'sale') => {
    till += tills;
    return worldOf(tills, sales, perBatch, till - tills);
  };
  await measureBare(next(40, 30, 200), 'binary', none());
  await measureReal(next(40, 30, 200), none());
  for (let round = 0; round < rounds; round++) {
    const saved = next(80, 60, 200);
    await measureBare(saved, 'text', stored.text);
    await measureBare(saved, 'binary', stored.binary);
    await measureReal(saved, stored.real);
    // Their first sale is not measured: a till makes HQ's acquaintance once.
    const { first, rest: selling } = parted(next(600, 4, 'sale'), 600);
    await measureReal(first, none());
    await measureBare(selling, 'text', live.text);
    await measureBare(selling, 'binary', live.binary);
    await measureReal(selling, live.real);
    bytes = wire(saved, bytes);
  }
  tellRate('saved up, 200 events a batch', workers, stored);
  tellRate('selling, one batch a sale', workers, live);
  tellWire('saved up', bytes);
  tellWire('selling', wire(next(100, 5, 'sale'), { sales: 0, up: 0, down: 0 }));
  await bare.end();
  await ledger.close();

  async function measureBare(world: World, arrays: Arrays, into: Sum) {
    const rows = bareRows(world);
    await timed(server, into, () => insertBare(bare, rows, workers, arrays));
    into.events += rows.length;
  }

  async function measureReal(world: World, into: Sum) {
    const ingest = createIngest({
      ledger,
      clock: systemClock,
      log: silentLog,
      acknowledge() {},
      onCommitted: ({ events }) => {
        into.events += events;
      },
      onRefused(reason) {
        throw new Error(`refused: ${reason}`);
      },
    });
    const before = into.events;
    await timed(server, into, async () => {
      for (const { store, till: name, payload } of world.batches) await ingest.receive({ store, till: name }, payload);
      await ingest.idle();
    });
    if (into.events - before !== world.events) throw new Error(`${into.events - before} of ${world.events} events`);
  }
} finally {
  await server.close();
}

/** The first batches, and those after them. */
function parted({ batches }: World, count: number): { readonly first: World; readonly rest: World } {
  const of = (some: World['batches']) => ({
    batches: some,
    events: some.reduce((sum, { events }) => sum + events.length, 0),
    sales: some.length,
  });
  return { first: of(batches.slice(0, count)), rest: of(batches.slice(count)) };
}

function none(): Sum {
  return { events: 0, seconds: 0, here: 0, server: 0 };
}

async function timed(of: TestPostgres, into: Sum, work: () => Promise<void>) {
  const before = used(of.pid);
  const begun = performance.now();
  await work();
  into.seconds += (performance.now() - begun) / 1000;
  const after = used(of.pid);
  into.here += after.here - before.here;
  into.server += after.server - before.server;
}
