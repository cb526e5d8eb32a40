/**
 * HQ's ledger as it is behind a network: each question takes a drawn time to get there and each answer a drawn time to come back, so that
 * several are under way and an HQ can end after a commit that it has not heard of.
 */
import { type Clock, pause } from '../../../clock.ts';
import type { Ledger } from '../../../sync/hq/ledger.ts';

const longestMs = 400;
/** How HQ starts and ends is the world's to play. */
const atOnce: readonly (string | symbol)[] = ['migrate', 'open', 'close'];

export function lateLedger(ledger: Ledger, clock: Clock, random: () => number): Ledger {
  return new Proxy(ledger, {
    get(of, name, receiver) {
      const own: unknown = Reflect.get(of, name, receiver);
      if (typeof own !== 'function' || atOnce.includes(name)) return own;
      return async (...asked: unknown[]) => {
        await pause(clock, (random() * longestMs) / 2);
        const answer: unknown = await own.apply(of, asked);
        await pause(clock, (random() * longestMs) / 2);
        return answer;
      };
    },
  });
}
