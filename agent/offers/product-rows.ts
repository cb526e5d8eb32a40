/**
 * The keys of the products seen last. A line has a handful of keys under three names; a shop sells the same products over and over, so
 * they stand in a row under the product's number, and one look takes the place of a table of texts for each name.
 */
import type { Product } from './selector.ts';

/** Cells of a row: the number in two halves, how many keys, the keys. One line of the processor's cache. */
const rowSize = 16;
const firstKey = 3;
const mostKeys = rowSize - firstKey;

const leastRows = 1024;
/** Four megabytes: more than a grocer sells in a week. */
const mostRows = 65_536;
/** Rows in which a product may stand, from the one that its number leads to. */
const reach = 8;

export class ProductRows {
  readonly #find: (product: Product) => readonly number[];
  #cells = new Int32Array(leastRows * rowSize);
  /** Of each row brand and category, which the same number need not have tomorrow. */
  #texts = texts(leastRows);
  #count = 0;

  /** @param find finds a product's keys by their names */
  constructor(find: (product: Product) => readonly number[]) {
    this.#find = find;
  }

  /** What `keysOf` leads to: before the first key how many there are. Good until the next `keysOf`. */
  get cells(): Int32Array {
    return this.#cells;
  }

  /** Where a product's keys begin; -1 if it has no row: its number is none of digits, or it has too many keys. */
  keysOf(product: Product): number {
    const { gtin, brand, category } = product;
    const length = gtin === undefined ? 0 : gtin.length;
    if (gtin === undefined || length === 0 || length > 14) return -1;
    // A text fresh from JSON has no hash yet: reading its digits takes a third of the time that a table of texts takes.
    const half = length >> 1;
    let high = 0;
    let low = 0;
    for (let at = 0; at < half; at++) {
      const digit = gtin.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return -1;
      high = high * 10 + digit;
    }
    for (let at = half; at < length; at++) {
      const digit = gtin.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) return -1;
      low = low * 10 + digit;
    }
    // Zeros in front count; and a row that is taken has no 0 here.
    high = high * 16 + length;
    const cells = this.#cells;
    const mask = cells.length - 1;
    const first = placeOf(high, low) & mask;
    for (let at = first, seen = 0; seen < reach; at = (at + rowSize) & mask, seen++) {
      if (cells[at] !== high || cells[at + 1] !== low) continue;
      const text = at >> 3;
      if (this.#texts[text] !== brand || this.#texts[text + 1] !== category) break;
      return at + firstKey;
    }
    return this.#learn(product, high, low);
  }

  /** Keys have been added. */
  clear(): void {
    if (this.#count === 0) return;
    this.#cells.fill(0);
    this.#count = 0;
  }

  #learn(product: Product, high: number, low: number): number {
    const keys = this.#find(product);
    if (keys.length > mostKeys) return -1;
    let at = this.#freeRow(high, low);
    const rows = this.#cells.length / rowSize;
    if (rows < mostRows && (at < 0 ? this.#count > rows / 8 : this.#count > rows / 2)) {
      // Those there were are learned again, one by one.
      this.#cells = new Int32Array(rows * 2 * rowSize);
      this.#texts = texts(rows * 2);
      this.#count = 0;
      at = this.#freeRow(high, low);
    }
    const cells = this.#cells;
    // Where all rows are taken the first gives way.
    if (at < 0) at = placeOf(high, low) & (cells.length - 1);
    if (cells[at] === 0) this.#count++;
    cells[at] = high;
    cells[at + 1] = low;
    cells[at + 2] = keys.length;
    cells.set(keys, at + firstKey);
    this.#texts[at >> 3] = product.brand;
    this.#texts[(at >> 3) + 1] = product.category;
    return at + firstKey;
  }

  /** The first row for a number that is free or has that number; -1 if all are taken. */
  #freeRow(high: number, low: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    for (let at = placeOf(high, low) & mask, seen = 0; seen < reach; at = (at + rowSize) & mask, seen++)
      if (cells[at] === 0 || (cells[at] === high && cells[at + 1] === low)) return at;
    return -1;
  }
}

/** The row that a number leads to, before it is cut to those there are. */
function placeOf(high: number, low: number): number {
  const mixed = Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) << 4;
}

function texts(rows: number): (string | undefined)[] {
  return new Array<string | undefined>(rows * 2).fill(undefined);
}
