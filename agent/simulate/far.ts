/**
 * Why the offers that nobody looked at do not come, without looking at them: the first reason of most is decided by the hour, the
 * store and the kind of member, and sales alike in these share their reasons. What a member's own segments, attributes,
 * activations and history decide is told apart, offer by offer; these are few.
 */
import { chainHolds } from '../offers/chain.ts';
import type { CompiledBundle, CompiledOffer } from '../offers/compile.ts';
import type { Facts } from '../offers/facts.ts';
import { isScheduled } from '../offers/schedule.ts';
import { ask, type MemberKind, MemberKinds } from './member-kinds.ts';
import { codeOf } from './reasons.ts';

/** What an hour or a store closes: by rank the reason, 0 where it closes nothing; and the ranks that it closes. */
class Closings {
  readonly codes: Uint8Array;
  readonly ranks: Int32Array;

  constructor(codes: Uint8Array) {
    this.codes = codes;
    this.ranks = Int32Array.from(codes.keys()).filter(rank => codes[rank] !== 0);
  }
}

/** Sales of one hour, store and kind of member: of these offers share their first reasons. */
export class Shared {
  sales = 0;
  readonly times: Closings;
  readonly stores: Closings;
  readonly kind: MemberKind;
  /** What is open, and has to be asked of each member. */
  readonly asked: readonly CompiledOffer[];

  constructor(times: Closings, stores: Closings, kind: MemberKind) {
    this.times = times;
    this.stores = stores;
    this.kind = kind;
    this.asked = kind.asked.filter(({ rank }) => !this.isClosed(rank));
  }

  isClosed(rank: number): boolean {
    return this.times.codes[rank] !== 0 || this.stores.codes[rank] !== 0;
  }

  /** The reason that an offer has in all of them, or `ask`. */
  codeOf(rank: number): number {
    return (
      (this.times.codes[rank] as number) || (this.stores.codes[rank] as number) || (this.kind.codes[rank] as number)
    );
  }
}

/** Adds so many times a reason to an offer's. */
export type Count = (rank: number, code: number, times: number) => void;

/** Hours, stores and kinds of member that are kept together, each counting as many as it has to ask; some 40 MB. */
const mostShared = 1 << 21;
const leastCounted = 50;
/** Of each alone at most so many are kept, in so much memory. */
const mostLists = 1000;
const mostBytes = 1 << 24;
const slotsOfDay = 24 * 60 + 1;

const expired = codeOf('expired-bundle');
const schedule = codeOf('schedule');
const store = codeOf('store');
const trigger = codeOf('trigger');
const consent = codeOf('consent');
const audience = codeOf('audience');
const chain = codeOf('chain');
const when = codeOf('when');

export class FarReasons {
  readonly #compiled: CompiledBundle;
  readonly #count: Count;
  readonly #kinds: MemberKinds;
  /** Minutes at which some schedule begins or ends. */
  readonly #slots: readonly number[];
  readonly #most: number;
  readonly #times = new Map<number, Closings>();
  readonly #stores = new Map<string, Closings>();
  readonly #shared = new Map<Closings, Map<Closings, Map<MemberKind, Shared>>>();
  /** Of `mostShared`. */
  #kept = 0;

  /** @param count told of the reasons of sales that shared them, when they are let go */
  constructor(compiled: CompiledBundle, count: Count) {
    const { offers } = compiled;
    this.#compiled = compiled;
    this.#count = count;
    this.#most = Math.min(mostLists, Math.ceil(mostBytes / Math.max(1, offers.length)));
    this.#kinds = new MemberKinds(compiled, this.#most);
    const minutes = offers.flatMap(offer => offer.schedule?.times?.flatMap(({ from, to }) => [from, to]) ?? []);
    this.#slots = [...new Set(minutes)].sort((a, b) => a - b);
  }

