/** Chains (contract section 3, `after`): local days since an event of one of the member's own coupons, from history only. */
import type { Facts, PastCoupon } from './facts.ts';
import type { Chain } from './types.ts';

/** Local days since each event of that kind; any one that fits is enough. */
export function chainDays(chain: Chain, facts: Facts): number[] {
  const days: number[] = [];
  for (const past of facts.coupons) {
    if (past.offer !== chain.offer) continue;
    const at = eventOf(past, chain.outcome, facts.now);
    if (at !== null && at <= facts.now) days.push(facts.daysSince(at));
  }
  return days;
}

export function chainFits(chain: Chain, days: readonly number[]): boolean {
  return days.some(
    day =>
      (chain.minDays === undefined || day >= chain.minDays) && (chain.maxDays === undefined || day <= chain.maxDays),
  );
}

/** When the event happened; null if it did not. A redeemed coupon does not expire, one expires just after `expiresAt`. */
function eventOf(past: PastCoupon, outcome: Chain['outcome'], now: number): number | null {
  if (outcome === 'issued') return past.issued;
  if (outcome === 'redeemed') return past.redeemed;
  if (past.redeemed !== null) return null;
  const expired = past.expires !== null && now > past.expires;
  if (outcome === 'expired') return expired ? past.expires : null;
  return expired ? null : past.issued;
}
