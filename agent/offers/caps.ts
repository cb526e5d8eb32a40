/** Caps (contract sections 3, 8 and 9): how many count already, this sale's own applications included. */
import { type CompiledOffer, countsRedemptions } from './compile.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import type { Cap, Counters } from './types.ts';

const order: readonly Cap['scope'][] = ['member', 'household', 'store', 'global'];

/**
 * The first cap that is full, in the order of the reasons.
 * @param redeeming only caps that count redemptions are asked
 * @param applied applications of the offer in this sale so far
 */
export function fullCap(compiled: CompiledOffer, facts: Facts, redeeming: boolean, applied: number): Finding | null {
  const { caps, phase } = compiled.offer;
  if (caps === undefined) return null;
  for (const scope of order) {
    const cap = caps.find(each => each.scope === scope);
    if (cap === undefined) continue;
    const redemptions = countsRedemptions(cap, phase);
    if (redeeming && !redemptions) continue;
    const own = redemptions ? applied : 0;
    if (scope === 'global') {
      const left = (countersOf(facts, compiled.id)?.lease ?? 0) - own;
      if (left <= 0) return { reason: 'cap-global', cap, found: Math.max(0, left) };
      continue;
    }
    const found =
      own +
      (scope === 'member' && phase === 'issue'
        ? inHistory(compiled.id, cap, facts, redemptions)
        : counted(facts, compiled.id, scope));
    if (found >= cap.limit) return { reason: `cap-${scope}`, cap, found };
  }
  return null;
}

/** The member's own coupons of the offer, by issue or redemption, inside the cap's window. */
function inHistory(offer: string, cap: Cap, facts: Facts, redemptions: boolean): number {
  let count = 0;
  for (const past of facts.coupons) {
    const at = redemptions ? past.redeemed : past.issued;
    if (past.offer === offer && at !== null && facts.within(at, cap.window)) count++;
  }
  return count;
}

function counted(facts: Facts, offer: string, scope: 'member' | 'household' | 'store'): number {
  return countersOf(facts, offer)?.[scope] ?? 0;
}

function countersOf({ sale }: Facts, offer: string): Counters | undefined {
  return sale.counters !== undefined && Object.hasOwn(sale.counters, offer) ? sale.counters[offer] : undefined;
}
