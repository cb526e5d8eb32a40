/** What the basket has of each key that a bundle asks for: summed once into an array that serves the next basket again. */
import type { BasketLine } from './basket.ts';
import type { Keys } from './keys.ts';
import type { Minor } from './types.ts';

export class ProductSums {
  readonly keys: Keys;
  /** Of each key spend and pieces, side by side, as they are asked together. */
  readonly #sums: Float64Array;
  /** Keys that are in the basket, each once. */
  readonly #present: Int32Array;
  #count = 0;
  /** The same as bits: that a key is not there, as most are not, is told by a few kilobytes that stay in the processor's cache. */
  readonly #marks: Int32Array;

  constructor(keys: Keys) {
    this.keys = keys;
    this.#sums = new Float64Array(keys.size * 2);
    this.#present = new Int32Array(keys.size);
    this.#marks = new Int32Array((keys.size + 31) >>> 5);
  }

  /** Whether keys were added since these arrays were made. */
  get outgrown(): boolean {
    return this.#present.length !== this.keys.size;
  }

  /** How many keys are in the basket. */
  get count(): number {
    return this.#count;
  }

  /** A key that is in the basket. */
  at(index: number): number {
    return this.#present[index] ?? -1;
  }

  /** Running amounts of the lines with the key. */
  spend(key: number): Minor {
    return this.#sums[key * 2] ?? 0;
  }

  /** Pieces of the lines with the key. */
  items(key: number): number {
    return this.#sums[key * 2 + 1] ?? 0;
  }

  /** Spend or pieces of a key: `2 * key`, `2 * key + 1`. */
  cell(index: number): number {
    const key = index >>> 1;
    if ((((this.#marks[key >>> 5] ?? 0) >>> (key & 31)) & 1) === 0) return 0;
    return this.#sums[index] ?? 0;
  }

  /** Nothing is in the basket. */
  clear(): void {
    for (let index = 0; index < this.#count; index++) {
      const key = this.#present[index] ?? 0;
      const cell = key * 2;
      this.#marks[key >>> 5] = 0;
      this.#sums[cell] = 0;
      this.#sums[cell + 1] = 0;
    }
    this.#count = 0;
  }

  /** Sums the first `count` lines by their running amounts. */
  read(lines: readonly BasketLine[], count: number): void {
    this.clear();
    const { products } = this.keys;
    for (let index = 0; index < count; index++) {
      const entry = lines[index];
      if (entry === undefined) break;
      const { line, running, units } = entry;
      const first = products.keysOf(line);
      if (first < 0) {
        for (const key of this.keys.ofProduct(line)) this.#add(key, running, units);
        continue;
      }
      const { cells } = products;
      const end = first + (cells[first - 1] ?? 0);
      for (let cell = first; cell < end; cell++) this.#add(cells[cell] ?? -1, running, units);
    }
  }

  /** Adds to one key what a line brings, or takes it away again: then both are negative. */
  change(key: number, running: Minor, units: number): void {
    this.#add(key, running, units);
    if (this.items(key) !== 0) return;
    this.#marks[key >>> 5] = (this.#marks[key >>> 5] ?? 0) & ~(1 << (key & 31));
    let at = this.#count - 1;
    while (at > 0 && this.#present[at] !== key) at--;
    this.#present[at] = this.#present[--this.#count] ?? -1;
  }

  #add(key: number, running: Minor, units: number): void {
    const cell = key * 2;
    const items = this.#sums[cell + 1] ?? 0;
    // A line has one unit at least.
    if (items === 0) {
      this.#present[this.#count++] = key;
      this.#marks[key >>> 5] = (this.#marks[key >>> 5] ?? 0) | (1 << (key & 31));
    }
    this.#sums[cell] = (this.#sums[cell] ?? 0) + running;
    this.#sums[cell + 1] = items + units;
  }
}
