/**
 * A basket that a till follows from scan to scan, so that at the total its products need not be looked at again. It may be changed in
 * any way: what it knows is always what it would know had it been read at once.
 */
import { Basket, type BasketLine } from './basket.ts';
import type { CompiledBundle } from './compile.ts';
import type { Bits } from './lookup/bitset.ts';
import type { ProductLookup, Reach } from './lookup/products.ts';
import { ProductSums } from './product-sums.ts';
import type { SaleLine } from './types.ts';

/** What of a line is in the sums. */
type Counted = Pick<BasketLine, 'line' | 'running' | 'units'>;

/** Entries kept for the next basket; those of one of a hostile size are let go. */
const mostKept = 2000;

export class ScannedBasket {
  readonly compiled: CompiledBundle;
  readonly basket = new Basket();
  readonly #sums: ProductSums;
  readonly #reach: Reach;
  /** What of each line is in the sums, as the basket's own lines were at the last scan: the first `#count`. */
  readonly #counted: Counted[] = [];
  #count = 0;
  /** Null before the first scan, and while the sums do not stand for any lines. */
  #lines: readonly SaleLine[] | null = null;

  constructor(compiled: CompiledBundle, products: ProductLookup) {
    this.compiled = compiled;
    this.#sums = new ProductSums(products.keys);
    this.#reach = products.reach(compiled.offers.length);
    this.basket.useSums(this.#sums);
  }

  /** All lines of the sale as they now stand; those that are as before cost next to nothing. Do not change them afterwards. */
  scan(lines: readonly SaleLine[]): void {
    if (this.basket.reduced || this.#lines === null) this.#forget();
    this.#lines = null;
    this.basket.read(lines);
    const { count } = this.basket;
    const counted = this.#counted;
    for (let index = count; index < this.#count; index++) this.#add(counted[index] as Counted, -1);
    for (let index = 0; index < count; index++) {
      const now = this.basket.line(index);
      const before = counted[index];
      if (before === undefined) counted.push({ line: now.line, running: now.running, units: now.units });
      else {
        if (index < this.#count) {
          if (isAlike(before, now)) continue;
          this.#add(before, -1);
        }
        before.line = now.line;
        before.running = now.running;
        before.units = now.units;
      }
      this.#add(now, 1);
    }
    this.#count = count;
    if (counted.length > mostKept) counted.length = count;
    this.basket.useSums(this.#sums);
    this.#lines = lines;
  }

  /** Whether it was scanned for this bundle and these very lines. */
  isOf(compiled: CompiledBundle, lines: readonly SaleLine[]): boolean {
    if (this.compiled !== compiled || this.#lines !== lines) return false;
    // The decision before took discounts off.
    if (this.basket.reduced) this.scan(lines);
    return true;
  }

  /** The offers whose products are in the basket. */
  get reached(): Bits {
    return this.#reach.found;
  }

  #forget(): void {
    this.#sums.clear();
    this.#reach.clear();
    this.#count = 0;
  }

  #add({ line, running, units }: Counted, times: 1 | -1): void {
    const { keys } = this.#sums;
    const { products } = keys;
    const first = products.keysOf(line);
    if (first < 0) {
      for (const key of keys.ofProduct(line)) this.#change(key, running * times, units * times);
      return;
    }
    const { cells } = products;
    const end = first + (cells[first - 1] ?? 0);
    for (let cell = first; cell < end; cell++) this.#change(cells[cell] ?? -1, running * times, units * times);
  }

  #change(key: number, running: number, units: number): void {
    this.#sums.change(key, running, units);
    this.#reach.move(key, this.#sums.spend(key), this.#sums.items(key));
  }
}

function isAlike(a: Counted, b: Counted): boolean {
  return (
    a.running === b.running &&
    a.units === b.units &&
    a.line.gtin === b.line.gtin &&
    a.line.brand === b.line.brand &&
    a.line.category === b.line.category
  );
}
