/**
 * `npm run bench -- scale [--tills N] [--sales N] [--json]`: N tills of sync/edge over a real mosquitto, an HQ in a process of its
 * own and a real PostgreSQL. docs/scale.md tells what is measured and what follows from it for 20,000 tills.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { makeSigningKey } from '../../sync/protocol/signing.ts';
import { noPostgres, startPostgres } from '../../test/support/postgres.ts';
import { freePort } from '../../test/support/programs.ts';
import { mosquittoPath } from '../../test/sync/support/mosquitto.ts';
import { bareRows, bareTable, insertBare } from '../ingest/bare.ts';
import { used } from '../ingest/processor-time.ts';
import { worldOf } from '../ingest/world.ts';
import { countBytes, memoryOf, processorSeconds, startBroker, startHq } from './parts.ts';
import { type SimulatedTill, simulatedTills } from './tills.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    /** All tills; half of them have a backlog. */
    tills: { type: 'string', default: '2000' },
    /** Of the backlog, for each till. A day has 500: 1.4 million events of a thousand tills. */
    sales: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
  },
});
const tillCount = Number(values.tills);
const backlogSales = Number(values.sales);
const rounds = Number(values.rounds);
const salesADay = 500;
/** Rounds of selling that are not measured, as the bare insert's first rows are not: what is sustained is code that is compiled. */
const warmUpRounds = 3;
if (noPostgres !== false || mosquittoPath === undefined) {
  console.log(noPostgres === false ? 'mosquitto is not installed here' : noPostgres);
  process.exit(0);
}

const dir = mkdtempSync(join(tmpdir(), 'tillside-scale-'));
const server = await startPostgres({
  durable: true,
  // No checkpoint and no vacuum within the run, as in the bench of ingest: they would fall on whoever happens to be measured.
  settings: { shared_buffers: '256MB', max_wal_size: '8GB', checkpoint_timeout: '30min', autovacuum: 'off' },
});
const port = await freePort();
const url = `mqtt://127.0.0.1:${port}`;
let broker = await startBroker(mosquittoPath, dir, port);
let tills: readonly SimulatedTill[] = [];
const told: Record<string, unknown> = {};
const tell = (what: string, figures: Record<string, number>, text: string) => {
  told[what] = figures;
  if (values.json !== true) console.log(`${what}: ${text}`);
};
let acknowledgements = 0;
const progress = () => acknowledgements + tills.filter(till => till.isUp()).length;
const whole = (value: number) => Math.round(value).toLocaleString('en');
const secondsSince = (start: number) => (performance.now() - start) / 1000;

/**
 * Tills that send a backlog at the same time. One process plays all of them: with more it would be busy zipping for longer
 * than the broker waits for a sign of life, and every till would begin again.
 */
const atOnce = 50;
/** Nothing moves for so long: then something is wrong, however slow the machine. */
const standstillSeconds = 180;

/** Looks until it holds; the tills work meanwhile. */
async function until(holds: () => boolean, what: string): Promise<void> {
  let start = performance.now();
  let before = progress();
  while (!holds()) {
    if (progress() !== before) {
      start = performance.now();
      before = progress();
    }
    if (secondsSince(start) > standstillSeconds) throw new Error(`nothing moves for ${standstillSeconds} s: ${what}`);
    await new Promise<void>(resolve => setTimeout(resolve, 20));
  }
}

/** Processor seconds of HQ, PostgreSQL, broker, and of this process: the tills. */
function account(hqPid: number) {
  const now = () => {
    const { here, server: ofServer } = used(server.pid);
    return { hq: processorSeconds(hqPid), server: ofServer, broker: processorSeconds(broker.pid), tills: here };
  };
  const before = now();
  return () => {
    const after = now();
    return {
      hq: after.hq - before.hq,
      server: after.server - before.server,
      broker: after.broker - before.broker,
      tills: after.tills - before.tills,
    };
  };
}
type Spent = ReturnType<ReturnType<typeof account>>;

