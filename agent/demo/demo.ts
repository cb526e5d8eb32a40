/**
 * The demo: broker, HQ and two tills of one store in this process, each on its own database and port, over real TCP.
 * Everything a person may want to look at or change lies in the data folder.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, pause, systemClock } from '../../clock.ts';
import { createVirtualPrinter } from '../../drivers/virtual/printer.ts';
import { startBroker } from '../../sync/hq/embedded-broker.ts';
import { createHq, type Hq } from '../../sync/hq/hq.ts';
import { type Agent, createAgent } from '../agent.ts';
import { loadTillConfig } from '../config/till-config.ts';
import { loadCouponKeys } from '../coupons/index.ts';
import type { Log } from '../log.ts';
import { version } from '../version.ts';
import { sampleBundle } from './shop/bundle.ts';
import { sampleCards } from './shop/cards.ts';
import { sampleMembers } from './shop/members.ts';
import { sampleProducts } from './shop/products.ts';

export type DemoOptions = {
  /** Usually `.tillside/`; a second start goes on where the first one ended. */
  readonly dataDir: string;
  /** Of till 1; the others follow in the same steps (docs: local-api section 3). 0: free ports, for tests. */
  readonly port?: number;
  readonly log: Log;
  readonly clock?: Clock;
};

export type DemoTill = { readonly till: string; readonly url: string; readonly token: string; readonly agent: Agent };

export interface Demo {
  readonly tills: readonly DemoTill[];
  readonly hq: { readonly url: string; readonly token: string };
  readonly broker: { readonly running: boolean; stop(): Promise<void>; start(): Promise<void> };
  /** The offers that HQ published, to be edited and published again. */
  readonly bundleFile: string;
  stop(): Promise<void>;
}

const store = '0042';
const membersMs = 10_000;
const tillIds = ['1', '2'] as const;
const consoleDir = join(import.meta.dirname, '..', '..', 'ui', 'dist', 'hq');

/** Forgets everything that a demo kept in this folder. */
export function forgetDemo(dataDir: string): void {
  // Only what the demo makes: the folder may have been named by mistake.
  for (const name of ['hq', 'till-1', 'till-2', 'shop', 'bundle.json', 'demo.json'])
    rmSync(join(dataDir, name), { recursive: true, force: true });
}

/** @throws TillsideError `address-in-use` where another demo or program has a port */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { dataDir, log, clock = systemClock } = options;
  const port = (offset: number) => (options.port === 0 ? 0 : (options.port ?? 4780) + offset);
  const at = (...path: string[]) => join(dataDir, ...path);
  mkdirSync(at('shop'), { recursive: true, mode: 0o700 });
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const secrets = readSecrets(at('demo.json'));
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const broker = await startBroker({
      port: port(3),
      accounts: [
        { role: 'hq', tenant: 'demo', username: 'hq', password: secrets.hq },
        ...tillIds.map(
          till =>
            ({ role: 'till', tenant: 'demo', store, till, username: `till-${till}`, password: secrets.till }) as const,
        ),
      ],
    });
    stops.push(() => broker.stop());

    const hq = createHq({
      config: {
        tenant: 'demo',
        dataDir: at('hq'),
        api: { port: port(10) },
        broker: { url: broker.url, username: 'hq', password: secrets.hq },
        consoleDir,
        version,
      },
      clock,
      log: log.child({ part: 'hq' }),
    });
    await hq.start();
    stops.push(() => hq.stop());

    await importMembers(hq, today);
    writeShop(at('shop'), { publicKey: hq.publicKey, password: secrets.till });
    const tills: DemoTill[] = [];
    for (const [index, till] of tillIds.entries()) {
      const printer = createVirtualPrinter({ clock });
      const line = await printer.listen(port(4 + index));
      stops.push(() => line.close());
      const file = writeTillConfig(at(`till-${till}`), {
        till,
        api: port(index),
        printer: line.port,
        broker: broker.url,
      });
      const part = log.child({ part: `till ${till}` });
      const agent = createAgent(loadTillConfig(file, {}), {
        log: part,
        clock,
        virtualPrinter: printer,
        cards: sampleCards(today),
        totalsEveryMs: 2000,
      });
      const { url } = await agent.start();
      stops.push(() => agent.stop());
      tills.push({ till, url, token: agent.tokens.ui, agent });
    }

    const bundleFile = at('bundle.json');
    if (!existsSync(bundleFile)) {
      const bytes = Buffer.from(`${JSON.stringify(sampleBundle(today), null, 2)}\n`);
      writeFileSync(bundleFile, bytes);
      await hq.publishBundle(bytes);
    }
    await untilMembersAreThere(
      tills.map(({ agent }) => agent),
      clock,
    );
    return { tills, hq: { url: hq.url, token: hq.token }, broker, bundleFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Once: a new day must not give members back the points that they had at the first start. */
async function importMembers(hq: Hq, today: string): Promise<void> {
  if ((await hq.members.view()).members > 0) return;
  const lines = sampleMembers(today).map(({ card, ...member }) =>
    JSON.stringify({ ...member, cards: [card], home: store }),
  );
  await hq.members.import(lines.join('\n'), 1);
  await hq.members.publish();
}

/** Whoever opens the address finds the shop with its members; if they don't come the demo starts all the same. */
async function untilMembersAreThere(agents: readonly Agent[], clock: Clock): Promise<void> {
  const end = clock.monotonic() + membersMs;
  while (agents.some(agent => agent.membersVersion() === null) && clock.monotonic() < end) await pause(clock, 20);
}

type Secrets = { readonly hq: string; readonly till: string };

/** Passwords of the broker's clients, made at the first start. */
function readSecrets(file: string): Secrets {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const made = { hq: randomBytes(18).toString('base64url'), till: randomBytes(18).toString('base64url') };
  writeFileSync(file, `${JSON.stringify(made)}\n`, { mode: 0o600 });
  return made;
}

function writeShop(folder: string, hq: { readonly publicKey: string; readonly password: string }): void {
  writeFileSync(join(folder, 'products.json'), JSON.stringify(sampleProducts()));
  loadCouponKeys(join(folder, 'coupon.key'), true);
  writeFileSync(join(folder, 'root.pub'), hq.publicKey);
  writeFileSync(join(folder, 'broker-password'), `${hq.password}\n`, { mode: 0o600 });
}

function writeTillConfig(
  folder: string,
  own: { readonly till: string; readonly api: number; readonly printer: number; readonly broker: string },
): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'till.json');
  const config = {
    tenant: 'demo',
    store,
    till: own.till,
    dataDir: '.',
    timezone: 'Europe/Zurich',
    api: { port: own.api },
    broker: { url: own.broker, username: `till-${own.till}`, password: 'file:../shop/broker-password' },
    trust: { root: 'file:../shop/root.pub' },
    printer: { device: `tcp://127.0.0.1:${own.printer}`, profile: 'TM-T88VI' },
    scanners: [{ device: 'virtual:' }, { device: 'wedge', layout: 'us' }],
    languages: ['de', 'fr', 'it', 'en'],
    screenSells: true,
    catalogue: 'file:../shop/products.json',
    coupons: { key: 'file:../shop/coupon.key' },
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}
