/** How the bench takes time: each basket by itself, the best of five, after a warm-up. */
import process from 'node:process';
import type { Sale } from '../../agent/offers/index.ts';

/** Microseconds of each, in its order. */
export type Times = readonly number[];

/** Some 12,000 decisions: until then V8 still replaces code that it had optimised less well. The same for all that is timed. */
const warmUpMs = 3000;
const rounds = 5;
/** Microseconds from which the processor's own time holds: on a busy machine something that long is always interrupted. */
const long = 1000;

/** The name of what was timed five times in a row. */
export const inARow = (what: string) => `${what}, in a row`;

/**
 * Both ways to read "the best of five": of five rounds over all things that `fresh` makes, so that the others lie between two turns of one
 * and the processor's caches are cold; and, by the name `inARow`, of five turns of one after the other.
 * @param run is waited for only where it answers a promise, so that others do not pay for one
 */
export async function timesOf<T>(
  what: string,
  fresh: (only?: number) => readonly T[],
  run: (each: T) => unknown,
  before: (all: readonly T[], index: number) => void = () => {},
): Promise<Readonly<Record<string, Times>>> {
  const among = await bestOf(fresh, run, before);
  const alone: number[] = [];
  for (let index = 0; index < among.length; index++) {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round++) {
      const all = fresh(index);
      before(all, 0);
      const taken = timeOf(run, all[0] as T);
      best = Math.min(best, typeof taken === 'number' ? taken : await taken);
    }
    alone.push(best);
  }
  return { [what]: among, [inARow(what)]: alone };
}

/**
 * Times `run` on each thing that `fresh` makes; it makes them anew for every round, so that nothing that a round left on them
 * (a cached hash, a parsed date) helps the next.
 * @param before what happens before each of a round, by its index, and is not timed
 */
async function bestOf<T>(
  fresh: () => readonly T[],
  run: (each: T) => unknown,
  before: (all: readonly T[], index: number) => void,
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
      before(all, index);
      const taken = timeOf(run, all[index] as T);
      times[index] = Math.min(times[index] ?? 0, typeof taken === 'number' ? taken : await taken);
    }
  }
  return times;
}

function timeOf<T>(run: (each: T) => unknown, each: T): number | Promise<number> {
  const stop = stopwatch();
  const answer = run(each);
  return answer instanceof Promise ? answer.then(stop) : stop();
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

/**
 * Makes the sales, or one of them, as a till reads them from JSON: new objects each time, the same contents. Counters are the till's own
 * and stay.
 */
export function copierOf(sales: readonly Sale[]): (only?: number) => Sale[] {
  const own = sales.map(({ counters, ...sale }) => ({
    text: JSON.stringify(sale),
    counters: counters && { counters },
  }));
  return only =>
    (only === undefined ? own : own.slice(only, only + 1)).map(({ text, counters }) => ({
      ...(JSON.parse(text) as Sale),
      ...counters,
    }));
}

/** The value below which this share of the times lies. */
export function quantile(times: Times, share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
