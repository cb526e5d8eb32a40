/** What each offer asks of the basket, in one short row: asked of the offers that the member and the hour leave, as far as they are looked at. */
import type { Basket } from '../basket.ts';
import type { Keys } from '../keys.ts';
import type { BasketNeed } from './necessary.ts';

/** In place of a key. */
const nothing = -1;
const ofAll = -2;
/** From here on downwards: where a list of keys stands. */
const firstList = -3;

const mostLeast = 2 ** 31 - 1;

export class BasketNeeds {
  readonly #keys: Keys;
  /** Of each place what is asked for, and the least of it. */
  readonly #rows: Int32Array;
  /** How many keys, then the keys, of one offer after the other. */
  readonly #lists: number[] = [];

  constructor(keys: Keys, size: number) {
    this.#keys = keys;
    this.#rows = new Int32Array(size * 2).fill(nothing);
  }

  /** @returns whether it is asked for; else it is left to the offer's own conditions */
  addSpend(place: number, least: number): boolean {
    if (least > mostLeast) return false;
    this.#put(place, ofAll, Math.ceil(least));
    return true;
  }

  /** @returns like `addSpend` */
  addProducts(place: number, { keys, spend, items }: BasketNeed): boolean {
    const [only] = keys;
    if (keys.length !== 1 || only === undefined) {
      this.#put(place, firstList - this.#lists.length, 1);
      this.#lists.push(keys.length);
      for (const { by, value } of keys) this.#lists.push(this.#keys[by](value));
      return true;
    }
    const least = spend > 0 ? spend : Math.max(items, 1);
    if (least > mostLeast) return false;
    this.#put(place, this.#keys[only.by](only.value) * 2 + (spend > 0 ? 0 : 1), Math.ceil(least));
    return true;
  }

  /** Whether the basket may be enough for an offer. */
  isMet(place: number, basket: Basket): boolean {
    const asked = this.#rows[place * 2] ?? nothing;
    if (asked === nothing) return true;
    const least = this.#rows[place * 2 + 1] ?? 0;
    if (asked === ofAll) return basket.net >= least;
    const sums = basket.sums(this.#keys);
    if (asked >= 0) return sums.cell(asked) >= least;
    const list = firstList - asked;
    const end = list + (this.#lists[list] ?? 0);
    for (let at = list + 1; at <= end; at++) if (sums.cell((this.#lists[at] ?? 0) * 2 + 1) > 0) return true;
    return false;
  }

  #put(place: number, asked: number, least: number): void {
    this.#rows[place * 2] = asked;
    this.#rows[place * 2 + 1] = least;
  }
}
