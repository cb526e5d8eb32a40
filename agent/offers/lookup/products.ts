/**
 * From the products of a basket to the offers that ask for them: for each number, brand and category node the offers that
 * need it, by how much or how many they need, so that a walk ends at the first that asks for more than there is.
 */
import type { ProductSum, ProductSums } from '../product-sums.ts';
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
  }

  /** Calls `visit` for the offers whose products are there; for some more than once. */
  visit(sums: ProductSums, visit: (rank: number) => void): void {
    this.#visit(this.#numbers.gtin, sums.gtin, visit);
    this.#visit(this.#numbers.brand, sums.brand, visit);
    this.#visit(this.#numbers.category, sums.category, visit);
  }

  #visit(
    numbers: ReadonlyMap<string, number>,
    sums: ReadonlyMap<string, ProductSum>,
    visit: (rank: number) => void,
  ): void {
    if (numbers.size === 0) return;
    for (const [value, { spend, items }] of sums) {
      const key = numbers.get(value);
      if (key === undefined) continue;
      walk(this.#bySpend[key] ?? null, spend, visit);
      walk(this.#byItems[key] ?? null, items, visit);
    }
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
