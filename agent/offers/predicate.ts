/** Predicates (contract section 4), compiled once to tests; the tree stays beside them for explanations. */
import type { Basket } from './basket.ts';
import type { Facts } from './facts.ts';
import { Keys } from './keys.ts';
import { compileSelector, type Selects } from './selector.ts';
import { daysToBirthday, parseDate } from './time.ts';
import type { AttributeTest, Bounds, Predicate, Selector, Tier } from './types.ts';

const dayMs = 86_400_000;

export interface CompiledPredicate {
  readonly source: Predicate;
  readonly test: (facts: Facts) => boolean;
  /** Parts of `all`, `any` and `not`. */
  readonly parts: readonly CompiledPredicate[];
  /** The number or texts that a leaf looks at, for explanations. */
  readonly found: (facts: Facts) => Found;
  /** How much work the test is, a segment being 1: of several that must all hold the cheapest is asked first. */
  readonly cost: number;
}

export type Found = number | string | readonly string[] | null;

type Leaf = Pick<CompiledPredicate, 'test' | 'found'>;

/** @param keys of the bundle: numbers the products that the predicate asks for */
export function compilePredicate(
  source: Predicate,
  tiers: readonly Tier[],
  keys: Keys = new Keys(),
): CompiledPredicate {
  const many = (predicates: readonly Predicate[]) => predicates.map(part => compilePredicate(part, tiers, keys));
  if ('all' in source) {
    const parts = many(source.all);
    const asked = byCost(parts);
    return { source, parts, found: nothing, cost: costOf(parts), test: facts => isEach(asked, facts, true) };
  }
  if ('any' in source) {
    const parts = many(source.any);
    const asked = byCost(parts);
    return { source, parts, found: nothing, cost: costOf(parts), test: facts => !isEach(asked, facts, false) };
  }
  if ('not' in source) {
    const part = compilePredicate(source.not, tiers, keys);
    return { source, parts: [part], found: nothing, cost: part.cost, test: facts => !part.test(facts) };
  }
  const { test, found } = compileLeaf(source, tiers, keys);
  return { source, parts: noParts, found, cost: leafCosts[Object.keys(source)[0] ?? ''] ?? 1, test };
}

/** The same predicates, cheapest first. */
export function byCost(parts: readonly CompiledPredicate[]): readonly CompiledPredicate[] {
  return parts.length < 2 ? parts : [...parts].sort((a, b) => a.cost - b.cost);
}

function costOf(parts: readonly CompiledPredicate[]): number {
  let cost = 1;
  for (const part of parts) cost += part.cost;
  return cost;
}

const leafCosts: Readonly<Record<string, number>> = {
  segment: 1,
  tier: 1,
  points: 1,
  attribute: 2,
  spend: 2,
  items: 2,
  memberDays: 3,
  birthday: 4,
  received: 8,
  redeemed: 8,
  bought: 12,
};

const nothing = () => null;
const noParts: readonly CompiledPredicate[] = [];

function isEach(parts: readonly CompiledPredicate[], facts: Facts, value: boolean): boolean {
  for (let index = 0; index < parts.length; index++) if (parts[index]?.test(facts) !== value) return false;
  return true;
}

