/** Selectors on products (contract section 4), compiled once: `food/drinks` takes the node and all below, at a `/` only. */
import type { Selector } from './types.ts';

/** What a selector looks at: a line of the basket or a product bought before. */
export interface Product {
  readonly gtin?: string;
  readonly category?: string;
  readonly brand?: string;
}

export type Selects = (product: Product) => boolean;

export const selectsAll: Selects = () => true;

export function compileSelector(selector: Selector | undefined): Selects {
  if (selector === undefined) return selectsAll;
  if ('gtin' in selector) return among(selector.gtin, product => product.gtin);
  if ('brand' in selector) return among(selector.brand, product => product.brand);
  if ('category' in selector) return below(selector.category);
  if ('all' in selector) {
    const parts = selector.all.map(compileSelector);
    return product => isEach(parts, product, true);
  }
  if ('any' in selector) {
    const parts = selector.any.map(compileSelector);
    return product => !isEach(parts, product, false);
  }
  const part = compileSelector(selector.not);
  return product => !part(product);
}

function isEach(parts: readonly Selects[], product: Product, value: boolean): boolean {
  for (let index = 0; index < parts.length; index++) if (parts[index]?.(product) !== value) return false;
  return true;
}

/** Whether two selectors are the same document: same keys, same lists in the same order; none means all products. */
export function sameSelector(a: Selector | undefined, b: Selector | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if ('gtin' in a) return 'gtin' in b && sameList(a.gtin, b.gtin);
  if ('category' in a) return 'category' in b && sameList(a.category, b.category);
  if ('brand' in a) return 'brand' in b && sameList(a.brand, b.brand);
  if ('all' in a) return 'all' in b && sameParts(a.all, b.all);
  if ('any' in a) return 'any' in b && sameParts(a.any, b.any);
  return 'not' in b && sameSelector(a.not, b.not);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

function sameParts(a: readonly Selector[], b: readonly Selector[]): boolean {
  return a.length === b.length && a.every((part, index) => sameSelector(part, b[index]));
}

function among(values: readonly string[], of: (product: Product) => string | undefined): Selects {
  const [only] = values;
  if (values.length === 1) return product => of(product) === only;
  const set = new Set(values);
  return product => {
    const value = of(product);
    return value !== undefined && set.has(value);
  };
}

function below(nodes: readonly string[]): Selects {
  const [only] = nodes;
  if (nodes.length === 1 && only !== undefined) return ({ category }) => isBelow(category, only);
  if (nodes.length <= 4) return ({ category }) => isBelowOne(category, nodes);
  const set = new Set(nodes);
  return ({ category }) => {
    if (category === undefined) return false;
    if (set.has(category)) return true;
    for (let slash = category.lastIndexOf('/'); slash > 0; slash = category.lastIndexOf('/', slash - 1))
      if (set.has(category.slice(0, slash))) return true;
    return false;
  };
}

function isBelowOne(category: string | undefined, nodes: readonly string[]): boolean {
  for (let index = 0; index < nodes.length; index++) if (isBelow(category, nodes[index] ?? '')) return true;
  return false;
}

/** Purchases of two months are asked this: neighbours in the tree begin alike, so that the last character tells most apart. */
function isBelow(category: string | undefined, node: string): boolean {
  if (category === undefined) return false;
  const { length } = node;
  if (category.length < length || category.charCodeAt(length - 1) !== node.charCodeAt(length - 1)) return false;
  return category.startsWith(node) && (category.length === length || category.charCodeAt(length) === 47);
}
