/** Why an offer or coupon was refused: the reason with what was asked and what was found, as data. */
import type { CompiledPredicate, Found } from './predicate.ts';
import type { Cap, Chain, ContactPolicy, Schedule } from './types.ts';

export type Finding =
  | { readonly reason: 'expired-bundle'; readonly notAfter: string; readonly at: string }
  | { readonly reason: 'schedule'; readonly schedule: Schedule; readonly date: string; readonly minute: number }
  | { readonly reason: 'store' | 'coupon-store'; readonly store: string; readonly excluded: boolean }
  | { readonly reason: 'trigger'; readonly trigger: 'coupon' | 'digital' }
  | { readonly reason: 'no-member'; readonly needs: string }
  | { readonly reason: 'consent'; readonly consent: string }
  | { readonly reason: 'audience' | 'when' | 'coupon-condition'; readonly failure: Failure }
  | { readonly reason: 'chain'; readonly chain: Chain; readonly days: readonly number[] }
  | {
      readonly reason: 'cap-member' | 'cap-household' | 'cap-store' | 'cap-global';
      readonly cap: Cap;
      /** How many count already; for a global cap the units of the lease that are left. */
      readonly found: number;
    }
  | { readonly reason: 'contact-policy'; readonly policy: ContactPolicy; readonly found: number }
  | { readonly reason: 'exclusive'; readonly by: string }
  | { readonly reason: 'group'; readonly group: string; readonly by: string }
  | { readonly reason: 'units'; readonly needed: number; readonly found: number }
  | { readonly reason: 'not-selected'; readonly priority: number }
  | { readonly reason: 'coupon-unknown'; readonly known: boolean }
  | { readonly reason: 'coupon-used'; readonly at: string | null }
  | { readonly reason: 'coupon-not-yet' | 'coupon-expired'; readonly date: string; readonly today: string }
  | { readonly reason: 'coupon-bound'; readonly guest: boolean };

/** The part of a predicate that failed. */
export interface Failure {
  readonly predicate: CompiledPredicate;
  /** The part holds where it must not. */
  readonly negated: boolean;
  readonly found: Found;
  /** How many other ways there were that failed as well. */
  readonly others: number;
}
