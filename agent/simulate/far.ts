/**
 * Why the offers that nobody looked at do not come, without looking at them: the first reason of most is decided by the hour, the
 * store and the kind of member, and sales alike in these share one list of reasons. What a member's own segments, attributes,
 * activations and history decide is told apart, offer by offer; these are few.
 */
import { chainHolds } from '../offers/chain.ts';
import type { CompiledBundle, CompiledOffer } from '../offers/compile.ts';
import type { Facts } from '../offers/facts.ts';
import { isScheduled } from '../offers/schedule.ts';
import type { Predicate, Tier } from '../offers/types.ts';
import { codeOf } from './reasons.ts';

/** The reasons of all offers, by rank, as far as sales of this kind share them; and how many such sales there were. */
export interface Shared {
  readonly codes: Uint8Array;
  sales: number;
}

/** Lists are kept for at most so many hours, stores and kinds of member, and in so much memory. */
const mostShared = 1000;
const mostBytes = 1 << 24;

const expired = codeOf('expired-bundle');
const schedule = codeOf('schedule');
const store = codeOf('store');
const trigger = codeOf('trigger');
const noMember = codeOf('no-member');
const consent = codeOf('consent');
const audience = codeOf('audience');
const chain = codeOf('chain');
const when = codeOf('when');
/** In a shared list: passes what is shared, but has to be asked for each member. */
const ask = 0;

export class FarReasons {
  readonly #compiled: CompiledBundle;
  readonly #onDrop: (shared: Shared) => void;
  /** Minutes at which some schedule begins or ends. */
  readonly #slots: readonly number[];
  readonly #consents: readonly string[];
  readonly #tiers: readonly string[];
  /** Offers whose audience names the segment. */
  readonly #bySegment = new Map<string, CompiledOffer[]>();
  readonly #times = new Map<string, Uint8Array>();
  readonly #stores = new Map<string, Uint8Array>();
  readonly #kinds = new Map<string, Uint8Array>();
  readonly #most: number;
  readonly #shared = new Map<string, Shared & { readonly asked: readonly CompiledOffer[] }>();

  /** @param onDrop told of each list that is let go, with its number of sales */
  constructor(compiled: CompiledBundle, onDrop: (shared: Shared) => void) {
    const { offers, bundle } = compiled;
    this.#compiled = compiled;
    this.#onDrop = onDrop;
    this.#most = Math.min(mostShared, Math.ceil(mostBytes / Math.max(1, offers.length)));
    const minutes = offers.flatMap(offer => offer.schedule?.times?.flatMap(({ from, to }) => [from, to]) ?? []);
    this.#slots = [...new Set(minutes)].sort((a, b) => a - b);
    this.#consents = [...new Set(offers.flatMap(({ offer }) => offer.consent ?? []))];
    this.#tiers = (bundle.loyalty?.tiers ?? []).map(({ id }) => id);
    for (const offer of offers)
      for (const segment of segmentsIn(offer.offer.audience)) {
        const known = this.#bySegment.get(segment);
        if (known === undefined) this.#bySegment.set(segment, [offer]);
        else known.push(offer);
      }
  }

