/**
 * From the products of a basket to the offers that ask for them: for each number, brand and category node the offers that
 * need it, by how much or how many they need, so that a walk ends at the first that asks for more than there is.
 */
import type { Keys } from '../keys.ts';
import type { ProductSums } from '../product-sums.ts';
import { type Bits, putIfIn } from './bitset.ts';
import type { BasketNeed } from './necessary.ts';

/** Offers by key and threshold; those of key k stand from `starts[k]` to `starts[k + 1]`. */
interface Postings {
  readonly starts: Int32Array;
  readonly places: Int32Array;
  readonly thresholds: Float64Array;
}

type Entry = readonly [key: number, threshold: number, place: number];

/** Collects what offers need, then makes the index of it. */
export class ProductNeeds {
  readonly #keys: Keys;
  readonly #spend: Entry[] = [];
  readonly #items: Entry[] = [];

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  add(place: number, need: BasketNeed): void {
    for (const { by, value } of need.keys) {
      const key = this.#keys[by](value);
      if (need.spend > 0) this.#spend.push([key, need.spend, place]);
      else this.#items.push([key, Math.max(need.items, 1), place]);
    }
  }

  *index(): Generator<undefined, ProductLookup> {
    const spend = yield* postings(this.#spend, this.#keys.size);
    const items = yield* postings(this.#items, this.#keys.size);
    return new ProductLookup(this.#keys, spend, items);
  }
}

export class ProductLookup {
  readonly #keys: Keys;
  readonly #bySpend: Postings;
  readonly #byItems: Postings;

  constructor(keys: Keys, bySpend: Postings, byItems: Postings) {
    this.#keys = keys;
    this.#bySpend = bySpend;
    this.#byItems = byItems;
  }

  get keys(): Keys {
    return this.#keys;
  }

  /** Puts the offers whose products are there into `found`, if they are in `allowed`. */
  find(sums: ProductSums, allowed: Bits, found: Bits): void {
    for (let index = 0; index < sums.count; index++) {
      const key = sums.at(index);
      walk(this.#bySpend, key, sums.spend(key), allowed, found);
      walk(this.#byItems, key, sums.items(key), allowed, found);
    }
  }
}

/** Sorted by counting keys, then each key's few by threshold. */
function* postings(entries: readonly Entry[], keys: number): Generator<undefined, Postings> {
  const starts = new Int32Array(keys + 1);
  for (const [key] of entries) starts[key + 1] = (starts[key + 1] ?? 0) + 1;
  for (let key = 0; key < keys; key++) starts[key + 1] = (starts[key + 1] ?? 0) + (starts[key] ?? 0);
  yield;
  const lists: Entry[][] = [];
  for (const entry of entries) {
    const [key] = entry;
    const list = lists[key];
    if (list === undefined) lists[key] = [entry];
    else list.push(entry);
  }
  yield;
  const places = new Int32Array(entries.length);
  const thresholds = new Float64Array(entries.length);
  let at = 0;
  for (let key = 0; key < keys; key++) {
    for (const [, threshold, place] of (lists[key] ?? []).sort((a, b) => a[1] - b[1])) {
      places[at] = place;
      thresholds[at++] = threshold;
    }
    if (key % 1000 === 999) yield;
  }
  return { starts, places, thresholds };
}

function walk({ starts, places, thresholds }: Postings, key: number, most: number, allowed: Bits, found: Bits): void {
  const end = starts[key + 1] ?? 0;
  for (let index = starts[key] ?? 0; index < end; index++) {
    if ((thresholds[index] ?? 0) > most) return;
    putIfIn(found, allowed, places[index] ?? 0);
  }
}
