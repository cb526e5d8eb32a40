/**
 * From the products of a basket to the offers that ask for them: for each number, brand and category node the offers that
 * need it, by how much or how many they need, so that a walk ends at the first that asks for more than there is.
 */
import type { BasketLine } from '../basket.ts';
import type { BasketNeed, Key } from './necessary.ts';

/** Offers of one key, by threshold. */
interface Posting {
  readonly ranks: Int32Array;
  readonly thresholds: Float64Array;
}

export class ProductLookup {
  readonly #numbers: Readonly<Record<Key['by'], Map<string, number>>>;
  readonly #bySpend: readonly (Posting | null)[];
  readonly #byItems: readonly (Posting | null)[];
  /** Sums of the basket at hand by key; empty between two decisions. */
  readonly #spend: Float64Array;
  readonly #items: Float64Array;
  readonly #touched: Int32Array;

  constructor(needs: readonly (readonly [rank: number, need: BasketNeed])[]) {
    const numbers = {
      gtin: new Map<string, number>(),
      brand: new Map<string, number>(),
      category: new Map<string, number>(),
    };
    const spend: [number, number][][] = [];
    const items: [number, number][][] = [];
    for (const [rank, need] of needs)
      for (const { by, value } of need.keys) {
        let key = numbers[by].get(value);
        if (key === undefined) {
          key = spend.length;
          numbers[by].set(value, key);
          spend.push([]);
          items.push([]);
        }
        if (need.spend > 0) spend[key]?.push([need.spend, rank]);
        else items[key]?.push([Math.max(need.items, 1), rank]);
      }
    this.#numbers = numbers;
    this.#bySpend = spend.map(posting);
    this.#byItems = items.map(posting);
    this.#spend = new Float64Array(spend.length);
    this.#items = new Float64Array(spend.length);
    this.#touched = new Int32Array(spend.length);
  }

  /** Calls `visit` for the offers whose products are there; for some more than once. */
  visit(lines: readonly BasketLine[], visit: (rank: number) => void): void {
    const touched = this.#sum(lines);
    for (let index = 0; index < touched; index++) {
      const key = this.#touched[index] ?? 0;
      walk(this.#bySpend[key] ?? null, this.#spend[key] ?? 0, visit);
      walk(this.#byItems[key] ?? null, this.#items[key] ?? 0, visit);
      this.#spend[key] = 0;
      this.#items[key] = 0;
    }
  }

  /** How many keys the basket touches; their sums are then in place. */
  #sum(lines: readonly BasketLine[]): number {
    const { gtin, brand, category } = this.#numbers;
    let touched = 0;
    const add = (key: number | undefined, entry: BasketLine) => {
      if (key === undefined) return;
      // Every line has one item or more: a key without items has not been touched.
      if (this.#items[key] === 0) this.#touched[touched++] = key;
      this.#spend[key] = (this.#spend[key] ?? 0) + entry.line.amount;
      this.#items[key] = (this.#items[key] ?? 0) + entry.units;
    };
    for (const entry of lines) {
      const { line } = entry;
      if (line.gtin !== undefined) add(gtin.get(line.gtin), entry);
      if (line.brand !== undefined) add(brand.get(line.brand), entry);
      if (line.category === undefined || category.size === 0) continue;
      add(category.get(line.category), entry);
      for (let slash = line.category.lastIndexOf('/'); slash > 0; slash = line.category.lastIndexOf('/', slash - 1))
        add(category.get(line.category.slice(0, slash)), entry);
    }
    return touched;
  }
}

function posting(entries: [number, number][]): Posting | null {
  if (entries.length === 0) return null;
  entries.sort((a, b) => a[0] - b[0]);
  return {
    thresholds: Float64Array.from(entries, ([threshold]) => threshold),
    ranks: Int32Array.from(entries, ([, rank]) => rank),
  };
}

function walk(posting: Posting | null, most: number, visit: (rank: number) => void): void {
  if (posting === null) return;
  const { thresholds, ranks } = posting;
  for (let index = 0; index < ranks.length && (thresholds[index] ?? 0) <= most; index++) visit(ranks[index] ?? 0);
}
