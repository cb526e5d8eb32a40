/**
 * A whole store in one process under one fake clock: tills with their real cores and SQLite files, HQ with its ledger, a broker
 * between them. Everything random comes from one seed.
 */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { heardIn } from '../../../agent/line.ts';
import type { Bundle, Offer } from '../../../agent/offers/types.ts';
import type { PeerPort } from '../../../agent/ports.ts';
import type { Random } from '../../../agent/store/index.ts';
import { type Clock, pause } from '../../../clock.ts';
import { createEdge, type Edge } from '../../../sync/edge/edge.ts';
import { createHq, type Hq } from '../../../sync/hq/hq.ts';
import type { Ledger } from '../../../sync/hq/ledger.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { type Link, silentLog } from '../../../sync/link/link.ts';
import {
  bundleOf,
  type CoreTill,
  coffeeTenth,
  coreTill,
  earn,
  nextVisit,
  temporaryFolder,
} from '../../sale/core-till.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { seeded } from '../seeded.ts';
import { createFakeBroker, type FakeBroker } from './fake-broker.ts';
import { lateLedger } from './late-ledger.ts';
import { type SkewedClock, skewedClock } from './skewed-clock.ts';
import { createTrace, type Trace } from './trace.ts';

export const tenant = 'demo';
export const store = '0042';
const start = '2026-11-21T10:15:00+01:00';
const broker = { url: 'mqtt://127.0.0.1:1' };

/** Caps of every scope. */
export const limits = { global: 12, store: 6, member: 2 } as const;
const capped = (scope: keyof typeof limits): Offer => ({
  ...nextVisit,
  id: `${scope}-cap`,
  priority: 90,
  caps: [{ scope, limit: limits[scope] }],
});
/** Each version has its own reduction on coffee, so that a sale tells by which it was decided. */
export const coffeeShare = (version: number): number => 100 * (1 + (version % 50));

export const bundleNo = (version: number): Bundle =>
  bundleOf(
    [
      {
        ...coffeeTenth,
        benefit: { percent: { permyriad: coffeeShare(version), of: { category: ['food/coffee'] } } },
      },
      earn,
      nextVisit,
      capped('global'),
      capped('store'),
      capped('member'),
    ],
    { version, notAfter: '2099-12-31T23:59:59+01:00' },
  );

export interface WorldTill {
  readonly id: string;
  readonly clock: SkewedClock;
  core: CoreTill;
  edge: Edge;
  dir: string;
  /** Where a copy of the database lies; null: none was made. */
  backup: string | null;
  /** An old copy was put back: what it did not know is lost to the till, as its operator chose. */
  restored: boolean;
}

export interface World {
  readonly clock: FakeClock;
  readonly random: () => number;
  readonly broker: FakeBroker;
  readonly tills: readonly WorldTill[];
  readonly hqClock: SkewedClock;
  hq(): Hq;
  /** What HQ has, asked without the delay that HQ itself has. */
  ledger(): Ledger;
  readonly hqFile: string;
  restartHq(): Promise<void>;
  /** As kill -9 ends HQ, what it waited for from its database never heard. */
  killHq(): Promise<void>;
  /** A copy of its database; what lies beside it is on a disk that lasts. */
  backUpHq(): void;
  /** Killed, and started on the last copy. Nothing where none was made. */
  putHqBack(): Promise<void>;
  /** Time passes until it is done. */
  through<T>(work: Promise<T>): Promise<T>;
  /** Ends the process as kill -9 does and starts it on what lies on its disk. */
  killTill(till: WorldTill): Promise<void>;
  /** Shuts down and starts. */
  restartTill(till: WorldTill): Promise<void>;
  backUp(till: WorldTill): void;
  restore(till: WorldTill): Promise<void>;
  readonly faults: string[];
  readonly trace: Trace;
  close(): Promise<void>;
}

/** Long enough for sales, kills and cut cables to come in between. */
const longestDigestMs = 5000;
const longestStepMs = 500;
/** Far more than anything waits that ends at all. */
const longestWorkMs = 30 * 60_000;

const randomBytesOf =
  (random: () => number): Random =>
  length =>
    Uint8Array.from({ length }, () => Math.floor(random() * 256));

/** Made once: what every world begins with. */
export type Templates = { readonly dir: string; remove(): void };

