/**
 * The index of a bundle: from store, time, member and basket to the few offers that may apply, without looking at the
 * others. It only leaves out offers that surely fail; the evaluator judges the rest. Sets of offers are bits by rank.
 */
import type { CompiledBundle, CompiledOffer } from '../compile.ts';
import type { Facts } from '../facts.ts';
import { isScheduled } from '../schedule.ts';
import type { Member, Phase, Tier } from '../types.ts';
import { type Bits, bits, drop, has, join, keep, put, type RankSet, rankSet } from './bitset.ts';
import { type BasketNeed, type Necessary, necessary } from './necessary.ts';
import { ProductLookup } from './products.ts';

/** Offers that a member may get, whatever the basket, store and time: made at the card's scan, used at the total. */
export interface PreparedMember {
  readonly member: Member;
  readonly allowed: Bits;
}

/** Sets of offers by store and time are kept for the latest of them; they depend on nothing else. */
const mostMoments = 256;

export class Lookup {
  readonly #compiled: CompiledBundle;
  readonly #size: number;
  // Member.
  readonly #guests: Bits;
  readonly #anySegment: Bits;
  readonly #segments: ReadonlyMap<string, RankSet>;
  readonly #notSegments: ReadonlyMap<string, RankSet>;
  readonly #consents: ReadonlyMap<string, RankSet>;
  readonly #tiers = new Map<string | null, Bits>();
  readonly #digital: RankSet;
  // Basket.
  readonly #anyBasket: Bits;
  readonly #products: ProductLookup;
  /** By the least spend of the whole basket. */
  readonly #bySpend: readonly (readonly [spend: number, rank: number])[];
  // Store and time.
  readonly #slots: readonly number[];
  readonly #moments = new Map<string, Bits>();
  // Of the decision at hand.
  readonly #allowed: Bits;
  readonly #found: Int32Array;

