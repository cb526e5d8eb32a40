/**
 * The index of a bundle: from store, time, member and basket to the few offers that may apply, without looking at the
 * others. It only leaves out offers that surely fail; the evaluator judges the rest. Sets of offers are bits by their place in the index.
 */
import { type CompiledBundle, type CompiledOffer, keyStep } from '../compile.ts';
import { Facts, type ReadHistory, readHistory } from '../facts.ts';
import type { CompiledPredicate } from '../predicate.ts';
import { ScannedBasket } from '../scanned.ts';
import { finish } from '../steps.ts';
import type { History, Member } from '../types.ts';
import { BasketNeeds } from './basket-needs.ts';
import { type Bits, bits, drop, has, isEmpty, keep, type PlaceSet, placeSet, put } from './bitset.ts';
import { Followers } from './followers.ts';
import { FoundOffers } from './found.ts';
import { Here } from './here.ts';
import { type BasketNeed, necessary } from './necessary.ts';
import { type ProductLookup, ProductNeeds } from './products.ts';
import { isOfMember, restOf } from './rest.ts';
import { mostLists, type SegmentLookup, SegmentNeeds } from './segments.ts';
import { TierSets } from './tiers.ts';

/** Offers that a member may get, whatever the basket, store and time: made at the card's scan, used at the total. */
export interface PreparedMember {
  readonly compiled: CompiledBundle;
  readonly member: Member;
  readonly allowed: Bits;
  /** The member's history, read ahead; null if it was not given. */
  readonly history: ReadHistory | null;
}

/** Offers indexed between two pauses. */
const stepSize = 100;

/** What the index is made of. */
interface Parts {
  readonly guests: Bits;
  readonly segments: SegmentLookup;
  readonly consents: ReadonlyMap<string, PlaceSet>;
  readonly tiers: TierSets;
  readonly digital: PlaceSet;
  /** Offers of a chain, */
  readonly chained: Bits;
  /** by the offer that they come after. */
  readonly followers: Followers;
  /** Offers that are found by the basket's products; */
  readonly byProducts: Bits;
  readonly products: ProductLookup;
  /** what the others need of the basket. */
  readonly needs: BasketNeeds;
  /** Minutes of a day at which some offer begins or ends, ascending. */
  readonly slots: readonly number[];
  /** For each offer what the index does not decide, of a member's sale without discounts. */
  readonly rests: readonly (readonly CompiledPredicate[])[];
  /** Of that, what the member alone decides on any day: asked at the card's scan; */
  readonly ofMember: readonly (readonly CompiledPredicate[])[];
  /** and what is left then. */
  readonly atTotal: readonly (readonly CompiledPredicate[])[];
}

export class Lookup {
  readonly #compiled: CompiledBundle;
  readonly #parts: Parts;
  readonly #here: Here;
  // Of the decision at hand.
  readonly #member: Bits;
  readonly #allowed: Bits;
  readonly #set: Bits;
  readonly #found: FoundOffers;

  constructor(compiled: CompiledBundle, parts: Parts = finish(indexing(compiled))) {
    const { offers } = compiled;
    const { slots, chained, tiers, consents, needs } = parts;
    this.#compiled = compiled;
    this.#parts = parts;
    this.#here = new Here(compiled, slots, chained, tiers, consents);
    this.#member = bits(offers.length);
    this.#allowed = bits(offers.length);
    this.#set = bits(offers.length);
    this.#found = new FoundOffers(compiled, needs);
  }

