/** Predicates (contract section 4), compiled once to tests; the tree stays beside them for explanations. */
import type { Basket } from './basket.ts';
import type { Facts } from './facts.ts';
import { Keys } from './keys.ts';
import { compileSelector, type Selects, selectsAll } from './selector.ts';
import { daysToBirthday, parseDate } from './time.ts';
import type { AttributeTest, Bounds, Predicate, Selector, Tier } from './types.ts';

const dayMs = 86_400_000;

/** A condition with its test; the document's own stays beside it for explanations. */
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

/** What the conditions of a bundle share: the numbers of names, the order of the tiers. */
export class Scope {
  readonly keys: Keys;
  readonly tiers: ReadonlyMap<string, number>;

  constructor(tiers: readonly Tier[], keys: Keys = new Keys()) {
    this.keys = keys;
    this.tiers = new Map(tiers.map((tier, index) => [tier.id, index]));
  }
}

export function compilePredicate(source: Predicate, scope: Scope): CompiledPredicate {
  if ('segment' in source) return new Leaf(source, kinds.segment, scope, scope.keys.segment(source.segment));
  if ('all' in source) return new Group(source, 'all', compileEach(source.all, scope));
  if ('any' in source) {
    const segments = segmentsOf(source.any, scope.keys);
    return segments === null
      ? new Group(source, 'any', compileEach(source.any, scope))
      : new Leaf(source, kinds.oneOfSegments, scope, 0, segments);
  }
  if ('not' in source) return new Group(source, 'not', [compilePredicate(source.not, scope)]);
  return compileLeaf(source, scope);
}

function compileEach(predicates: readonly Predicate[], scope: Scope): readonly CompiledPredicate[] {
  const compiled = new Array<CompiledPredicate>(predicates.length);
  for (let index = 0; index < predicates.length; index++)
    compiled[index] = compilePredicate(predicates[index] as Predicate, scope);
  return compiled;
}

/** The same predicates, cheapest first. */
export function byCost(parts: readonly CompiledPredicate[]): readonly CompiledPredicate[] {
  for (let index = 1; index < parts.length; index++)
    if ((parts[index - 1]?.cost ?? 0) > (parts[index]?.cost ?? 0)) return [...parts].sort((a, b) => a.cost - b.cost);
  return parts;
}

/** `all`, `any` or `not`. */
class Group implements CompiledPredicate {
  readonly source: Predicate;
  readonly parts: readonly CompiledPredicate[];
  readonly cost: number;
  readonly way: 'all' | 'any' | 'not';
  readonly asked: readonly CompiledPredicate[];

  constructor(source: Predicate, way: Group['way'], parts: readonly CompiledPredicate[]) {
    let cost = way === 'not' ? 0 : 1;
    for (let index = 0; index < parts.length; index++) cost += parts[index]?.cost ?? 0;
    this.source = source;
    this.parts = parts;
    this.cost = cost;
    this.way = way;
    this.asked = byCost(parts);
  }

  test(facts: Facts): boolean {
    const { asked, way } = this;
    const any = way === 'any';
    const decisive = way !== 'all';
    for (let index = 0; index < asked.length; index++) if (asked[index]?.test(facts) === decisive) return any;
    return !any;
  }

  found(): Found {
    return null;
  }
}

type LeafSource = Exclude<Predicate, { all: unknown } | { not: unknown }>;

/**
 * A condition without parts. A bundle has tens of thousands: each is one small object, and what is asked of all of a kind stands in a
 * table.
 */
class Leaf implements CompiledPredicate {
  readonly source: LeafSource;
  readonly kind: Kind;
  readonly scope: Scope;
  /** The segment, offer, key of products, place of the tier, or days. */
  readonly number: number;
  /** The segments or keys, if there are several; the days, where `number` is something else. */
  readonly numbers: readonly number[] | null;
  readonly selects: Selects;
  /** Which bounds there are: 1 `atLeast`, 2 `atMost`, 3 both. */
  readonly bounds: number;
  readonly least: number;
  readonly most: number;
  #parts: readonly CompiledPredicate[] | null = null;

  constructor(
    source: LeafSource,
    kind: Kind,
    scope: Scope,
    number: number,
    numbers: readonly number[] | null = null,
    bounds: Bounds = unbounded,
    selects: Selects = selectsAll,
  ) {
    const { atLeast, atMost } = bounds;
    this.source = source;
    this.kind = kind;
    this.scope = scope;
    this.number = number;
    this.numbers = numbers;
    this.selects = selects;
    this.bounds = (atLeast === undefined ? 0 : 1) + (atMost === undefined ? 0 : 2);
    this.least = atLeast ?? 0;
    this.most = atMost ?? 0;
  }

