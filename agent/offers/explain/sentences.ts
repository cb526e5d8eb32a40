/** What a language has to say to explain a decision; numbers, amounts and dates come formatted. */
import type { Weekday } from '../types.ts';

/** Bounds as formatted texts. */
export interface Range {
  readonly least?: string;
  readonly most?: string;
  /** A lower bound alone is said to be one: "at least 3" for "3". */
  readonly open?: boolean;
}

/** Hours of a day, `HH:MM`. */
export interface Hours {
  readonly from: string;
  readonly to: string;
}

export type Span = { readonly days: number } | { readonly calendar: 'day' | 'week' | 'month' } | null;

export interface Sentences {
  // what happened
  readonly discount: (amount: string) => string;
  readonly message: string;
  readonly printed: (title: string, from: string, to: string) => string;
  readonly points: (points: string) => string;
  readonly heldOut: string;
  // what did not; a cause follows
  readonly notPrinted: string;
  readonly notGiven: string;
  readonly noPoints: string;
  readonly couponRefused: (serial: string) => string;
  // causes
  readonly bundleOver: (date: string) => string;
  readonly withdrawn: string;
  readonly startsOn: (date: string) => string;
  readonly endedOn: (date: string) => string;
  readonly otherDays: (days: readonly Weekday[]) => string;
  readonly otherHours: (hours: readonly Hours[]) => string;
  readonly store: (store: string) => string;
  readonly couponStore: (store: string) => string;
  readonly noCoupon: string;
  readonly notActivated: string;
  readonly noMember: string;
  readonly consent: (consent: string) => string;
  readonly chain: (
    offer: string,
    outcome: 'issued' | 'redeemed' | 'expired' | 'unredeemed',
    range: Range,
    days: string | null,
  ) => string;
  readonly cap: (scope: 'member' | 'household' | 'store', limit: string, span: Span, found: string) => string;
  readonly noLease: string;
  readonly policy: (per: 'member' | 'household', limit: string, span: Span, found: string) => string;
  readonly exclusive: (by: string) => string;
  readonly group: (by: string) => string;
  readonly units: (needed: string, found: string) => string;
  readonly notSelected: string;
  readonly unknownCoupon: string;
  readonly takesNoCoupon: string;
  readonly usedOn: (date: string) => string;
  readonly presentedTwice: string;
  readonly validFrom: (date: string) => string;
  readonly validTo: (date: string) => string;
  readonly boundGuest: string;
  readonly boundOther: string;
  // conditions: what is asked, what was found
  readonly needs: (asked: string, found: string) => string;
  readonly excludes: (asked: string, found: string) => string;
  /** The same of customer groups and tiers. */
  readonly onlyFor: (asked: string, found: string) => string;
  readonly notFor: (asked: string, found: string) => string;
  readonly otherWays: (number: number) => string;
  readonly never: string;
  readonly spend: (range: Range, of: string | null) => string;
  readonly items: (range: Range, of: string | null) => string;
  readonly bought: (range: Range, of: string, days: string) => string;
  readonly received: (range: Range, offer: string, days: string) => string;
  readonly redeemed: (range: Range, offer: string, days: string) => string;
  readonly segment: (segment: string) => string;
  readonly tier: (tier: string, orHigher: boolean) => string;
  readonly attribute: (name: string, values: readonly string[] | Range) => string;
  readonly memberDays: (range: Range) => string;
  readonly birthday: (days: string) => string;
  readonly balance: (range: Range) => string;
  // what was found
  readonly basketHad: (found: string) => string;
  readonly timesFound: (found: string) => string;
  readonly daysAway: (found: string) => string;
  readonly memberHas: (found: string) => string;
  readonly unknown: string;
  readonly isInIt: string;
  readonly isNotInIt: string;
  // words
  readonly someProducts: string;
  readonly article: (gtin: string) => string;
  readonly or: string;
  readonly more: (number: number) => string;
}

/** Whether the noun after it stands in the singular. */
export function asksOne({ least, most }: Range): boolean {
  return (most ?? least) === '1';
}

export function isRange(value: readonly string[] | Range): value is Range {
  return !Array.isArray(value);
}
