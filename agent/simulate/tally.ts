/** What a bundle did with many sales, counted per offer; tallies of several workers add up. */
import type { Cap, Decision, Offer, Phase, Reason } from '../offers/types.ts';
import { hashOf, Reach } from './reach.ts';

/** The part of a refusal that is counted. */
export type Refused = { readonly offer: string; readonly reason: Reason };

export type OfferTally = {
  readonly phase: Phase;
  /** Coupons printed; in other phases applications. */
  issued: number;
  /** Passed every condition, chosen or not, held out or not. */
  eligible: number;
  suppressed: number;
  /** Minor units taken off, or points given. */
  given: number;
  readonly reasons: Partial<Record<Reason, number>>;
  /** Registers of `Reach`. */
  reach: Uint8Array;
  /** Local day → issued; only for offers with a store or global cap. */
  readonly days: Record<string, number>;
  /** Local day → refused by a cap. */
  readonly capped: Record<string, number>;
};

export type Tally = {
  sales: number;
  withMember: number;
  discount: number;
  points: number;
  coupons: number;
  readonly offers: Record<string, OfferTally>;
};

export function emptyTally(offers: readonly Offer[]): Tally {
  const entries = offers.map(({ id, phase }): [string, OfferTally] => [
    id,
    {
      phase,
      issued: 0,
      eligible: 0,
      suppressed: 0,
      given: 0,
      reasons: {},
      reach: new Reach().registers,
      days: {},
      capped: {},
    },
  ]);
  return { sales: 0, withMember: 0, discount: 0, points: 0, coupons: 0, offers: Object.fromEntries(entries) };
}

/** @param day local date of the sale, `YYYY-MM-DD` */
export function count(
  tally: Tally,
  decision: Omit<Decision, 'rejected'>,
  refused: readonly Refused[],
  memberId: string | undefined,
  day: string,
): void {
  tally.sales++;
  if (memberId !== undefined) tally.withMember++;
  tally.discount += decision.total.discount;
  tally.points += decision.points?.earned ?? 0;
  tally.coupons += decision.issue.length;
  const hash = memberId === undefined ? null : hashOf(memberId);
  const happened = (offer: string, given: number) => {
    const own = tally.offers[offer];
    if (own === undefined) return;
    own.issued++;
    own.eligible++;
    own.given += given;
    own.days[day] = (own.days[day] ?? 0) + 1;
    if (hash !== null) new Reach(own.reach).add(hash);
  };
  for (const { offer, amount, serial } of decision.applied) if (serial === undefined) happened(offer, amount);
  for (const { offer, points } of decision.points?.offers ?? []) happened(offer, points);
  for (const { offer } of decision.issue) happened(offer, 0);
  for (const { offer } of decision.suppressed) {
    const own = tally.offers[offer];
    if (own === undefined) continue;
    own.suppressed++;
    own.eligible++;
  }
  for (const { offer, reason } of refused) {
    const own = tally.offers[offer];
    if (own === undefined) continue;
    own.reasons[reason] = (own.reasons[reason] ?? 0) + 1;
    if (reason === 'not-selected') own.eligible++;
    if (reason.startsWith('cap-')) own.capped[day] = (own.capped[day] ?? 0) + 1;
  }
}

/** Adds `other` to `tally`. */
export function merge(tally: Tally, other: Tally): void {
  tally.sales += other.sales;
  tally.withMember += other.withMember;
  tally.discount += other.discount;
  tally.points += other.points;
  tally.coupons += other.coupons;
  for (const [id, theirs] of Object.entries(other.offers)) {
    const own = tally.offers[id];
    if (own === undefined) continue;
    own.issued += theirs.issued;
    own.eligible += theirs.eligible;
    own.suppressed += theirs.suppressed;
    own.given += theirs.given;
    add(own.reasons, theirs.reasons);
    add(own.days, theirs.days);
    add(own.capped, theirs.capped);
    new Reach(own.reach).merge(theirs.reach);
  }
}

function add(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(from)) to[key] = (to[key] ?? 0) + value;
}

/** The cap that many tills share and a simulation can only compare with, not keep: the first of store or global. */
export function sharedCap(offer: Offer): Cap | undefined {
  return offer.caps?.find(cap => cap.scope === 'store' || cap.scope === 'global');
}