  get cost(): number {
    return this.kind.cost;
  }

  /** Of several segments, which are one leaf: made when somebody asks which of them it was. */
  get parts(): readonly CompiledPredicate[] {
    const { source } = this;
    this.#parts ??= 'any' in source ? compileEach(source.any, this.scope) : noParts;
    return this.#parts;
  }

  test(facts: Facts): boolean {
    return this.kind.test(this, facts);
  }

  found(facts: Facts): Found {
    return this.kind.found(this, facts);
  }

  /** Whether a number lies in the bounds; of one that is not there nothing holds. */
  holds(value: number | null): boolean {
    if (value === null) return false;
    const { bounds } = this;
    return ((bounds & 1) === 0 || value >= this.least) && ((bounds & 2) === 0 || value <= this.most);
  }
}

const unbounded: Bounds = {};
const noParts: readonly CompiledPredicate[] = [];

/** What all leaves of a kind have in common. */
interface Kind {
  readonly cost: number;
  readonly test: (leaf: Leaf, facts: Facts) => boolean;
  readonly found: (leaf: Leaf, facts: Facts) => Found;
}

function kind(cost: number, test: Kind['test'], found: Kind['found']): Kind {
  return { cost, test, found };
}

/** One that counts something and compares it with its bounds. */
function counting(cost: number, number: (leaf: Leaf, facts: Facts) => number | null): Kind {
  return kind(cost, (leaf, facts) => leaf.holds(number(leaf, facts)), number);
}

const nothing = () => null;
const foundSegments: Kind['found'] = (_leaf, { member }) => member?.segments ?? [];
const foundTier: Kind['found'] = (_leaf, { member }) => member?.tier ?? null;

const kinds = {
  segment: kind(1, (leaf, facts) => facts.isIn(leaf.number, leaf.scope.keys), foundSegments),
  oneOfSegments: kind(2, isInOne, nothing),
  tierAtLeast: kind(1, ({ scope, number }, { member }) => rankOf(member?.tier, scope) >= number, foundTier),
  tierIs: kind(1, ({ scope, number }, { member }) => rankOf(member?.tier, scope) === number, foundTier),
  attribute: kind(2, attributeMatches, foundAttribute),
  memberDays: counting(3, memberDays),
  points: counting(1, (_leaf, { member }) => (member === null ? null : (member.points ?? 0))),
  birthday: counting(4, birthdayDistance),
  spend: counting(2, (_leaf, { basket }) => basket.net),
  spendOfKey: counting(2, ({ scope, number }, { basket }) => basket.sums(scope.keys).spend(number)),
  spendOfKeys: counting(2, ({ scope, numbers }, { basket }) => sumOf('spend', numbers, basket, scope)),
  spendOf: counting(2, ({ selects }, { basket }) => basket.spend(selects)),
  items: counting(2, (_leaf, { basket }) => basket.pieces),
  itemsOfKey: counting(2, ({ scope, number }, { basket }) => basket.sums(scope.keys).items(number)),
  itemsOfKeys: counting(2, ({ scope, numbers }, { basket }) => sumOf('items', numbers, basket, scope)),
  itemsOf: counting(2, ({ selects }, { basket }) => basket.items(selects)),
  bought: kind(12, (leaf, facts) => leaf.holds(boughtUpTo(leaf, facts)), allBought),
  boughtSome: kind(12, hasBought, allBought),
  boughtNone: kind(12, (leaf, facts) => !hasBought(leaf, facts), allBought),
  received: counting(8, (leaf, facts) => couponsOf(leaf, 'issued', facts)),
  redeemed: counting(8, (leaf, facts) => couponsOf(leaf, 'redeemed', facts)),
};

