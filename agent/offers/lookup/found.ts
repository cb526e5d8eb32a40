/** Offers to look at: all of a bundle in the contract's order, or those that the index found. */
import type { CompiledBundle, CompiledOffer } from '../compile.ts';
import type { CompiledPredicate } from '../predicate.ts';
import type { Phase } from '../types.ts';
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
    rest: () => null,
  };
}

/** The offers of a set; serves one decision after the other. */
export class FoundOffers implements OffersByPhase {
  readonly byPriority = true;
  readonly #offers: readonly CompiledOffer[];
  #rests: readonly (readonly CompiledPredicate[])[] = [];
  readonly #all: OffersByPhase;
  readonly #places: Int32Array;
  readonly #from: Record<Phase, number> = { line: 0, basket: 0, points: 0, issue: 0 };
  readonly #to: Record<Phase, number> = { line: 0, basket: 0, points: 0, issue: 0 };

  constructor(compiled: CompiledBundle) {
    this.#offers = compiled.byPlace;
    this.#all = allOffers(compiled);
    this.#places = new Int32Array(compiled.offers.length);
  }

  /** @param rests what is left to ask, by place */
  read(set: Bits, rests: readonly (readonly CompiledPredicate[])[]): void {
    this.#rests = rests;
    let count = 0;
    for (let word = 0; word < set.length; word++)
      for (let rest = set[word] ?? 0; rest !== 0; rest &= rest - 1)
        this.#places[count++] = word * 32 + 31 - Math.clz32(rest & -rest);
    let at = 0;
    for (const phase of phases) {
      this.#from[phase] = at;
      const end = this.#all.to(phase);
      while (at < count && (this.#places[at] ?? 0) < end) at++;
      this.#to[phase] = at;
    }
  }

  from(phase: Phase): number {
    return this.#from[phase];
  }

  to(phase: Phase): number {
    return this.#to[phase];
  }

  at(index: number): CompiledOffer {
    return this.#offers[this.#places[index] ?? -1] as CompiledOffer;
  }

  place(index: number): number {
    return this.#places[index] ?? -1;
  }

  rest(index: number): readonly CompiledPredicate[] | null {
    return this.#rests[this.#places[index] ?? -1] ?? null;
  }
}

const phases = ['line', 'basket', 'points', 'issue'] as const;
