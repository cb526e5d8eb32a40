/**
 * From the products of a basket to the offers that ask for them: for each number, brand and category node the offers that
 * need it, by how much or how many they need, so that a walk ends at the first that asks for more than there is.
 */
import type { Keys } from '../keys.ts';
import type { ProductSums } from '../product-sums.ts';
import { type Bits, bits, has, put, putIfIn, take } from './bitset.ts';
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

/** What an offer asks of a key: in columns, as a bundle has tens of thousands. */
interface Entries {
  readonly lists: number[];
  readonly thresholds: number[];
  readonly places: number[];
}

/** Collects what offers need, then makes the index of it. */
export class ProductNeeds {
  readonly #keys: Keys;
  readonly #entries: Entries = { lists: [], thresholds: [], places: [] };

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  add(place: number, need: BasketNeed): void {
    const { lists, thresholds, places } = this.#entries;
    for (const { by, value } of need.keys) {
      const key = this.#keys[by](value);
      lists.push(need.spend > 0 ? key * 2 : key * 2 + 1);
      thresholds.push(need.spend > 0 ? need.spend : Math.max(need.items, 1));
      places.push(place);
    }
  }

  *index(): Generator<undefined, ProductLookup> {
    return new ProductLookup(this.#keys, yield* postings(this.#entries, this.#keys.size * 2));
  }
}

export class ProductLookup {
  readonly #keys: Keys;
  readonly #postings: Postings;
  /** Keys that have offers: most have none, and this small set tells it in less than a look into the large ones. */
  readonly #asked: Bits;

  constructor(keys: Keys, all: Postings) {
    this.#keys = keys;
    this.#postings = all;
    this.#asked = bits(keys.size);
    for (let key = 0; key < keys.size; key++)
      if (all.starts[key * 2] !== all.starts[key * 2 + 2]) put(this.#asked, key);
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
      if (!has(this.#asked, key)) continue;
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

/** Entries, or lists, between two pauses. */
const stepSize = 8000;

/** Sorted by counting lists, then each one's few by threshold. */
function* postings(entries: Entries, count: number): Generator<undefined, Postings> {
  const size = entries.lists.length;
  const starts = new Int32Array(count + 1);
  for (let index = 0; index < size; index++) {
    const after = (entries.lists[index] ?? 0) + 1;
    starts[after] = (starts[after] ?? 0) + 1;
    if (index % stepSize === stepSize - 1) yield;
  }
  for (let list = 0; list < count; list++) starts[list + 1] = (starts[list + 1] ?? 0) + (starts[list] ?? 0);
  yield;
  const places = new Int32Array(size);
  const thresholds = new Float64Array(size);
  const next = starts.slice();
  for (let index = 0; index < size; index++) {
    const list = entries.lists[index] ?? 0;
    const at = next[list] ?? 0;
    next[list] = at + 1;
    places[at] = entries.places[index] ?? 0;
    thresholds[at] = entries.thresholds[index] ?? 0;
    if (index % stepSize === stepSize - 1) yield;
  }
  for (let list = 0; list < count; list++) {
    sortByThreshold(places, thresholds, starts[list] ?? 0, starts[list + 1] ?? 0);
    if (list % stepSize === stepSize - 1) yield;
  }
  return { starts, places, thresholds };
}

function sortByThreshold(places: Int32Array, thresholds: Float64Array, from: number, to: number): void {
  let index = from + 1;
  while (index < to && (thresholds[index - 1] ?? 0) <= (thresholds[index] ?? 0)) index++;
  if (index >= to) return;
  const list = Array.from({ length: to - from }, (_, at) => ({
    place: places[from + at] ?? 0,
    threshold: thresholds[from + at] ?? 0,
  }));
  list.sort((a, b) => a.threshold - b.threshold);
  for (const [at, { place, threshold }] of list.entries()) {
    places[from + at] = place;
    thresholds[from + at] = threshold;
  }
}

function walk({ starts, places, thresholds }: Postings, list: number, most: number, allowed: Bits, found: Bits): void {
  const end = starts[list + 1] ?? 0;
  for (let index = starts[list] ?? 0; index < end; index++) {
    if ((thresholds[index] ?? 0) > most) return;
    putIfIn(found, allowed, places[index] ?? 0);
  }
}
