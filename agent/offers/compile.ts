/** A valid bundle, prepared once for many decisions: order, tests, terms of every variant. */

import { type CompiledChain, compileChain } from './chain.ts';
import type { Keys } from './keys.ts';
import { type CompiledPredicate, compilePredicate, Scope } from './predicate.ts';
import { compileSelector, type Selects, sameSelector } from './selector.ts';
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
  Variant,
  Weekday,
} from './types.ts';
import { type Zone, zoneOf } from './zone.ts';

export interface CompiledBundle {
  readonly bundle: Bundle;
  readonly zone: Zone;
  /** Milliseconds since 1970 UTC: coupons are printed until then. */
  readonly notAfter: number;
  /** What `notAfter` is said to be where it is not the bundle's own. */
  readonly endsAt?: string;
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
  readonly consent: string | null;
  readonly audience: CompiledPredicate | null;
  readonly after: CompiledChain | null;
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
  readonly days: readonly Weekday[] | null;
  /** Minutes since midnight. */
  readonly times: readonly { readonly from: number; readonly to: number }[] | null;
}

const phaseOrder: Readonly<Record<Phase, number>> = { line: 0, basket: 1, points: 2, issue: 3 };

/** Offers compiled between two pauses: well under a millisecond. */
const stepSize = 100;
/** Products and segments that they ask for. */
export const keyStep = 4000;
const orderedStep = 2000;

/** @param bundle has passed `validateBundle` */
export function compileBundle(bundle: Bundle): CompiledBundle {
  return finish(compiling(bundle));
}

/** `compileBundle` in short steps, so that a till may sell between any two of them. */
export function* compiling(bundle: Bundle): Generator<undefined, CompiledBundle> {
  const { byId: order, byRank, byPlace, wanted } = yield* ordering(bundle.offers);
  const names = new Names(bundle);
  const { keys } = names.scope;
  for (let place = 0; place < wanted.length; place++) {
    keys.offer(bundle.offers[wanted[place] ?? 0]?.id ?? '');
    if (place % orderedStep === orderedStep - 1) yield;
  }
  const offers: CompiledOffer[] = [];
  const placed = new Array<CompiledOffer>(byRank.length);
  const byId = new Map<string, CompiledOffer>();
  const byPhase: Record<Phase, CompiledOffer[]> = { line: [], basket: [], points: [], issue: [] };
  let pause = keys.asked + keyStep;
  for (let rank = 0; rank < byRank.length; rank++) {
    const index = byRank[rank] ?? 0;
    const place = byPlace[index] ?? 0;
    const offer = compileOffer(bundle.offers[index] as Offer, rank, place, order[index] ?? 0, names);
    offers.push(offer);
    placed[place] = offer;
    byId.set(offer.id, offer);
    byPhase[offer.phase].push(offer);
    if (rank % stepSize < stepSize - 1 && keys.asked < pause) continue;
    pause = keys.asked + keyStep;
    yield;
  }
  return {
    bundle,
    byPlace: placed,
    zone: zoneOf(bundle.timezone),
    notAfter: parseInstant(bundle.notAfter) ?? Number.NEGATIVE_INFINITY,
    offers,
    byId,
    byPhase,
    keys,
    classes: names.classes,
    allInClasses: byPhase.issue.every(offer => offer.class >= 0),
    groups: names.groups.size,
    categories: names.categories.size,
  };
}

/** For `endIssue`: nobody vouches for the bundle any more. */
export const withdrawn = '1970-01-01T00:00:00Z';

/** No coupons are printed after this instant, though the bundle itself would go on: whoever vouched for it does no more. */
export function endIssue(compiled: CompiledBundle, endsAt: string): void {
  const own = parseInstant(compiled.bundle.notAfter) ?? Number.NEGATIVE_INFINITY;
  const end = parseInstant(endsAt) ?? Number.NEGATIVE_INFINITY;
  Object.assign(compiled, end < own ? { notAfter: end, endsAt } : { notAfter: own, endsAt: undefined });
}

