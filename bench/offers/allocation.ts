/**
 * What a piece of work allocates: the growth of the heap over thousands of runs in which no collection takes place. It needs a
 * process with `allocationFlags`, whose young generation is larger than all that is allocated.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import process from 'node:process';

export const allocationFlags = ['--expose-gc', '--min-semi-space-size=512', '--max-semi-space-size=512'];

const runs = 4000;
const repeats = 5;

/** Bytes of one run, in the mean over all of `items`; the least of several measures, as the compiler allocates in some of them. */
export function bytesOf<T>(items: readonly T[], run: (item: T) => unknown): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error(`node needs ${allocationFlags.join(' ')}`);
  // What is kept cannot be optimised away.
  const kept: unknown[] = Array.from({ length: 16 });
  const go = (count: number) => {
    for (let index = 0; index < count; index++) kept[index % 16] = run(items[index % items.length] as T);
  };
  const warm = performance.now() + 1500;
  while (performance.now() < warm) go(items.length);
  const collections = new PerformanceObserver(() => {});
  let least = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < repeats; repeat++) {
    gc();
    collections.observe({ entryTypes: ['gc'] });
    const before = allocated();
    go(runs);
    const grown = allocated() - before;
    if (collections.takeRecords().length > 0)
      throw new Error('a collection took place: the young generation is too small');
    collections.disconnect();
    least = Math.min(least, grown / runs);
  }
  return least;
}

/** In the heap and, for large typed arrays, outside of it. */
function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
