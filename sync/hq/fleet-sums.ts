/** Sums over all tills: which are behind, by how much, why. Takes them one by one and keeps none. */
import { order } from './query.ts';
import type { TillsSummary } from './tills-wire.ts';
import type { TillView } from './wire.ts';

export interface FleetSums {
  add(till: TillView): void;
  summary(): TillsSummary;
  /** Tills with facts that HQ does not have yet, as far as it knows. */
  behind(): number;
  /** Tills whose printer cannot print now. */
  printers(): number;
}

export function createFleetSums(): FleetSums {
  const [waiting, missing] = [
    { tills: 0, facts: 0 },
    { tills: 0, facts: 0 },
  ];
  const why = new Map<TillsSummary['why'][number]['code'], { tills: number; readonly stores: Set<string> }>();
  let [known, online, well, behind, printers] = [0, 0, 0, 0, 0];
  let oldest: TillsSummary['waiting']['oldest'] = null;

  function count(sum: { tills: number; facts: number }, facts: number) {
    if (facts === 0) return;
    sum.tills += 1;
    sum.facts += facts;
  }

  return {
    add(till) {
      known += 1;
      if (till.online) online += 1;
      if (till.why.length === 0) well += 1;
      if (till.outbox.waiting > 0 || till.missing > 0) behind += 1;
      if ((till.printer?.problem ?? null) !== null) printers += 1;
      count(waiting, till.outbox.waiting);
      count(missing, till.missing);
      const { oldestAt: since } = till.outbox;
      if (since !== null && (oldest === null || Date.parse(since) < Date.parse(oldest.since)))
        oldest = { store: till.store, till: till.till, since };
      for (const code of new Set(till.why.map(one => one.code))) {
        const seen = why.get(code) ?? { tills: 0, stores: new Set() };
        seen.tills += 1;
        seen.stores.add(till.store);
        why.set(code, seen);
      }
    },
    summary: () => ({
      ...{ known, online, well, missing: { ...missing }, waiting: { ...waiting, oldest } },
      why: [...why]
        .map(([code, { tills, stores }]) => ({ code, tills, stores: stores.size }))
        .sort((a, b) => b.tills - a.tills || order(a.code, b.code)),
    }),
    behind: () => behind,
    printers: () => printers,
  };
}
