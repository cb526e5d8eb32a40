/** A valid bundle, prepared once for many decisions: order, tests, terms of every variant. */

import { Keys } from './keys.ts';
import { type CompiledPredicate, compilePredicate } from './predicate.ts';
import { compileSelector, type Selects, sameSelector, selectsAll } from './selector.ts';
import { finish, sortedInSteps } from './steps.ts';
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
  Tier,
  Variant,
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
  /** By place in the index: as `offers`, but those of phase `issue` by priority descending, then id. */
  readonly byPlace: readonly CompiledOffer[];
  readonly byId: ReadonlyMap<string, CompiledOffer>;
  readonly byPhase: Readonly<Record<Phase, readonly CompiledOffer[]>>;
  /** The products that conditions ask for. */
  readonly keys: Keys;
  /** Contact classes that have a policy, numbered from 0. */
  readonly classes: ReadonlyMap<string, number>;
  /** Each offer of phase `issue` has a contact class with a policy. */
  readonly allInClasses: boolean;
  /** How many groups and coupon categories are numbered. */
  readonly groups: number;
  readonly categories: number;
}

export interface CompiledOffer {
  readonly offer: Offer;
  readonly id: string;
  readonly phase: Phase;
  readonly sequence: number;
  /** Rank in the contract's order. */
  readonly rank: number;
  /** Place in the index. */
  readonly place: number;
  readonly trigger: 'auto' | 'coupon' | 'digital';
  readonly schedule: CompiledSchedule | null;
  readonly stores: (storeId: string) => boolean;
  /** Why it needs a member; null if it does not. */
  readonly needsMember: 'audience' | 'consent' | 'digital' | 'cap' | 'chain' | 'points' | null;
  readonly audience: CompiledPredicate | null;
  readonly when: CompiledPredicate | null;
  readonly base: Terms;
  readonly variants: ReadonlyMap<string, Terms>;
  /** A variant competes in another category: where the member stands must be known before coupons are chosen. */
  readonly placedFirst: boolean;
  /** In the order of the reasons. */
  readonly caps: readonly CompiledCap[];
  /** The caps ask for nothing but the member's own coupons in history; true too where there are none. */
  readonly capsByHistory: boolean;
  /** Number of its group; -1 without one. */
  readonly group: number;
  /** Number of its contact class; -1 if no policy asks for it. */
  readonly class: number;
  /** Place among the ids of its phase by code point. */
  readonly byId: number;
}

export interface CompiledCap {
  readonly cap: Cap;
  /** Counts redemptions and not coupons issued. */
  readonly redemptions: boolean;
}

/** What an offer gives, for the base or a variant. */
export interface Terms {
  readonly variant: string | null;
  readonly benefit: Benefit;
  readonly selects: Selects;
  /** `atLeast` of an `items` condition in `when` on the benefit's own selector; 0 if there is none. */
  readonly trigger: number;
  readonly coupon: CompiledCoupon | null;
  /** Number of the coupon's category; -1 without one. */
  readonly category: number;
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

const capOrder: readonly Cap['scope'][] = ['member', 'household', 'store', 'global'];

/** Offers compiled between two pauses: well under a millisecond. */
const stepSize = 100;

/** @param bundle has passed `validateBundle` */
export function compileBundle(bundle: Bundle): CompiledBundle {
  return finish(compiling(bundle));
}

/** `compileBundle` in short steps, so that a till may sell between any two of them. */
export function* compiling(bundle: Bundle): Generator<undefined, CompiledBundle> {
  const ordered = yield* sortedInSteps(
    bundle.offers,
    (a, b) =>
      phaseOrder[a.phase] - phaseOrder[b.phase] || (a.sequence ?? 0) - (b.sequence ?? 0) || compareIds(a.id, b.id),
  );
  const byIds = new Map<string, number>();
  for (const { id } of yield* sortedInSteps(ordered, (a, b) => compareIds(a.id, b.id))) byIds.set(id, byIds.size);
  yield;
  const places = new Map<string, number>();
  for (const { id } of yield* sortedInSteps(ordered, byPlace)) places.set(id, places.size);
  yield;
  const numbers = new Numbers(bundle);
  for (const id of places.keys()) numbers.keys.offer(id);
  yield;
  const offers: CompiledOffer[] = [];
  const byId = new Map<string, CompiledOffer>();
  const byPhase: Record<Phase, CompiledOffer[]> = { line: [], basket: [], points: [], issue: [] };
  for (const [rank, source] of ordered.entries()) {
    const order = { rank, place: places.get(source.id) ?? 0, byId: byIds.get(source.id) ?? 0 };
    const offer = compileOffer(source, order, bundle, numbers);
    offers.push(offer);
    byId.set(offer.id, offer);
    byPhase[offer.phase].push(offer);
    if (rank % stepSize === stepSize - 1) yield;
  }
  const placed = offers.slice();
  for (const offer of offers) placed[offer.place] = offer;
  return {
    bundle,
    byPlace: placed,
    zone: zoneOf(bundle.timezone),
    notAfter: parseInstant(bundle.notAfter) ?? Number.NEGATIVE_INFINITY,
    offers,
    byId,
    byPhase,
    keys: numbers.keys,
    classes: numbers.classes,
    allInClasses: byPhase.issue.every(offer => offer.class >= 0),
    groups: numbers.groups.size,
    categories: numbers.categories.size,
  };
}

/** Numbers for names, so that decisions count in arrays. */
class Numbers {
  readonly keys = new Keys();
  readonly classes: ReadonlyMap<string, number>;
  readonly groups = new Map<string, number>();
  readonly categories = new Map<string, number>();

