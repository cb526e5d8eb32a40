/**
 * What a bundle's conditions ask for by name, numbered: product numbers, brands and category nodes in one row, segments in another,
 * offers in a third. So a basket is summed and a member marked in plain arrays, and a condition reads one cell.
 */
import { Names } from './names.ts';
import { ProductRows } from './product-rows.ts';
import type { Product } from './selector.ts';

/** Category paths whose nodes are remembered: more than a grocer has, few enough for hostile sales. */
const mostPaths = 50_000;

export class Keys {
  readonly #gtins = new Map<string, number>();
  readonly #brands = new Map<string, number>();
  readonly #nodes = new Map<string, number>();
  readonly #paths = new Map<string, Int32Array>();
  readonly #segments = new Names();
  readonly #offers = new Names();
  #size = 0;
  #asked = 0;
  /** The keys of the products seen last. */
  readonly products = new ProductRows(product => this.ofProduct(product));
  /** The longest `bought.withinDays` of the conditions: how far back purchases matter, in days; 0: not at all. */
  boughtWithinDays = 0;

  /** How many keys of products there are; they are numbered from 0. */
  get size(): number {
    return this.#size;
  }

  /** How often a product or segment was numbered: what offers with long lists cost. */
  get asked(): number {
    return this.#asked;
  }

  gtin(value: string): number {
    return this.#numberIn(this.#gtins, value);
  }

  brand(value: string): number {
    return this.#numberIn(this.#brands, value);
  }

  /** A node of the category tree; it stands for itself and all below. */
  category(node: string): number {
    return this.#numberIn(this.#nodes, node);
  }

  /** The keys of a category's own node and the nodes above it. */
  #ofCategory(path: string): Int32Array {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    const keys: number[] = [];
    const own = this.#nodes.get(path);
    if (own !== undefined) keys.push(own);
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const above = this.#nodes.get(path.slice(0, slash));
      if (above !== undefined) keys.push(above);
    }
    const found = Int32Array.from(keys);
    if (this.#paths.size >= mostPaths) this.#paths.clear();
    this.#paths.set(path, found);
    return found;
  }

  /** The number of a segment. */
  segment(id: string): number {
    this.#asked++;
    return this.#segments.number(id);
  }

  /** The number of a segment that a condition asks for; -1 if none does. */
  ofSegment(id: string): number {
    return this.#segments.of(id);
  }

  /** The number of an offer: of one of the bundle its place, retired ones follow. */
  offer(id: string): number {
    return this.#offers.number(id);
  }

  /** The number of an offer that is in the bundle or that a condition asks for; -1 for another one. */
  ofOffer(id: string): number {
    return this.#offers.of(id);
  }

  /** How many offers are numbered. */
  get offerCount(): number {
    return this.#offers.size;
  }

  /** How many segments are numbered. */
  get segmentCount(): number {
    return this.#segments.size;
  }

  #numberIn(numbers: Map<string, number>, value: string): number {
    this.#asked++;
    let key = numbers.get(value);
    if (key === undefined) {
      key = this.#size++;
      numbers.set(value, key);
      // They may want this one too.
      if (this.#paths.size > 0) this.#paths.clear();
      this.products.clear();
    }
    return key;
  }

  /** All keys of a product, by its names. */
  ofProduct(product: Product): readonly number[] {
    const { gtin, brand, category } = product;
    const keys: number[] = [];
    const own = gtin === undefined ? undefined : this.#gtins.get(gtin);
    const ofBrand = brand === undefined ? undefined : this.#brands.get(brand);
    if (own !== undefined) keys.push(own);
    if (ofBrand !== undefined) keys.push(ofBrand);
    if (category !== undefined) keys.push(...this.#ofCategory(category));
    return keys;
  }
}
