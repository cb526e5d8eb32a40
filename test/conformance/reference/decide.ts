/**
 * An independent reading of docs/offers.md: the decision, written down as literally as the contract says it, without a
 * thought for speed. It shares nothing with agent/offers but the types of the documents. `detail` only repeats the
 * reason: the contract leaves its text free.
 */
import type {
  Application,
  Bundle,
  Decision,
  Issue,
  Offer,
  Phase,
  Predicate,
  Reason,
  Rejected,
  Sale,
  Suppressed,
} from '../../../agent/offers/types.ts';
import { holds, sum, type Unit, type World, worldOf } from './basket.ts';
import { millis, plusDays, scheduleHolds } from './calendar.ts';
import {
  chainHolds,
  countsOf,
  couponFault,
  fullCap,
  policiesOf,
  policyUse,
  storeFits,
  type Terms,
  termsForMember,
  termsOfVariant,
} from './conditions.ts';
import { workOut } from './discount.ts';
import { type PointsEntry, pointsOf } from './points.ts';
import { type Candidate, select } from './select.ts';
import { type Turn, turnsOf } from './turns.ts';

/** What the sale has seen so far. */
interface Course {
  readonly world: World;
  readonly applied: Application[];
  readonly points: PointsEntry[];
  readonly candidates: (Candidate & { readonly turn: Turn })[];
  readonly suppressed: { turn: Turn; entry: Suppressed }[];
  readonly rejected: { turn: Turn; entry: Rejected }[];
  /** How often each offer has applied in this sale. */
  readonly uses: Map<string, number>;
  /** Groups of which something has applied; `line` and `basket` share one namespace. */
  readonly groups: Set<string>;
  /** Phases in which something exclusive has applied. */
  readonly exclusive: Set<Phase>;
}

export function referenceDecide(bundle: Bundle, sale: Sale): Decision {
  const world = worldOf(bundle, sale);
  const course: Course = {
    world,
    applied: [],
    points: [],
    candidates: [],
    suppressed: [],
    rejected: [],
    uses: new Map(),
    groups: new Set(),
    exclusive: new Set(),
  };
  const turns = turnsOf(bundle, sale);
  for (const turn of turns) take(turn, course);
  const issue = chooseCoupons(course);
  const inOrder = <E>(list: { turn: Turn; entry: E }[]): E[] =>
    list.sort((a, b) => turns.indexOf(a.turn) - turns.indexOf(b.turn)).map(({ entry }) => entry);
  const initial = sum(sale.lines.map(line => line.amount));
  const discount = sum(course.applied.map(application => application.amount));
  return {
    saleId: sale.saleId,
    bundle: { id: bundle.id, version: bundle.version },
    total: { initial, discount, net: initial - discount },
    applied: course.applied,
    points: pointsOf(course.points, world),
    issue,
    suppressed: inOrder(course.suppressed),
    rejected: inOrder(course.rejected),
  };
}

function take(turn: Turn, course: Course): void {
  const { offer, coupon } = turn;
  if (offer === undefined || turn.kind === 'unknown coupon') {
    reject(turn, 'coupon-unknown', course);
    return;
  }
  const terms =
    turn.kind === 'redeemed coupon' ? termsOfVariant(offer, coupon?.variant) : termsForMember(offer, course.world);
  const reason =
    turn.kind === 'redeemed coupon'
      ? redemptionReason(turn, offer, terms, course)
      : offerReason(turn, offer, terms, course);
  if (reason !== undefined) reject(turn, reason, course);
  else if (turn.phase === 'issue') course.candidates.push({ turn, offer, terms });
  else apply(turn, offer, terms, course);
}

/** The reasons of section 6, in its order, up to the caps and policies. */
function offerReason(turn: Turn, offer: Offer, terms: Terms, course: Course): Reason | undefined {
  const { world } = course;
  const { sale, bundle, member } = world;
  if (offer.phase === 'issue' && millis(sale.at) > millis(bundle.notAfter)) return 'expired-bundle';
  if (!scheduleHolds(offer.schedule, sale.at, bundle.timezone)) return 'schedule';
  if (!storeFits(offer.stores, sale.storeId)) return 'store';
  if (offer.trigger === 'coupon') {
    if (!(sale.coupons ?? []).some(coupon => coupon.offer === offer.id)) return 'trigger';
    const fault = turn.coupon && couponFault(turn.coupon, turn.place, world);
    if (fault !== undefined) return fault;
  }
  if (offer.trigger === 'digital' && member !== undefined && !(member.activated ?? []).includes(offer.id))
    return 'trigger';
  if (member === undefined && needsMember(offer)) return 'no-member';
  if (offer.consent !== undefined && !(member?.consents ?? []).includes(offer.consent)) return 'consent';
  if (!holds(offer.audience, world)) return 'audience';
  if (offer.after !== undefined && !chainHolds(offer.after, world)) return 'chain';
  if (!holds(offer.when, world)) return 'when';
  const cap = fullCap(offer, offer.caps ?? [], course.uses.get(offer.id) ?? 0, world);
  if (cap !== undefined) return cap;
  if (offer.phase === 'issue' && policiesOf(offer, world).some(policy => policyUse(policy, world) >= policy.limit))
    return 'contact-policy';
  return rivalOrUnits(turn, offer, terms, offer.when, course);
}

function needsMember(offer: Offer): boolean {
  return (
    offer.audience !== undefined ||
    offer.consent !== undefined ||
    offer.trigger === 'digital' ||
    offer.after !== undefined ||
    offer.phase === 'points' ||
    (offer.caps ?? []).some(cap => cap.scope === 'member' || cap.scope === 'household')
  );
}

