/** Reference reading of the contract, part 4: who may have an offer or a coupon: experiments, chains, caps, policies, coupon checks. */
import { createHash } from 'node:crypto';
import type {
  Benefit,
  Cap,
  Chain,
  ContactPolicy,
  CouponHistory,
  CouponTerms,
  Offer,
  PresentedCoupon,
  Reason,
  StoreFilter,
} from '../../../agent/offers/types.ts';
import { isRedeemed, type World } from './basket.ts';
import { daysFrom, inWindow, millis, wall } from './calendar.ts';

/** An offer in the form that holds for one member or coupon. */
export interface Terms {
  readonly variant: string | null;
  readonly heldOut: boolean;
  readonly benefit: Benefit;
  readonly coupon: CouponTerms | undefined;
}

/** Section 7: where the sale's member stands in the offer's experiment. */
export function termsForMember(offer: Offer, world: World): Terms {
  const { experiment } = offer;
  const { member } = world;
  const base = { variant: null, heldOut: false, benefit: offer.benefit, coupon: offer.coupon };
  if (experiment === undefined || member === undefined) return base;
  const bucket = firstFourBytes(`${experiment.salt}:${member.id}`) % 10_000;
  if (bucket < (experiment.holdout ?? 0)) return { ...base, heldOut: true };
  const variants = experiment.variants ?? [];
  const weights = variants.reduce((total, variant) => total + variant.weight, 0);
  if (weights === 0) return base;
  let left = firstFourBytes(`${experiment.salt}:variant:${member.id}`) % weights;
  for (const variant of variants) {
    if (left < variant.weight) return termsOfVariant(offer, variant.id);
    left -= variant.weight;
  }
  return base;
}

/** "A coupon keeps the variant it was issued with"; "An unknown variant on a coupon is the base offer". */
export function termsOfVariant(offer: Offer, id: string | null | undefined): Terms {
  const variant = offer.experiment?.variants?.find(v => v.id === id);
  return {
    variant: variant?.id ?? null,
    heldOut: false,
    benefit: variant?.benefit ?? offer.benefit,
    coupon: variant?.coupon ?? offer.coupon,
  };
}

function firstFourBytes(text: string): number {
  return createHash('sha256').update(text, 'utf8').digest().readUInt32BE(0);
}

export function storeFits(filter: StoreFilter | undefined, storeId: string): boolean {
  if (filter === undefined) return true;
  if (filter.include !== undefined && !filter.include.includes(storeId)) return false;
  return !(filter.exclude ?? []).includes(storeId);
}

/** "Chains: any own coupon of that offer that fits is enough." */
export function chainHolds(chain: Chain, world: World): boolean {
  const { sale, bundle, today, history } = world;
  return history.coupons.some(coupon => {
    if (coupon.offer !== chain.offer) return false;
    const expired =
      !isRedeemed(coupon) &&
      coupon.expiresAt !== undefined &&
      coupon.expiresAt !== null &&
      millis(sale.at) > millis(coupon.expiresAt);
    let event: string;
    if (chain.outcome === 'issued') event = coupon.issuedAt;
    else if (chain.outcome === 'redeemed') {
      if (!isRedeemed(coupon)) return false;
      event = coupon.redeemedAt ?? '';
    } else if (chain.outcome === 'expired') {
      if (!expired) return false;
      event = coupon.expiresAt ?? '';
    } else {
      if (isRedeemed(coupon) || expired) return false;
      event = coupon.issuedAt;
    }
    if (millis(event) > millis(sale.at)) return false; // it has not happened yet
    const days = daysFrom(wall(event, bundle.timezone).date, today);
    return days >= (chain.minDays ?? days) && days <= (chain.maxDays ?? days);
  });
}

export function countsOf(cap: Cap, offer: Offer): 'issued' | 'redeemed' {
  return cap.counts ?? (offer.phase === 'issue' ? 'issued' : 'redeemed');
}

/** The first cap without room. `applied`: how often this offer has applied in this sale before. */
export function fullCap(offer: Offer, caps: readonly Cap[], applied: number, world: World): Reason | undefined {
  for (const scope of ['member', 'household', 'store', 'global'] as const) {
    const cap = caps.find(c => c.scope === scope);
    if (cap === undefined) continue;
    const counts = countsOf(cap, offer);
    const inThisSale = counts === 'redeemed' ? applied : 0;
    const counters = world.sale.counters ?? {};
    const counter = Object.hasOwn(counters, offer.id) ? (counters[offer.id] ?? {}) : {};
    if (scope === 'global') {
      if ((counter.lease ?? 0) - inThisSale <= 0) return 'cap-global';
      continue;
    }
    const before =
      scope === 'member' && offer.phase === 'issue'
        ? ownCoupons(offer, cap, counts, world).length
        : (counter[scope] ?? 0);
    if (before + inThisSale >= cap.limit) return `cap-${scope}`;
  }
  return undefined;
}

function ownCoupons(offer: Offer, cap: Cap, counts: 'issued' | 'redeemed', world: World): CouponHistory[] {
  return world.history.coupons.filter(coupon => {
    if (coupon.offer !== offer.id) return false;
    const event = counts === 'issued' ? coupon.issuedAt : coupon.redeemedAt;
    if (event === undefined || event === null) return false;
    return inWindow(event, world.sale.at, cap.window, world.bundle.timezone);
  });
}

/** The policies that count an offer of this contact class; none for guests. */
export function policiesOf(offer: Offer, world: World): ContactPolicy[] {
  if (world.member === undefined || offer.contact === undefined) return [];
  return (world.bundle.contactPolicies ?? []).filter(policy => policy.class === offer.contact?.class);
}

/** How many coupons of a policy's class were issued in its window before this sale. */
export function policyUse(policy: ContactPolicy, world: World): number {
  const coupons = [...world.history.coupons, ...(policy.per === 'household' ? world.history.householdCoupons : [])];
  return coupons.filter(coupon => {
    const ofOffer = world.bundle.offers.find(offer => offer.id === coupon.offer)?.contact?.class;
    if ((coupon.class ?? ofOffer) !== policy.class) return false;
    return inWindow(coupon.issuedAt, world.sale.at, policy.window, world.bundle.timezone);
  }).length;
}

/** Used, dates, binding of a presented coupon, in this order; its place is the one among all that were presented. */
export function couponFault(coupon: PresentedCoupon, place: number, world: World): Reason | undefined {
  const presented = world.sale.coupons ?? [];
  if (presented.slice(0, place).some(earlier => isSame(earlier, coupon))) return 'coupon-used';
  const known = [...world.history.coupons, ...world.history.householdCoupons].filter(h => isSame(h, coupon));
  if (known.some(isRedeemed)) return 'coupon-used';

  if (coupon.validFrom !== undefined && world.today < coupon.validFrom) return 'coupon-not-yet';
  if (coupon.validTo !== undefined) {
    if (world.today > coupon.validTo) return 'coupon-expired';
  } else if (known.some(h => h.expiresAt && millis(world.sale.at) > millis(h.expiresAt))) return 'coupon-expired';

  if (coupon.household !== undefined) {
    const { member } = world;
    if (member === undefined) return 'coupon-bound';
    if (coupon.household !== member.household && coupon.household !== member.id) return 'coupon-bound';
  }
  return undefined;
}

/** A serial is one coupon's, whatever offer it is said to be of. */
function isSame(a: { readonly serial?: string }, b: PresentedCoupon): boolean {
  return a.serial === b.serial;
}
