/** What the basket has of each product number, brand and category node: summed once, asked by many offers. */
import type { BasketLine } from './basket.ts';
import type { Minor } from './types.ts';

export interface ProductSum {
  spend: Minor;
  items: number;
}

export interface ProductSums {
  readonly gtin: ReadonlyMap<string, ProductSum>;
  readonly brand: ReadonlyMap<string, ProductSum>;
  /** Nodes with all that lies below them. */
  readonly category: ReadonlyMap<string, ProductSum>;
}

/** @param lines by their running amounts */
export function productSums(lines: readonly BasketLine[]): ProductSums {
  const sums = {
    gtin: new Map<string, ProductSum>(),
    brand: new Map<string, ProductSum>(),
    category: new Map<string, ProductSum>(),
  };
  for (const entry of lines) {
    const { gtin, brand, category } = entry.line;
    if (gtin !== undefined) add(sums.gtin, gtin, entry);
    if (brand !== undefined) add(sums.brand, brand, entry);
    if (category === undefined) continue;
    add(sums.category, category, entry);
    for (let slash = category.lastIndexOf('/'); slash > 0; slash = category.lastIndexOf('/', slash - 1))
      add(sums.category, category.slice(0, slash), entry);
  }
  return sums;
}

function add(sums: Map<string, ProductSum>, key: string, { running, units }: BasketLine): void {
  const sum = sums.get(key);
  if (sum === undefined) sums.set(key, { spend: running, items: units });
  else {
    sum.spend += running;
    sum.items += units;
  }
}
