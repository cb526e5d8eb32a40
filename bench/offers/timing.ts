/** How the bench takes time: each basket by itself, the best of several rounds, after a warm-up. */

/** Microseconds of each, in its order. */
export type Times = readonly number[];

const warmUpMs = 700;
const rounds = 5;

/** @param run is waited for only where it answers a promise, so that others do not pay for one */
export async function bestOf<T>(all: readonly T[], run: (each: T) => unknown): Promise<Times> {
  const warm = performance.now() + warmUpMs;
  for (let index = 0; performance.now() < warm; index++) await run(all[index % all.length] as T);
  const times = all.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++)
    for (let index = 0; index < all.length; index++) {
      const each = all[index] as T;
      const start = performance.now();
      const answer = run(each);
      if (answer instanceof Promise) await answer;
      times[index] = Math.min(times[index] ?? 0, (performance.now() - start) * 1000);
    }
  return times;
}

/** The value below which this share of the times lies. */
export function quantile(times: Times, share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
