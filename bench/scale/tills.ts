/** Tills that speak the real protocol (sync/edge) from one process: what they have sold lies ready, and is shown to them bit by bit. */
import type { BundlePort, OutboxPort } from '../../agent/ports.ts';
import { systemClock } from '../../clock.ts';
import { createEdge, type Edge } from '../../sync/edge/edge.ts';
import { silentLog } from '../../sync/link/link.ts';
import type { TillEvent } from '../../sync/protocol/types.ts';
import { type TillDay, tillDay } from '../ingest/world.ts';

export interface SimulatedTill {
  readonly edge: Edge;
  readonly sales: number;
  /** The till has sold so many sales so far; what is new goes out by itself while the line is up. */
  sold(sales: number): void;
  /** HQ has all that was sold. */
  isDrained(): boolean;
  isUp(): boolean;
  readonly events: number;
}

const epoch = 1_795_000_000;
const bundles: BundlePort = {
  current: () => null,
  highest: () => 0,
  activate: async () => ({ ok: false, code: 'bundle-none', message: '', faults: [] }),
};

/** @param first number of the first till; every till stands in a store of its own, so that no other till's facts are measured */
export function simulatedTills(
  count: number,
  salesEach: number,
  first: number,
  to: { readonly url: string; readonly trust: string; readonly onAck: () => void },
): readonly SimulatedTill[] {
  return Array.from({ length: count }, (_, index) => simulatedTill(tillDay(first + index, salesEach), to));
}

function simulatedTill(day: TillDay, { url, trust, onAck }: Parameters<typeof simulatedTills>[3]): SimulatedTill {
  const { ends } = day;
  const store = `${day.store}-${day.till}`;
  // As text and outside the heap: a day of a thousand tills is 1.4 million events.
  const texts = day.events.map(event => Buffer.from(JSON.stringify(event)));
  const all = Buffer.concat(texts);
  const starts = new Uint32Array(texts.length + 1);
  for (const [index, { byteLength }] of texts.entries()) starts[index + 1] = (starts[index] ?? 0) + byteLength;
  const eventAt = (index: number): TillEvent => JSON.parse(all.toString('utf8', starts[index], starts[index + 1]));
  const firstAt = day.events[0]?.at ?? null;
  const listeners = new Set<() => void>();
  let shown = 0;
  let acknowledged = 0;
  const outbox: OutboxPort = {
    address: { tenant: 'bench', store, till: '1' },
    epoch,
    boot: 1,
    read: (after, limit) =>
      Array.from({ length: Math.max(0, Math.min(shown - after, limit)) }, (_, index) => eventAt(after + index)),
    acknowledged: () => acknowledged,
    acknowledge(of, contiguous) {
      if (of !== epoch || contiguous <= acknowledged || contiguous > shown) return;
      acknowledged = contiguous;
      onAck();
    },
    // Alone in its store: nobody listens.
    told: () => shown,
    tellUpTo() {},
    depth: () => ({ waiting: shown - acknowledged, oldestAt: shown === acknowledged ? null : firstAt }),
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const edge = createEdge({
    outbox,
    bundles,
    broker: { url },
    trust,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    stateOf: () => ({ agent: 'bench' }),
    backoff: { firstMs: 1000, maxMs: 60_000 },
    totalsEveryMs: 3_600_000,
  });
  return {
    edge,
    sales: ends.length,
    get events() {
      return shown;
    },
    sold(count) {
      shown = ends[count - 1] ?? shown;
      for (const listener of [...listeners]) listener();
    },
    isDrained: () => acknowledged === shown,
    isUp: () => edge.line().connected,
  };
}
