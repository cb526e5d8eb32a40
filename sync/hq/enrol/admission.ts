/**
 * Whom HQ hears: where tills are enrolled, only those, each from its own store and none that was revoked. A certificate names
 * the till alone, so a broker's patterns cannot tell whether it speaks from another store's topics: this can.
 */
import { type Clock, instant } from '../../../clock.ts';
import type { TillName } from '../ledger.ts';
import type { Registry } from './registry.ts';

export type Refusal = 'not-enrolled' | 'other-store' | 'revoked';

export interface RefusedSender extends TillName {
  readonly reason: string;
  readonly channel: string;
  readonly times: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface Admission {
  /** To be called at start and whenever tills were enrolled or revoked. */
  refresh(): Promise<void>;
  /** Why this till is not heard; null: it is. */
  check(till: TillName): Refusal | null;
}

/** @param registry null: nobody is enrolled here and every till that the broker lets in is heard */
export function createAdmission(registry: Registry | null): Admission {
  let known = new Map<string, { readonly store: string; readonly isRevoked: boolean }>();
  return {
    async refresh() {
      if (registry === null) return;
      const tills = await registry.tills();
      known = new Map(tills.map(({ till, store, revokedAt }) => [till, { store, isRevoked: revokedAt !== null }]));
    },
    check({ store, till }) {
      if (registry === null) return null;
      const one = known.get(till);
      if (one === undefined) return 'not-enrolled';
      if (one.store !== store) return 'other-store';
      return one.isRevoked ? 'revoked' : null;
    },
  };
}

/** What was refused, by sender and reason, for whoever looks after the tills. Bounded: names may be made up. */
export interface Refusals {
  note(till: TillName, channel: string, reason: string): void;
  /** Latest first. */
  list(): readonly RefusedSender[];
}

const mostSenders = 1000;

export function createRefusals(clock: Clock): Refusals {
  const known = new Map<string, RefusedSender>();
  return {
    note({ store, till }, channel, reason) {
      const key = `${store}/${till}/${channel}/${reason}`;
      const now = instant(clock.now(), 'UTC');
      const before = known.get(key);
      // Moved to the end: the first of the map is the one that was silent longest.
      known.delete(key);
      known.set(key, {
        ...{ store, till, channel, reason, lastAt: now },
        firstAt: before?.firstAt ?? now,
        times: (before?.times ?? 0) + 1,
      });
      const [oldest] = known.keys();
      if (known.size > mostSenders && oldest !== undefined) known.delete(oldest);
    },
    list: () => [...known.values()].reverse(),
  };
}