export async function makeTemplates(tills: number): Promise<Templates> {
  const dir = temporaryFolder();
  writeKeys(join(dir, 'hq'));
  for (let till = 1; till <= tills; till++) {
    const random = randomBytesOf(seeded(till));
    const core = await coreTill({ dir: join(dir, `till-${till}`), till: String(till), bundle: bundleNo(1), random });
    await core.close();
  }
  const ledger = createSqliteLedger(join(dir, 'hq', 'hq.sqlite'));
  const hq = createHq({
    config: { tenant, dataDir: join(dir, 'hq'), api: { port: 0 }, broker },
    clock: new FakeClock(start),
    log: silentLog,
    ledger,
    openLink: () => absentLink,
  });
  await ledger.open();
  await hq.publishBundle(Buffer.from(JSON.stringify(bundleNo(1))));
  await ledger.close();
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Always the same ones: what HQ signs is part of what a seed plays again. */
function writeKeys(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const [nth, name] of ['root', 'signing'].entries()) {
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1 + nth)]);
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    writeFileSync(join(dir, `${name}.key`), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    if (name === 'root')
      writeFileSync(join(dir, 'root.pub'), createPublicKey(key).export({ type: 'spki', format: 'pem' }));
  }
}

const absentLink: Link = {
  start() {},
  async stop() {},
  up: false,
  publish: () => Promise.resolve(false),
  status: () => ({ connected: false, since: '', problem: null }),
  onStatus: () => () => {},
};

