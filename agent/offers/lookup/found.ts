/** Offers to look at: all of a bundle in the contract's order, or those that the index found. */
import type { Basket } from '../basket.ts';
import type { CompiledBundle, CompiledOffer } from '../compile.ts';
import type { CompiledPredicate } from '../predicate.ts';
import type { Phase } from '../types.ts';
import type { BasketNeeds } from './basket-needs.ts';
import type { Bits } from './bitset.ts';

export interface OffersByPhase {
  /** Offers of phase `issue` come by priority descending, then id; else all come in the contract's order. */
  readonly byPriority: boolean;
  /** Index of the phase's first offer; those of a phase stand together. */
  from(phase: Phase): number;
  /** Index after the phase's last offer. */
  to(phase: Phase): number;
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
  readonly #places: Int32Array;
  /** By phase the first place after it. */
  readonly #ends: readonly number[];
  /** By phase where its offers end; they begin where those of the phase before end. */
  readonly #to = new Int32Array(phases.length);

  constructor({ byPlace, byPhase }: CompiledBundle, needs: BasketNeeds) {
    this.#offers = byPlace;
    this.#needs = needs;
    this.#places = new Int32Array(byPlace.length);
    let end = 0;
    this.#ends = phases.map(phase => {
      end += byPhase[phase].length;
      return end;
    });
  }

  /** @param rests what is left to ask, by place */
  read(set: Bits, rests: readonly (readonly CompiledPredicate[])[]): void {
    this.#rests = rests;
    const places = this.#places;
    let count = 0;
    for (let word = 0; word < set.length; word++)
      for (let rest = set[word] ?? 0; rest !== 0; rest &= rest - 1)
        places[count++] = word * 32 + 31 - Math.clz32(rest & -rest);
    this.#divide(count);
  }

  /** Leaves out those that are not near, which else are passed over one by one when they are reached. */
  narrow(basket: Basket): void {
    const places = this.#places;
    const count = this.to('issue');
    let kept = 0;
    for (let index = 0; index < count; index++) if (this.isNear(index, basket)) places[kept++] = places[index] ?? 0;
    this.#divide(kept);
  }

  #divide(count: number): void {
    let at = 0;
    for (let phase = 0; phase < phases.length; phase++) {
      const end = this.#ends[phase] ?? 0;
      if (phase === phases.length - 1) at = count;
      else while (at < count && (this.#places[at] ?? 0) < end) at++;
      this.#to[phase] = at;
    }
  }

  from(phase: Phase): number {
    return phase === 'line' ? 0 : (this.#to[phases.indexOf(phase) - 1] ?? 0);
  }

  to(phase: Phase): number {
    return this.#to[phases.indexOf(phase)] ?? 0;
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
