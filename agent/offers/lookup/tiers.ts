/** Offers by the tiers that they ask for: made for a tier when its first member comes, so that many tiers cost no more than few. */
import type { Tier } from '../types.ts';
import { type Bits, bits, put } from './bitset.ts';
import type { Necessary } from './necessary.ts';

/** Sets are kept for so many tiers; shops have a handful. */
const mostKept = 64;

export class TierSets {
  readonly #size: number;
  /** Height of each tier; unknown ones, and none, have -1. */
  readonly #heights: ReadonlyMap<string, number>;
  readonly #any: Bits;
  readonly #asking: { readonly place: number; readonly least: number; readonly most: number }[] = [];
  readonly #sets = new Map<number, Bits>();

  constructor(tiers: readonly Tier[], size: number) {
    this.#size = size;
    this.#heights = new Map(tiers.map((tier, index) => [tier.id, index]));
    this.#any = bits(size);
  }

  add(place: number, { tiers }: Necessary): void {
    let least = -1;
    let most = Number.POSITIVE_INFINITY;
    for (let index = 0; index < tiers.length; index++) {
      const test = tiers[index];
      if (test === undefined) continue;
      const exact = 'is' in test;
      const height = this.#heights.get(exact ? test.is : test.atLeast) ?? Number.POSITIVE_INFINITY;
      least = Math.max(least, height);
      if (exact) most = Math.min(most, height);
    }
    if (least < 0) put(this.#any, place);
    else this.#asking.push({ place, least, most });
  }

  /** The offers that a member's tier does not bar. */
  of(tier: string | undefined): Bits {
    const height = tier === undefined ? -1 : (this.#heights.get(tier) ?? -1);
    let set = this.#sets.get(height);
    if (set === undefined) {
      set = bits(this.#size);
      set.set(this.#any);
      for (const { place, least, most } of this.#asking) if (height >= least && height <= most) put(set, place);
      if (this.#sets.size >= mostKept) this.#sets.clear();
      this.#sets.set(height, set);
    }
    return set;
  }
}
