/** Reference reading of the contract, part 5: which coupons to print (section 6), by trying every set. */
import type { Offer } from '../../../agent/offers/types.ts';
import type { World } from './basket.ts';
import { policiesOf, policyUse, type Terms } from './conditions.ts';

export interface Candidate {
  readonly offer: Offer;
  readonly terms: Terms;
}

/** The best of all 2^n sets, in printed order: priority descending, then id. */
export function select(candidates: readonly Candidate[], world: World): Candidate[] {
  let best: Candidate[] = [];
  for (let bits = 0; bits < 2 ** candidates.length; bits++) {
    const set = candidates.filter((_, index) => Math.floor(bits / 2 ** index) % 2 === 1);
    if (isAllowed(set, world) && isBetter(set, best)) best = set;
  }
  return best.sort((a, b) => priorityOf([b]) - priorityOf([a]) || compare(a.offer.id, b.offer.id));
}

function isAllowed(set: readonly Candidate[], world: World): boolean {
  const { couponsPerSale, perCategory } = world.bundle.selection ?? {};
  if (couponsPerSale !== undefined && set.length > couponsPerSale) return false;
  const groups = set.flatMap(c => (c.offer.group === undefined ? [] : [c.offer.group]));
  if (new Set(groups).size < groups.length) return false;
  if (perCategory !== undefined) {
    for (const category of set.flatMap(c => c.terms.coupon?.category ?? [])) {
      if (set.filter(c => c.terms.coupon?.category === category).length > perCategory) return false;
    }
  }
  return (world.bundle.contactPolicies ?? []).every(policy => {
    const chosen = set.filter(c => policiesOf(c.offer, world).includes(policy)).length;
    return chosen === 0 || policyUse(policy, world) + chosen <= policy.limit;
  });
}

/** "Among equal sums take fewer coupons, then the set whose sorted ids are smallest." */
function isBetter(set: readonly Candidate[], best: readonly Candidate[]): boolean {
  if (priorityOf(set) !== priorityOf(best)) return priorityOf(set) > priorityOf(best);
  if (set.length !== best.length) return set.length < best.length;
  const ids = set.map(c => c.offer.id).sort(compare);
  const bestIds = best.map(c => c.offer.id).sort(compare);
  for (let i = 0; i < ids.length; i++) {
    const order = compare(ids[i] ?? '', bestIds[i] ?? '');
    if (order !== 0) return order < 0;
  }
  return false;
}

function priorityOf(set: readonly Candidate[]): number {
  return set.reduce((total, candidate) => total + (candidate.offer.priority ?? 0), 0);
}

/** By code point; ids are ASCII. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