let hq = { pid: 0, stop: async () => {} } as Awaited<ReturnType<typeof startHq>>;
try {
  await server.database('hq');
  await server.run('hq', bareTable('text'));
  await server.run('hq', bareTable('binary'));
  hq = await startHq(join(dir, 'hq'), url, server.url('hq'));
  // HQ publishes nothing here, so any key will do.
  const to = { url, trust: makeSigningKey().publicPem, onAck: () => void acknowledgements++ };
  const half = Math.floor(tillCount / 2);
  // One sale at first contact, then one a round while selling, one after the storm.
  const live = 1 + warmUpRounds + rounds;
  const stored = simulatedTills(half, live + backlogSales + 1, 0, to);
  tills = [...stored, ...simulatedTills(tillCount - half, live + 1, half, to)];
  const allDrained = () => tills.every(till => till.isDrained());
  const eventsOf = (of: readonly SimulatedTill[]) => of.reduce((sum, till) => sum + till.events, 0);

  // The bare insert, on this PostgreSQL, in this run: before, between and after what is held against it.
  const bare = new pg.Pool({ connectionString: server.url('hq'), max: 2 });
  const sums = { text: { events: 0, seconds: 0, core: 0 }, binary: { events: 0, seconds: 0, core: 0 } };
  let bareTills = 1_000_000;
  const insertSome = async () => {
    for (const arrays of ['text', 'binary'] as const) {
      const rows = bareRows(worldOf(100, 60, 200, bareTills));
      bareTills += 100;
      await insertBare(bare, rows.slice(0, 4000), 2, arrays);
      const before = used(server.pid);
      const begun = performance.now();
      await insertBare(bare, rows.slice(4000), 2, arrays);
      const after = used(server.pid);
      sums[arrays].events += rows.length - 4000;
      sums[arrays].seconds += secondsSince(begun);
      sums[arrays].core += after.here - before.here + after.server - before.server;
    }
  };
  await insertSome();

  // First contact and memory: tills come one after the other, as when a chain is rolled out.
  const memoryBefore = { hq: memoryOf(hq.pid), broker: memoryOf(broker.pid) };
  for (const [index, till] of tills.entries()) {
    till.sold(1);
    till.edge.start();
    if (index % 50 === 49) await new Promise<void>(resolve => setTimeout(resolve, 50));
  }
  await until(allDrained, 'first contact');
  await new Promise<void>(resolve => setTimeout(resolve, 3000));
  const idle = {
    hq: (memoryOf(hq.pid) - memoryBefore.hq) / tillCount,
    broker: (memoryOf(broker.pid) - memoryBefore.broker) / tillCount,
    hqWhole: memoryOf(hq.pid),
  };
  tell(
    'memory per idle till',
    idle,
    `${whole(idle.hq)} bytes at HQ (whole: ${whole(idle.hqWhole / 1048576)} MB), ${whole(idle.broker)} at the broker`,
  );

  // Selling: every till one sale a round, each a batch of its own.
  const sellRounds = async (first: number, last: number) => {
    for (let sales = first; sales <= last; sales++) {
      for (const till of tills) till.sold(sales);
      await until(allDrained, `sale ${sales}`);
    }
  };
  await sellRounds(2, 1 + warmUpRounds);
  const counting = await countBytes(url);
  await new Promise<void>(resolve => setTimeout(resolve, 2500));
  const bytesBefore = counting.bytes();
  let spent = account(hq.pid);
  let start = performance.now();
  let eventsBefore = eventsOf(tills);
  await sellRounds(2 + warmUpRounds, live);
  const selling = { seconds: secondsSince(start), events: eventsOf(tills) - eventsBefore, ...spent() };
  await new Promise<void>(resolve => setTimeout(resolve, 2500));
  const bytes = counting.bytes();
  const perSale = {
    received: (bytes.received - bytesBefore.received) / (tillCount * rounds),
    sent: (bytes.sent - bytesBefore.sent) / (tillCount * rounds),
  };
  await counting.close();
  tell(
    'on the wire, a sale',
    perSale,
    `${whole(perSale.received)} bytes to the broker, ${whole(perSale.sent)} from it (till and HQ together)`,
  );

  await insertSome();

  // A backlog: half the tills were off line while they sold, and come back together.
  await Promise.all(stored.map(till => till.edge.stop()));
  eventsBefore = eventsOf(stored);
  for (const till of stored) till.sold(live + backlogSales);
  spent = account(hq.pid);
  start = performance.now();
  const away = [...stored];
  const coming = new Set<SimulatedTill>();
  await until(() => {
    for (const till of coming) if (till.isDrained()) coming.delete(till);
    for (const till of away.splice(0, atOnce - coming.size)) {
      till.edge.start();
      coming.add(till);
    }
    return away.length === 0 && allDrained();
  }, 'the backlog');
  const drained = { seconds: secondsSince(start), events: eventsOf(stored) - eventsBefore, ...spent() };
  await insertSome();
  await bare.end();
  const core = ({ events, core: seconds }: { events: number; core: number }) => events / seconds;
  const clock = ({ events, seconds }: { events: number; seconds: number }) => events / seconds;
  for (const [arrays, name] of [
    ['text', "bare insert, driver's arrays"],
    ['binary', 'bare insert, binary arrays'],
  ] as const) {
    const sum = sums[arrays];
    const figures = { core: core(sum), clock: clock(sum) };
    tell(name, figures, `${whole(figures.core)} events/s a core, ${whole(figures.clock)} by the clock`);
  }
  tellRate('selling, one batch a sale', selling);
  tellRate(
    `backlog of ${backlogSales} sales of each of ${half} tills (${salesADay === backlogSales ? 'a day' : `${((100 * backlogSales) / salesADay).toFixed(0)} % of a day`})`,
    drained,
  );
  const aDay = (drained.seconds * salesADay) / backlogSales;
  tell('a day of these tills', { seconds: aDay }, `${whole(aDay)} s at this pace on this machine`);

  // The storm: the broker dies and comes back; every till connects again and sells.
  await broker.stop('SIGKILL');
  await until(() => tills.every(till => !till.isUp()), 'the line is down');
  broker = await startBroker(mosquittoPath, dir, port);
  start = performance.now();
  spent = account(hq.pid);
  const back: number[] = [];
  const seen = new Set<SimulatedTill>();
  await until(() => {
    for (const till of tills)
      if (!seen.has(till) && till.isUp()) {
        seen.add(till);
        back.push(secondsSince(start));
        till.sold(till.sales);
      }
    return seen.size === tills.length && allDrained();
  }, 'everybody is back');
  const storm = {
    all: secondsSince(start),
    median: back[Math.floor(back.length / 2)] ?? 0,
    last: back.at(-1) ?? 0,
    ...spent(),
  };
  tell(
    `reconnect storm of ${tillCount} tills`,
    storm,
    `half back after ${storm.median.toFixed(1)} s, the last after ${storm.last.toFixed(1)} s, every fact at HQ after ${storm.all.toFixed(1)} s; processor: HQ ${storm.hq.toFixed(1)} s, PostgreSQL ${storm.server.toFixed(1)} s, broker ${storm.broker.toFixed(1)} s`,
  );
  if (values.json === true) console.log(JSON.stringify({ tills: tillCount, ...told }));

  function tellRate(what: string, rate: Spent & { seconds: number; events: number }) {
    const ofHq = { events: rate.events, core: rate.hq + rate.server };
    const over = (arrays: 'text' | 'binary') => ({
      core: core(ofHq) / core(sums[arrays]),
      clock: clock(rate) / clock(sums[arrays]),
    });
    const [text, binary] = [over('text'), over('binary')];
    const percent = (share: number) => `${Math.round(100 * share)} %`;
    const micro = (seconds: number) => ((seconds / rate.events) * 1e6).toFixed(0);
    tell(
      what,
      { ...rate, core: core(ofHq), clock: clock(rate), overText: text.core, overBinary: binary.core },
      `${whole(rate.events)} events in ${rate.seconds.toFixed(1)} s; ${whole(core(ofHq))} events/s a core of HQ and PostgreSQL, ${whole(clock(rate))} by the clock\n` +
        `  of bare with the driver's arrays: ${percent(text.core)} a core (goal 70 %), ${percent(text.clock)} by the clock; with binary ones ${percent(binary.core)}, ${percent(binary.clock)}\n` +
        `  µs of processor an event: HQ ${micro(rate.hq)}, PostgreSQL ${micro(rate.server)}; not counted: broker ${micro(rate.broker)}, tills ${micro(rate.tills)}`,
    );
  }
} finally {
  await Promise.allSettled(tills.map(till => till.edge.stop()));
  await hq.stop().catch(() => {});
  await broker.stop('SIGKILL').catch(() => {});
  await server.close();
  rmSync(dir, { recursive: true, force: true });
}