function compileLeaf(source: Exclude<LeafSource, { any: unknown }>, scope: Scope): Leaf {
  const { keys, tiers } = scope;
  if ('items' in source) return sumLeaf(source, 'items', source.items, scope);
  if ('attribute' in source) return new Leaf(source, kinds.attribute, scope, 0);
  if ('spend' in source) return sumLeaf(source, 'spend', source.spend, scope);
  if ('tier' in source) {
    const { tier } = source;
    // Nobody has the place after the last one.
    if ('is' in tier) return new Leaf(source, kinds.tierIs, scope, tiers.get(tier.is) ?? tiers.size);
    return new Leaf(source, kinds.tierAtLeast, scope, tiers.get(tier.atLeast) ?? tiers.size);
  }
  if ('bought' in source) {
    const { of, withinDays } = source.bought;
    keys.boughtWithinDays = Math.max(keys.boughtWithinDays, withinDays);
    const bounds = atLeastOne(source.bought);
    const some = (bounds.atLeast ?? 0) === 1 && bounds.atMost === undefined;
    const none = (bounds.atLeast ?? 0) <= 0 && bounds.atMost === 0;
    const asked = some ? kinds.boughtSome : none ? kinds.boughtNone : kinds.bought;
    return new Leaf(source, asked, scope, withinDays, keysOf(of, keys), bounds, compileSelector(of));
  }
  if ('points' in source) return new Leaf(source, kinds.points, scope, 0, null, source.points);
  if ('memberDays' in source) return new Leaf(source, kinds.memberDays, scope, 0, null, source.memberDays);
  if ('birthday' in source) return new Leaf(source, kinds.birthday, scope, 0, null, { atMost: source.birthday.within });
  if ('received' in source) return couponLeaf(source, kinds.received, source.received, scope);
  if ('redeemed' in source) return couponLeaf(source, kinds.redeemed, source.redeemed, scope);
  return new Leaf(source, kinds.segment, scope, keys.segment(source.segment));
}

function couponLeaf(
  source: LeafSource,
  asked: Kind,
  past: { readonly offer: string; readonly withinDays: number } & Bounds,
  scope: Scope,
): Leaf {
  return new Leaf(source, asked, scope, scope.keys.offer(past.offer), [past.withinDays], atLeastOne(past));
}

/** What the basket has of a selector: from its sums where one product has one key of the selector only, else by line. */
function sumLeaf(
  source: LeafSource,
  what: 'spend' | 'items',
  asked: { readonly of?: Selector } & Bounds,
  scope: Scope,
): Leaf {
  const { of } = asked;
  if (of === undefined) return new Leaf(source, kinds[what], scope, 0, null, asked);
  const keys = keysOf(of, scope.keys);
  if (keys === null) return new Leaf(source, kinds[`${what}Of`], scope, 0, null, asked, compileSelector(of));
  const [only] = keys;
  return keys.length === 1 && only !== undefined
    ? new Leaf(source, kinds[`${what}OfKey`], scope, only, null, asked)
    : new Leaf(source, kinds[`${what}OfKeys`], scope, 0, keys, asked);
}

function sumOf(what: 'spend' | 'items', keys: readonly number[] | null, basket: Basket, scope: Scope): number {
  const sums = basket.sums(scope.keys);
  let total = 0;
  if (keys !== null) for (let index = 0; index < keys.length; index++) total += sums[what](keys[index] ?? -1);
  return total;
}

/** The numbers of the segments where nothing else is asked; null where something is, or nothing at all. */
function segmentsOf(any: readonly Predicate[], keys: Keys): readonly number[] | null {
  if (any.length === 0) return null;
  for (let index = 0; index < any.length; index++) if (!('segment' in (any[index] as Predicate))) return null;
  const numbers = new Array<number>(any.length);
  for (let index = 0; index < any.length; index++) {
    const part = any[index] as Predicate;
    if ('segment' in part) numbers[index] = keys.segment(part.segment);
  }
  return numbers;
}

function isInOne({ numbers, scope }: Leaf, facts: Facts): boolean {
  if (numbers !== null)
    for (let index = 0; index < numbers.length; index++) if (facts.isIn(numbers[index] ?? -1, scope.keys)) return true;
  return false;
}

/** Place of a tier among those of the bundle; -1 for one that it does not know. */
function rankOf(tier: string | undefined, { tiers }: Scope): number {
  return tier === undefined ? -1 : (tiers.get(tier) ?? -1);
}

function couponsOf({ number, numbers, scope }: Leaf, event: 'issued' | 'redeemed', facts: Facts): number {
  const { coupons } = facts;
  const offers = coupons.offers(scope.keys);
  const withinDays = numbers?.[0] ?? 0;
  let count = 0;
  for (let index = 0; index < coupons.count; index++)
    if (offers[index] === number && facts.withinDays(coupons[event](index), withinDays)) count++;
  return count;
}