function compileLeaf(
  source: Exclude<Predicate, { all: unknown } | { any: unknown } | { not: unknown }>,
  tiers: readonly Tier[],
  keys: Keys,
): Leaf {
  if ('segment' in source) {
    const segment = keys.segment(source.segment);
    return {
      test: facts => facts.isIn(segment, keys),
      found: ({ member }) => member?.segments ?? [],
    };
  }
  if ('tier' in source) return tierTest(source.tier, tiers);
  if ('attribute' in source) return attributeTest(source.attribute);
  if ('memberDays' in source) return bounded(source.memberDays, memberDays);
  if ('points' in source)
    return bounded(source.points, ({ member }) => (member === null ? null : (member.points ?? 0)));
  if ('birthday' in source) {
    const { within } = source.birthday;
    return bounded({ atMost: within }, birthdayDistance);
  }
  if ('spend' in source) {
    const sum = sumOf(source.spend.of, 'spend', keys);
    return bounded(source.spend, ({ basket }) => sum(basket));
  }
  if ('items' in source) {
    const sum = sumOf(source.items.of, 'items', keys);
    return bounded(source.items, ({ basket }) => sum(basket));
  }
  if ('bought' in source) {
    const { of, withinDays } = source.bought;
    keys.boughtWithinDays = Math.max(keys.boughtWithinDays, withinDays);
    const selects = compileSelector(of);
    const bounds = atLeastOne(source.bought);
    const bySale = bounded(bounds, facts => salesWith(selects, withinDays, facts));
    const some = (bounds.atLeast ?? 0) === 1 && bounds.atMost === undefined;
    const none = (bounds.atLeast ?? 0) <= 0 && bounds.atMost === 0;
    if (!some && !none) return bySale;
    const asked = keysOf(of, keys);
    return {
      found: bySale.found,
      test: facts => {
        const { bought } = facts;
        const byKey = asked !== null && bought.isWorthIndexing(keys) && !facts.boughtOverlaps;
        const was = byKey ? wasBought(asked, keys, withinDays, facts) : wasSold(selects, withinDays, facts);
        return was === some;
      },
    };
  }
  if ('received' in source) {
    const { offer, withinDays } = source.received;
    const number = keys.offer(offer);
    return bounded(atLeastOne(source.received), facts => couponsOf(number, keys, withinDays, 'issued', facts));
  }
  const { offer, withinDays } = source.redeemed;
  const number = keys.offer(offer);
  return bounded(atLeastOne(source.redeemed), facts => couponsOf(number, keys, withinDays, 'redeemed', facts));
}

function couponsOf(offer: number, keys: Keys, withinDays: number, event: 'issued' | 'redeemed', facts: Facts): number {
  const { coupons } = facts;
  const offers = coupons.offers(keys);
  let count = 0;
  for (let index = 0; index < coupons.count; index++)
    if (offers[index] === offer && facts.withinDays(coupons[event](index), withinDays)) count++;
  return count;
}

/** What the basket has of a selector: from its sums where one product has one key of the selector only, else by line. */
function sumOf(of: Selector | undefined, what: 'spend' | 'items', keys: Keys): (basket: Basket) => number {
  if (of === undefined) return what === 'spend' ? basket => basket.net : basket => basket.pieces;
  const asked = keysOf(of, keys);
  const [only] = asked ?? [];
  if (asked === null) {
    const selects = compileSelector(of);
    return basket => basket[what](selects);
  }
  if (only !== undefined && asked.length === 1) return basket => basket.sums(keys)[what](only);
  return basket => {
    const sums = basket.sums(keys);
    let total = 0;
    for (let index = 0; index < asked.length; index++) total += sums[what](asked[index] ?? -1);
    return total;
  };
}

/** Keys of which each selected product has exactly one; null if there are none such. */
function keysOf(of: Selector, keys: Keys): readonly number[] | null {
  if ('category' in of) return disjointNodes(of.category)?.map(node => keys.category(node)) ?? null;
  if ('gtin' in of) return [...new Set(of.gtin)].map(value => keys.gtin(value));
  return 'brand' in of ? [...new Set(of.brand)].map(value => keys.brand(value)) : null;
}

/** The nodes, each once; null if one lies below another. */
function disjointNodes(nodes: readonly string[]): readonly string[] | null {
  const each = [...new Set(nodes)];
  // Sorted with the slash before all else, a node stands directly before what lies below it.
  const paths = each.map(node => `${node}/`).sort();
  for (const [index, path] of paths.entries()) if (paths[index + 1]?.startsWith(path)) return null;
  return each;
}

function tierTest(test: { readonly atLeast: string } | { readonly is: string }, tiers: readonly Tier[]): Leaf {
  const order = new Map(tiers.map((tier, index) => [tier.id, index]));
  const found = ({ member }: Facts) => member?.tier ?? null;
  if ('is' in test) {
    const known = order.has(test.is);
    return { found, test: ({ member }) => known && member?.tier === test.is };
  }
  const least = order.get(test.atLeast) ?? Number.POSITIVE_INFINITY;
  return {
    found,
    test: ({ member }) => member?.tier !== undefined && (order.get(member.tier) ?? Number.NEGATIVE_INFINITY) >= least,
  };
}