interface Orders {
  /** Place of each offer, by its index in the bundle, among the ids by code point; and in the lookup's index. */
  readonly byId: Int32Array;
  readonly byPlace: Int32Array;
  /** Indexes in the bundle, in the contract's order. */
  readonly byRank: readonly number[];
  /** Those in the order of their places. */
  readonly wanted: readonly number[];
}

/** The three orders of the offers: texts are compared once, for the ids; the others keep that order among equals. */
function* ordering(offers: readonly Offer[]): Generator<undefined, Orders> {
  const ids = new Array<string>(offers.length);
  const phases = new Int32Array(offers.length);
  const sequences = new Float64Array(offers.length);
  const wants = new Float64Array(offers.length);
  for (let index = 0; index < offers.length; index++) {
    const { id, phase, sequence, priority } = offers[index] as Offer;
    ids[index] = id;
    phases[index] = phaseOrder[phase];
    sequences[index] = sequence ?? 0;
    wants[index] = phase === 'issue' ? -(priority ?? 1) : (sequence ?? 0);
    if (index % orderedStep === orderedStep - 1) yield;
  }
  const of = (numbers: Int32Array | Float64Array, index: number) => numbers[index] ?? 0;
  const sorted = yield* sortedInSteps([...ids.keys()], (a, b) => compareIds(ids[a] ?? '', ids[b] ?? ''));
  const byRank = yield* sortedInSteps(
    sorted,
    (a, b) => of(phases, a) - of(phases, b) || of(sequences, a) - of(sequences, b),
  );
  // By phase, and of one phase in the contract's order; coupons to print by priority descending, then id, as they are chosen.
  const wanted = yield* sortedInSteps(sorted, (a, b) => of(phases, a) - of(phases, b) || of(wants, a) - of(wants, b));
  return { byId: placesOf(sorted), byPlace: placesOf(wanted), byRank, wanted };
}

/** For each index where it stands in the order. */
function placesOf(order: readonly number[]): Int32Array {
  const places = new Int32Array(order.length);
  for (let place = 0; place < order.length; place++) places[order[place] ?? 0] = place;
  return places;
}

/** What the offers of a bundle have in common: numbers for names, so that decisions count in arrays. */
class Names {
  readonly scope: Scope;
  readonly classes: ReadonlyMap<string, number>;
  readonly groups = new Map<string, number>();
  readonly categories = new Map<string, number>();

  constructor({ contactPolicies, loyalty }: Bundle) {
    const classes = new Set((contactPolicies ?? []).map(policy => policy.class));
    this.classes = new Map([...classes].map((name, index) => [name, index]));
    this.scope = new Scope(loyalty?.tiers ?? []);
  }
}

function numberIn(numbers: Map<string, number>, name: string | undefined): number {
  if (name === undefined) return -1;
  let number = numbers.get(name);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(name, number);
  }
  return number;
}

