/** Conditions of offers and coupons, each with the first reason that fails in the contract's order, up to the caps. */
import { type CompiledChain, chainDays, chainHolds } from './chain.ts';
import { type CompiledOffer, countsRedemptions, type Terms } from './compile.ts';
import type { Facts } from './facts.ts';
import { failureOf } from './failure.ts';
import type { Finding } from './finding.ts';
import type { CompiledPredicate } from './predicate.ts';
import { couponFault, type Presented } from './presented.ts';
import { isScheduled } from './schedule.ts';
import { formatDate } from './time.ts';

/** Stands for any reason where nobody asks which it was. */
export const unexplained: Finding = { reason: 'trigger', trigger: 'coupon' };

/**
 * What an offer asks in its own phase: schedule, store, trigger, member, consent, audience, chain, `when`.
 * @param coupon the presented coupon that is to trigger it
 * @param triggered one of the offer's coupons is presented
 * @param explaining whether the part of a predicate that failed is asked for
 */
export function conditionFault(
  offer: CompiledOffer,
  coupon: Presented | null,
  triggered: boolean,
  facts: Facts,
  explaining: boolean,
): Finding | null {
  const { member, sale } = facts;
  if (offer.schedule !== null && !isScheduled(offer.schedule, facts.today, facts.minute))
    return {
      reason: 'schedule',
      schedule: offer.offer.schedule ?? {},
      date: formatDate(facts.today),
      minute: facts.minute,
    };
  if (!offer.stores(sale.storeId))
    return {
      reason: 'store',
      store: sale.storeId,
      excluded: offer.offer.stores?.exclude?.includes(sale.storeId) ?? false,
    };
  if (offer.trigger === 'coupon') {
    if (!triggered) return { reason: 'trigger', trigger: 'coupon' };
    const fault = coupon === null ? null : couponFault(coupon, facts);
    if (fault !== null) return fault;
  }
  if (offer.trigger === 'digital' && member !== null && !member.activated?.includes(offer.id))
    return { reason: 'trigger', trigger: 'digital' };
  if (member === null && offer.needsMember !== null) return { reason: 'no-member', needs: offer.needsMember };
  const { consent, after } = offer;
  if (consent !== null && !member?.consents?.includes(consent)) return { reason: 'consent', consent };
  const audience = predicateFault(offer.audience, 'audience', facts, explaining);
  if (audience !== null) return audience;
  if (after !== null && !chainHolds(after, facts))
    return explaining ? { reason: 'chain', chain: after.chain, days: chainDays(after, facts) } : unexplained;
  return predicateFault(offer.when, 'when', facts, explaining);
}

/**
 * `conditionFault` of an offer that the index has found, by what the index has left open; not for one that waits for a coupon.
 * @param rest of `OffersByPhase`
 * @param after of the offer
 */
export function restFault(
  rest: readonly CompiledPredicate[],
  after: CompiledChain | null,
  facts: Facts,
): Finding | null {
  for (let index = 0; index < rest.length; index++) if (rest[index]?.test(facts) === false) return unexplained;
  return after !== null && !chainHolds(after, facts) ? unexplained : null;
}

/** What a coupon of an `issue` offer asks: itself, store, member, `coupon.redeem`. */
export function redemptionFault(coupon: Presented, terms: Terms, facts: Facts): Finding | null {
  const { offer } = coupon;
  const fault = couponFault(coupon, facts);
  if (fault !== null) return fault;
  const { storeId } = facts.sale;
  if (terms.coupon?.stores(storeId) === false)
    return {
      reason: 'coupon-store',
      store: storeId,
      excluded: terms.coupon.terms.redeemStores?.exclude?.includes(storeId) ?? false,
    };
  if (facts.member === null) {
    if (coupon.phase === 'points') return { reason: 'no-member', needs: 'points' };
    const personal = offer.offer.caps?.some(
      cap => (cap.scope === 'member' || cap.scope === 'household') && countsRedemptions(cap, 'issue'),
    );
    if (personal) return { reason: 'no-member', needs: 'cap' };
  }
  return predicateFault(terms.coupon?.redeem ?? null, 'coupon-condition', facts, true);
}

function predicateFault(
  predicate: CompiledPredicate | null,
  reason: 'audience' | 'when' | 'coupon-condition',
  facts: Facts,
  explaining: boolean,
): Finding | null {
  if (predicate === null || predicate.test(facts)) return null;
  if (!explaining) return unexplained;
  return { reason, failure: failureOf(predicate, facts) };
}
