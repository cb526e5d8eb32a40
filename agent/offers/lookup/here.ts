/**
 * The offers of a store at a time, for members of a tier with certain consents. These sets depend on nothing else and are kept: a till has
 * one store, a few boundaries of time a day and members of a dozen kinds, so most sales find theirs made.
 */
import type { CompiledBundle } from '../compile.ts';
import type { Facts } from '../facts.ts';
import { isScheduled } from '../schedule.ts';
import type { Member } from '../types.ts';
import { type Bits, bits, drop, type PlaceSet, put } from './bitset.ts';
import type { TierSets } from './tiers.ts';

/** Sets of offers by time, by store, and by kind of member are kept for the latest of them. */
const mostMoments = 256;
const mostStores = 4096;
const mostKinds = 64;
/** Consents by which kinds are told apart in one number; shops ask for a handful. */
const mostConsents = 24;

/** Members of one tier who gave the same consents. */
export class Kind {
  /** The offers that this does not bar. */
  readonly allowed: Bits;
  /** Of these the ones here and now, */
  readonly here: Bits;
  /** and those of no chain among them. */
  readonly unchained: Bits;
  /** The store and time that the two were made for. */
  turn = 0;

  constructor(allowed: Bits, size: number) {
    this.allowed = allowed;
    this.here = bits(size);
    this.unchained = bits(size);
  }
}

export class Here {
  /** Whom nothing bars, or who was asked for tier and consents already. */
  readonly anybody: Kind;
  readonly #compiled: CompiledBundle;
  readonly #slots: readonly number[];
  readonly #chained: Bits;
  readonly #tiers: TierSets;
  readonly #consents: readonly { readonly consent: string; readonly offers: PlaceSet }[];
  readonly #kinds = new Map<number, Kind>();
  readonly #stores = new Map<string, Bits>();
  #lastStore: { readonly id: string; readonly set: Bits } | null = null;
  readonly #moments = new Map<number, Bits>();
  #lastMoment: { readonly today: number; readonly slot: number; readonly set: Bits } | null = null;
  #store: Bits | null = null;
  #moment: Bits | null = null;
  #turn = 0;

  /**
   * @param slots minutes of a day at which some offer begins or ends, ascending
   * @param consents the offers that ask for each
   */
  constructor(
    compiled: CompiledBundle,
    slots: readonly number[],
    chained: Bits,
    tiers: TierSets,
    consents: ReadonlyMap<string, PlaceSet>,
  ) {
    this.#compiled = compiled;
    this.#slots = slots;
    this.#chained = chained;
    this.#tiers = tiers;
    this.#consents = [...consents].map(([consent, offers]) => ({ consent, offers }));
    const size = compiled.offers.length;
    this.anybody = new Kind(bits(size).fill(-1), size);
  }

  /** What kind of member that is. */
  kindOf(member: Member): Kind {
    const { tier, consents } = member;
    const height = this.#tiers.heightOf(tier);
    const asked = this.#consents;
    if (asked.length > mostConsents) return this.#makeKind(height, consents);
    let given = 0;
    for (let index = 0; index < asked.length; index++)
      if (consents?.includes(asked[index]?.consent ?? '')) given |= 1 << index;
    const name = (height + 1) * 2 ** mostConsents + given;
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = this.#makeKind(height, consents);
      if (this.#kinds.size >= mostKinds) this.#kinds.clear();
      this.#kinds.set(name, kind);
    }
    return kind;
  }

  /** Makes the kind's offers those of the sale's store and time. */
  read(kind: Kind, facts: Facts): void {
    const store = this.#inStore(facts.sale.storeId);
    const moment = this.#atMoment(facts);
    if (store !== this.#store || moment !== this.#moment) {
      this.#store = store;
      this.#moment = moment;
      this.#turn++;
    }
    if (kind.turn === this.#turn) return;
    kind.turn = this.#turn;
    const { allowed, here, unchained } = kind;
    const chained = this.#chained;
    for (let word = 0; word < chained.length; word++) {
      const open = (store[word] ?? 0) & (moment[word] ?? 0) & (allowed[word] ?? 0);
      here[word] = open;
      unchained[word] = open & ~(chained[word] ?? 0);
    }
  }

  #makeKind(height: number, given: readonly string[] | undefined): Kind {
    const allowed = this.#tiers.of(height);
    for (const { consent, offers } of this.#consents) if (!given?.includes(consent)) drop(allowed, offers);
    return new Kind(allowed, this.#compiled.offers.length);
  }

  /** Offers of this store that do not wait for a coupon. */
  #inStore(storeId: string): Bits {
    const last = this.#lastStore;
    if (last !== null && last.id === storeId) return last.set;
    let set = this.#stores.get(storeId);
    if (set === undefined) {
      set = bits(this.#compiled.offers.length);
      for (const offer of this.#compiled.offers)
        if (offer.trigger !== 'coupon' && offer.stores(storeId)) put(set, offer.place);
      if (this.#stores.size >= mostStores) this.#stores.clear();
      this.#stores.set(storeId, set);
    }
    this.#lastStore = { id: storeId, set };
    return set;
  }

  /** Offers that run at this time. */
  #atMoment({ today, minute }: Facts): Bits {
    let slot = this.#slots.length - 1;
    while (slot >= 0 && (this.#slots[slot] ?? 0) > minute) slot--;
    const last = this.#lastMoment;
    if (last !== null && last.today === today && last.slot === slot) return last.set;
    const name = today * (this.#slots.length + 1) + slot;
    let set = this.#moments.get(name);
    if (set === undefined) {
      set = bits(this.#compiled.offers.length);
      for (const { schedule, place } of this.#compiled.offers)
        if (schedule === null || isScheduled(schedule, today, minute)) put(set, place);
      if (this.#moments.size >= mostMoments) this.#moments.clear();
      this.#moments.set(name, set);
    }
    this.#lastMoment = { today, slot, set };
    return set;
  }
}