function attributeTest(test: AttributeTest): Leaf {
  const { name, in: listed } = test;
  const matches = (value: string | number | boolean) =>
    listed === undefined ? typeof value === 'number' && inBounds(value, test) : listed.includes(value);
  const attributeOf = ({ member }: Facts) => {
    const attributes = member?.attributes;
    return attributes === undefined || !Object.hasOwn(attributes, name) ? undefined : attributes[name];
  };
  return {
    test: facts => {
      const value = attributeOf(facts);
      if (value === undefined) return false;
      return isList(value) ? value.some(matches) : matches(value);
    },
    found: facts => {
      const value = attributeOf(facts);
      if (value === undefined) return [];
      return isList(value) ? value.map(String) : [String(value)];
    },
  };
}

type AttributeValue = string | number | boolean;

function isList(value: AttributeValue | readonly AttributeValue[]): value is readonly AttributeValue[] {
  return Array.isArray(value);
}

/** A number inside bounds; null where there is nothing to count, which never matches. */
function bounded(bounds: Bounds, number: (facts: Facts) => number | null): Leaf {
  return {
    test: facts => {
      const found = number(facts);
      return found !== null && inBounds(found, bounds);
    },
    found: number,
  };
}

function inBounds(value: number, { atLeast, atMost }: Bounds): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** Counts of the past ask for one at least, if neither bound is given. */
export function atLeastOne(bounds: Bounds): Bounds {
  return bounds.atLeast === undefined && bounds.atMost === undefined ? { atLeast: 1 } : bounds;
}

function memberDays({ member, today }: Facts): number | null {
  const joined = member?.joined === undefined ? null : parseDate(member.joined);
  return joined === null ? null : today - joined;
}

function birthdayDistance({ member, today }: Facts): number | null {
  const birthday = member?.birthday === undefined ? null : parseDate(member.birthday);
  return birthday === null ? null : daysToBirthday(birthday, today);
}

/** Whether a product with one of the keys was bought within the days; of a history that ends before the sale. */
function wasBought(asked: readonly number[], keys: Keys, withinDays: number, facts: Facts): boolean {
  const { bought } = facts;
  if (bought.count === 0) return false;
  for (let index = 0; index < asked.length; index++)
    if (facts.withinDays(bought.latest(asked[index] ?? -1, keys), withinDays)) return true;
  return false;
}

/** Whether a selected product was bought within the days, in another sale. */
function wasSold(selects: Selects, withinDays: number, facts: Facts): boolean {
  const { bought } = facts;
  setWindow(withinDays, facts);
  for (let index = 0; index < bought.count; index++) if (isSoldInWindow(index, selects, facts)) return true;
  return false;
}

/** From when to when purchases count: kept here, as numbers that are handed on would have to be collected again. */
const purchaseWindow = new Float64Array(2);

function setWindow(withinDays: number, { now }: Facts): void {
  purchaseWindow[0] = now - withinDays * dayMs;
  purchaseWindow[1] = now;
}

/** Whether a purchase is of a selected product and lies within the window, in another sale. What is known already is asked first. */
function isSoldInWindow(index: number, selects: Selects, facts: Facts): boolean {
  const { bought, sale } = facts;
  if (bought.isRead(index)) {
    if (!isInWindow(bought.at(index)) || !selects(bought.product(index))) return false;
  } else if (!selects(bought.product(index)) || !isInWindow(bought.at(index))) return false;
  const { saleId } = bought.product(index);
  return saleId === undefined || saleId !== sale.saleId;
}

function isInWindow(at: number): boolean {
  return at >= (purchaseWindow[0] ?? 0) && at <= (purchaseWindow[1] ?? 0);
}

/** One product of each sale counted so far, while they are few: a set would have to be collected again. */
const firsts = new Int32Array(64);

/** Earlier sales with a selected product: by sale id; without one, equal instants are one sale. */
function salesWith(selects: Selects, withinDays: number, facts: Facts): number {
  const { bought } = facts;
  let count = 0;
  setWindow(withinDays, facts);
  for (let index = 0; index < bought.count; index++) {
    if (!isSoldInWindow(index, selects, facts)) continue;
    let known = 0;
    while (known < count && !bought.isSameSale(firsts[known] ?? 0, index)) known++;
    if (known < count) continue;
    if (count === firsts.length) return manySalesWith(selects, facts);
    firsts[count++] = index;
  }
  return count;
}

function manySalesWith(selects: Selects, facts: Facts): number {
  const { bought } = facts;
  const sales = new Set<string | number>();
  for (let index = 0; index < bought.count; index++)
    if (isSoldInWindow(index, selects, facts)) sales.add(bought.product(index).saleId ?? bought.at(index));
  return sales.size;
}