  /**
   * The reasons of all offers as if none had been looked at.
   * @param except called for each offer whose reason is not the shared one, maybe with the shared one after all
   */
  read(facts: Facts, except: (rank: number, code: number) => void): Shared {
    const shared = this.#sharedBy(facts);
    const { codes, asked } = shared;
    const { member } = facts;
    if (member === null) return shared;
    for (const offer of asked) except(offer.rank, this.#personal(offer, facts));
    for (const segment of member.segments ?? [])
      for (const offer of this.#bySegment.get(segment) ?? []) {
        const code = codes[offer.rank];
        if (code === audience || code === when) except(offer.rank, this.#personal(offer, facts));
      }
    for (const id of member.activated ?? []) {
      const offer = this.#compiled.byId.get(id);
      if (offer?.trigger === 'digital' && codes[offer.rank] === trigger)
        except(offer.rank, this.#activated(offer, facts));
    }
    return shared;
  }

  /** Lets all lists go. */
  drop(): void {
    for (const shared of this.#shared.values()) this.#onDrop(shared);
    this.#shared.clear();
  }

  #activated(offer: CompiledOffer, facts: Facts): number {
    const needed = offer.offer.consent;
    return needed !== undefined && !facts.member?.consents?.includes(needed) ? consent : this.#personal(offer, facts);
  }

  #personal({ audience: asks, offer: { after } }: CompiledOffer, facts: Facts): number {
    if (asks?.test(facts) === false) return audience;
    return after !== undefined && !chainHolds(after, facts) ? chain : when;
  }

  #sharedBy(facts: Facts): Shared & { readonly asked: readonly CompiledOffer[] } {
    const { member, today, minute, sale } = facts;
    const over = facts.now > this.#compiled.notAfter;
    const time = `${today} ${this.#slotAt(minute)}`;
    const tier = member === null ? -1 : this.#tiers.indexOf(member.tier ?? '');
    const kind =
      member === null
        ? 'guest'
        : this.#consents.reduce((all, name) => all + (member.consents?.includes(name) ? '1' : '0'), `${tier} `);
    const name = `${time} ${sale.storeId} ${kind}${over ? ' over' : ''}`;
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const [times, stores, kinds] = [
      this.#timesAt(facts, time),
      this.#storesAt(sale.storeId),
      this.#kindsOf(facts, kind, this.#tiers[tier]),
    ];
    const codes = kinds.slice();
    for (let rank = 0; rank < codes.length; rank++) {
      const [closed, elsewhere] = [times[rank], stores[rank]];
      if (closed) codes[rank] = closed;
      else if (elsewhere) codes[rank] = elsewhere;
    }
    if (over) for (const { rank } of this.#compiled.byPhase.issue) codes[rank] = expired;
    const shared = { codes, sales: 0, asked: this.#compiled.offers.filter(({ rank }) => codes[rank] === ask) };
    if (this.#shared.size >= this.#most) this.drop();
    this.#shared.set(name, shared);
    return shared;
  }

  #slotAt(minute: number): number {
    let slot = 0;
    while (slot < this.#slots.length && (this.#slots[slot] ?? 0) <= minute) slot++;
    return slot;
  }

  #timesAt({ today, minute }: Facts, name: string): Uint8Array {
    return this.#listOf(this.#times, name, offer =>
      offer.schedule === null || isScheduled(offer.schedule, today, minute) ? 0 : schedule,
    );
  }

  #storesAt(storeId: string): Uint8Array {
    return this.#listOf(this.#stores, storeId, offer => (offer.stores(storeId) ? 0 : store));
  }

  /** What holds for every guest, or every member of this tier with these consents and in none of the segments. */
  #kindsOf({ member }: Facts, name: string, tier: string | undefined): Uint8Array {
    const tiers = this.#compiled.bundle.loyalty?.tiers ?? [];
    return this.#listOf(this.#kinds, name, offer => {
      if (offer.trigger === 'coupon') return trigger;
      if (member === null) return offer.needsMember === null ? when : noMember;
      if (offer.trigger === 'digital') return trigger;
      const { consent: needed, audience: asks, after } = offer.offer;
      if (needed !== undefined && !member.consents?.includes(needed)) return consent;
      const invited = asks === undefined ? true : outsideSegments(asks, tier, tiers);
      if (invited === false) return audience;
      return invited === null || after !== undefined ? ask : when;
    });
  }

  #listOf(known: Map<string, Uint8Array>, name: string, codeFor: (offer: CompiledOffer) => number): Uint8Array {
    let list = known.get(name);
    if (list === undefined) {
      list = Uint8Array.from(this.#compiled.offers, codeFor);
      if (known.size >= this.#most) known.clear();
      known.set(name, list);
    }
    return list;
  }
}

function segmentsIn(predicate: Predicate | undefined): Set<string> {
  const found = new Set<string>();
  const walk = (part: Predicate): void => {
    if ('segment' in part) found.add(part.segment);
    else if ('not' in part) walk(part.not);
    else if ('all' in part) for (const each of part.all) walk(each);
    else if ('any' in part) for (const each of part.any) walk(each);
  };
  if (predicate !== undefined) walk(predicate);
  return found;
}

/**
 * What an audience says of a member of this tier who is in none of its segments; null where that depends on more.
 * (Kleene's logic: `all` with a false part is false, whatever the others are.)
 */
function outsideSegments(predicate: Predicate, tier: string | undefined, tiers: readonly Tier[]): boolean | null {
  if ('segment' in predicate) return false;
  if ('not' in predicate) {
    const inner = outsideSegments(predicate.not, tier, tiers);
    return inner === null ? null : !inner;
  }
  if ('all' in predicate || 'any' in predicate) {
    const decisive = 'any' in predicate;
    let unknown = false;
    for (const part of decisive ? predicate.any : predicate.all) {
      const found = outsideSegments(part, tier, tiers);
      if (found === decisive) return decisive;
      if (found === null) unknown = true;
    }
    return unknown ? null : !decisive;
  }
  if (!('tier' in predicate)) return null;
  const order = (id: string) => tiers.findIndex(each => each.id === id);
  if ('is' in predicate.tier) return tier === predicate.tier.is;
  const least = order(predicate.tier.atLeast);
  return tier !== undefined && least >= 0 && order(tier) >= least;
}
