/**
 * Whether conditions can be true together. Sound, not complete: what is called a contradiction is one in every sale; what is not
 * may still be one that this does not see.
 */
import { atLeastOne } from '../offers/predicate.ts';
import { sameSelector } from '../offers/selector.ts';
import type { Bounds, Predicate, Selector, Tier } from '../offers/types.ts';
import type { Path } from './finding.ts';
import { selectsNone, within } from './selectors.ts';

/** A condition and where it stands. */
export interface Placed {
  readonly predicate: Predicate;
  readonly path: Path;
}

export interface Contradiction {
  readonly path: Path;
  /** Part of a sentence: "… because ‹why›". */
  readonly why: string;
}

type Leaf = Exclude<Predicate, { all: unknown } | { any: unknown } | { not: unknown }>;
type Node =
  | { readonly kind: 'leaf'; readonly leaf: Leaf; readonly wanted: boolean; readonly path: Path }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Node[]; readonly path: Path };

type Literal = Extract<Node, { kind: 'leaf' }>;

/** Leaves compared with each other; more are only looked at one by one. */
const mostCompared = 120;
const mostSteps = 20_000;

/** Why these conditions can never all be true in one sale; null if nothing is found. */
export function contradictionOf(placed: readonly Placed[], tiers: readonly Tier[]): Contradiction | null {
  const order = new Map(tiers.map((tier, index) => [tier.id, index]));
  const budget = { left: mostSteps };
  return clash(
    placed.map(({ predicate, path }) => nodeOf(predicate, true, path)),
    [],
    order,
    budget,
  );
}

/** Whether every sale in which all of `given` are true makes `then` true. */
export function implies(given: readonly Predicate[], then: Predicate, tiers: readonly Tier[]): boolean {
  const placed = [...given, { not: then }].map(predicate => ({ predicate, path: [] }));
  return contradictionOf(placed, tiers) !== null;
}

function clash(
  nodes: readonly Node[],
  known: readonly Literal[],
  order: ReadonlyMap<string, number>,
  budget: { left: number },
): Contradiction | null {
  const fresh: Literal[] = [];
  const choices: Extract<Node, { kind: 'all' | 'any' }>[] = [];
  const flatten = (node: Node) => {
    if (node.kind === 'leaf') fresh.push(node);
    else if (node.kind === 'all') node.parts.forEach(flatten);
    else choices.push(node);
  };
  nodes.forEach(flatten);
  for (const literal of fresh) {
    const why = literal.wanted
      ? neverTrue(literal.leaf, order)
      : alwaysTrue(literal.leaf) && 'it asks that what always is true be false';
    if (why) return { path: literal.path, why };
  }
  const all = [...known, ...fresh].slice(0, mostCompared);
  for (let i = Math.min(known.length, all.length); i < all.length; i++)
    for (let j = 0; j < i; j++) {
      if (--budget.left < 0) return null;
      const [a, b] = [all[j], all[i]];
      const why = a === undefined || b === undefined ? null : exclude(a, b, order);
      if (b !== undefined && why !== null) return { path: b.path, why };
    }
  for (const { parts, path } of choices) {
    if (parts.length === 0) return { path, why: 'an empty "any" is never true' };
    let first: Contradiction | null = null;
    const possible = parts.some(part => {
      if (--budget.left < 0) return true;
      const found = clash([part], all, order, budget);
      first ??= found;
      return found === null;
    });
    if (!possible) {
      const reason = (first as Contradiction | null)?.why ?? '';
      return parts.length === 1
        ? first
        : { path, why: `none of its ${parts.length} parts is possible (the first: ${reason})` };
    }
  }
  return null;
}

/** With `not` carried down to the leaves; counts that must not lie in bounds become counts that lie outside. */
function nodeOf(predicate: Predicate, wanted: boolean, path: Path): Node {
  if ('not' in predicate) return nodeOf(predicate.not, !wanted, [...path, 'not']);
  if ('all' in predicate || 'any' in predicate) {
    const kind = 'all' in predicate ? 'all' : 'any';
    const list = 'all' in predicate ? predicate.all : predicate.any;
    const parts = list.map((part, index) => nodeOf(part, wanted, [...path, kind, index]));
    return { kind: (kind === 'all') === wanted ? 'all' : 'any', parts, path };
  }
  const counted = countOf(predicate);
  if (wanted || counted === null) return { kind: 'leaf', leaf: predicate, wanted, path };
  const { atLeast, atMost } = counted.bounds;
  const outside: Node[] = [];
  if (atLeast !== undefined)
    outside.push({ kind: 'leaf', leaf: counted.with({ atMost: atLeast - 1 }), wanted: true, path });
  if (atMost !== undefined)
    outside.push({ kind: 'leaf', leaf: counted.with({ atLeast: atMost + 1 }), wanted: true, path });
  return { kind: 'any', parts: outside, path };
}

/** Tests that count something that is there in every sale, 0 or more of it. */
interface Counted {
  readonly kind: 'spend' | 'items' | 'bought' | 'received' | 'redeemed';
  readonly of: Selector | undefined;
  readonly bounds: Bounds;
  /** What must be alike to be the same count. */
  readonly what: string;
  readonly with: (bounds: Bounds) => Leaf;
}

