/**
 * Why the offers that nobody looked at do not come, without looking at them: the first reason of most is decided by the hour, the
 * store and the kind of member, and sales alike in these share one list of reasons. What a member's own segments, attributes,
 * activations and history decide is told apart, offer by offer; these are few.
 */
import { chainHolds } from '../offers/chain.ts';
import type { CompiledBundle, CompiledOffer } from '../offers/compile.ts';
import type { Facts } from '../offers/facts.ts';
import { isScheduled } from '../offers/schedule.ts';
import { ask, type MemberKind, MemberKinds } from './member-kinds.ts';
import { codeOf } from './reasons.ts';

/** The reasons of all offers, by rank, as far as sales alike share them; and how many such sales there were. */
export interface Shared {
  readonly codes: Uint8Array;
  sales: number;
}

interface List extends Shared {
  /** What is still open after that, and has to be asked of each member. */
  readonly asked: readonly CompiledOffer[];
}

/** Lists are kept for at most so many hours, stores and kinds of member, and in so much memory. */
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
  readonly #onDrop: (shared: Shared) => void;
  readonly #kinds: MemberKinds;
  /** Minutes at which some schedule begins or ends. */
  readonly #slots: readonly number[];
  readonly #most: number;
  readonly #times = new Map<number, Uint8Array>();
  readonly #stores = new Map<string, Uint8Array>();
  /** By time, store and kind of member. */
  readonly #lists = new Map<number, Map<string, Map<MemberKind, List>>>();
  #kept = 0;

  /** @param onDrop told of each list that is let go, with its number of sales */
  constructor(compiled: CompiledBundle, onDrop: (shared: Shared) => void) {
    const { offers } = compiled;
    this.#compiled = compiled;
    this.#onDrop = onDrop;
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
    const list = this.#listOf(facts, kind);
    if (member === null) return list;
    const { codes, asked } = list;
    for (const offer of asked) except(offer.rank, this.#personal(offer, facts));
    const { offers } = this.#compiled;
    const turn = (rank: number, code: number) => {
      // Else something closes it before its audience is asked.
      if (codes[rank] !== kind.codes[rank]) return;
      // Who is in two segments that one audience names has to be asked.
      if (code === ask || !except(rank, code)) except(rank, this.#personal(offers[rank] as CompiledOffer, facts));
    };
    for (const segment of member.segments ?? []) kind.eachTurn(segment, turn);
    for (const id of member.activated ?? []) {
      const offer = this.#compiled.byId.get(id);
      if (offer?.trigger === 'digital' && codes[offer.rank] === trigger)
        except(offer.rank, this.#activated(offer, facts));
    }
    return list;
  }

  /** Lets all lists go. */
  drop(): void {
    for (const byStore of this.#lists.values())
      for (const byKind of byStore.values()) for (const list of byKind.values()) this.#onDrop(list);
    this.#lists.clear();
    this.#kept = 0;
  }

  #activated(offer: CompiledOffer, facts: Facts): number {
    const needed = offer.consent;
    return needed !== null && !facts.member?.consents?.includes(needed) ? consent : this.#personal(offer, facts);
  }

  #personal({ audience: asks, after }: CompiledOffer, facts: Facts): number {
    if (asks?.test(facts) === false) return audience;
    return after !== null && !chainHolds(after, facts) ? chain : when;
  }

  #listOf(facts: Facts, kind: MemberKind): List {
    const { today, sale } = facts;
    const over = facts.now > this.#compiled.notAfter;
    const time = today * slotsOfDay + this.#slotAt(facts.minute);
    const key = over ? time + 0.5 : time;
    const known = this.#lists.get(key)?.get(sale.storeId)?.get(kind);
    if (known !== undefined) return known;
    const codes = kind.codes.slice();
    const [times, stores] = [this.#timesAt(facts, time), this.#storesAt(sale.storeId)];
    for (let rank = 0; rank < codes.length; rank++) {
      const earlier = (times[rank] as number) || (stores[rank] as number);
      if (earlier !== 0) codes[rank] = earlier;
    }
    if (over) for (const { rank } of this.#compiled.byPhase.issue) codes[rank] = expired;
    const list = { codes, sales: 0, asked: kind.asked.filter(({ rank }) => codes[rank] === ask) };
    if (this.#kept >= this.#most) this.drop();
    this.#kept++;
    const byStore = this.#lists.get(key) ?? new Map<string, Map<MemberKind, List>>();
    this.#lists.set(key, byStore);
    const byKind = byStore.get(sale.storeId) ?? new Map<MemberKind, List>();
    byStore.set(sale.storeId, byKind);
    byKind.set(kind, list);
    return list;
  }

  #slotAt(minute: number): number {
    let slot = 0;
    while (slot < this.#slots.length && (this.#slots[slot] as number) <= minute) slot++;
    return slot;
  }

  #timesAt({ today, minute }: Facts, time: number): Uint8Array {
    return this.#codes(this.#times, time, offer =>
      offer.schedule === null || isScheduled(offer.schedule, today, minute) ? 0 : schedule,
    );
  }

  #storesAt(storeId: string): Uint8Array {
    return this.#codes(this.#stores, storeId, offer => (offer.stores(storeId) ? 0 : store));
  }

  #codes<Key>(known: Map<Key, Uint8Array>, key: Key, codeFor: (offer: CompiledOffer) => number): Uint8Array {
    let codes = known.get(key);
    if (codes === undefined) {
      codes = Uint8Array.from(this.#compiled.offers, codeFor);
      if (known.size >= this.#most) known.clear();
      known.set(key, codes);
    }
    return codes;
  }
}
