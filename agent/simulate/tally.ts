/** What a bundle did with many sales, counted per offer; tallies of several workers add up. */
import type { CompiledBundle } from '../offers/compile.ts';
import type { Cap, Offer, Phase, Reason } from '../offers/types.ts';
import type { Judged } from './judge.ts';
import { addTo, mergeInto, noRegisters, type Registers } from './reach.ts';
import { codeOf, nameOf } from './reasons.ts';

export type OfferTally = {
  readonly phase: Phase;
  /** Coupons printed; in other phases applications. */
  issued: number;
  /** Passed every condition, chosen or not, held out or not. */
  eligible: number;
  suppressed: number;
  /** Coupons of it that these sales themselves presented and redeemed. */
  redeemed: number;
  /** Minor units taken off, points given, or the value of the coupons printed where that is a fixed amount. */
  given: number;
  readonly reasons: Partial<Record<Reason, number>>;
  /** Members who got it, and members who were held out. */
  reach: Registers;
  held: Registers;
  /** Local day → issued, for offers with a global cap; `day store` → issued for those with a store cap. */
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
  const entries = offers.map(({ id, phase }): [string, OfferTally] => [id, emptyOffer(phase)]);
  return { sales: 0, withMember: 0, discount: 0, points: 0, coupons: 0, offers: Object.fromEntries(entries) };
}

function emptyOffer(phase: Phase): OfferTally {
  const counts = { issued: 0, eligible: 0, suppressed: 0, redeemed: 0, given: 0 };
  return { phase, ...counts, reasons: {}, reach: noRegisters, held: noRegisters, days: {}, capped: {} };
}

const [firstCap, lastCap] = [codeOf('cap-member'), codeOf('cap-global')];

/** Counts what happened, sale by sale. Reasons are counted where they are found (judge.ts), since every offer has one in every sale. */
export class Counter {
  readonly #compiled: CompiledBundle;
  readonly #tally: Tally;
  /** Of the sale at hand. */
  #storeId = '';
  /** Those that share a cap with other tills: what shares it. */
  readonly #shared: ReadonlyMap<string, Cap['scope']>;

  constructor(compiled: CompiledBundle) {
    const { offers } = compiled.bundle;
    this.#compiled = compiled;
    this.#tally = emptyTally(offers);
    this.#shared = new Map(
      offers.flatMap(offer => {
        const cap = sharedCap(offer);
        return cap === undefined ? [] : [[offer.id, cap.scope]];
      }),
    );
  }

  /**
   * @param hash of the member's id; null for a guest
   * @param day local date of the sale; asked for only where it matters
   */
  count(judged: Judged, storeId: string, hash: number | null, day: () => string): void {
    this.#storeId = storeId;
    const tally = this.#tally;
    tally.sales++;
    if (hash !== null) tally.withMember++;
    tally.discount += judged.discount;
    tally.points += judged.points?.earned ?? 0;
    tally.coupons += judged.issue.length;
    for (const { offer, phase, amount, serial } of judged.applied) this.#came(offer, phase, amount, serial, hash, day);
    for (const { offer, points, serial } of judged.points?.offers ?? [])
      this.#came(offer, 'points', points, serial, hash, day);
    for (const { offer, variant } of judged.issue)
      this.#came(offer, 'issue', faceValue(this.#compiled, offer, variant) ?? 0, undefined, hash, day);
    for (const { offer } of judged.suppressed) {
      const own = tally.offers[offer];
      if (own === undefined) continue;
      own.suppressed++;
      if (hash !== null) own.held = addTo(own.held, hash);
    }
    for (const { offer, finding } of judged.refused) {
      const code = codeOf(finding.reason);
      const own = code >= firstCap && code <= lastCap ? tally.offers[offer] : undefined;
      if (own !== undefined) own.capped[day()] = (own.capped[day()] ?? 0) + 1;
    }
  }

  /** @param countsOf how often each reason met the offer of this rank, by code */
  tally(countsOf: (rank: number) => Float64Array): Tally {
    for (const { id, rank } of this.#compiled.offers) {
      const own = this.#tally.offers[id];
      if (own === undefined) continue;
      for (const [code, found] of countsOf(rank).entries()) {
        const name = nameOf(code);
        if (name !== undefined && found > 0) own.reasons[name] = found;
      }
      own.eligible = own.issued + own.suppressed + (own.reasons['not-selected'] ?? 0);
    }
    return this.#tally;
  }

  #came(
    id: string,
    phase: Phase,
    given: number,
    serial: string | undefined,
    hash: number | null,
    day: () => string,
  ): void {
    const own = this.#tally.offers[id];
    if (own === undefined) return;
    if (serial !== undefined && own.phase === 'issue') {
      own.redeemed++;
      return;
    }
    own.issued++;
    own.given += phase === own.phase ? given : 0;
    if (hash !== null) own.reach = addTo(own.reach, hash);
    const shared = this.#shared.get(id);
    if (shared === undefined) return;
    const key = shared === 'store' ? `${day()} ${this.#storeId}` : day();
    own.days[key] = (own.days[key] ?? 0) + 1;
  }
}

/** What the coupon of a variant is worth, minor units; null where that depends on the basket. */
export function faceValue(compiled: CompiledBundle, id: string, variant: string | null): number | null {
  const offer = compiled.byId.get(id);
  const terms = (variant === null ? undefined : offer?.variants.get(variant)) ?? offer?.base;
  return terms === undefined ? null : fixedValue(terms.benefit);
}

/** What a coupon is worth, minor units; null where that depends on the basket. */
export function fixedValue(benefit: Offer['benefit']): number | null {
  return 'amount' in benefit && benefit.amount.each !== true ? benefit.amount.off : null;
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
    own.redeemed += theirs.redeemed;
    own.given += theirs.given;
    add(own.reasons, theirs.reasons);
    add(own.days, theirs.days);
    add(own.capped, theirs.capped);
    own.reach = mergeInto(own.reach, theirs.reach);
    own.held = mergeInto(own.held, theirs.held);
  }
}

function add(to: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(from)) to[key] = (to[key] ?? 0) + value;
}

/** The cap that many tills share and a simulation can only compare with, not keep: the first of store or global. */
export function sharedCap(offer: Offer): Cap | undefined {
  return offer.caps?.find(cap => cap.scope === 'store' || cap.scope === 'global');
}
