/** Kills whatever runs in a store, at random moments of sales, and looks in the end whether every promise was kept. */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { StatusView } from '../../../agent/api/wire.ts';
import type { Bundle, Offer } from '../../../agent/offers/types.ts';
import type { ReconcileAnswer } from '../../../sync/hq/wire.ts';
import { bundleOf, coffeeTenth, earn, nextVisit } from '../../sale/core-till.ts';
import { seeded } from '../seeded.ts';
import { type Floor, openFloor, runCashier, sellOnce } from './cashier.ts';
import { acknowledged, acknowledgedButMissing, brokenInStore, coffeeShare, salesAtHq } from './live-checks.ts';
import { eventually, type HqDatabase, type LiveStore, openLiveStore } from './live-store.ts';

export type KillOptions = {
  readonly kills: number;
  readonly seed: number;
  readonly database: HqDatabase;
  readonly tills?: number;
  /** Modules that make HQ or the tills wrong on purpose: then it is enough to look once everything was said. */
  readonly hqPreload?: string;
  readonly tillPreload?: string;
  /** Only these are killed, by the start of their names. */
  readonly only?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told what happens, for long runs. */
  readonly tell?: (what: string) => void;
};

export type KillFindings = {
  readonly broken: readonly string[];
  readonly answered: number;
  readonly bundles: number;
  /** How often each was killed. */
  readonly killed: ReadonlyMap<string, number>;
};

const command = fileURLToPath(new URL('../../../tillside.ts', import.meta.url));
/** A kill falls so many answered sales after the one before, and up to so long after that. */
const mostSales = 3;
const mostMs = 25;

/** Ten may ever be issued, by all tills together. */
const rare: Offer = { ...nextVisit, id: 'rare', priority: 90, caps: [{ scope: 'global', limit: 10 }] };

export const bundleNo = (version: number): Bundle =>
  bundleOf([{ ...coffeeTenth, benefit: share(version) }, earn, nextVisit, rare], {
    version,
    notAfter: '2099-12-31T23:59:59+01:00',
  });
const share = (version: number): Offer['benefit'] => ({
  percent: { permyriad: coffeeShare(version), of: { category: ['food/coffee'] } },
});

export async function killEverything(options: KillOptions): Promise<KillFindings> {
  const { kills, seed, database, tills = 2, only, tell = () => {} } = options;
  const isControl = options.hqPreload !== undefined || options.tillPreload !== undefined;
  const random = seeded(seed);
  const broken: string[] = [];
  const killed = new Map<string, number>();
  const live = await openLiveStore({ ...options, tills, onDeath: why => broken.push(why) });
  let bundle = bundleNo(1);
  const floor = openFloor(live.couponKey);
  const abort = () => void live.close();
  options.signal?.addEventListener('abort', abort);
  try {
    await live.start();
    await live.publish(bundle);
    const cashiers = Promise.all(live.tills.map((till, nth) => runCashier(till, floor, seeded(seed + 1 + nth))));
    // One that fails ends the wait for its sales, too.
    let failed: unknown = null;
    cashiers.catch(error => {
      failed = error;
      floor.onAnswer();
    });
    const victims = live.victims.filter(({ name }) => only === undefined || only.some(of => name.startsWith(of)));
    const lookedUp = async () => {
      for await (const text of acknowledgedButMissing(live)) broken.push(text);
    };
    const coming = new Map<string, Promise<void>>();
    let publishing: Promise<void> = Promise.resolve();
    for (let kill = 0; kill < kills && failed === null; kill++) {
      const wanted = floor.answered.length + Math.floor(random() * (mostSales + 1));
      while (floor.answered.length < wanted && failed === null)
        await new Promise<void>(resolve => {
          floor.onAnswer = resolve;
        });
      await new Promise(resolve => setTimeout(resolve, random() * mostMs));
      if (isControl) await untilMoreIsAcknowledged(live);
      const victim = victims[Math.floor(random() * victims.length)];
      if (victim === undefined) break;
      killed.set(victim.name, (killed.get(victim.name) ?? 0) + 1);
      tell(`${kill + 1}: ${victim.name}, ${floor.answered.length} sales answered`);
      await victim.kill();
      // With HQ down its SQLite file lies still; PostgreSQL is asked when it is back, if it lives long enough to answer.
      if (victim.name === 'HQ' && database === 'sqlite') await lookedUp();
      // Its new start may be killed as well, as soon as there is a process.
      const start = (coming.get(victim.name) ?? Promise.resolve())
        .then(victim.start)
        .catch(ofAKilledStart)
        .then(async () => {
          if (victim.name === 'PostgreSQL') await lookedUp().catch(ofAKilledStart);
        });
      coming.set(victim.name, start);
      if (random() < 0.1) {
        bundle = bundleNo(bundle.version + 1);
        const next = bundle;
        publishing = publishing.then(() => live.publish(next));
      }
    }
    floor.closed = true;
    await cashiers;
    tell('the last sales are answered');
    for (const start of coming.values()) await start;
    for (const victim of victims) await victim.start();
    await publishing;
    tell('all is started again');
    // A till killed three times within ten minutes of a new bundle goes back to the one before: the last one finds all at rest.
    bundle = bundleNo(bundle.version + 1);
    await live.publish(bundle);
    if (isControl) {
      await untilSaid(live, floor);
      return {
        broken: [...broken, ...(await salesAtHq(live, floor))],
        answered: floor.answered.length,
        bundles: bundle.version,
        killed,
      };
    }
    broken.push(...(await untilQuiet(live, bundle)));
    tell('HQ and tills agree');
    for await (const text of brokenInStore(live, floor, bundle)) broken.push(text);
    return { broken, answered: floor.answered.length, bundles: bundle.version, killed };
  } finally {
    options.signal?.removeEventListener('abort', abort);
    floor.closed = true;
    await live.close();
  }
}