export async function openWorld(templates: Templates, seed: number, count: number): Promise<World> {
  const random = seeded(seed);
  const clock = new FakeClock(start);
  const dir = temporaryFolder();
  cpSync(templates.dir, dir, { recursive: true });
  const trace = createTrace();
  const network = createFakeBroker(clock, random, trace);
  const faults: string[] = [];
  const told = (who: string) => ({
    ...silentLog,
    error: (fields: object, message: string) => void faults.push(`${who}: ${message} ${JSON.stringify(fields)}`),
  });
  let lives = 0;

  /**
   * What runs in another thread or takes turns of the event loop ends here after a drawn time: on a machine's own threads it would end
   * while any amount of fake time goes by, and never twice alike.
   */
  const making = (own: Clock) => ({
    async digest(bytes: Uint8Array) {
      await pause(own, random() * longestDigestMs);
      return createHash('sha256').update(bytes).digest();
    },
    pause: () => pause(own, random() * longestStepMs),
  });

  async function through<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const ended = work.finally(() => {
      done = true;
    });
    ended.catch(() => {});
    for (const limit = clock.monotonic() + longestWorkMs; !done; await clock.advance(100))
      if (clock.monotonic() > limit) throw new Error('what was waited for never came to an end');
    return ended;
  }

  // An embedded database answers in the same step, one behind a network does not.
  const isLate = seed % 2 === 1;
  const hqFile = join(dir, 'hq', 'hq.sqlite');
  const hqEnds = ['', '-wal'];
  let hqClock = skewedClock(clock);
  let hq: Hq;
  let ledger: Ledger;
  async function startHq() {
    ledger = createSqliteLedger(hqFile);
    hq = createHq({
      config: { tenant, dataDir: join(dir, 'hq'), api: { port: 0 }, broker },
      clock: hqClock,
      random,
      log: told('HQ'),
      ledger: isLate ? lateLedger(ledger, hqClock, random) : ledger,
      openLink: network.linkOf('hq'),
      openApi: async () => ({ port: 0, close: async () => {} }),
    });
    await through(hq.start());
  }
  await startHq();

  async function killHq(meanwhile: () => void) {
    const was = network.isUp('hq');
    network.cable('hq', false);
    hqClock.end();
    await ledger.close();
    meanwhile();
    if (was) network.cable('hq', true);
    hqClock = skewedClock(clock, hqClock.ahead);
    await startHq();
  }

  async function openTill(till: Pick<WorldTill, 'id' | 'clock' | 'dir'>): Promise<Pick<WorldTill, 'core' | 'edge'>> {
    const peers = latePeers();
    const core = await coreTill({
      dir: till.dir,
      till: till.id,
      clock: till.clock,
      peers: peers.port,
      bundle: bundleNo(1),
      random: randomBytesOf(random),
      making: making(till.clock),
    });
    const edge = createEdge({
      outbox: core.store.outbox,
      bundles: core.bundles,
      leases: core.leases.port,
      broker,
      trust: hq.publicKey,
      clock: till.clock,
      random,
      log: told(`till ${till.id}`),
      timeZone: 'Europe/Zurich',
      heard: heardIn(core.store),
      openLink: network.linkOf(`till-${till.id}`),
      stateOf: () => ({
        agent: '0.1.0',
        totals: {
          upTo: core.store.outbox.acknowledged() + core.store.outbox.depth().waiting,
          days: core.store.dayTotals(till.clock.now() - 7 * 86_400_000),
        },
      }),
    });
    peers.become(edge.peers);
    core.queue.start();
    edge.start();
    core.leases.start();
    return { core, edge };
  }

  async function end(till: WorldTill, graceful: boolean) {
    till.core.leases.stop();
    if (graceful) await till.edge.stop();
    else {
      network.cable(`till-${till.id}`, false);
      till.clock.end();
      await till.edge.stop();
    }
    // Killed three times within ten minutes of a new bundle a till goes back to the one before, and says so.
    const unexpected = till.core.faults.map(String).filter(fault => !fault.includes('went after three crashes'));
    faults.push(...unexpected.map(fault => `till ${till.id}: ${fault}`));
    await till.core.close();
  }

  async function begin(till: WorldTill) {
    const next = { ...till, clock: skewedClock(clock, till.clock.ahead) };
    Object.assign(till, { clock: next.clock }, await openTill(next));
  }

  const tills: WorldTill[] = [];
  for (let nth = 1; nth <= count; nth++) {
    const till = { id: String(nth), clock: skewedClock(clock), dir: join(dir, `till-${nth}`) };
    tills.push({ ...till, ...(await openTill(till)), backup: null, restored: false });
  }

  const files = ['till.sqlite', 'till.sqlite-wal'];
  const copyFiles = (from: string, to: string) => {
    for (const file of files) {
      rmSync(join(to, file), { force: true });
      try {
        cpSync(join(from, file), join(to, file));
      } catch {
        // No log beside it.
      }
    }
    rmSync(join(to, 'till.sqlite-shm'), { force: true });
  };

  return {
    clock,
    random,
    broker: network,
    tills,
    get hqClock() {
      return hqClock;
    },
    hq: () => hq,
    ledger: () => ledger,
    hqFile,
    through,
    killHq: () => killHq(() => {}),
    backUpHq() {
      for (const end of hqEnds) {
        rmSync(`${hqFile}${end}.copy`, { force: true });
        if (existsSync(hqFile + end)) cpSync(hqFile + end, `${hqFile}${end}.copy`);
      }
    },
    async putHqBack() {
      if (!existsSync(`${hqFile}.copy`)) return;
      await killHq(() => {
        for (const end of [...hqEnds, '-shm']) rmSync(hqFile + end, { force: true });
        for (const end of hqEnds) if (existsSync(`${hqFile}${end}.copy`)) cpSync(`${hqFile}${end}.copy`, hqFile + end);
      });
    },
    async restartHq() {
      await through(hq.stop());
      hqClock = skewedClock(clock, hqClock.ahead);
      await startHq();
    },
    async killTill(till) {
      lives += 1;
      const next = join(dir, `life-${lives}`);
      mkdirSync(next);
      // What a killed process leaves: its files as they are, nothing closed, nothing tidied up.
      copyFiles(till.dir, next);
      for (const file of ['till.sqlite.starts', 'members.sqlite', 'members.sqlite-wal'])
        try {
          cpSync(join(till.dir, file), join(next, file));
        } catch {
          // Not there.
        }
      const was = network.isUp(`till-${till.id}`);
      await end(till, false);
      till.dir = next;
      if (was) network.cable(`till-${till.id}`, true);
      await begin(till);
    },
    async restartTill(till) {
      await end(till, true);
      await begin(till);
    },
    backUp(till) {
      lives += 1;
      till.backup = join(dir, `backup-${lives}`);
      mkdirSync(till.backup);
      copyFiles(till.dir, till.backup);
    },
    async restore(till) {
      if (till.backup === null) return;
      await end(till, true);
      copyFiles(till.backup, till.dir);
      till.restored = true;
      await begin(till);
    },
    faults,
    trace,
    async close() {
      for (const till of tills) await end(till, true);
      await through(hq.stop());
      await settle();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The sale's parts want the other tills before there is a line to them. */
function latePeers() {
  let real: PeerPort | null = null;
  const listeners = new Set<Parameters<PeerPort['onMessage']>[0]>();
  const port: PeerPort = {
    get online() {
      return real?.online ?? false;
    },
    send: message => real?.send(message),
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    port,
    become(peers: PeerPort) {
      real = peers;
      // A fact that could not be taken in must be seen to fail.
      peers.onMessage(message => {
        for (const listener of [...listeners]) listener(message);
      });
    },
  };
}
