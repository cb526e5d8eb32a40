/**
 * Which coupons stand behind so many better ones that none of them can be chosen. Of one contact class, those with different categories
 * and different groups are counted. Each other coupon of a choice stands in the way of two of them at most, by its category and by its
 * group; so where there are more than two for each other place, one is free to take the place of any coupon behind them.
 */

/** Coupons of a sale up to which the search is tried: a slip for each is more than any till prints. */
export const mostPlaces = 16;
const mostCounted = 2 * (mostPlaces - 1) + 1;

export class Rivals {
  /** By class; last those of no class. */
  readonly #counts: Int32Array;
  readonly #categories: Int32Array;
  readonly #groups: Int32Array;
  #enough = 0;

  constructor(classes: number) {
    this.#counts = new Int32Array(classes + 1);
    this.#categories = new Int32Array((classes + 1) * mostCounted);
    this.#groups = new Int32Array((classes + 1) * mostCounted);
  }

  /** Another choice. */
  begin(places: number): void {
    this.#counts.fill(0);
    this.#enough = places >= 1 && places <= mostPlaces ? 2 * (places - 1) + 1 : Number.POSITIVE_INFINITY;
  }

  /** Whether a coupon of the class that comes after all that were added cannot be chosen. */
  areEnough(class_: number): boolean {
    return (this.#counts[this.#index(class_)] ?? 0) >= this.#enough;
  }

  /** Adds one that comes after all others by priority descending, then id. */
  add(group: number, category: number, class_: number): void {
    const index = this.#index(class_);
    const count = this.#counts[index] ?? 0;
    if (count >= this.#enough || count >= mostCounted) return;
    const first = index * mostCounted;
    for (let at = first; at < first + count; at++)
      if ((category >= 0 && this.#categories[at] === category) || (group >= 0 && this.#groups[at] === group)) return;
    this.#categories[first + count] = category;
    this.#groups[first + count] = group;
    this.#counts[index] = count + 1;
  }

  #index(class_: number): number {
    return class_ < 0 ? this.#counts.length - 1 : class_;
  }
}