function countOf(leaf: Leaf): Counted | null {
  if ('spend' in leaf || 'items' in leaf) {
    const kind = 'spend' in leaf ? 'spend' : 'items';
    const { of, atLeast, atMost } = 'spend' in leaf ? leaf.spend : leaf.items;
    const selector = of === undefined ? {} : { of };
    const again = (bounds: Bounds): Leaf =>
      kind === 'spend' ? { spend: { ...selector, ...bounds } } : { items: { ...selector, ...bounds } };
    return { kind, of, bounds: { ...given('atLeast', atLeast), ...given('atMost', atMost) }, what: kind, with: again };
  }
  if ('bought' in leaf) {
    const { of, withinDays } = leaf.bought;
    const again = (bounds: Bounds): Leaf => ({ bought: { of, withinDays, ...bounds } });
    return { kind: 'bought', of, bounds: atLeastOne(leaf.bought), what: `bought ${withinDays}`, with: again };
  }
  if ('received' in leaf || 'redeemed' in leaf) {
    const kind = 'received' in leaf ? 'received' : 'redeemed';
    const { offer, withinDays, ...bounds } = 'received' in leaf ? leaf.received : leaf.redeemed;
    const again = (wish: Bounds): Leaf =>
      kind === 'received' ? { received: { offer, withinDays, ...wish } } : { redeemed: { offer, withinDays, ...wish } };
    return { kind, of: undefined, bounds: atLeastOne(bounds), what: `${kind} ${offer} ${withinDays}`, with: again };
  }
  return null;
}

const given = (name: 'atLeast' | 'atMost', value: number | undefined): Bounds =>
  value === undefined ? {} : { [name]: value };

/** Why a leaf alone is never true. */
function neverTrue(leaf: Leaf, order: ReadonlyMap<string, number>): string | null {
  const counted = countOf(leaf);
  if (counted !== null) {
    const { atLeast = 0, atMost = Number.POSITIVE_INFINITY } = counted.bounds;
    if (atMost < 0) return `"${counted.kind}" is never below 0, atMost is ${atMost}`;
    if (atLeast > atMost) return `atLeast ${atLeast} is more than atMost ${atMost}`;
    if (atLeast > 0 && selectsNone(counted.of)) return `its selector takes no product, and atLeast is ${atLeast}`;
    return null;
  }
  if ('attribute' in leaf && leaf.attribute.in?.length === 0) return `"in" lists no value of "${leaf.attribute.name}"`;
  if ('tier' in leaf) {
    const wish = 'is' in leaf.tier ? leaf.tier.is : leaf.tier.atLeast;
    return order.has(wish) ? null : `the bundle has no tier "${wish}" any more`;
  }
  const bounds = boundsOf(leaf);
  const { atLeast, atMost } = bounds ?? {};
  return atLeast !== undefined && atMost !== undefined && atLeast > atMost
    ? `atLeast ${atLeast} is more than atMost ${atMost}`
    : null;
}

function boundsOf(leaf: Leaf): Bounds | null {
  if ('attribute' in leaf) return leaf.attribute;
  if ('memberDays' in leaf) return leaf.memberDays;
  return 'points' in leaf ? leaf.points : null;
}

/** Sure that the leaf is true in every sale. */
export function alwaysTrue(leaf: Leaf): boolean {
  const counted = countOf(leaf);
  if (counted === null) return false;
  const { atLeast = 0, atMost = Number.POSITIVE_INFINITY } = counted.bounds;
  return atLeast <= 0 && (atMost === Number.POSITIVE_INFINITY || (atMost >= 0 && selectsNone(counted.of)));
}

/** Why two leaves can't be as wanted together. */
function exclude(a: Literal, b: Literal, order: ReadonlyMap<string, number>): string | null {
  if (a.wanted !== b.wanted)
    return JSON.stringify(a.leaf) === JSON.stringify(b.leaf) ? 'the opposite is asked for as well' : null;
  if (!a.wanted) return null;
  const [left, right] = [countOf(a.leaf), countOf(b.leaf)];
  if (left !== null && right !== null) return tooMany(left, right) ?? tooMany(right, left);
  if ('points' in a.leaf && 'points' in b.leaf) return disjoint(a.leaf.points, b.leaf.points, 'points');
  if ('memberDays' in a.leaf && 'memberDays' in b.leaf)
    return disjoint(a.leaf.memberDays, b.leaf.memberDays, 'memberDays');
  if ('tier' in a.leaf && 'tier' in b.leaf) return tiersApart(a.leaf.tier, b.leaf.tier, order);
  return null;
}

/** At least so many of a part, and at most fewer of the whole. */
function tooMany(part: Counted, whole: Counted): string | null {
  const { atLeast } = part.bounds;
  const { atMost } = whole.bounds;
  if (part.what !== whole.what || atLeast === undefined || atMost === undefined || atLeast <= atMost) return null;
  if (!sameSelector(part.of, whole.of) && !within(part.of, whole.of)) return null;
  return `"${part.kind}" must be at least ${atLeast} and at most ${atMost}`;
}

function disjoint(a: Bounds, b: Bounds, what: string): string | null {
  const least = Math.max(a.atLeast ?? Number.NEGATIVE_INFINITY, b.atLeast ?? Number.NEGATIVE_INFINITY);
  const most = Math.min(a.atMost ?? Number.POSITIVE_INFINITY, b.atMost ?? Number.POSITIVE_INFINITY);
  return least > most ? `"${what}" must be at least ${least} and at most ${most}` : null;
}

type TierTest = Extract<Leaf, { tier: unknown }>['tier'];

function tiersApart(a: TierTest, b: TierTest, order: ReadonlyMap<string, number>): string | null {
  if ('is' in a && 'is' in b) return a.is === b.is ? null : `a member has one tier, not "${a.is}" and "${b.is}"`;
  const [is, least] =
    'is' in a && 'atLeast' in b ? [a.is, b.atLeast] : 'is' in b && 'atLeast' in a ? [b.is, a.atLeast] : [];
  if (is === undefined || least === undefined) return null;
  return (order.get(is) ?? 0) < (order.get(least) ?? 0) ? `tier "${is}" is below "${least}"` : null;
}
