/**
 * The evaluator: the phases of the contract in their order, each offer and presented coupon with the first reason that
 * fails. It looks at the offers that it is given; the index (lookup/) may leave out only such as surely fail.
 */
import { fullCap } from './caps.ts';
import { type CompiledBundle, type CompiledOffer, compareIds, type Terms } from './compile.ts';
import { conditionFault, redemptionFault, restFault } from './conditions.ts';
import { type Discount, discountOf, isDiscount } from './discount.ts';
import { placeOffer } from './experiment.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import { CouponChoice } from './issue.ts';
import type { OffersByPhase } from './lookup/found.ts';
import { type PointsGiven, pointsResult } from './points.ts';
import type { CompiledPredicate } from './predicate.ts';
import { noCoupons, type Presented, type PresentedCoupons } from './presented.ts';
import type { Application, Issue, Phase, PointsResult, Suppressed, Tier } from './types.ts';

export interface Refusal {
  readonly offer: string;
  readonly phase: Phase;
  readonly serial?: string;
  readonly finding: Finding;
  readonly sequence: number;
  /** Order of presentation; -1 for an offer without a coupon. */
  readonly position: number;
}

export interface Outcome {
  readonly applied: readonly Application[];
  readonly points: PointsResult | null;
  readonly issue: readonly Issue[];
  readonly suppressed: readonly Suppressed[];
  readonly refused: readonly Refusal[];
}

/**
 * @param presented what `readPresented` answered for these facts
 * @param explaining whether all refusals are asked for; without, only those of presented coupons are told
 * @param choice of this bundle; one that is kept for the next decision saves making it
 */
export function evaluate(
  compiled: CompiledBundle,
  facts: Facts,
  presented: PresentedCoupons,
  offers: OffersByPhase,
  explaining: boolean,
  choice: CouponChoice = new CouponChoice(compiled),
): Outcome {
  return new Evaluation(compiled, facts).run(facts, presented, offers, explaining, choice);
}

const noTiers: readonly Tier[] = [];
const nothingGiven: readonly PointsGiven[] = [];

/** A list of nothing, shared by all answers: it cannot be written to. */
const none: never[] = [];
Object.freeze(none);
const noRefusals: Refusal[] = none;

/** Evaluations, one after the other; done, it is its own outcome, which holds until the next. */
export class Evaluation implements Outcome {
  applied: Application[] = none;
  points: PointsResult | null = null;
  issue: readonly Issue[] = none;
  suppressed: Suppressed[] = none;
  refused: Refusal[] = noRefusals;
  readonly #compiled: CompiledBundle;
  #facts: Facts;
  #explaining = false;
  #given: PointsGiven[] | null = null;
  /** `line` and `basket` share one namespace of groups; the offer that applied stands for it. */
  #groups: Map<string, string> | null = null;
  #exclusiveLine: string | null = null;
  #exclusiveBasket: string | null = null;
  /** Applications of this sale by offer: they count towards the caps of the next. */
  #applications: Map<string, number> | null = null;

  constructor(compiled: CompiledBundle, facts: Facts) {
    this.#compiled = compiled;
    this.#facts = facts;
  }

