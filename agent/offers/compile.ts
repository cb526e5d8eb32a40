/** A valid bundle, prepared once for many decisions: order, tests, terms of every variant. */
import { type CompiledPredicate, compilePredicate } from './predicate.ts';
import { compileSelector, type Selects, sameSelector, selectsAll } from './selector.ts';
import { parseDate, parseInstant, parseTime } from './time.ts';
import type {
  Benefit,
  Bundle,
  Cap,
  CouponTerms,
  Offer,
  Phase,
  Predicate,
  Selector,
  StoreFilter,
  Weekday,
} from './types.ts';
import { type Zone, zoneOf } from './zone.ts';

export interface CompiledBundle {
  readonly bundle: Bundle;
  readonly zone: Zone;
  /** Milliseconds since 1970 UTC. */
  readonly notAfter: number;
  /** All offers in the contract's order: phase, sequence, id. */
  readonly offers: readonly CompiledOffer[];
  readonly byId: ReadonlyMap<string, CompiledOffer>;
  readonly byPhase: Readonly<Record<Phase, readonly CompiledOffer[]>>;
}

export interface CompiledOffer {
  readonly offer: Offer;
  readonly id: string;
  readonly phase: Phase;
  readonly sequence: number;
  /** Rank in the contract's order. */
  readonly rank: number;
  readonly trigger: 'auto' | 'coupon' | 'digital';
  readonly schedule: CompiledSchedule | null;
  readonly stores: (storeId: string) => boolean;
  /** Why it needs a member; null if it does not. */
  readonly needsMember: 'audience' | 'consent' | 'digital' | 'cap' | 'chain' | 'points' | null;
  readonly audience: CompiledPredicate | null;
  readonly when: CompiledPredicate | null;
  readonly base: Terms;
  readonly variants: ReadonlyMap<string, Terms>;
}

/** What an offer gives, for the base or a variant. */
export interface Terms {
  readonly variant: string | null;
  readonly benefit: Benefit;
  readonly selects: Selects;
  /** `atLeast` of an `items` condition in `when` on the benefit's own selector; 0 if there is none. */
  readonly trigger: number;
  readonly coupon: CompiledCoupon | null;
}

export interface CompiledCoupon {
  readonly terms: CouponTerms;
  readonly phase: 'line' | 'basket' | 'points';
  readonly stores: (storeId: string) => boolean;
  readonly redeem: CompiledPredicate | null;
  /** Like `Terms.trigger`, in `redeem`. */
  readonly trigger: number;
}

export interface CompiledSchedule {
  readonly from: number;
  readonly to: number;
  readonly days: ReadonlySet<Weekday> | null;
  /** Minutes since midnight. */
  readonly times: readonly { readonly from: number; readonly to: number }[] | null;
}

const phaseOrder: Readonly<Record<Phase, number>> = { line: 0, basket: 1, points: 2, issue: 3 };

/** @param bundle has passed `validateBundle` */
export function compileBundle(bundle: Bundle): CompiledBundle {
  const ordered = [...bundle.offers].sort(
    (a, b) =>
      phaseOrder[a.phase] - phaseOrder[b.phase] || (a.sequence ?? 0) - (b.sequence ?? 0) || compareIds(a.id, b.id),
  );
  const offers = ordered.map((offer, rank) => compileOffer(offer, rank, bundle));
  const inPhase = (phase: Phase) => offers.filter(offer => offer.phase === phase);
  return {
    bundle,
    zone: zoneOf(bundle.timezone),
    notAfter: parseInstant(bundle.notAfter) ?? Number.NEGATIVE_INFINITY,
    offers,
    byId: new Map(offers.map(offer => [offer.id, offer])),
    byPhase: { line: inPhase('line'), basket: inPhase('basket'), points: inPhase('points'), issue: inPhase('issue') },
  };
}

/** By code point; ids are ASCII. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Caps that an application in phase `line`, `basket` or `points` counts towards. */
export function countsRedemptions(cap: Cap, phase: Phase): boolean {
  return (cap.counts ?? (phase === 'issue' ? 'issued' : 'redeemed')) === 'redeemed';
}

