/** Caps (contract sections 3, 8 and 9): how many count already, this sale's own applications included. */
import type { CompiledCap, CompiledOffer } from './compile.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import type { Counters } from './types.ts';

/**
 * The first cap that is full, in the order of the reasons.
 * @param redeeming only caps that count redemptions are asked
 * @param applied applications of the offer in this sale so far
 */
export function fullCap(offer: CompiledOffer, facts: Facts, redeeming: boolean, applied: number): Finding | null {
  const { caps } = offer;
  for (let index = 0; index < caps.length; index++) {
    const asked = caps[index] as CompiledCap;
    const { cap, redemptions } = asked;
    if (redeeming && !redemptions) continue;
    const own = redemptions ? applied : 0;
    if (cap.scope === 'global') {
      const left = (countersOf(facts, offer.id)?.lease ?? 0) - own;
      if (left <= 0) return { reason: 'cap-global', cap, found: Math.max(0, left) };
      continue;
    }
    const found =
      own +
      (cap.scope === 'member' && offer.phase === 'issue'
        ? inHistory(offer.id, asked, facts)
        : (countersOf(facts, offer.id)?.[cap.scope] ?? 0));
    if (found >= cap.limit) return { reason: `cap-${cap.scope}`, cap, found };
  }
  return null;
}

/** The member's own coupons of the offer, by issue or redemption, inside the cap's window. */
function inHistory(offer: string, { cap, redemptions }: CompiledCap, facts: Facts): number {
  const { coupons } = facts;
  let count = 0;
  for (let index = 0; index < coupons.count; index++) {
    if (coupons.offer(index) !== offer) continue;
    const at = redemptions ? coupons.redeemed(index) : coupons.issued(index);
    if (!Number.isNaN(at) && facts.within(at, cap.window)) count++;
  }
  return count;
}

function countersOf({ sale }: Facts, offer: string): Counters | undefined {
  return sale.counters !== undefined && Object.hasOwn(sale.counters, offer) ? sale.counters[offer] : undefined;
}