  run(
    facts: Facts,
    presented: PresentedCoupons,
    offers: OffersByPhase,
    explaining: boolean,
    choice: CouponChoice,
  ): Outcome {
    this.#facts = facts;
    this.#explaining = explaining;
    this.applied = none;
    this.points = null;
    this.suppressed = none;
    this.refused = noRefusals;
    this.#given = null;
    this.#groups = null;
    this.#exclusiveLine = null;
    this.#exclusiveBasket = null;
    this.#applications = null;
    if (this.#explaining || presented !== noCoupons) this.refused = [];
    this.#phase('line', presented, offers);
    this.#phase('basket', presented, offers);
    this.#phase('points', presented, offers);
    this.issue = choice.choose(this.#facts, offers, presented.offers, this.#applications, this.#explaining);
    const { heldOut } = choice;
    for (let index = 0; index < heldOut.length; index++)
      this.#suppress(heldOutOf(heldOut[index] as CompiledOffer, 'issue', null));
    if (this.#explaining)
      for (let index = offers.from('issue'); index < offers.to('issue'); index++) {
        const finding = choice.findings[index] ?? null;
        if (finding !== null) this.#refuse(offers.at(index), 'issue', null, finding);
      }
    if (presented.strays.length > 0) this.#refuseStrays(presented);
    const { member, basket } = this.#facts;
    const tiers = this.#compiled.bundle.loyalty?.tiers ?? noTiers;
    if (member !== null) this.points = pointsResult(this.#given ?? nothingGiven, basket.net, member, tiers);
    return this;
  }

  #refuseStrays({ strays }: PresentedCoupons): void {
    for (const { coupon, offer, position } of strays) {
      this.refused.push({
        offer: coupon.offer,
        phase: offer?.phase ?? 'issue',
        serial: coupon.serial,
        finding: { reason: 'coupon-unknown', known: offer !== null },
        sequence: offer?.sequence ?? 0,
        position,
      });
    }
    this.refused.sort(byPlace);
  }

  #phase(phase: 'line' | 'basket' | 'points', { good }: PresentedCoupons, offers: OffersByPhase): void {
    const to = offers.to(phase);
    if (good.length === 0) {
      for (let index = offers.from(phase); index < to; index++)
        if (this.#isNear(index, offers)) this.#evaluate(offers.at(index), null, phase, offers.rest(index));
      return;
    }
    this.#phaseWithCoupons(phase, good, offers);
  }

  #phaseWithCoupons(phase: 'line' | 'basket' | 'points', good: readonly Presented[], offers: OffersByPhase): void {
    const to = offers.to(phase);
    const coupons = good.filter(coupon => coupon.phase === phase).sort(byOrder);
    // An offer with `trigger: "coupon"` stands by itself only while none of its coupons is presented.
    const triggered = new Set(coupons.filter(({ terms }) => terms === null).map(({ offer }) => offer.id));
    let next = 0;
    for (let index = offers.from(phase); index < to; index++) {
      const offer = offers.at(index);
      for (let coupon = coupons[next]; coupon !== undefined && before(coupon.offer, offer); coupon = coupons[++next])
        this.#evaluate(coupon.offer, coupon, phase, null);
      if (!triggered.has(offer.id) && this.#isNear(index, offers))
        this.#evaluate(offer, null, phase, offers.rest(index));
    }
    for (const coupon of coupons.slice(next)) this.#evaluate(coupon.offer, coupon, phase, null);
  }

  /** Who wants to know why not is told the first of an offer's own reasons. */
  #isNear(index: number, offers: OffersByPhase): boolean {
    return this.#explaining || offers.isNear(index, this.#facts.basket);
  }

  #evaluate(
    offer: CompiledOffer,
    coupon: Presented | null,
    phase: 'line' | 'basket' | 'points',
    rest: readonly CompiledPredicate[] | null,
  ): void {
    const finding =
      coupon !== null && coupon.terms !== null
        ? this.#redeem(offer, coupon, coupon.terms, phase)
        : this.#evaluateOwn(offer, coupon, phase, rest);
    if (finding !== null) this.#refuse(offer, phase, coupon, finding);
  }

  #redeem(offer: CompiledOffer, coupon: Presented, terms: Terms, phase: 'line' | 'basket' | 'points'): Finding | null {
    return (
      redemptionFault(coupon, terms, this.#facts) ??
      fullCap(offer, this.#facts, true, this.#count(offer)) ??
      this.#blocked(offer, phase) ??
      this.#apply(offer, terms, terms.coupon?.trigger ?? 0, phase, coupon, false)
    );
  }

  #evaluateOwn(
    offer: CompiledOffer,
    coupon: Presented | null,
    phase: 'line' | 'basket' | 'points',
    rest: readonly CompiledPredicate[] | null,
  ): Finding | null {
    const quick = rest !== null && !this.#explaining && offer.trigger !== 'coupon' && this.#facts.asIndexed;
    const finding =
      (quick
        ? restFault(rest, offer.after, this.#facts)
        : conditionFault(offer, coupon, coupon !== null, this.#facts, this.#explaining || coupon !== null)) ??
      fullCap(offer, this.#facts, false, this.#count(offer)) ??
      this.#blocked(offer, phase);
    if (finding !== null) return finding;
    const { terms, heldOut } = placeOffer(offer, this.#facts.member);
    return this.#apply(offer, terms, terms.trigger, phase, coupon, heldOut);
  }

  #blocked(offer: CompiledOffer, phase: 'line' | 'basket' | 'points'): Finding | null {
    if (phase === 'points') return null;
    const by = phase === 'line' ? this.#exclusiveLine : this.#exclusiveBasket;
    if (by !== null) return { reason: 'exclusive', by };
    const { group } = offer.offer;
    const other = group === undefined ? undefined : this.#groups?.get(group);
    return group === undefined || other === undefined ? null : { reason: 'group', group, by: other };
  }

  /** Applies an offer, or notes that it is held out; a finding if too few units are left for it. */
  #apply(
    offer: CompiledOffer,
    terms: Terms,
    trigger: number,
    phase: 'line' | 'basket' | 'points',
    coupon: Presented | null,
    heldOut: boolean,
  ): Finding | null {
    const { benefit } = terms;
    const serial = coupon === null ? {} : { serial: coupon.coupon.serial };
    const stackable = offer.offer.stackable ?? false;
    let discount: Discount | null = null;
    if (phase !== 'points' && !('points' in benefit || 'text' in benefit)) {
      const found = discountOf({ phase, benefit, selects: terms.selects, stackable, trigger }, this.#facts.basket);
      if (!isDiscount(found)) return { reason: 'units', ...found };
      discount = found;
    }
    if (heldOut) {
      this.#suppress(heldOutOf(offer, phase, coupon));
      return null;
    }
    if ('points' in benefit) {
      this.#given ??= [];
      this.#given.push({ offer: offer.id, benefit: benefit.points, ...serial });
    } else {
      const lines = discount === null ? [] : this.#take(discount, stackable);
      const amount = discount?.total ?? 0;
      if (this.applied === none) this.applied = [];
      this.applied.push({ offer: offer.id, phase, variant: terms.variant, ...serial, amount, lines });
    }
    this.#applications ??= new Map();
    this.#applications.set(offer.id, this.#count(offer) + 1);
    if (phase === 'points') return null;
    if (offer.offer.group !== undefined) {
      this.#groups ??= new Map();
      this.#groups.set(offer.offer.group, offer.id);
    }
    if (offer.offer.exclusive) {
      if (phase === 'line') this.#exclusiveLine = offer.id;
      else this.#exclusiveBasket = offer.id;
    }
    return null;
  }

  /** Takes a discount off the basket and uses up its units; the amounts by line. */
  #take(discount: Discount, stackable: boolean): Application['lines'] {
    const { basket } = this.#facts;
    const { units } = basket;
    const lines = new Map<string, number>();
    discount.units.forEach((unit, index) => {
      const amount = discount.amounts[index] ?? 0;
      if (amount === 0) return;
      const { lineId } = units.line(unit).line;
      lines.set(lineId, (lines.get(lineId) ?? 0) + amount);
      basket.reduce(unit, amount);
    });
    for (const unit of discount.consumed) units.consume(unit, stackable);
    return [...lines].map(([lineId, amount]) => ({ lineId, amount }));
  }

  #suppress(suppressed: Suppressed): void {
    if (this.suppressed === none) this.suppressed = [];
    this.suppressed.push(suppressed);
  }

  #count(offer: CompiledOffer): number {
    return this.#applications?.get(offer.id) ?? 0;
  }

  #refuse(offer: CompiledOffer, phase: Phase, coupon: Presented | null, finding: Finding): void {
    if (!this.#explaining && coupon === null) return;
    const { id, sequence } = offer;
    this.refused.push(
      coupon === null
        ? { offer: id, phase, finding, sequence, position: -1 }
        : { offer: id, phase, finding, sequence, position: coupon.position, serial: coupon.coupon.serial },
    );
  }
}

function heldOutOf(offer: CompiledOffer, phase: Phase, coupon: Presented | null): Suppressed {
  return { offer: offer.id, phase, reason: 'holdout', ...(coupon !== null && { serial: coupon.coupon.serial }) };
}

function before(a: CompiledOffer, b: CompiledOffer): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && a.id < b.id);
}

function byOrder(a: Presented, b: Presented): number {
  return a.offer.sequence - b.offer.sequence || compareIds(a.offer.id, b.offer.id) || a.position - b.position;
}

const phaseOrder: Readonly<Record<Phase, number>> = { line: 0, basket: 1, points: 2, issue: 3 };

function byPlace(a: Refusal, b: Refusal): number {
  return (
    phaseOrder[a.phase] - phaseOrder[b.phase] ||
    a.sequence - b.sequence ||
    compareIds(a.offer, b.offer) ||
    a.position - b.position
  );
}