  /**
   * The reasons of all offers as if none had been looked at.
   * @param except called for each offer whose reason may not be the shared one; whether it is the first time for this offer and sale
   */
  read(facts: Facts, except: (rank: number, code: number) => boolean): Shared {
    const { member } = facts;
    const kind = this.#kinds.of(member);
    const shared = this.#sharedOf(facts, kind);
    if (member === null) return shared;
    for (const offer of shared.asked) except(offer.rank, this.#personal(offer, facts));
    const { offers } = this.#compiled;
    const turn = (rank: number, code: number) => {
      // Else something closes it before its audience is asked.
      if (shared.isClosed(rank)) return;
      // Who is in two segments that one audience names has to be asked.
      if (code === ask || !except(rank, code)) except(rank, this.#personal(offers[rank] as CompiledOffer, facts));
    };
    for (const segment of member.segments ?? []) kind.eachTurn(segment, turn);
    for (const id of member.activated ?? []) {
      const offer = this.#compiled.byId.get(id);
      if (offer?.trigger === 'digital' && shared.codeOf(offer.rank) === trigger)
        except(offer.rank, this.#activated(offer, facts));
    }
    return shared;
  }

  /** Counts the reasons of all sales so far and lets go what they shared: as the kinds have them, then what hours and stores closed. */
  drop(): void {
    const kinds = new Map<MemberKind, number>();
    for (const [times, byStore] of this.#shared) {
      const here = new Map<MemberKind, number>();
      for (const [stores, byKind] of byStore)
        for (const [kind, { sales }] of byKind) {
          here.set(kind, (here.get(kind) ?? 0) + sales);
          this.#close(stores, kind, sales, times);
        }
      for (const [kind, sales] of here) {
        kinds.set(kind, (kinds.get(kind) ?? 0) + sales);
        this.#close(times, kind, sales, null);
      }
    }
    for (const [{ codes }, sales] of kinds)
      for (let rank = 0; rank < codes.length; rank++) this.#count(rank, codes[rank] as number, sales);
    this.#shared.clear();
    this.#kept = 0;
  }

  /** @param before closes first */
  #close({ codes, ranks }: Closings, kind: MemberKind, sales: number, before: Closings | null): void {
    for (let index = 0; index < ranks.length; index++) {
      const rank = ranks[index] as number;
      if (before !== null && before.codes[rank] !== 0) continue;
      this.#count(rank, kind.codes[rank] as number, -sales);
      this.#count(rank, codes[rank] as number, sales);
    }
  }

  #activated(offer: CompiledOffer, facts: Facts): number {
    const needed = offer.consent;
    return needed !== null && !facts.member?.consents?.includes(needed) ? consent : this.#personal(offer, facts);
  }

  #personal({ audience: asks, after }: CompiledOffer, facts: Facts): number {
    if (asks?.test(facts) === false) return audience;
    return after !== null && !chainHolds(after, facts) ? chain : when;
  }

  #sharedOf(facts: Facts, kind: MemberKind): Shared {
    const times = this.#timesAt(facts);
    const stores = this.#storesAt(facts.sale.storeId);
    const known = this.#shared.get(times)?.get(stores)?.get(kind);
    if (known !== undefined) return known;
    if (this.#kept >= mostShared) this.drop();
    const shared = new Shared(times, stores, kind);
    this.#kept += Math.max(leastCounted, shared.asked.length);
    const byStore = this.#shared.get(times) ?? new Map<Closings, Map<MemberKind, Shared>>();
    this.#shared.set(times, byStore);
    const byKind = byStore.get(stores) ?? new Map<MemberKind, Shared>();
    byStore.set(stores, byKind);
    byKind.set(kind, shared);
    return shared;
  }

  #slotAt(minute: number): number {
    let slot = 0;
    while (slot < this.#slots.length && (this.#slots[slot] as number) <= minute) slot++;
    return slot;
  }

  #timesAt({ today, minute, now }: Facts): Closings {
    const time = today * slotsOfDay + this.#slotAt(minute);
    const over = now > this.#compiled.notAfter;
    return this.#closings(this.#times, over ? time + 0.5 : time, offer => {
      if (over && offer.phase === 'issue') return expired;
      return offer.schedule === null || isScheduled(offer.schedule, today, minute) ? 0 : schedule;
    });
  }

  #storesAt(storeId: string): Closings {
    return this.#closings(this.#stores, storeId, offer => (offer.stores(storeId) ? 0 : store));
  }

  #closings<Key>(known: Map<Key, Closings>, key: Key, codeFor: (offer: CompiledOffer) => number): Closings {
    let closings = known.get(key);
    if (closings === undefined) {
      closings = new Closings(Uint8Array.from(this.#compiled.offers, codeFor));
      if (known.size >= this.#most) known.clear();
      known.set(key, closings);
    }
    return closings;
  }
}