  constructor(compiled: CompiledBundle) {
    const { offers } = compiled;
    this.#compiled = compiled;
    this.#size = offers.length;
    const set = () => bits(this.#size);
    this.#guests = set();
    this.#anySegment = set();
    this.#anyBasket = set();
    this.#allowed = set();
    this.#found = new Int32Array(this.#size);
    const segments = new Map<string, number[]>();
    const notSegments = new Map<string, number[]>();
    const consents = new Map<string, number[]>();
    const digital: number[] = [];
    const products: (readonly [number, BasketNeed])[] = [];
    const bySpend: (readonly [number, number])[] = [];
    const needs = offers.map(({ offer }) => necessary([offer.audience, offer.when]));
    offers.forEach((offer, rank) => {
      const need = needs[rank];
      if (need === undefined) return;
      if (offer.needsMember === null) put(this.#guests, rank);
      if (offer.trigger === 'digital') digital.push(rank);
      if (offer.offer.consent !== undefined) add(consents, offer.offer.consent, rank);
      for (const segment of new Set(need.notSegments)) add(notSegments, segment, rank);
      // One list of segments is enough to find the offer; the shortest finds it least often for nothing.
      const [shortest] = [...need.segments].sort((a, b) => a.length - b.length);
      if (shortest === undefined) put(this.#anySegment, rank);
      else for (const segment of new Set(shortest)) add(segments, segment, rank);
      const basket = easiest(need.baskets);
      if (basket !== null) products.push([rank, basket]);
      else if (need.spend > 0) bySpend.push([need.spend, rank]);
      else put(this.#anyBasket, rank);
    });
    const sets = (lists: ReadonlyMap<string, readonly number[]>) =>
      new Map([...lists].map(([name, ranks]) => [name, rankSet(ranks, this.#size)]));
    this.#segments = sets(segments);
    this.#notSegments = sets(notSegments);
    this.#consents = sets(consents);
    this.#digital = rankSet(digital, this.#size);
    this.#indexTiers(needs, compiled.bundle.loyalty?.tiers ?? []);
    this.#products = new ProductLookup(products);
    this.#bySpend = bySpend.sort((a, b) => a[0] - b[0]);
    const minutes = offers.flatMap(offer => offer.schedule?.times?.flatMap(({ from, to }) => [from, to]) ?? []);
    this.#slots = [...new Set(minutes)].sort((a, b) => a - b);
  }

  /** The member's part of the question, which can be asked before the basket is known. */
  prepare(member: Member): PreparedMember {
    const allowed = this.#anySegment.slice();
    for (const segment of member.segments ?? []) {
      const invited = this.#segments.get(segment);
      if (invited !== undefined) join(allowed, invited);
    }
    for (const segment of member.segments ?? []) {
      const barred = this.#notSegments.get(segment);
      if (barred !== undefined) drop(allowed, barred);
    }
    for (const [consent, offers] of this.#consents) if (!member.consents?.includes(consent)) drop(allowed, offers);
    keep(allowed, this.#tiers.get(member.tier ?? null) ?? this.#tiers.get(null) ?? nothing);
    const activated = (member.activated ?? [])
      .map(id => this.#compiled.byId.get(id)?.rank ?? -1)
      .filter(rank => rank >= 0 && has(allowed, rank));
    drop(allowed, this.#digital);
    for (const rank of activated) put(allowed, rank);
    return { member, allowed };
  }

  /**
   * The offers of each phase that may apply, in the contract's order.
   * @param presented ids of offers of which a coupon is presented
   * @param prepared of the very member of the sale; made anew if it is of another
   */
  offersFor(
    facts: Facts,
    presented: ReadonlySet<string>,
    prepared: PreparedMember | null,
  ): (phase: Phase) => readonly CompiledOffer[] {
    const allowed = this.#allowed;
    allowed.set(this.#atMoment(facts));
    if (facts.member === null) keep(allowed, this.#guests);
    else keep(allowed, (prepared?.member === facts.member ? prepared : this.prepare(facts.member)).allowed);
    let count = 0;
    const take = (rank: number) => {
      const word = allowed[rank >>> 5] ?? 0;
      const bit = 1 << (rank & 31);
      if ((word & bit) === 0) return;
      allowed[rank >>> 5] = word & ~bit;
      this.#found[count++] = rank;
    };
    for (let word = 0; word < allowed.length; word++) {
      for (let rest = (allowed[word] ?? 0) & (this.#anyBasket[word] ?? 0); rest !== 0; rest &= rest - 1)
        take(word * 32 + 31 - Math.clz32(rest & -rest));
    }
    const { lines } = facts.basket;
    const spend = lines.reduce((sum, entry) => sum + entry.running, 0);
    for (const [least, rank] of this.#bySpend) {
      if (least > spend) break;
      take(rank);
    }
    this.#products.visit(facts.basket.sums, take);
    return this.#byPhase(count, presented);
  }

  #byPhase(count: number, presented: ReadonlySet<string>): (phase: Phase) => readonly CompiledOffer[] {
    const { offers, byId } = this.#compiled;
    const phases: Record<Phase, CompiledOffer[]> = { line: [], basket: [], points: [], issue: [] };
    for (const rank of this.#found.subarray(0, count).sort()) {
      const offer = offers[rank];
      if (offer !== undefined) phases[offer.phase].push(offer);
    }
    // A coupon of an `issue` offer that prints only beside one of its own coupons.
    for (const id of presented) {
      const offer = byId.get(id);
      if (offer?.phase === 'issue' && offer.trigger === 'coupon') phases.issue.push(offer);
    }
    if (presented.size > 0) phases.issue.sort((a, b) => a.rank - b.rank);
    return phase => phases[phase];
  }

  /** Offers that run in this store at this time and do not wait for a coupon. */
  #atMoment({ sale, today, minute }: Facts): Bits {
    const slot = this.#slots.findLastIndex(from => from <= minute);
    const name = `${today} ${slot} ${sale.storeId}`;
    const known = this.#moments.get(name);
    if (known !== undefined) return known;
    const set = bits(this.#size);
    for (const offer of this.#compiled.offers) {
      if (offer.trigger === 'coupon' || !offer.stores(sale.storeId)) continue;
      if (offer.schedule === null || isScheduled(offer.schedule, today, minute)) put(set, offer.rank);
    }
    if (this.#moments.size >= mostMoments) this.#moments.clear();
    this.#moments.set(name, set);
    return set;
  }

  /** For each tier that a member may have, the offers that it does not bar; under null for one without or unknown. */
  #indexTiers(needs: readonly Necessary[], tiers: readonly Tier[]): void {
    const order = new Map(tiers.map((tier, index) => [tier.id, index]));
    for (const own of [null, ...order.keys()]) {
      const set = bits(this.#size);
      const rank = own === null ? -1 : (order.get(own) ?? -1);
      needs.forEach((need, offer) => {
        const open = need.tiers.every(test =>
          'is' in test ? test.is === own : rank >= (order.get(test.atLeast) ?? Number.POSITIVE_INFINITY),
        );
        if (open) put(set, offer);
      });
      this.#tiers.set(own, set);
    }
  }
}

const nothing: Bits = bits(0);

function add(lists: Map<string, number[]>, name: string, rank: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [rank]);
  else list.push(rank);
}

/** The need that fewest baskets meet: by number before brand before category, and of categories the deepest. */
function easiest(needs: readonly BasketNeed[]): BasketNeed | null {
  const weight = ({ keys }: BasketNeed) =>
    keys.reduce(
      (sum, { by, value }) => sum + (by === 'gtin' ? 1 : by === 'brand' ? 20 : 1000 / value.split('/').length ** 2),
      0,
    );
  let best: BasketNeed | null = null;
  for (const need of needs) if (best === null || weight(need) < weight(best)) best = need;
  return best;
}
