/** Coupons that the customer hands over: which offer and variant, in which phase, and whether the coupon itself is good. */
import type { CompiledBundle, CompiledOffer, Terms } from './compile.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import type { PastCoupon } from './past.ts';
import { formatDate, parseDate } from './time.ts';
import type { Phase, PresentedCoupon } from './types.ts';

/** A presented coupon of an offer that takes coupons. */
export interface Presented {
  readonly coupon: PresentedCoupon;
  readonly offer: CompiledOffer;
  /** Of the variant it was issued with; null for `trigger: "coupon"`, where the variant is the member's. */
  readonly terms: Terms | null;
  readonly phase: Phase;
  /** Order of presentation. */
  readonly position: number;
  /** A coupon with the same serial was presented before. */
  readonly repeated: boolean;
}

/** A presented coupon that is none: no such offer, or one that takes no coupon. */
export interface Stray {
  readonly coupon: PresentedCoupon;
  readonly offer: CompiledOffer | null;
  readonly position: number;
}

export interface PresentedCoupons {
  /** By phase in which they would be redeemed, in order of presentation. */
  readonly good: readonly Presented[];
  readonly strays: readonly Stray[];
  /** Ids of offers of which a coupon is presented. */
  readonly offers: ReadonlySet<string>;
}

/** What `readPresented` answers where there are none. */
export const noCoupons: PresentedCoupons = { good: [], strays: [], offers: new Set() };

export function readPresented(compiled: CompiledBundle, facts: Facts): PresentedCoupons {
  const { coupons } = facts.sale;
  return coupons === undefined || coupons.length === 0 ? noCoupons : readCoupons(compiled, coupons);
}

function readCoupons(compiled: CompiledBundle, coupons: readonly PresentedCoupon[]): PresentedCoupons {
  const good: Presented[] = [];
  const strays: Stray[] = [];
  const serials = new Set<string>();
  coupons.forEach((coupon, position) => {
    const repeated = serials.has(coupon.serial);
    serials.add(coupon.serial);
    const offer = compiled.byId.get(coupon.offer) ?? null;
    if (offer?.phase === 'issue') {
      const terms = offer.variants.get(coupon.variant ?? '') ?? offer.base;
      const phase = terms.coupon?.phase ?? 'basket';
      good.push({ coupon, offer, terms, phase, position, repeated });
    } else if (offer?.trigger === 'coupon') {
      good.push({ coupon, offer, terms: null, phase: offer.phase, position, repeated });
    } else strays.push({ coupon, offer, position });
  });
  return { good, strays, offers: new Set(coupons.map(coupon => coupon.offer)) };
}

/** Used, not yet or no longer valid, bound to somebody else: in this order; null if the coupon is good. */
export function couponFault({ coupon, repeated }: Presented, facts: Facts): Finding | null {
  const past = pastOf(coupon.serial, facts);
  const redeemed = past.find(each => !Number.isNaN(each.redeemed));
  if (redeemed !== undefined || repeated)
    return { reason: 'coupon-used', at: dayOf(redeemed?.redeemed ?? null, facts) };
  const from = coupon.validFrom === undefined ? null : parseDate(coupon.validFrom);
  const today = formatDate(facts.today);
  if (coupon.validFrom !== undefined && from !== null && facts.today < from)
    return { reason: 'coupon-not-yet', date: coupon.validFrom, today };
  const to = coupon.validTo === undefined ? null : parseDate(coupon.validTo);
  if (coupon.validTo !== undefined && to !== null) {
    if (facts.today > to) return { reason: 'coupon-expired', date: coupon.validTo, today };
  } else {
    const expires = past.find(each => !Number.isNaN(each.expires))?.expires ?? null;
    if (expires !== null && facts.now > expires)
      return { reason: 'coupon-expired', date: dayOf(expires, facts) ?? '', today };
  }
  if (coupon.household !== undefined) {
    const { member } = facts;
    // Bound to the member's own id where there was no household at issue: joining one later takes no coupon away.
    if (member === null || (coupon.household !== member.household && coupon.household !== member.id))
      return { reason: 'coupon-bound', guest: member === null };
  }
  return null;
}

/** What history, the member's own and the household's, says of a serial. */
function pastOf(serial: string, { coupons, householdCoupons }: Facts): PastCoupon[] {
  const found: PastCoupon[] = [];
  for (const past of [coupons, householdCoupons])
    for (let index = 0; index < past.count; index++)
      if (past.serial(index) === serial) found.push({ redeemed: past.redeemed(index), expires: past.expires(index) });
  return found;
}

function dayOf(at: number | null, facts: Facts): string | null {
  return at === null ? null : formatDate(facts.today - facts.daysSince(at));
}
