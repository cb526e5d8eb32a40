/** A whole line for tests: broker (aedes or mosquitto), HQ on a file of its own, tills with memory ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../clock.ts';
import { type BrokerAccount, startBroker } from '../../../sync/hq/embedded-broker.ts';
import { createHq, type Hq, type HqOptions } from '../../../sync/hq/hq.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { openMosquitto } from './mosquitto.ts';
import { quick, type TillChange, type TillOnLine, tillAt } from './till-end.ts';

export const tenant = 'demo';
export const store = '0042';

export type BrokerKind = 'aedes' | 'mosquitto';

/** A broker that can be taken away: aedes is stopped, mosquitto is killed with -9. */
export interface TestBroker {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface Line {
  readonly dir: string;
  readonly broker: TestBroker;
  hq(change?: Partial<HqOptions>): Hq;
  till(id: string, hq: Pick<Hq, 'publicKey'>, change?: TillChange): TillOnLine;
  /** What runs when the line is closed, last first. */
  onClose(close: () => Promise<void>): void;
  close(): Promise<void>;
}

/** HQ's account and those of tills, by their numbers and the stores that they stand in. */
export const accountsOf = (tills: ReadonlyMap<string, string>): readonly BrokerAccount[] => [
  { role: 'hq', tenant, username: 'hq', password: 'hq-secret' },
  ...[...tills].map(([till, store]) => ({
    role: 'till' as const,
    tenant,
    store,
    till,
    username: `till-${till}`,
    password: `secret-${till}`,
  })),
];
export const accounts = accountsOf(new Map(['1', '2', '3'].map(till => [till, store])));

/** Everything opened through it is closed by `close`. */
export async function openLine(kind: BrokerKind | TestBroker = 'aedes'): Promise<Line> {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-line-'));
  const broker = typeof kind === 'string' ? await openBroker(kind) : kind;
  const closing: (() => Promise<void>)[] = [];
  return {
    dir,
    broker,
    hq(change = {}) {
      const hq = createHq({
        config: {
          tenant,
          dataDir: join(dir, 'hq'),
          api: { port: 0 },
          broker: { url: broker.url, username: 'hq', password: 'hq-secret' },
        },
        clock: systemClock,
        log: silentLog,
        backoff: quick,
        ...change,
      });
      closing.push(() => hq.stop());
      return hq;
    },
    till(id, hq, change = {}) {
      const account = { url: broker.url, username: `till-${id}`, password: `secret-${id}` };
      const till = tillAt({ tenant, store, till: id }, account, hq.publicKey, change);
      closing.push(() => till.edge.stop());
      return till;
    },
    onClose(close) {
      closing.push(close);
    },
    async close() {
      for (const close of closing.reverse()) await close();
      await broker.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Opens a line, closes it whatever happens. */
export async function onLine(kind: BrokerKind | TestBroker, run: (line: Line) => Promise<void>): Promise<void> {
  const line = await openLine(kind);
  try {
    await run(line);
  } finally {
    await line.close();
  }
}

async function openBroker(kind: BrokerKind): Promise<TestBroker> {
  if (kind === 'aedes') {
    const broker = await startBroker({ port: 0, accounts });
    return { url: broker.url, start: broker.start, stop: broker.stop, close: broker.stop };
  }
  const broker = await openMosquitto(accounts);
  await broker.start();
  return { url: broker.url, start: broker.start, stop: broker.kill, close: broker.close };
}
