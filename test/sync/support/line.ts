/** A whole line for tests: broker (aedes or mosquitto), HQ on a file of its own, tills with memory ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../clock.ts';
import { createEdge, type EdgeOptions } from '../../../sync/edge/edge.ts';
import { type EmbeddedBroker, startBroker } from '../../../sync/hq/embedded-broker.ts';
import { createHq, type Hq, type HqOptions } from '../../../sync/hq/hq.ts';
import { type BrokerAddress, silentLog } from '../../../sync/link/link.ts';
import { type MemoryBundles, type MemoryOutbox, memoryBundles, memoryOutbox } from './till-end.ts';

export const tenant = 'demo';
export const store = '0042';
const quick = { firstMs: 5, maxMs: 50 };

export interface TillOnLine {
  readonly outbox: MemoryOutbox;
  readonly bundles: MemoryBundles;
  readonly edge: ReturnType<typeof createEdge>;
}

export interface Line {
  readonly dir: string;
  readonly broker: EmbeddedBroker;
  hq(change?: Partial<HqOptions>, broker?: BrokerAddress): Hq;
  till(
    id: string,
    hq: Hq,
    change?: Partial<EdgeOptions> & { outbox?: MemoryOutbox },
    broker?: BrokerAddress,
  ): TillOnLine;
  close(): Promise<void>;
}

/** Everything opened through it is closed by `close`. */
export async function openLine(): Promise<Line> {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-line-'));
  const broker = await startBroker({
    port: 0,
    accounts: [
      { role: 'hq', tenant, username: 'hq', password: 'hq-secret' },
      ...['1', '2', '3'].map(till => ({
        role: 'till' as const,
        tenant,
        store,
        till,
        username: `till-${till}`,
        password: `secret-${till}`,
      })),
    ],
  });
  const closing: (() => Promise<void>)[] = [];
  return {
    dir,
    broker,
    hq(change = {}, address = { url: broker.url, username: 'hq', password: 'hq-secret' }) {
      const hq = createHq({
        config: { tenant, dataDir: join(dir, 'hq'), api: { port: 0 }, broker: address },
        clock: systemClock,
        log: silentLog,
        backoff: quick,
        ...change,
      });
      closing.push(() => hq.stop());
      return hq;
    },
    till(id, hq, change = {}, address = { url: broker.url, username: `till-${id}`, password: `secret-${id}` }) {
      const outbox = change.outbox ?? memoryOutbox({ tenant, store, till: id });
      const bundles = memoryBundles();
      const edge = createEdge({
        bundles,
        broker: address,
        trust: hq.publicKey,
        clock: systemClock,
        random: Math.random,
        log: silentLog,
        stateOf: () => ({ agent: '0.1.0' }),
        backoff: quick,
        totalsEveryMs: 10,
        ...change,
        outbox,
      });
      closing.push(() => edge.stop());
      return { outbox, bundles, edge };
    },
    async close() {
      for (const close of closing.reverse()) await close();
      await broker.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
