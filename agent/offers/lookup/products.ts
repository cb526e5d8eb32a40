/**
 * From the products of a basket to the offers that ask for them: for each number, brand and category node the offers that
 * need it, by how much or how many they need, so that a walk ends at the first that asks for more than there is.
 */
import type { Keys } from '../keys.ts';
import type { ProductSums } from '../product-sums.ts';
import { type Bits, bits, put, putIfIn, take } from './bitset.ts';
import type { BasketNeed } from './necessary.ts';

/**
 * Offers by key and threshold. Those of key k stand from `starts[2k]` by what they ask to be spent, and from `starts[2k + 1]` to
 * `starts[2k + 2]` by how many pieces.
 */
interface Postings {
  readonly starts: Int32Array;
  readonly places: Int32Array;
  readonly thresholds: Float64Array;
}

type Entry = readonly [list: number, threshold: number, place: number];

/** Collects what offers need, then makes the index of it. */
export class ProductNeeds {
  readonly #keys: Keys;
  readonly #entries: Entry[] = [];

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  add(place: number, need: BasketNeed): void {
    for (const { by, value } of need.keys) {
      const key = this.#keys[by](value);
      if (need.spend > 0) this.#entries.push([key * 2, need.spend, place]);
      else this.#entries.push([key * 2 + 1, Math.max(need.items, 1), place]);
    }
  }

  *index(): Generator<undefined, ProductLookup> {
    return new ProductLookup(this.#keys, yield* postings(this.#entries, this.#keys.size * 2));
  }
}

export class ProductLookup {
  readonly #keys: Keys;
  readonly #postings: Postings;

  constructor(keys: Keys, all: Postings) {
    this.#keys = keys;
    this.#postings = all;
  }

  get keys(): Keys {
    return this.#keys;
  }

  /** What follows a basket from line to line. */
  reach(offers: number): Reach {
    return new Reach(this.#postings, offers);
  }

  /** Puts the offers whose products are there into `found`, if they are in `allowed`. */
  find(sums: ProductSums, allowed: Bits, found: Bits): void {
    for (let index = 0; index < sums.count; index++) {
      const key = sums.at(index);
      walk(this.#postings, key * 2, sums.spend(key), allowed, found);
      walk(this.#postings, key * 2 + 1, sums.items(key), allowed, found);
    }
  }
}

/** The offers whose products are in a basket that changes: each change moves the ends of a few lists a little. */
export class Reach {
  readonly found: Bits;
  readonly #postings: Postings;
  /** Of each list how far the basket reaches. */
  readonly #ends: Int32Array;
  /** In how many lists an offer is reached. */
  readonly #times: Int32Array;

  constructor(all: Postings, offers: number) {
    this.found = bits(offers);
    this.#postings = all;
    this.#ends = all.starts.slice();
    this.#times = new Int32Array(offers);
  }

  clear(): void {
    this.found.fill(0);
    this.#times.fill(0);
    this.#ends.set(this.#postings.starts);
  }

  /** The basket has so much of the key now. */
  move(key: number, spend: number, items: number): void {
    this.#move(key * 2, spend);
    this.#move(key * 2 + 1, items);
  }

  #move(list: number, most: number): void {
    const { starts, places, thresholds } = this.#postings;
    const first = starts[list] ?? 0;
    const last = starts[list + 1] ?? 0;
    let end = this.#ends[list] ?? 0;
    for (; end < last && (thresholds[end] ?? 0) <= most; end++) this.#step(places[end] ?? 0, 1);
    for (; end > first && (thresholds[end - 1] ?? 0) > most; end--) this.#step(places[end - 1] ?? 0, -1);
    this.#ends[list] = end;
  }

  #step(place: number, step: 1 | -1): void {
    const times = (this.#times[place] ?? 0) + step;
    this.#times[place] = times;
    if (times === 0) take(this.found, place);
    else put(this.found, place);
  }
}

/** Sorted by counting lists, then each one's few by threshold. */
function* postings(entries: readonly Entry[], count: number): Generator<undefined, Postings> {
  const starts = new Int32Array(count + 1);
  for (const [list] of entries) starts[list + 1] = (starts[list + 1] ?? 0) + 1;
  for (let list = 0; list < count; list++) starts[list + 1] = (starts[list + 1] ?? 0) + (starts[list] ?? 0);
  yield;
  const lists: Entry[][] = [];
  for (const entry of entries) {
    const [list] = entry;
    const others = lists[list];
    if (others === undefined) lists[list] = [entry];
    else others.push(entry);
  }
  yield;
  const places = new Int32Array(entries.length);
  const thresholds = new Float64Array(entries.length);
  let at = 0;
  for (let list = 0; list < count; list++) {
    for (const [, threshold, place] of (lists[list] ?? []).sort((a, b) => a[1] - b[1])) {
      places[at] = place;
      thresholds[at++] = threshold;
    }
    if (list % 2000 === 1999) yield;
  }
  return { starts, places, thresholds };
}

function walk({ starts, places, thresholds }: Postings, list: number, most: number, allowed: Bits, found: Bits): void {
  const end = starts[list + 1] ?? 0;
  for (let index = starts[list] ?? 0; index < end; index++) {
    if ((thresholds[index] ?? 0) > most) return;
    putIfIn(found, allowed, places[index] ?? 0);
  }
}
