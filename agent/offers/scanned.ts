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

export class ScannedBasket {
  readonly compiled: CompiledBundle;
  readonly basket = new Basket();
  readonly #sums: ProductSums;
  readonly #reach: Reach;
  /** What of each line is in the sums: as the basket's own lines were at the last scan. */
  readonly #counted: Pick<BasketLine, 'line' | 'running' | 'units'>[] = [];
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
    for (let index = 0; index < Math.max(count, counted.length); index++) {
      const before = counted[index];
      const now = index < count ? this.basket.line(index) : undefined;
      if (before !== undefined && now !== undefined && isAlike(before, now)) continue;
      if (before !== undefined) this.#count(before, -1);
      if (now === undefined) continue;
      const { line, running, units } = now;
      counted[index] = { line, running, units };
      this.#count(now, 1);
    }
    counted.length = count;
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
    this.#counted.length = 0;
  }

  #count({ line, running, units }: Pick<BasketLine, 'line' | 'running' | 'units'>, times: 1 | -1): void {
    const { keys } = this.#sums;
    this.#change(keys.ofGtin(line), running * times, units * times);
    this.#change(keys.ofBrand(line), running * times, units * times);
    if (line.category === undefined) return;
    for (const node of keys.ofCategory(line.category)) this.#change(node, running * times, units * times);
  }

  #change(key: number, running: number, units: number): void {
    if (key < 0) return;
    this.#sums.change(key, running, units);
    this.#reach.move(key, this.#sums.spend(key), this.#sums.items(key));
  }
}

function isAlike(
  a: Pick<BasketLine, 'line' | 'running' | 'units'>,
  b: Pick<BasketLine, 'line' | 'running' | 'units'>,
): boolean {
  return (
    a.running === b.running &&
    a.units === b.units &&
    a.line.gtin === b.line.gtin &&
    a.line.brand === b.line.brand &&
    a.line.category === b.line.category
  );
}
