/** From what the whole basket costs to the offers that ask for no more. */
import { type Bits, put, putIfIn } from './bitset.ts';

/** Sets kept beside the first. */
const mostSteps = 64;
/** Offers from one set to the next at least: fewer are walked as quickly. */
const leastStep = 64;

export class SpendLookup {
  /** Ascending. */
  readonly #spends: Float64Array;
  readonly #places: Int32Array;
  readonly #step: number;
  /** After each so many of them: those, and the offers that ask for no spend. */
  readonly #sets: readonly Bits[];

  /**
   * @param any offers that ask for nothing of the basket
   * @param entries ascending by what they ask for
   */
  constructor(any: Bits, entries: readonly (readonly [spend: number, place: number])[]) {
    this.#spends = Float64Array.from(entries, ([spend]) => spend);
    this.#places = Int32Array.from(entries, ([, place]) => place);
    this.#step = Math.max(leastStep, Math.ceil(entries.length / mostSteps));
    const sets = [any];
    let set = any;
    for (let end = this.#step; end <= entries.length; end += this.#step) {
      set = set.slice();
      for (let index = end - this.#step; index < end; index++) put(set, this.#places[index] ?? 0);
      sets.push(set);
    }
    this.#sets = sets;
  }

  /** Makes `found` those of `allowed` that ask for no more than `net`. */
  find(net: number, allowed: Bits, found: Bits): void {
    const spends = this.#spends;
    const step = this.#step;
    let whole = 0;
    while ((whole + 1) * step <= spends.length && (spends[(whole + 1) * step - 1] ?? 0) <= net) whole++;
    const set = this.#sets[whole] as Bits;
    for (let word = 0; word < found.length; word++) found[word] = (allowed[word] ?? 0) & (set[word] ?? 0);
    for (let index = whole * step; index < spends.length && (spends[index] ?? 0) <= net; index++)
      putIfIn(found, allowed, this.#places[index] ?? 0);
  }
}
