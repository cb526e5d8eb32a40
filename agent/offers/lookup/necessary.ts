/**
 * What must hold for an offer's predicates to hold, in forms that an index can look up. Always too generous, never too
 * strict: a part that is not understood here asks for nothing.
 */
import type { Predicate, Selector } from '../types.ts';

/** A way to a product: by number, brand, or a node of the category tree. */
export interface Key {
  readonly by: 'gtin' | 'brand' | 'category';
  readonly value: string;
}

/** The basket must have products of one of the keys; with one key, at least so much or so many of it. */
export interface BasketNeed {
  readonly keys: readonly Key[];
  readonly spend: number;
  readonly items: number;
  /** The condition it comes from. */
  readonly source: Predicate;
  /** The condition asks for nothing else. */
  readonly whole: boolean;
}

export interface Necessary {
  /** Of each list the member must be in one segment. */
  readonly segments: (readonly string[])[];
  /** The conditions that the lists come from, one each. */
  readonly segmentSources: Predicate[];
  readonly notSegments: string[];
  readonly tiers: ({ readonly atLeast: string } | { readonly is: string })[];
  /** The conditions that `notSegments` and `tiers` come from. */
  readonly memberSources: Predicate[];
  readonly baskets: BasketNeed[];
  /** The whole basket must cost at least this. */
  spend: number;
  /** Conditions that ask for nothing else. */
  readonly spendSources: Predicate[];
}

export function necessary(predicates: readonly (Predicate | undefined)[]): Necessary {
  const found: Necessary = {
    segments: [],
    segmentSources: [],
    notSegments: [],
    tiers: [],
    memberSources: [],
    baskets: [],
    spend: 0,
    spendSources: [],
  };
  for (const predicate of predicates) if (predicate !== undefined) collect(predicate, found);
  return found;
}

function collect(predicate: Predicate, found: Necessary): void {
  if ('all' in predicate) for (const part of predicate.all) collect(part, found);
  else if ('segment' in predicate) addSegments([predicate.segment], predicate, found);
  else if ('tier' in predicate) {
    found.tiers.push(predicate.tier);
    found.memberSources.push(predicate);
  } else if ('not' in predicate) {
    if (!('segment' in predicate.not)) return;
    found.notSegments.push(predicate.not.segment);
    found.memberSources.push(predicate);
  } else if ('any' in predicate) {
    const segments = predicate.any.map(part => ('segment' in part ? part.segment : null));
    if (segments.length > 0 && segments.every(segment => segment !== null)) addSegments(segments, predicate, found);
  } else if ('spend' in predicate) {
    const { of, atLeast, atMost } = predicate.spend;
    if (atLeast === undefined || atLeast <= 0) return;
    if (of !== undefined) addBasket(of, atLeast, 0, predicate, atMost === undefined, found);
    else {
      found.spend = Math.max(found.spend, atLeast);
      if (atMost === undefined) found.spendSources.push(predicate);
    }
  } else if ('items' in predicate) {
    const { of, atLeast, atMost } = predicate.items;
    if (of !== undefined && atLeast !== undefined && atLeast > 0)
      addBasket(of, 0, atLeast, predicate, atMost === undefined, found);
  }
}

function addSegments(list: readonly string[], source: Predicate, found: Necessary): void {
  found.segments.push(list);
  found.segmentSources.push(source);
}

function addBasket(
  of: Selector,
  spend: number,
  items: number,
  source: Predicate,
  openAbove: boolean,
  found: Necessary,
): void {
  const keys = keysOf(of);
  if (keys === null) return;
  // Several keys share what is asked, so each one alone need only be there.
  const exact = keys.length === 1 && !('all' in of);
  const whole = exact && openAbove && !('any' in of);
  found.baskets.push({ keys, spend: exact ? spend : 0, items: exact ? items : 0, source, whole });
}

/** Keys of which every selected product has one; null if there are none such. */
export function keysOf(selector: Selector): readonly Key[] | null {
  if ('gtin' in selector) return selector.gtin.map(value => ({ by: 'gtin', value }));
  if ('brand' in selector) return selector.brand.map(value => ({ by: 'brand', value }));
  if ('category' in selector) return selector.category.map(value => ({ by: 'category', value }));
  if ('not' in selector) return null;
  if ('any' in selector) {
    const parts = selector.any.map(keysOf);
    return parts.every(part => part !== null) ? parts.flat() : null;
  }
  let fewest: readonly Key[] | null = null;
  for (const part of selector.all) {
    const keys = keysOf(part);
    if (keys !== null && (fewest === null || keys.length < fewest.length)) fewest = keys;
  }
  return fewest;
}