/** Keys of which each selected product has exactly one; null if there are none such. */
function keysOf(of: Selector, keys: Keys): readonly number[] | null {
  if ('category' in of) return disjointNodes(of.category)?.map(node => keys.category(node)) ?? null;
  if ('gtin' in of) return once(of.gtin).map(value => keys.gtin(value));
  return 'brand' in of ? once(of.brand).map(value => keys.brand(value)) : null;
}

/** Each value once; most lists are of one. */
function once(values: readonly string[]): readonly string[] {
  return values.length === 1 ? values : [...new Set(values)];
}

/** The nodes, each once; null if one lies below another. */
function disjointNodes(nodes: readonly string[]): readonly string[] | null {
  const each = once(nodes);
  if (each.length === 1) return each;
  // Sorted with the slash before all else, a node stands directly before what lies below it.
  const paths = each.map(node => `${node}/`).sort();
  for (const [index, path] of paths.entries()) if (paths[index + 1]?.startsWith(path)) return null;
  return each;
}

function attributeMatches({ source }: Leaf, facts: Facts): boolean {
  if (!('attribute' in source)) return false;
  const value = attributeOf(source.attribute.name, facts);
  if (value === undefined) return false;
  if (!isList(value)) return isAsked(value, source.attribute);
  for (let index = 0; index < value.length; index++)
    if (isAsked(value[index] as AttributeValue, source.attribute)) return true;
  return false;
}

function isAsked(value: AttributeValue, test: AttributeTest): boolean {
  return test.in === undefined ? typeof value === 'number' && inBounds(value, test) : test.in.includes(value);
}

function foundAttribute({ source }: Leaf, facts: Facts): Found {
  const value = 'attribute' in source ? attributeOf(source.attribute.name, facts) : undefined;
  if (value === undefined) return [];
  return isList(value) ? value.map(String) : [String(value)];
}

function attributeOf(name: string, { member }: Facts): AttributeValue | readonly AttributeValue[] | undefined {
  const attributes = member?.attributes;
  return attributes === undefined || !Object.hasOwn(attributes, name) ? undefined : attributes[name];
}

type AttributeValue = string | number | boolean;

function isList(value: AttributeValue | readonly AttributeValue[]): value is readonly AttributeValue[] {
  return Array.isArray(value);
}

function inBounds(value: number, { atLeast, atMost }: Bounds): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** Counts of the past ask for one at least, if neither bound is given. */
export function atLeastOne(bounds: Bounds): Bounds {
  return bounds.atLeast === undefined && bounds.atMost === undefined ? { atLeast: 1 } : bounds;
}

function memberDays(_leaf: Leaf, { member, today }: Facts): number | null {
  const joined = member?.joined === undefined ? null : parseDate(member.joined);
  return joined === null ? null : today - joined;
}

function birthdayDistance(_leaf: Leaf, { member, today }: Facts): number | null {
  const birthday = member?.birthday === undefined ? null : parseDate(member.birthday);
  return birthday === null ? null : daysToBirthday(birthday, today);
}

/** How many earlier sales had a selected product. */
function allBought({ selects, number }: Leaf, facts: Facts): number {
  return salesWith(selects, number, facts, Number.POSITIVE_INFINITY);
}

/** The same, counted no further than the bounds need. */
function boughtUpTo({ scope, number, numbers, selects, bounds, least, most }: Leaf, facts: Facts): number {
  const { bought } = facts;
  if (numbers !== null && bought.isWorthIndexing(scope.keys)) {
    const since = facts.now - number * dayMs;
    let index = 0;
    while (index < numbers.length && bought.latest(numbers[index] ?? -1, scope.keys) < since) index++;
    if (index === numbers.length) return 0;
  }
  return salesWith(selects, number, facts, bounds === 1 ? least : most + 1);
}

/** Whether a selected product was bought within the days, in another sale. */
function hasBought({ scope, number, numbers, selects }: Leaf, facts: Facts): boolean {
  const byKey = numbers !== null && facts.bought.isWorthIndexing(scope.keys) && !facts.boughtOverlaps;
  return byKey ? wasBought(numbers, scope.keys, number, facts) : wasSold(selects, number, facts);
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

/**
 * Earlier sales with a selected product: by sale id; without one, equal instants are one sale.
 * @param enough sales, at which counting may end
 */
function salesWith(selects: Selects, withinDays: number, facts: Facts, enough: number): number {
  const { bought } = facts;
  let count = 0;
  setWindow(withinDays, facts);
  for (let index = 0; index < bought.count && count < enough; index++) {
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
