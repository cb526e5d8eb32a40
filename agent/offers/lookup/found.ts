/** Offers to look at: all of a bundle in the contract's order, or those that the index found. */
import type { Basket } from '../basket.ts';
import type { CompiledBundle, CompiledOffer } from '../compile.ts';
import type { CompiledPredicate } from '../predicate.ts';
import type { Phase } from '../types.ts';
import type { BasketNeeds } from './basket-needs.ts';
import { type Bits, bits } from './bitset.ts';

export interface OffersByPhase {
  /** Offers of phase `issue` come by priority descending, then id; else all come in the contract's order. */
  readonly byPriority: boolean;
  /** Index of the phase's first offer; those of a phase stand together. */
  from(phase: Phase): number;
  /** Index after the phase's last offer. */
  to(phase: Phase): number;
  /** Whether there is an offer of phase `issue`, the last one, at an index or after: as `index < to('issue')`, without finding them all. */
  reaches(index: number): boolean;
  at(index: number): CompiledOffer;
  /** Its place in the index. */
  place(index: number): number;
  /** Whether the basket has what the index knows that the offer needs; if not, one of its conditions fails. */
  isNear(index: number, basket: Basket): boolean;
  /**
   * What is left to ask of the offer if it does not wait for a coupon and the sale is a member's, still without discounts: all other
   * conditions up to `when`, chains left out, are known to hold. Null: nothing is known.
   */
  rest(index: number): readonly CompiledPredicate[] | null;
}

/** Every offer of a bundle. */
export function allOffers({ offers, byPhase }: CompiledBundle): OffersByPhase {
  const { line, basket, points, issue } = byPhase;
  const from = {
    line: 0,
    basket: line.length,
    points: line.length + basket.length,
    issue: offers.length - issue.length,
  };
  const to = { line: from.basket, basket: from.points, points: from.points + points.length, issue: offers.length };
  return {
    byPriority: false,
    from: phase => from[phase],
    to: phase => to[phase],
    reaches: index => index < offers.length,
    at: index => offers[index] as CompiledOffer,
    place: index => offers[index]?.place ?? -1,
    isNear: () => true,
    rest: () => null,
  };
}

/** The offers of a set; serves one decision after the other. */
export class FoundOffers implements OffersByPhase {
  readonly byPriority = true;
  readonly #offers: readonly CompiledOffer[];
  readonly #needs: BasketNeeds;
  #rests: readonly (readonly CompiledPredicate[])[] = [];
  /** The first `#count` are found. */
  readonly #places: Int32Array;
  #count = 0;
  #set: Bits;
  /** The next word of the set to be read. */
  #word = 0;
  /** By phase the first place after it. */
  readonly #ends: readonly number[];
  /** By phase, the last left out, where its offers end; they begin where those of the phase before end. */
  readonly #to = new Int32Array(phases.length - 1);

  constructor({ byPlace, byPhase }: CompiledBundle, needs: BasketNeeds) {
    this.#offers = byPlace;
    this.#needs = needs;
    this.#places = new Int32Array(byPlace.length);
    this.#set = bits(0);
    let end = 0;
    this.#ends = phases.slice(0, -1).map(phase => {
      end += byPhase[phase].length;
      return end;
    });
  }

  /**
   * @param set is read on as more offers are asked for: of those to be printed few are looked at
   * @param rests what is left to ask, by place
   */
  read(set: Bits, rests: readonly (readonly CompiledPredicate[])[]): void {
    this.#rests = rests;
    this.#set = set;
    this.#word = 0;
    this.#count = 0;
    const words = ((this.#ends[this.#ends.length - 1] ?? 0) + 31) >>> 5;
    while (this.#word < words) this.#readWord();
    this.#divide();
  }

  /** Leaves out those that are not near, which else are passed over one by one when they are reached. */
  narrow(basket: Basket): void {
    const places = this.#places;
    const count = this.to('issue');
    let kept = 0;
    for (let index = 0; index < count; index++) if (this.isNear(index, basket)) places[kept++] = places[index] ?? 0;
    this.#count = kept;
    this.#divide();
  }

  #readWord(): void {
    const word = this.#word++;
    for (let rest = this.#set[word] ?? 0; rest !== 0; rest &= rest - 1)
      this.#places[this.#count++] = word * 32 + 31 - Math.clz32(rest & -rest);
  }

  #divide(): void {
    let at = 0;
    for (let phase = 0; phase < this.#to.length; phase++) {
      const end = this.#ends[phase] ?? 0;
      while (at < this.#count && (this.#places[at] ?? 0) < end) at++;
      this.#to[phase] = at;
    }
  }

  from(phase: Phase): number {
    return phase === 'line' ? 0 : (this.#to[phases.indexOf(phase) - 1] ?? 0);
  }

  to(phase: Phase): number {
    if (phase !== 'issue') return this.#to[phases.indexOf(phase)] ?? 0;
    while (this.#word < this.#set.length) this.#readWord();
    return this.#count;
  }

  reaches(index: number): boolean {
    while (index >= this.#count && this.#word < this.#set.length) this.#readWord();
    return index < this.#count;
  }

  at(index: number): CompiledOffer {
    return this.#offers[this.#places[index] ?? -1] as CompiledOffer;
  }

  place(index: number): number {
    return this.#places[index] ?? -1;
  }

  isNear(index: number, basket: Basket): boolean {
    return this.#needs.isMet(this.#places[index] ?? -1, basket);
  }

  rest(index: number): readonly CompiledPredicate[] | null {
    return this.#rests[this.#places[index] ?? -1] ?? null;
  }
}

const phases = ['line', 'basket', 'points', 'issue'] as const;
