/**
 * HQ's clock held against those of its tills: each dates what it says of itself, and by the middle of many it is seen whose
 * clock is wrong. Only words of now count, not those that a broker kept.
 */
import type { Clock } from '../../clock.ts';
import type { TillName } from './ledger.ts';

export interface TillClocks {
  /** @param at RFC 3339: when the till said it */
  told(till: TillName, at: string): void;
  /** How far HQ is ahead of the middle of those heard of late; null: none was. */
  ahead(): { readonly tills: number; readonly seconds: number } | null;
}

/** Enough to have a middle. */
const mostTills = 500;

export function createTillClocks(clock: Clock): TillClocks {
  const aheadMs = new Map<string, number>();
  return {
    told({ store, till }, at) {
      const name = `${store}/${till}`;
      // Moved to the end: who was silent longest is forgotten first.
      aheadMs.delete(name);
      aheadMs.set(name, clock.now() - Date.parse(at));
      const [oldest] = aheadMs.keys();
      if (aheadMs.size > mostTills && oldest !== undefined) aheadMs.delete(oldest);
    },
    ahead() {
      const sorted = [...aheadMs.values()].sort((a, b) => a - b);
      const middle = sorted[Math.floor(sorted.length / 2)];
      return middle === undefined ? null : { tills: sorted.length, seconds: Math.round(middle / 1000) };
    },
  };
}
