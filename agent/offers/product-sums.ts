/** What the basket has of each key that a bundle asks for: summed once into arrays that serve the next basket again. */
import type { BasketLine } from './basket.ts';
import type { Keys } from './keys.ts';
import type { Minor } from './types.ts';

export class ProductSums {
  readonly keys: Keys;
  readonly #spend: Float64Array;
  readonly #items: Float64Array;
  /** Keys that are in the basket, each once. */
  readonly #present: Int32Array;
  readonly #isPresent: Uint8Array;
  #count = 0;

  constructor(keys: Keys) {
    this.keys = keys;
    this.#spend = new Float64Array(keys.size);
    this.#items = new Float64Array(keys.size);
    this.#present = new Int32Array(keys.size);
    this.#isPresent = new Uint8Array(keys.size);
  }

  /** Whether keys were added since these arrays were made. */
  get outgrown(): boolean {
    return this.#spend.length !== this.keys.size;
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
    return this.#spend[key] ?? 0;
  }

  /** Pieces of the lines with the key. */
  items(key: number): number {
    return this.#items[key] ?? 0;
  }

  /** Sums the first `count` lines by their running amounts. */
  read(lines: readonly BasketLine[], count: number): void {
    for (let index = 0; index < this.#count; index++) {
      const key = this.#present[index] ?? 0;
      this.#spend[key] = 0;
      this.#items[key] = 0;
      this.#isPresent[key] = 0;
    }
    this.#count = 0;
    const { keys } = this;
    for (let index = 0; index < count; index++) {
      const entry = lines[index];
      if (entry === undefined) break;
      const { line } = entry;
      this.#add(keys.ofGtin(line), entry);
      if (line.brand !== undefined) this.#add(keys.ofBrand(line), entry);
      if (line.category === undefined) continue;
      const nodes = keys.ofCategory(line.category);
      for (let node = 0; node < nodes.length; node++) this.#add(nodes[node] ?? -1, entry);
    }
  }

  #add(key: number, entry: BasketLine): void {
    if (key < 0) return;
    if (this.#isPresent[key] === 0) {
      this.#isPresent[key] = 1;
      this.#present[this.#count++] = key;
    }
    this.#spend[key] = (this.#spend[key] ?? 0) + entry.running;
    this.#items[key] = (this.#items[key] ?? 0) + entry.units;
  }
}
