/** What a till gives to sync, kept in memory: an outbox with a real chain, and a place for bundles that can refuse. */
import type { ActivationResult, BundlePort, OutboxPort } from '../../../agent/ports.ts';
import { systemClock } from '../../../clock.ts';
import { createEdge, type Edge, type EdgeOptions } from '../../../sync/edge/edge.ts';
import { type BrokerAddress, silentLog } from '../../../sync/link/link.ts';
import { chainStart, hashOf } from '../../../sync/protocol/chain.ts';
import type { BundlePointer, EventType, TillAddress, TillEvent } from '../../../sync/protocol/types.ts';

export interface MemoryOutbox extends OutboxPort {
  append(type: EventType, body: Readonly<Record<string, unknown>>): TillEvent;
  readonly events: readonly TillEvent[];
}

export function memoryOutbox(address: TillAddress, epoch = 1, boot = 1): MemoryOutbox {
  const events: TillEvent[] = [];
  const listeners = new Set<() => void>();
  let acknowledged = 0;
  let told = 0;
  return {
    address,
    epoch,
    boot,
    events,
    append(type, body) {
      const last = events.at(-1);
      const seq = events.length + 1;
      const event: TillEvent = {
        v: 1,
        type,
        id: `${address.till}-${epoch}-${seq}`,
        seq,
        at: `2026-11-21T10:15:${String(seq % 60).padStart(2, '0')}+01:00`,
        bundle: { id: 'weekly', version: 1 },
        body,
        prev: last === undefined ? chainStart : hashOf(last),
      };
      events.push(event);
      for (const listener of [...listeners]) listener();
      return event;
    },
    read: (after, limit) => events.slice(after, after + limit),
    acknowledged: () => acknowledged,
    acknowledge(ofEpoch, contiguous) {
      if (ofEpoch === epoch && contiguous > acknowledged && contiguous <= events.length) acknowledged = contiguous;
    },
    told: () => told,
    tellUpTo(seq) {
      told = Math.max(told, seq);
    },
    depth: () => ({ waiting: events.length - acknowledged, oldestAt: events[acknowledged]?.at ?? null }),
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The body of a completed sale; `net` minor units. */
export const saleBody = (saleId: string, net: number, completedAt = '2026-11-21T10:15:00+01:00') => ({
  saleId,
  startedAt: completedAt,
  completedAt,
  member: null,
  lines: [{ lineId: '1', quantity: '1', amount: net + 100 }],
  total: { initial: net + 100, discount: 100, net },
  applied: [],
  points: null,
});

export interface MemoryBundles extends BundlePort {
  readonly activated: readonly { readonly bytes: Uint8Array; readonly pointer: BundlePointer }[];
  /** The next activation is answered with this. */
  refuseWith: ActivationResult | null;
}

export function memoryBundles(): MemoryBundles {
  const activated: { bytes: Uint8Array; pointer: BundlePointer }[] = [];
  const highest = new Map<string, number>();
  return {
    activated,
    refuseWith: null,
    current() {
      const pointer = activated.at(-1)?.pointer;
      return pointer === undefined ? null : { id: pointer.id, version: pointer.version, sha256: pointer.sha256 };
    },
    highest: id => highest.get(id) ?? 0,
    file: sha256 => activated.find(({ pointer }) => pointer.sha256 === sha256)?.bytes ?? null,
    async activate(bytes, pointer) {
      if (this.refuseWith !== null) return this.refuseWith;
      activated.push({ bytes, pointer });
      highest.set(pointer.id, pointer.version);
      return { ok: true, id: pointer.id, version: pointer.version };
    },
  };
}

/** A bundle's file that the offer contract accepts; `padding` makes it long. */
export const bundleFile = (version: number, padding = 0, id = 'weekly'): Buffer =>
  Buffer.from(
    JSON.stringify({
      format: 'tillside/bundle/1',
      id,
      version,
      createdAt: '2026-11-16T04:00:00+01:00',
      notAfter: '2099-12-31T23:59:59+01:00',
      currency: 'CHF',
      timezone: 'Europe/Zurich',
      defaultLanguage: 'de',
      retiredOffers: Array.from({ length: padding }, (_, index) => `retired-${index}-${'x'.repeat(40)}`),
      offers: [],
    }),
  );

/** Resolves when `holds` is true, looking every few turns of the event loop; fails after `ms` of real time, which is far more than a slow machine takes. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, ms = 120_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`did not come: ${what}`);
    await new Promise<void>(resolve => setTimeout(resolve, 2));
  }
}

export interface TillOnLine {
  readonly outbox: MemoryOutbox;
  readonly bundles: MemoryBundles;
  readonly edge: Edge;
}

export type TillChange = Partial<EdgeOptions> & { outbox?: MemoryOutbox; bundles?: MemoryBundles };

/** Pauses of a test: nobody has to be spared. */
export const quick = { firstMs: 5, maxMs: 50 };

/** A till of memory at this broker, not yet started. @param trust HQ's public root key (PEM) */
export function tillAt(
  address: TillAddress,
  broker: BrokerAddress,
  trust: string,
  change: TillChange = {},
): TillOnLine {
  const outbox = change.outbox ?? memoryOutbox(address);
  const bundles = change.bundles ?? memoryBundles();
  const edge = createEdge({
    broker,
    trust,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    stateOf: () => ({ agent: '0.1.0' }),
    backoff: quick,
    totalsEveryMs: 10,
    ...change,
    outbox,
    bundles,
  });
  return { outbox, bundles, edge };
}