  /** A basket to follow from scan to scan. */
  scanning(): ScannedBasket {
    return new ScannedBasket(this.#compiled, this.#parts.products);
  }

  /** The member's part of the question, which can be asked before the basket is known. */
  prepare(member: Member, history: History | undefined): PreparedMember {
    const allowed = bits(this.#compiled.offers.length);
    const facts = new Facts({ saleId: '', storeId: '', at: anyTime, lines: [], member }, this.#compiled.zone);
    this.#invite(allowed, member, facts);
    keep(allowed, this.#here.kindOf(member).allowed);
    this.#askMember(allowed, facts);
    return {
      compiled: this.#compiled,
      member,
      allowed,
      history: history === undefined ? null : readHistory(history, this.#compiled.keys),
    };
  }

  /**
   * The offers of each phase that may apply, as far as they are near. What is answered serves the next decision again.
   * @param presented ids of offers of which a coupon is presented
   * @param prepared of this bundle and the very member of the sale; made anew if it is of another
   * @param reached offers whose products are in the basket, if that is known
   */
  offersFor(
    facts: Facts,
    presented: ReadonlySet<string>,
    prepared: PreparedMember | null,
    reached: Bits | null = null,
  ): FoundOffers {
    const { guests, products, byProducts } = this.#parts;
    const { member } = facts;
    let open = guests;
    let kind = this.#here.anybody;
    const asked = member !== null && prepared?.member === member && prepared.compiled === this.#compiled;
    if (asked) open = prepared.allowed;
    else if (member !== null) {
      this.#invite(this.#member, member, facts);
      open = this.#member;
      kind = this.#here.kindOf(member);
    }
    this.#here.read(kind, facts);
    const { unchained } = kind;
    const allowed = this.#allowed;
    for (let word = 0; word < allowed.length; word++) allowed[word] = (unchained[word] ?? 0) & (open[word] ?? 0);
    if (member !== null) this.#addFollowers(facts, open, kind.here, allowed);
    const set = this.#set;
    if (reached === null) {
      for (let word = 0; word < set.length; word++) set[word] = (allowed[word] ?? 0) & ~(byProducts[word] ?? 0);
      products.find(facts.basket.sums(products.keys), allowed, set);
    } else
      for (let word = 0; word < set.length; word++)
        set[word] = (allowed[word] ?? 0) & (~(byProducts[word] ?? 0) | (reached[word] ?? 0));
    if (presented.size > 0) this.#addPresented(presented, set);
    this.#found.read(set, asked ? this.#parts.atTotal : this.#parts.rests);
    return this.#found;
  }

  /** Offers of chains, where the member has had a coupon that they come after. */
  #addFollowers({ coupons }: Facts, open: Bits, here: Bits, allowed: Bits): void {
    const { followers } = this.#parts;
    const offers = coupons.offers(this.#compiled.keys);
    for (let index = 0; index < coupons.count; index++) {
      const offer = offers[index] ?? -1;
      if (offer < 0) continue;
      const to = followers.to(offer);
      for (let at = followers.from(offer); at < to; at++) {
        const place = followers.place(at);
        if (has(here, place) && has(open, place)) put(allowed, place);
      }
    }
  }

  /** Coupons of `issue` offers that print only beside one of their own coupons. */
  #addPresented(presented: ReadonlySet<string>, set: Bits): void {
    for (const id of presented) {
      const offer = this.#compiled.byId.get(id);
      if (offer?.phase === 'issue' && offer.trigger === 'coupon') put(set, offer.place);
    }
  }

  /** Takes out the offers that this member does not get on any day. */
  #askMember(allowed: Bits, facts: Facts): void {
    const { ofMember } = this.#parts;
    for (let word = 0; word < allowed.length; word++)
      for (let open = allowed[word] ?? 0; open !== 0; open &= open - 1) {
        const bit = open & -open;
        const asked = ofMember[word * 32 + 31 - Math.clz32(bit)] ?? noPredicates;
        for (let index = 0; index < asked.length; index++)
          if (asked[index]?.test(facts) === false) {
            allowed[word] = (allowed[word] ?? 0) & ~bit;
            break;
          }
      }
  }

  /** The offers that a member's segments and activated offers allow. */
  #invite(allowed: Bits, member: Member, facts: Facts): void {
    const { segments, digital } = this.#parts;
    segments.find(facts, this.#compiled.keys, allowed);
    if (isEmpty(digital)) return;
    let activated: number[] | null = null;
    for (const id of member.activated ?? none) {
      const place = this.#compiled.byId.get(id)?.place ?? -1;
      if (place >= 0 && has(allowed, place)) {
        activated ??= [];
        activated.push(place);
      }
    }
    drop(allowed, digital);
    if (activated !== null) for (const place of activated) put(allowed, place);
  }
}

/** Makes the parts of an index in short steps. */
export function* indexing(compiled: CompiledBundle): Generator<undefined, Parts> {
  const { offers } = compiled;
  const size = offers.length;
  const [guests, byProducts] = [bits(size), bits(size)];
  const { keys } = compiled;
  const segments = new SegmentNeeds(size, keys);
  const after: (readonly [before: number, place: number])[] = [];
  const chained = bits(size);
  const consents = new Map<string, number[]>();
  const digital: number[] = [];
  const products = new ProductNeeds(keys);
  const needs = new BasketNeeds(keys, size);
  const slots = new Set<number>();
  const rests: (readonly CompiledPredicate[])[] = [];
  const ofMember: (readonly CompiledPredicate[])[] = [];
  const atTotal: (readonly CompiledPredicate[])[] = [];
  const tiers = new TierSets(compiled.bundle.loyalty?.tiers ?? [], size);
  let pause = keys.asked + keyStep;
  for (let place = 0; place < size; place++) {
    const offer = compiled.byPlace[place] as CompiledOffer;
    const need = necessary([offer.offer.audience, offer.offer.when]);
    tiers.add(place, need);
    if (offer.needsMember === null) put(guests, place);
    if (offer.trigger === 'digital') digital.push(place);
    if (offer.after !== null) {
      put(chained, place);
      after.push([offer.after.offer, place]);
    }
    if (offer.consent !== null) add(consents, offer.consent, place);
    segments.add(place, need.segments, need.notSegments);
    for (const { from, to } of offer.schedule?.times ?? noTimes) slots.add(from).add(to);
    const decided = need.memberSources;
    decided.push(...need.segmentSources.slice(0, mostLists));
    const basket = easiest(need.baskets);
    if (basket !== null) {
      // An offer for a few members is found by their segments, and of the basket only asked when its turn comes.
      const byProduct = need.segments.length === 0;
      if (byProduct) {
        put(byProducts, place);
        products.add(place, basket);
      }
      if ((byProduct || needs.addProducts(place, basket)) && basket.whole) decided.push(basket.source);
    } else if (need.spend > 0 && needs.addSpend(place, need.spend)) decided.push(...need.spendSources);
    const rest = restOf(offer, decided);
    const own = rest.length === 0 ? rest : rest.filter(isOfMember);
    rests.push(rest);
    ofMember.push(own);
    atTotal.push(own.length === 0 ? rest : rest.filter(part => !own.includes(part)));
    if (place % stepSize < stepSize - 1 && keys.asked < pause) continue;
    pause = keys.asked + keyStep;
    yield;
  }
  const sets = (lists: ReadonlyMap<string, readonly number[]>) =>
    new Map([...lists].map(([name, places]) => [name, placeSet(places, size)]));
  const followers = new Followers(keys.offerCount, after);
  yield;
  return {
    guests,
    slots: [...slots].sort((a, b) => a - b),
    segments: yield* segments.index(),
    consents: sets(consents),
    tiers,
    digital: placeSet(digital, size),
    chained,
    followers,
    byProducts,
    products: yield* products.index(),
    needs,
    rests,
    ofMember,
    atTotal,
  };
}

const none: readonly string[] = [];
const noTimes: readonly { readonly from: number; readonly to: number }[] = [];
const noPredicates: readonly CompiledPredicate[] = [];
const anyTime = '2000-01-01T00:00:00Z';

/** Places come in order; one that asks for a name twice stands there once. */
function add(lists: Map<string, number[]>, name: string, place: number): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [place]);
  else if (list[list.length - 1] !== place) list.push(place);
}

/** The need that fewest baskets meet: by number before brand before category, and of categories the deepest. */
function easiest(needs: readonly BasketNeed[]): BasketNeed | null {
  let best = needs[0] ?? null;
  if (best === null || needs.length === 1) return best;
  let lightest = weightOf(best);
  for (const need of needs) {
    const weight = weightOf(need);
    if (weight >= lightest) continue;
    best = need;
    lightest = weight;
  }
  return best;
}

function weightOf({ keys }: BasketNeed): number {
  let weight = 0;
  for (const { by, value } of keys)
    weight += by === 'gtin' ? 1 : by === 'brand' ? 20 : 1000 / value.split('/').length ** 2;
  return weight;
}
