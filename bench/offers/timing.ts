/** How the bench takes time: each basket by itself, the best of five rounds, after a warm-up. */
import process from 'node:process';
import type { Sale } from '../../agent/offers/index.ts';

/** Microseconds of each, in its order. */
export type Times = readonly number[];

const warmUpMs = 1000;
const rounds = 5;
/** Microseconds from which the processor's own time holds: on a busy machine something that long is always interrupted. */
const long = 1000;

/**
 * Times `run` on each thing that `fresh` makes; it makes them anew for every round, so that nothing that a round left on them
 * (a cached hash, a parsed date) helps the next.
 * @param run is waited for only where it answers a promise, so that others do not pay for one
 * @param before what happens before each of a round, by its index, and is not timed
 */
export async function bestOf<T>(
  fresh: () => readonly T[],
  run: (each: T) => unknown,
  before: (all: readonly T[], index: number) => void = () => {},
): Promise<Times> {
  const begun = performance.now();
  while (performance.now() - begun < warmUpMs)
    for (const [index, each] of fresh().entries()) {
      before([each], 0);
      await run(each);
      if (index > 0 && performance.now() - begun > warmUpMs) break;
    }
  const times = fresh().map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++) {
    const all = fresh();
    for (let index = 0; index < all.length; index++) {
      const each = all[index] as T;
      before(all, index);
      const stop = stopwatch();
      const answer = run(each);
      if (answer instanceof Promise) await answer;
      times[index] = Math.min(times[index] ?? 0, stop());
    }
  }
  return times;
}

/** @returns a function that answers the microseconds since now */
export function stopwatch(): () => number {
  const processor = process.cpuUsage();
  const start = performance.now();
  return () => {
    const taken = (performance.now() - start) * 1000;
    if (taken <= long) return taken;
    const { user, system } = process.cpuUsage(processor);
    return Math.min(taken, Math.max(user + system, long));
  };
}

/** The sales as a till reads them from JSON: new objects, the same contents. Counters are the till's own and stay. */
export function copiesOf(sales: readonly Sale[]): Sale[] {
  return sales.map(({ counters, ...sale }) => ({
    ...(JSON.parse(JSON.stringify(sale)) as Sale),
    ...(counters && { counters }),
  }));
}

/** The value below which this share of the times lies. */
export function quantile(times: Times, share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
