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
    /** Of the backlog, for each till. A day has 500. */
    sales: { type: 'string', default: '25' },
    rounds: { type: 'string', default: '3' },
  },
});
const tillCount = Number(values.tills);
const backlogSales = Number(values.sales);
const rounds = Number(values.rounds);
const salesADay = 500;
if (noPostgres !== false || mosquittoPath === undefined) {
  console.log(noPostgres === false ? 'mosquitto is not installed here' : noPostgres);
  process.exit(0);
}

const dir = mkdtempSync(join(tmpdir(), 'tillside-scale-'));
const server = await startPostgres({
  durable: true,
  settings: { shared_buffers: '256MB', max_wal_size: '8GB', checkpoint_timeout: '30min' },
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
const whole = (value: number) => Math.round(value).toLocaleString('en');
const secondsSince = (start: number) => (performance.now() - start) / 1000;

/** Looks until it holds; the tills work meanwhile. */
async function until(holds: () => boolean, what: string, seconds = 170): Promise<void> {
  const start = performance.now();
  while (!holds()) {
    if (secondsSince(start) > seconds) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise<void>(resolve => setTimeout(resolve, 20));
  }
}

/** Processor seconds of HQ, PostgreSQL and broker since. */
function account(hqPid: number) {
  const now = () => ({
    hq: processorSeconds(hqPid),
    server: used(server.pid).server,
    broker: processorSeconds(broker.pid),
  });
  const before = now();
  return () => {
    const after = now();
    return { hq: after.hq - before.hq, server: after.server - before.server, broker: after.broker - before.broker };
  };
}

let hq = { pid: 0, stop: async () => {} } as Awaited<ReturnType<typeof startHq>>;
try {
  await server.database('hq');
  await server.run('hq', bareTable('text'));
  await server.run('hq', bareTable('binary'));
  hq = await startHq(join(dir, 'hq'), url, server.url('hq'));
  // HQ publishes nothing here, so any key will do.
  const to = { url, trust: makeSigningKey().publicPem, onAck() {} };
  const half = Math.floor(tillCount / 2);
  // One sale at first contact, `rounds` while selling, one after the storm.
  const stored = simulatedTills(half, backlogSales + 2 + rounds, 0, to);
  tills = [...stored, ...simulatedTills(tillCount - half, 2 + rounds, half, to)];
  const allDrained = () => tills.every(till => till.isDrained());
  const eventsOf = (of: readonly SimulatedTill[]) => of.reduce((sum, till) => sum + till.events, 0);

  // The bare insert, on this PostgreSQL, in this run.
  const bare = new pg.Pool({ connectionString: server.url('hq'), max: 2 });
  const rates = { text: 0, binary: 0 };
  for (const arrays of ['text', 'binary'] as const) {
    const rows = bareRows(worldOf(100, 60, 200, 1_000_000));
    await insertBare(bare, rows.slice(0, 4000), 2, arrays);
    const before = used(server.pid);
    await insertBare(bare, rows.slice(4000), 2, arrays);
    const after = used(server.pid);
    rates[arrays] = (rows.length - 4000) / (after.here - before.here + after.server - before.server);
  }
  await bare.end();
  tell(
    'bare insert',
    rates,
    `${whole(rates.text)} events/s a core with the driver's arrays, ${whole(rates.binary)} with binary ones`,
  );

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
  const counting = await countBytes(url);
  await new Promise<void>(resolve => setTimeout(resolve, 2500));
  const bytesBefore = counting.bytes();
  let spent = account(hq.pid);
  let start = performance.now();
  let eventsBefore = eventsOf(tills);
  for (let round = 1; round <= rounds; round++) {
    for (const till of tills) till.sold(1 + round);
    await until(allDrained, `round ${round}`);
  }
  const selling = { seconds: secondsSince(start), events: eventsOf(tills) - eventsBefore, ...spent() };
  await new Promise<void>(resolve => setTimeout(resolve, 2500));
  const bytes = counting.bytes();
  const perSale = {
    received: (bytes.received - bytesBefore.received) / (tillCount * rounds),
    sent: (bytes.sent - bytesBefore.sent) / (tillCount * rounds),
  };
  await counting.close();
  tellRate('selling, one batch a sale', selling);
  tell(
    'on the wire, a sale',
    perSale,
    `${whole(perSale.received)} bytes to the broker, ${whole(perSale.sent)} from it (till and HQ together)`,
  );

  // A backlog: half the tills were off line while they sold, and come back together.
  await Promise.all(stored.map(till => till.edge.stop()));
  eventsBefore = eventsOf(stored);
  for (const till of stored) till.sold(1 + rounds + backlogSales);
  spent = account(hq.pid);
  start = performance.now();
  for (const till of stored) till.edge.start();
  await until(allDrained, 'the backlog');
  const drained = { seconds: secondsSince(start), events: eventsOf(stored) - eventsBefore, ...spent() };
  tellRate(
    `backlog of ${backlogSales} sales of each of ${half} tills (1/${(salesADay / backlogSales).toFixed(0)} of a day)`,
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

  function tellRate(
    what: string,
    rate: { seconds: number; events: number; hq: number; server: number; broker: number },
  ) {
    const core = rate.events / (rate.hq + rate.server);
    tell(
      what,
      { ...rate, core, overText: core / rates.text, overBinary: core / rates.binary },
      `${whole(rate.events)} events in ${rate.seconds.toFixed(1)} s; ${whole(core)} events/s a core (${Math.round((100 * core) / rates.text)} % of bare with the driver's arrays, ${Math.round((100 * core) / rates.binary)} % with binary ones; goal 70 %); µs an event: HQ ${((rate.hq / rate.events) * 1e6).toFixed(0)}, PostgreSQL ${((rate.server / rate.events) * 1e6).toFixed(0)}, broker ${((rate.broker / rate.events) * 1e6).toFixed(0)}`,
    );
  }
} finally {
  await Promise.allSettled(tills.map(till => till.edge.stop()));
  await hq.stop().catch(() => {});
  await broker.stop('SIGKILL').catch(() => {});
  await server.close();
  rmSync(dir, { recursive: true, force: true });
}
