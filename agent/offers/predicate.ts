/** Predicates (contract section 4), compiled once to tests; the tree stays beside them for explanations. */
import type { Basket } from './basket.ts';
import type { Facts } from './facts.ts';
import { compileSelector, type Selects } from './selector.ts';
import { daysToBirthday, parseDate } from './time.ts';
import type { AttributeTest, Bounds, Predicate, Selector, Tier } from './types.ts';

export interface CompiledPredicate {
  readonly source: Predicate;
  readonly test: (facts: Facts) => boolean;
  /** Parts of `all`, `any` and `not`. */
  readonly parts: readonly CompiledPredicate[];
  /** The number or texts that a leaf looks at, for explanations. */
  readonly found: (facts: Facts) => Found;
}

export type Found = number | string | readonly string[] | null;

type Leaf = Omit<CompiledPredicate, 'source' | 'parts'>;

export function compilePredicate(source: Predicate, tiers: readonly Tier[]): CompiledPredicate {
  const many = (predicates: readonly Predicate[]) => predicates.map(part => compilePredicate(part, tiers));
  if ('all' in source) {
    const parts = many(source.all);
    return { source, parts, found: () => null, test: facts => parts.every(part => part.test(facts)) };
  }
  if ('any' in source) {
    const parts = many(source.any);
    return { source, parts, found: () => null, test: facts => parts.some(part => part.test(facts)) };
  }
  if ('not' in source) {
    const part = compilePredicate(source.not, tiers);
    return { source, parts: [part], found: () => null, test: facts => !part.test(facts) };
  }
  return { source, parts: [], ...compileLeaf(source, tiers) };
}

function compileLeaf(
  source: Exclude<Predicate, { all: unknown } | { any: unknown } | { not: unknown }>,
  tiers: readonly Tier[],
): Leaf {
  if ('segment' in source) {
    return {
      test: ({ member }) => member?.segments?.includes(source.segment) ?? false,
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
    const sum = sumOf(source.spend.of, 'spend');
    return bounded(source.spend, ({ basket }) => sum(basket));
  }
  if ('items' in source) {
    const sum = sumOf(source.items.of, 'items');
    return bounded(source.items, ({ basket }) => sum(basket));
  }
  if ('bought' in source) {
    const { of, withinDays } = source.bought;
    const selects = compileSelector(of);
    return bounded(atLeastOne(source.bought), facts => salesWith(selects, withinDays, facts));
  }
  if ('received' in source) {
    const { offer, withinDays } = source.received;
    return bounded(
      atLeastOne(source.received),
      facts => facts.coupons.filter(past => past.offer === offer && facts.withinDays(past.issued, withinDays)).length,
    );
  }
  const { offer, withinDays } = source.redeemed;
  return bounded(
    atLeastOne(source.redeemed),
    facts =>
      facts.coupons.filter(
        past => past.offer === offer && past.redeemed !== null && facts.withinDays(past.redeemed, withinDays),
      ).length,
  );
}

/** What the basket has of a selector: from its sums where one product has one key of the selector only, else by line. */
function sumOf(of: Selector | undefined, what: 'spend' | 'items'): (basket: Basket) => number {
  if (of !== undefined && 'category' in of && of.category.length === 1) {
    const [node = ''] = of.category;
    return basket => basket.sums.category.get(node)?.[what] ?? 0;
  }
  const by = of !== undefined && 'gtin' in of ? 'gtin' : of !== undefined && 'brand' in of ? 'brand' : null;
  if (by !== null && of !== undefined) {
    const keys = [...new Set('gtin' in of ? of.gtin : 'brand' in of ? of.brand : [])];
    return basket => {
      let total = 0;
      for (const key of keys) total += basket.sums[by].get(key)?.[what] ?? 0;
      return total;
    };
  }
  const selects = compileSelector(of);
  return basket => basket[what](selects);
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
  const values = ({ member }: Facts) => {
    const attributes = member?.attributes;
    if (attributes === undefined || !Object.hasOwn(attributes, name)) return [];
    const value = attributes[name];
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  };
  return {
    test: facts => values(facts).some(matches),
    found: facts => values(facts).map(String),
  };
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

/** Earlier sales with a selected product: by sale id; without one, equal instants are one sale. */
function salesWith(selects: Selects, withinDays: number, facts: Facts): number {
  const sales = new Set<string | number>();
  for (const { product, at } of facts.bought)
    if (facts.withinDays(at, withinDays) && selects(product)) sales.add(product.saleId ?? at);
  return sales.size;
}