/** By code point; ids are ASCII. */
export function compareIds(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Caps that an application in phase `line`, `basket` or `points` counts towards. */
export function countsRedemptions(cap: Cap, phase: Phase): boolean {
  return (cap.counts ?? (phase === 'issue' ? 'issued' : 'redeemed')) === 'redeemed';
}

function compileOffer(offer: Offer, rank: number, place: number, byId: number, names: Names): CompiledOffer {
  const { phase, trigger, contact, experiment } = offer;
  const caps = capsOf(offer);
  return {
    offer,
    id: offer.id,
    phase,
    sequence: offer.sequence ?? 0,
    rank,
    place,
    byId,
    trigger: trigger ?? 'auto',
    schedule: compileSchedule(offer),
    stores: compileStores(offer.stores),
    needsMember: needOfMember(offer),
    consent: offer.consent ?? null,
    after: offer.after === undefined ? null : compileChain(offer.after, names.scope.keys),
    audience: offer.audience === undefined ? null : compilePredicate(offer.audience, names.scope),
    when: offer.when === undefined ? null : compilePredicate(offer.when, names.scope),
    base: new CompiledTerms(null, offer.benefit, offer.coupon, offer.when, names),
    variants: compileVariants(offer, names),
    placedFirst: (experiment?.variants ?? noVariants).some(
      ({ coupon }) => coupon !== undefined && coupon.category !== offer.coupon?.category,
    ),
    caps,
    capsByHistory: caps.every(({ cap }) => cap.scope === 'member' && cap.limit > 0 && phase === 'issue'),
    group: numberIn(names.groups, offer.group),
    class: contact === undefined ? -1 : (names.classes.get(contact.class) ?? -1),
  };
}

const noCaps: readonly CompiledCap[] = [];
const noVariants: readonly Variant[] = [];
const noTerms: ReadonlyMap<string, Terms> = new Map();

function compileVariants(offer: Offer, names: Names): ReadonlyMap<string, Terms> {
  const variants = offer.experiment?.variants ?? noVariants;
  if (variants.length === 0) return noTerms;
  const terms = new Map<string, Terms>();
  for (const { id, benefit, coupon } of variants)
    terms.set(id, new CompiledTerms(id, benefit ?? offer.benefit, coupon ?? offer.coupon, offer.when, names));
  return terms;
}

class CompiledTerms implements Terms {
  readonly variant: string | null;
  readonly benefit: Benefit;
  readonly trigger: number;
  readonly coupon: CompiledCoupon | null;
  readonly category: number;
  #selects: Selects | null = null;

  constructor(
    variant: string | null,
    benefit: Benefit,
    coupon: CouponTerms | undefined,
    when: Predicate | undefined,
    names: Names,
  ) {
    this.variant = variant;
    this.benefit = benefit;
    this.trigger = triggerOf(when, benefit);
    this.coupon = coupon === undefined ? null : compileCoupon(coupon, benefit, names);
    this.category = numberIn(names.categories, coupon?.category);
  }

  /** Made when the offer first applies: of ten thousand few do. */
  get selects(): Selects {
    this.#selects ??= compileSelector(selectorOf(this.benefit));
    return this.#selects;
  }
}

function compileCoupon(terms: CouponTerms, benefit: Benefit, { scope }: Names): CompiledCoupon {
  return {
    terms,
    phase: 'points' in benefit ? 'points' : selectorOf(benefit) === undefined ? 'basket' : 'line',
    stores: compileStores(terms.redeemStores),
    redeem: terms.redeem === undefined ? null : compilePredicate(terms.redeem, scope),
    trigger: triggerOf(terms.redeem, benefit),
  };
}

const capOrder: readonly Cap['scope'][] = ['member', 'household', 'store', 'global'];

function capsOf({ caps, phase }: Offer): readonly CompiledCap[] {
  if (caps === undefined || caps.length === 0) return noCaps;
  const compiled: CompiledCap[] = [];
  for (const scope of capOrder)
    for (const cap of caps) if (cap.scope === scope) compiled.push({ cap, redemptions: countsRedemptions(cap, phase) });
  return compiled;
}

function needOfMember(offer: Offer): CompiledOffer['needsMember'] {
  if (offer.phase === 'points') return 'points';
  if (offer.trigger === 'digital') return 'digital';
  if (offer.consent !== undefined) return 'consent';
  if (offer.audience !== undefined) return 'audience';
  if (offer.after !== undefined) return 'chain';
  return offer.caps?.some(cap => cap.scope === 'member' || cap.scope === 'household') ? 'cap' : null;
}

const everywhere = () => true;

function compileStores(filter: StoreFilter | undefined): (storeId: string) => boolean {
  if (filter === undefined) return everywhere;
  const { include, exclude } = filter;
  // The index asks once for each store, and explanations are of one store after the other: lists of a few hundred are not worth sets.
  let asked: string | null = null;
  let sells = false;
  return storeId => {
    if (storeId !== asked) {
      sells = include?.includes(storeId) !== false && exclude?.includes(storeId) !== true;
      asked = storeId;
    }
    return sells;
  };
}

function compileSchedule({ schedule }: Offer): CompiledSchedule | null {
  if (schedule === undefined) return null;
  return {
    from: schedule.from === undefined ? Number.NEGATIVE_INFINITY : (parseDate(schedule.from) ?? Number.NaN),
    to: schedule.to === undefined ? Number.POSITIVE_INFINITY : (parseDate(schedule.to) ?? Number.NaN),
    days: schedule.days ?? null,
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
