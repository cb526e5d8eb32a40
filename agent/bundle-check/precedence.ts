/** Offers in each other's way: one that an exclusive offer always precedes, one that always loses in its group. */

import type { Bundle, Offer, Phase, Predicate, Selector, Tier } from '../offers/types.ts';
import { contradictionOf } from './contradiction.ts';
import type { Findings } from './finding.ts';
import { selectorOf } from './parts.ts';
import { within } from './selectors.ts';

/** An offer and its place in the document. */
interface Entry {
  readonly offer: Offer;
  readonly index: number;
}

const phases: readonly Phase[] = ['line', 'basket', 'points', 'issue'];
/** Rivals that are compared with an offer; beyond them a mistake is not looked for. */
const mostRivals = 200;

export function checkPrecedence(bundle: Bundle, findings: Findings): void {
  const tiers = bundle.loyalty?.tiers ?? [];
  const entries = bundle.offers.map((offer, index): Entry => ({ offer, index })).sort(inOrder);
  const exclusives: Entry[] = [];
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { offer, index } = entry;
    const discounts = offer.phase === 'line' || offer.phase === 'basket';
    const before = exclusives.find(({ offer: other }) => other.phase === offer.phase && precludes(other, offer, tiers));
    if (discounts && before !== undefined)
      findings.add(
        'error',
        'unreachable',
        ['offers', index],
        `Offer ${offer.id} never applies: whenever it could, the exclusive offer ${before.offer.id} has applied before it.`,
      );
    if (discounts && offer.exclusive && exclusives.length < mostRivals) exclusives.push(entry);
    if (offer.group === undefined || offer.phase === 'points') continue;
    const key = `${offer.phase === 'issue' ? 'issue' : 'discount'} ${offer.group}`;
    const rivals = groups.get(key) ?? [];
    groups.set(key, rivals);
    if (rivals.length < mostRivals) rivals.push(entry);
  }
  for (const rivals of groups.values()) checkGroup(rivals, tiers, findings);
}

function checkGroup(rivals: readonly Entry[], tiers: readonly Tier[], findings: Findings): void {
  for (const [position, { offer, index }] of rivals.entries()) {
    const winner = rivals.find(({ offer: other }, place) => {
      if (other === offer) return false;
      return offer.phase === 'issue'
        ? outbids(other, offer, tiers)
        : place < position && precludes(other, offer, tiers);
    });
    if (winner === undefined) continue;
    const why = offer.phase === 'issue' ? `has priority ${winner.offer.priority ?? 1}` : 'is applied before it';
    findings.add(
      'error',
      'group-always-lost',
      ['offers', index, 'group'],
      `Offer ${offer.id} never comes: in group ${offer.group} the offer ${winner.offer.id}, which matches whenever it does, ${why}.`,
    );
  }
}

/** By the contract: phase, sequence, id. */
function inOrder({ offer: a }: Entry, { offer: b }: Entry): number {
  return (
    phases.indexOf(a.phase) - phases.indexOf(b.phase) ||
    (a.sequence ?? 0) - (b.sequence ?? 0) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/** Whether `first`, which comes earlier, has applied whenever `later` could. */
function precludes(first: Offer, later: Offer, tiers: readonly Tier[]): boolean {
  if (first.experiment?.holdout !== undefined && first.experiment.holdout > 0) return false;
  if (first.experiment?.variants?.some(({ benefit }) => benefit !== undefined)) return false;
  if (!('percent' in first.benefit || 'amount' in first.benefit || 'text' in first.benefit)) return false;
  // A message applies to any basket; a discount to one that has what it selects, unless others used that up.
  if ('text' in later.benefit && !('text' in first.benefit)) return false;
  const used = first.phase === 'line' && (first.stackable ?? false) !== (later.stackable ?? false);
  // A trigger may ask for more units than are left.
  if (first.phase === 'line' && first.when !== undefined && JSON.stringify(first.when).includes('"items"'))
    return false;
  return !used && coversProducts(first, later) && matchesWhenever(first, later, tiers);
}

function coversProducts(first: Offer, later: Offer): boolean {
  if ('text' in first.benefit) return true;
  const selector: Selector | undefined = selectorOf(first.benefit);
  const selectors = [later.benefit, ...(later.experiment?.variants ?? []).flatMap(({ benefit }) => benefit ?? [])];
  return selectors.every(benefit => within(selectorOf(benefit), selector));
}

/** Whether the selection takes `winner` rather than `loser` whenever both are candidates, and it always is one. */
function outbids(winner: Offer, loser: Offer, tiers: readonly Tier[]): boolean {
  const [high, low] = [winner.priority ?? 1, loser.priority ?? 1];
  if (high < low || (high === low && winner.id > loser.id)) return false;
  const variants = [...(winner.experiment?.variants ?? []), ...(loser.experiment?.variants ?? [])];
  if (variants.some(({ coupon }) => coupon !== undefined)) return false;
  return (
    winner.coupon?.category === loser.coupon?.category &&
    winner.contact?.class === loser.contact?.class &&
    matchesWhenever(winner, loser, tiers)
  );
}

/** Whether every condition of `a` is met whenever all of `b` are. */
function matchesWhenever(a: Offer, b: Offer, tiers: readonly Tier[]): boolean {
  if ((a.trigger ?? 'auto') !== 'auto' || (a.caps ?? []).length > 0) return false;
  const same = (name: 'schedule' | 'stores' | 'consent' | 'after') =>
    a[name] === undefined || JSON.stringify(a[name]) === JSON.stringify(b[name]);
  if (!same('schedule') || !same('stores') || !same('consent') || !same('after')) return false;
  // Who has no member meets no audience, so an offer with one covers only such as ask for a member themselves.
  if (a.audience !== undefined && b.audience === undefined) return false;
  const asked = [a.audience, a.when].filter((part): part is Predicate => part !== undefined);
  if (asked.length === 0) return true;
  const given = [b.audience, b.when].filter((part): part is Predicate => part !== undefined);
  const placed = [...given, { not: { all: asked } }].map(predicate => ({ predicate, path: [] }));
  return contradictionOf(placed, tiers) !== null;
}