/** A control is killed when it has done its wrong: however slow the machine is, it can be found out. */
async function untilMoreIsAcknowledged({ tills }: LiveStore): Promise<void> {
  const sum = () => tills.reduce((all, till) => all + acknowledged(till).upTo, 0);
  const before = sum();
  await eventually(async () => sum() > before);
}

/** The killer is faster than some starts: mosquitto and PostgreSQL say so when their start is killed. */
function ofAKilledStart(): void {}

/** Until each till believes that HQ has everything, and one more sale, which nobody disturbs, came through behind it. */
async function untilSaid(live: LiveStore, floor: Floor): Promise<void> {
  for (const till of live.tills) {
    const status = () => get<StatusView>(`${till.url}/v1/status`, till.token() ?? '');
    await eventually(async () => (await status()).outbox.waiting === 0);
    const saleId = `S-${till.id}-last`;
    await sellOnce(till, floor, () => 0.9, saleId);
    await eventually(
      async () => (await live.rows(`SELECT 1 AS here FROM sale WHERE sale_id = '${saleId}'`)).length > 0,
    );
  }
}

/** Lets everything run until HQ and tills agree, by HQ's own word and by that of `tillside hq reconcile`. */
export async function untilQuiet(live: LiveStore, { version }: Bundle): Promise<readonly string[]> {
  const statuses = () =>
    Promise.all(live.tills.map(till => get<StatusView>(`${till.url}/v1/status`, till.token() ?? '')));
  try {
    await eventually(async () =>
      (await statuses()).every(({ outbox, bundle }) => outbox.waiting === 0 && bundle?.version === version),
    );
    // Totals are told when a till comes on line, and then once a minute at most: they come once more.
    for (const till of live.tills) await till.process.start();
    await eventually(async () => {
      const { rows, agrees } = await get<ReconcileAnswer>(`${live.hqUrl}/v1/reconcile`, live.hqToken);
      const waiting = (await statuses()).some(({ outbox }) => outbox.waiting > 0);
      return agrees && !waiting && live.tills.every(({ id }) => rows.some(({ till }) => till === id));
    });
  } catch (error) {
    return [`HQ and tills do not come to agree: ${String(error)}`, ...(await reconciled(live))];
  }
  return reconciled(live);
}

export async function get<T>(url: string, token: string): Promise<T> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as T;
}

async function reconciled({ hqConfig }: LiveStore): Promise<readonly string[]> {
  const child = spawn(process.execPath, [command, 'hq', 'reconcile', '--config', hqConfig], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (text: string) => {
    said += text;
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const code = await new Promise(resolve => child.once('close', resolve));
  return code === 0 && said.includes('all agree') ? [] : [`tillside hq reconcile: ${said}`];
}