  constructor({ contactPolicies }: Bundle) {
    const names = new Set((contactPolicies ?? []).map(policy => policy.class));
    this.classes = new Map([...names].map((name, index) => [name, index]));
  }
}

function numberIn(numbers: Map<string, number>, name: string | undefined): number {
  if (name === undefined) return -1;
  const known = numbers.get(name) ?? numbers.size;
  numbers.set(name, known);
  return known;
}

/** By code point; ids are ASCII. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Caps that an application in phase `line`, `basket` or `points` counts towards. */
export function countsRedemptions(cap: Cap, phase: Phase): boolean {
  return (cap.counts ?? (phase === 'issue' ? 'issued' : 'redeemed')) === 'redeemed';
}

/** By phase, and of one phase in the contract's order; coupons to print in the order in which they are the most wanted. */
function byPlace(a: Offer, b: Offer): number {
  if (a.phase !== 'issue' || b.phase !== 'issue') return phaseOrder[a.phase] - phaseOrder[b.phase];
  return (b.priority ?? 1) - (a.priority ?? 1) || compareIds(a.id, b.id);
}

function compileOffer(
  offer: Offer,
  order: Pick<CompiledOffer, 'rank' | 'place' | 'byId'>,
  bundle: Bundle,
  numbers: Numbers,
): CompiledOffer {
  const predicate = (source: Predicate | undefined) =>
    source === undefined ? null : compilePredicate(source, bundle.loyalty?.tiers ?? noTiers, numbers.keys);
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
      category: numberIn(numbers.categories, coupon?.category),
    };
  };
  return {
    offer,
    id: offer.id,
    phase: offer.phase,
    sequence: offer.sequence ?? 0,
    ...order,
    trigger: offer.trigger ?? 'auto',
    schedule: compileSchedule(offer),
    stores: compileStores(offer.stores),
    needsMember: needOfMember(offer),
    audience: predicate(offer.audience),
    when: predicate(offer.when),
    base: terms(null, offer.benefit, offer.coupon),
    variants: new Map(
      offer.experiment?.variants?.map(variant => [
        variant.id,
        terms(variant.id, variant.benefit ?? offer.benefit, variant.coupon ?? offer.coupon),
      ]),
    ),
    placedFirst: (offer.experiment?.variants ?? noVariants).some(
      ({ coupon }) => coupon !== undefined && coupon.category !== offer.coupon?.category,
    ),
    caps: capOrder.flatMap(scope => {
      const cap = offer.caps?.find(each => each.scope === scope);
      return cap === undefined ? [] : [{ cap, redemptions: countsRedemptions(cap, offer.phase) }];
    }),
    capsByHistory: (offer.caps ?? noCaps).every(
      ({ scope, limit }) => scope === 'member' && limit > 0 && offer.phase === 'issue',
    ),
    group: numberIn(numbers.groups, offer.group),
    class: numbers.classes.get(offer.contact?.class ?? '') ?? -1,
  };
}

const noTiers: readonly Tier[] = [];
const noCaps: readonly Cap[] = [];
const noVariants: readonly Variant[] = [];

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
