/** Offers by the tiers that they ask for. */
import type { Tier } from '../types.ts';
import { type Bits, bits, put } from './bitset.ts';
import type { Necessary } from './necessary.ts';

export class TierSets {
  /** Height of each tier; unknown ones, and none, have -1. */
  readonly #heights: ReadonlyMap<string, number>;
  readonly #any: Bits;
  readonly #asking: { readonly place: number; readonly least: number; readonly most: number }[] = [];

  constructor(tiers: readonly Tier[], size: number) {
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

  /** Place of a member's tier; -1 for one that the bundle does not know, and for none. */
  heightOf(tier: string | undefined): number {
    return tier === undefined ? -1 : (this.#heights.get(tier) ?? -1);
  }

  /** The offers that a tier of that height does not bar: a set of its own. */
  of(height: number): Bits {
    const set = this.#any.slice();
    for (const { place, least, most } of this.#asking) if (height >= least && height <= most) put(set, place);
    return set;
  }
}