/** What is checked of a presented coupon of an `issue` offer, in the order of section 3. */
function redemptionReason(turn: Turn, offer: Offer, terms: Terms, course: Course): Reason | undefined {
  const { world } = course;
  const fault = turn.coupon && couponFault(turn.coupon, turn.place, world);
  if (fault !== undefined) return fault;
  if (!storeFits(terms.coupon?.redeemStores, world.sale.storeId)) return 'coupon-store';
  const caps = (offer.caps ?? []).filter(cap => countsOf(cap, offer) === 'redeemed');
  if (
    world.member === undefined &&
    (turn.phase === 'points' || caps.some(cap => cap.scope === 'member' || cap.scope === 'household'))
  )
    return 'no-member';
  if (!holds(terms.coupon?.redeem, world)) return 'coupon-condition';
  const cap = fullCap(offer, caps, course.uses.get(offer.id) ?? 0, world);
  if (cap !== undefined) return cap;
  return rivalOrUnits(turn, offer, terms, terms.coupon?.redeem, course);
}

function rivalOrUnits(
  turn: Turn,
  offer: Offer,
  terms: Terms,
  condition: Predicate | undefined,
  course: Course,
): Reason | undefined {
  if (turn.phase !== 'line' && turn.phase !== 'basket') return undefined;
  // a second coupon of the same offer is stopped like one of another: each is an application of its own
  if (course.exclusive.has(turn.phase)) return 'exclusive';
  if (offer.group !== undefined && course.groups.has(offer.group)) return 'group';
  const outcome = workOut(attemptOf(turn, offer, terms, condition), course.world.units);
  return outcome === 'units' ? 'units' : undefined;
}

function attemptOf(turn: Turn, offer: Offer, terms: Terms, condition: Predicate | undefined) {
  return { phase: turn.phase, benefit: terms.benefit, condition, stackable: offer.stackable === true };
}

/** A `line`, `basket` or `points` turn whose conditions all hold. */
function apply(turn: Turn, offer: Offer, terms: Terms, course: Course): void {
  const serial = serialOf(turn);
  if (terms.heldOut) {
    suppress(turn, course);
    return;
  }
  course.uses.set(offer.id, (course.uses.get(offer.id) ?? 0) + 1);
  if (turn.phase === 'points') {
    course.points.push({ offer: offer.id, ...serial, benefit: terms.benefit });
    return;
  }
  const condition = turn.kind === 'redeemed coupon' ? terms.coupon?.redeem : offer.when;
  const outcome = workOut(attemptOf(turn, offer, terms, condition), course.world.units);
  if (outcome === 'units') throw new Error('an application without units');
  const { off, consumed } = outcome;
  if (offer.exclusive === true) course.exclusive.add(turn.phase);
  if (offer.group !== undefined) course.groups.add(offer.group);
  for (const [unit, amount] of off) unit.running -= amount;
  if (turn.phase === 'line')
    for (const unit of consumed) unit.consumed = offer.stackable === true ? 'by-stackable' : 'by-other';
  course.applied.push({
    offer: offer.id,
    phase: turn.phase,
    variant: terms.variant,
    ...serial,
    amount: sum([...off.values()]),
    lines: perLine(off, course.world),
  });
}

function perLine(off: ReadonlyMap<Unit, number>, world: World): { lineId: string; amount: number }[] {
  return world.sale.lines
    .map(line => ({
      lineId: line.lineId,
      amount: sum([...off].filter(([unit]) => unit.line === line).map(([, amount]) => amount)),
    }))
    .filter(line => line.amount > 0);
}

function reject(turn: Turn, reason: Reason, course: Course): void {
  course.rejected.push({
    turn,
    entry: { offer: turn.id, phase: turn.phase, reason, detail: reason, ...serialOf(turn) },
  });
}

function suppress(turn: Turn, course: Course): void {
  course.suppressed.push({ turn, entry: { offer: turn.id, phase: turn.phase, reason: 'holdout', ...serialOf(turn) } });
}

function serialOf(turn: Turn): { serial?: string } {
  return turn.coupon === undefined ? {} : { serial: turn.coupon.serial };
}

/** Section 6: chosen and held out is suppressed, chosen is printed, left over is `not-selected`. */
function chooseCoupons(course: Course): Issue[] {
  const { world } = course;
  const chosen = select(course.candidates, world);
  const issue: Issue[] = [];
  for (const { offer, terms } of chosen.filter(c => !c.terms.heldOut)) {
    const coupon = terms.coupon;
    if (coupon === undefined) throw new Error(`issue offer ${offer.id} has no coupon`);
    const validFrom = plusDays(world.today, coupon.validFromDays ?? 0);
    const { language } = world.member ?? {};
    const text =
      language !== undefined && Object.hasOwn(coupon.texts, language)
        ? coupon.texts[language]
        : coupon.texts[world.bundle.defaultLanguage];
    issue.push({
      offer: offer.id,
      variant: terms.variant,
      priority: offer.priority ?? 0,
      validFrom,
      validTo: plusDays(validFrom, coupon.validDays - 1),
      title: text?.title ?? '',
    });
  }
  for (const candidate of course.candidates) {
    if (!chosen.includes(candidate)) reject(candidate.turn, 'not-selected', course);
    else if (candidate.terms.heldOut) suppress(candidate.turn, course);
  }
  return issue;
}
