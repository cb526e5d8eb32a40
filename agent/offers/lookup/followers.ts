/** From an offer to those of the index that come after it in a chain. */

export class Followers {
  /** Those of offer n stand from `#starts[n]` to `#starts[n + 1]`. */
  readonly #starts: Int32Array;
  readonly #places: Int32Array;

  /**
   * @param numbers how many offers are numbered
   * @param chained of each offer of a chain the number of the one before it, and its own place
   */
  constructor(numbers: number, chained: readonly (readonly [before: number, place: number])[]) {
    const starts = new Int32Array(numbers + 1);
    for (const [before] of chained) starts[before + 1] = (starts[before + 1] ?? 0) + 1;
    for (let offer = 0; offer < numbers; offer++) starts[offer + 1] = (starts[offer + 1] ?? 0) + (starts[offer] ?? 0);
    const next = starts.slice();
    this.#starts = starts;
    this.#places = new Int32Array(chained.length);
    for (const [before, place] of chained) {
      const at = next[before] ?? 0;
      this.#places[at] = place;
      next[before] = at + 1;
    }
  }

  /** Where those of an offer begin, */
  from(offer: number): number {
    return this.#starts[offer] ?? 0;
  }

  /** and end. */
  to(offer: number): number {
    return this.#starts[offer + 1] ?? 0;
  }

  place(at: number): number {
    return this.#places[at] ?? 0;
  }
}