function compileOffer(offer: Offer, rank: number, bundle: Bundle): CompiledOffer {
  const predicate = (source: Predicate | undefined) =>
    source === undefined ? null : compilePredicate(source, bundle.loyalty?.tiers ?? []);
  const terms = (variant: string | null, benefit: Benefit, coupon: CouponTerms | undefined): Terms => {
    const of = selectorOf(benefit);
    return {
      variant,
      benefit,
      selects: of === undefined ? selectsAll : compileSelector(of),
      trigger: triggerOf(offer.when, benefit),
      coupon:
        coupon === undefined
          ? null
          : {
              terms: coupon,
              phase: 'points' in benefit ? 'points' : of === undefined ? 'basket' : 'line',
              stores: compileStores(coupon.redeemStores),
              redeem: predicate(coupon.redeem),
              trigger: triggerOf(coupon.redeem, benefit),
            },
    };
  };
  return {
    offer,
    id: offer.id,
    phase: offer.phase,
    sequence: offer.sequence ?? 0,
    rank,
    trigger: offer.trigger ?? 'auto',
    schedule: compileSchedule(offer),
    stores: compileStores(offer.stores),
    needsMember: needOfMember(offer),
    audience: predicate(offer.audience),
    when: predicate(offer.when),
    base: terms(null, offer.benefit, offer.coupon),
    variants: new Map(
      (offer.experiment?.variants ?? []).map(variant => [
        variant.id,
        terms(variant.id, variant.benefit ?? offer.benefit, variant.coupon ?? offer.coupon),
      ]),
    ),
  };
}

function needOfMember(offer: Offer): CompiledOffer['needsMember'] {
  if (offer.phase === 'points') return 'points';
  if (offer.trigger === 'digital') return 'digital';
  if (offer.consent !== undefined) return 'consent';
  if (offer.audience !== undefined) return 'audience';
  if (offer.after !== undefined) return 'chain';
  return offer.caps?.some(cap => cap.scope === 'member' || cap.scope === 'household') ? 'cap' : null;
}

function compileStores(filter: StoreFilter | undefined): (storeId: string) => boolean {
  if (filter === undefined) return () => true;
  const include = filter.include === undefined ? null : new Set(filter.include);
  const exclude = new Set(filter.exclude ?? []);
  return storeId => (include === null || include.has(storeId)) && !exclude.has(storeId);
}

function compileSchedule({ schedule }: Offer): CompiledSchedule | null {
  if (schedule === undefined) return null;
  return {
    from: schedule.from === undefined ? Number.NEGATIVE_INFINITY : (parseDate(schedule.from) ?? Number.NaN),
    to: schedule.to === undefined ? Number.POSITIVE_INFINITY : (parseDate(schedule.to) ?? Number.NaN),
    days: schedule.days === undefined ? null : new Set(schedule.days),
    times:
      schedule.times?.map(window => ({
        from: parseTime(window.from) ?? Number.NaN,
        to: parseTime(window.to) ?? Number.NaN,
      })) ?? null,
  };
}

function selectorOf(benefit: Benefit): Selector | undefined {
  if ('percent' in benefit) return benefit.percent.of;
  if ('amount' in benefit) return benefit.amount.of;
  if ('price' in benefit) return benefit.price.of;
  if ('nForM' in benefit) return benefit.nForM.of;
  return undefined;
}

/** The largest `atLeast` of `items` on the benefit's own selector, at the top or inside `all`; 0 if there is none. */
function triggerOf(when: Predicate | undefined, benefit: Benefit): number {
  if (when === undefined) return 0;
  if ('all' in when) return when.all.reduce((most, part) => Math.max(most, triggerOf(part, benefit)), 0);
  return 'items' in when && sameSelector(when.items.of, selectorOf(benefit)) ? (when.items.atLeast ?? 0) : 0;
}
