/** Chains (contract section 3, `after`): local days since an event of one of the member's own coupons, from history only. */
import type { Facts } from './facts.ts';
import type { Keys } from './keys.ts';
import type { Chain } from './types.ts';

export interface CompiledChain {
  readonly chain: Chain;
  /** Number of the offer that it comes after. */
  readonly offer: number;
  readonly keys: Keys;
}

export function compileChain(chain: Chain, keys: Keys): CompiledChain {
  return { chain, offer: keys.offer(chain.offer), keys };
}

/** Local days since each event of that kind. */
export function chainDays(chain: CompiledChain, facts: Facts): number[] {
  const days: number[] = [];
  for (let index = 0; index < facts.coupons.count; index++) {
    const day = daysSince(chain, index, facts);
    if (!Number.isNaN(day)) days.push(day);
  }
  return days;
}

/** Whether an event of that kind lies in the chain's days; any one is enough. */
export function chainHolds(chain: CompiledChain, facts: Facts): boolean {
  const { minDays, maxDays } = chain.chain;
  for (let index = 0; index < facts.coupons.count; index++) {
    const day = daysSince(chain, index, facts);
    if (day >= (minDays ?? Number.NEGATIVE_INFINITY) && day <= (maxDays ?? Number.POSITIVE_INFINITY)) return true;
  }
  return false;
}

/** NaN if that coupon has no such event before the sale. */
function daysSince({ chain, offer, keys }: CompiledChain, index: number, facts: Facts): number {
  const { coupons, now } = facts;
  if (coupons.offers(keys)[index] !== offer) return Number.NaN;
  const at = eventOf(chain.outcome, index, facts);
  return at <= now ? facts.daysSince(at) : Number.NaN;
}

/** When the event happened; NaN if it did not. A redeemed coupon does not expire, one expires just after `expiresAt`. */
function eventOf(outcome: Chain['outcome'], index: number, { coupons, now }: Facts): number {
  if (outcome === 'issued') return coupons.issued(index);
  if (outcome === 'redeemed') return coupons.redeemed(index);
  if (!Number.isNaN(coupons.redeemed(index))) return Number.NaN;
  const expires = coupons.expires(index);
  const expired = now > expires;
  if (outcome === 'expired') return expired ? expires : Number.NaN;
  return expired ? Number.NaN : coupons.issued(index);
}
