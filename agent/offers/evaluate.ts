/**
 * The evaluator: the phases of the contract in their order, each offer and presented coupon with the first reason that
 * fails. It looks at the offers that it is given; the index (index.ts) may leave out only such as surely fail.
 */

import { fullCap } from './caps.ts';
import { chainDays, chainFits } from './chain.ts';
import { type CompiledBundle, type CompiledOffer, compareIds, countsRedemptions, type Terms } from './compile.ts';
import { contactRooms, type Room } from './contact.ts';
import { type Discount, discountOf, isDiscount } from './discount.ts';
import { placeMember } from './experiment.ts';
import type { Facts } from './facts.ts';
import { failureOf } from './failure.ts';
import type { Finding } from './finding.ts';
import { type PointsGiven, pointsResult } from './points.ts';
import type { CompiledPredicate } from './predicate.ts';
import { couponFault, type Presented, type PresentedCoupons } from './presented.ts';
import { isScheduled } from './schedule.ts';
import { type Candidate, choose } from './selection.ts';
import { formatDate } from './time.ts';
import type { Application, Issue, Phase, PointsResult, Suppressed } from './types.ts';

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

/** Offers of a phase in the contract's order. */
export type OffersOf = (phase: Phase) => Iterable<CompiledOffer>;

/**
 * @param presented what `readPresented` answered for these facts
 * @param explaining whether refusals are asked for; without, they are left out
 */
export function evaluate(
  compiled: CompiledBundle,
  facts: Facts,
  presented: PresentedCoupons,
  offersOf: OffersOf,
  explaining: boolean,
): Outcome {
  return new Evaluation(compiled, facts, explaining).run(presented, offersOf);
}

/** An offer by itself (`coupon` null), or one of its presented coupons. */
interface Item {
  readonly offer: CompiledOffer;
  readonly coupon: Presented | null;
}

class Evaluation {
  readonly #compiled: CompiledBundle;
  readonly #facts: Facts;
  readonly #explaining: boolean;
  readonly #applied: Application[] = [];
  readonly #points: PointsGiven[] = [];
  readonly #issue: Issue[] = [];
  readonly #suppressed: Suppressed[] = [];
  readonly #refused: Refusal[] = [];
  /** `line` and `basket` share one namespace of groups; the offer that applied stands for it. */
  readonly #groups = new Map<string, string>();
  readonly #exclusive: { line: string | null; basket: string | null } = { line: null, basket: null };
  /** Applications of this sale by offer: they count towards the caps of the next. */
  readonly #applications = new Map<string, number>();

  constructor(compiled: CompiledBundle, facts: Facts, explaining: boolean) {
    this.#compiled = compiled;
    this.#facts = facts;
    this.#explaining = explaining;
  }

  run(presented: PresentedCoupons, offersOf: OffersOf): Outcome {
    for (const phase of ['line', 'basket', 'points'] as const) {
      const coupons = presented.good.filter(coupon => coupon.phase === phase).sort(byOrder);
      for (const item of merged(offersOf(phase), coupons)) this.#evaluate(item, phase);
    }
    this.#chooseCoupons(offersOf('issue'), presented.offers);
    for (const { coupon, offer, position } of presented.strays) {
      this.#refused.push({
        offer: coupon.offer,
        phase: offer?.phase ?? 'issue',
        serial: coupon.serial,
        finding: { reason: 'coupon-unknown', known: offer !== null },
        sequence: offer?.sequence ?? 0,
        position,
      });
    }
    if (presented.strays.length > 0) this.#refused.sort(byPlace);
    const { member, basket } = this.#facts;
    const netSpend = basket.lines.reduce((sum, entry) => sum + entry.running, 0);
    const tiers = this.#compiled.bundle.loyalty?.tiers ?? [];
    return {
      applied: this.#applied,
      points: member === null ? null : pointsResult(this.#points, netSpend, member, tiers),
      issue: this.#issue,
      suppressed: this.#suppressed,
      refused: this.#refused,
    };
  }

  #evaluate({ offer, coupon }: Item, phase: 'line' | 'basket' | 'points'): void {
    const finding =
      coupon !== null && coupon.terms !== null
        ? this.#redeem(offer, coupon, coupon.terms, phase)
        : this.#evaluateOwn(offer, coupon, phase);
    if (finding !== null) this.#refuse(offer, phase, coupon, finding);
  }

  #redeem(offer: CompiledOffer, coupon: Presented, terms: Terms, phase: 'line' | 'basket' | 'points'): Finding | null {
    return (
      this.#redemptionFault(coupon, terms) ??
      this.#blocked(offer, phase) ??
      this.#apply(offer, terms, terms.coupon?.trigger ?? 0, phase, coupon, false)
    );
  }

  #evaluateOwn(offer: CompiledOffer, coupon: Presented | null, phase: 'line' | 'basket' | 'points'): Finding | null {
    const finding = this.#ownFault(offer, coupon) ?? this.#blocked(offer, phase);
    if (finding !== null) return finding;
    const placement = this.#place(offer);
    const heldOut = placement === 'holdout';
    const terms = heldOut ? offer.base : placement;
    return this.#apply(offer, terms, terms.trigger, phase, coupon, heldOut);
  }

  /** Conditions of an offer in its own phase, up to the caps. */
  #ownFault(offer: CompiledOffer, coupon: Presented | null): Finding | null {
    return (
      this.#conditionFault(offer, coupon, coupon !== null) ?? fullCap(offer, this.#facts, false, this.#count(offer))
    );
  }

  /** @param triggered one of the offer's coupons is presented */
  #conditionFault(offer: CompiledOffer, coupon: Presented | null, triggered: boolean): Finding | null {
    const { member, sale } = this.#facts;
    if (offer.schedule !== null && !isScheduled(offer.schedule, this.#facts.today, this.#facts.minute))
      return {
        reason: 'schedule',
        schedule: offer.offer.schedule ?? {},
        date: formatDate(this.#facts.today),
        minute: this.#facts.minute,
      };
    if (!offer.stores(sale.storeId))
      return {
        reason: 'store',
        store: sale.storeId,
        excluded: offer.offer.stores?.exclude?.includes(sale.storeId) ?? false,
      };
    if (offer.trigger === 'coupon') {
      if (!triggered) return { reason: 'trigger', trigger: 'coupon' };
      const fault = coupon === null ? null : couponFault(coupon, this.#facts);
      if (fault !== null) return fault;
    }
    if (offer.trigger === 'digital' && member !== null && !member.activated?.includes(offer.id))
      return { reason: 'trigger', trigger: 'digital' };
    if (member === null && offer.needsMember !== null) return { reason: 'no-member', needs: offer.needsMember };
    const { consent, after } = offer.offer;
    if (consent !== undefined && !member?.consents?.includes(consent)) return { reason: 'consent', consent };
    const audience = this.#predicateFault(offer.audience, 'audience');
    if (audience !== null) return audience;
    if (after !== undefined) {
      const days = chainDays(after, this.#facts);
      if (!chainFits(after, days)) return { reason: 'chain', chain: after, days };
    }
    return this.#predicateFault(offer.when, 'when');
  }

  /** Conditions of a coupon of an `issue` offer, up to the caps. */
  #redemptionFault(coupon: Presented, terms: Terms): Finding | null {
    const { offer } = coupon;
    const fault = couponFault(coupon, this.#facts);
    if (fault !== null) return fault;
    const { storeId } = this.#facts.sale;
    if (terms.coupon?.stores(storeId) === false)
      return {
        reason: 'coupon-store',
        store: storeId,
        excluded: terms.coupon.terms.redeemStores?.exclude?.includes(storeId) ?? false,
      };
    if (this.#facts.member === null) {
      if (coupon.phase === 'points') return { reason: 'no-member', needs: 'points' };
      const personal = offer.offer.caps?.some(
        cap => (cap.scope === 'member' || cap.scope === 'household') && countsRedemptions(cap, 'issue'),
      );
      if (personal) return { reason: 'no-member', needs: 'cap' };
    }
    return (
      this.#predicateFault(terms.coupon?.redeem ?? null, 'coupon-condition') ??
      fullCap(offer, this.#facts, true, this.#count(offer))
    );
  }

  #predicateFault(
    predicate: CompiledPredicate | null,
    reason: 'audience' | 'when' | 'coupon-condition',
  ): Finding | null {
    if (predicate === null || predicate.test(this.#facts)) return null;
    if (!this.#explaining) return unexplained;
    return { reason, failure: failureOf(predicate, this.#facts) };
  }

  /** The member's variant; the base where there is no member or no experiment. */
  #place(offer: CompiledOffer): Terms | 'holdout' {
    const { member } = this.#facts;
    const { experiment } = offer.offer;
    if (member === null || experiment === undefined) return offer.base;
    const placement = placeMember(experiment, member.id);
    if (placement.holdout) return 'holdout';
    return placement.variant === null ? offer.base : (offer.variants.get(placement.variant.id) ?? offer.base);
  }

  #blocked(offer: CompiledOffer, phase: 'line' | 'basket' | 'points'): Finding | null {
    if (phase === 'points') return null;
    const by = this.#exclusive[phase];
    if (by !== null) return { reason: 'exclusive', by };
    const { group } = offer.offer;
    const other = group === undefined ? undefined : this.#groups.get(group);
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
      this.#suppressed.push({ offer: offer.id, phase, reason: 'holdout', ...serial });
      return null;
    }
    if ('points' in benefit) this.#points.push({ offer: offer.id, benefit: benefit.points, ...serial });
    else {
      const lines = discount === null ? [] : this.#take(discount, stackable);
      const amount = discount?.total ?? 0;
      this.#applied.push({ offer: offer.id, phase, variant: terms.variant, ...serial, amount, lines });
    }
    this.#applications.set(offer.id, this.#count(offer) + 1);
    if (phase === 'points') return null;
    if (offer.offer.group !== undefined) this.#groups.set(offer.offer.group, offer.id);
    if (offer.offer.exclusive) this.#exclusive[phase] = offer.id;
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

  #count(offer: CompiledOffer): number {
    return this.#applications.get(offer.id) ?? 0;
  }

  #refuse(offer: CompiledOffer, phase: Phase, coupon: Presented | null, finding: Finding): void {
    if (!this.#explaining) return;
    this.#refused.push({
      offer: offer.id,
      phase,
      finding,
      sequence: offer.sequence,
      position: coupon?.position ?? -1,
      ...(coupon === null ? {} : { serial: coupon.coupon.serial }),
    });
  }

  #chooseCoupons(offers: Iterable<CompiledOffer>, presented: ReadonlySet<string>): void {
    const { selection, notAfter } = this.#compiled.bundle;
    const rooms = contactRooms(this.#compiled, this.#facts);
    const candidates: CouponCandidate[] = [];
    const expired = this.#facts.now > this.#compiled.notAfter;
    for (const offer of offers) {
      const finding: Finding | null = expired
        ? { reason: 'expired-bundle', notAfter, at: this.#facts.sale.at }
        : (this.#conditionFault(offer, null, presented.has(offer.id)) ??
          fullCap(offer, this.#facts, false, this.#count(offer)) ??
          fullPolicy(offer, rooms));
      if (finding === null) candidates.push(this.#candidate(offer, rooms));
      else this.#refuse(offer, 'issue', null, finding);
    }
    const classes = new Map([...rooms].map(([name, { policy, used }]) => [name, policy.limit - used]));
    const chosen = choose(candidates, {
      total: selection?.couponsPerSale ?? Number.POSITIVE_INFINITY,
      perCategory: selection?.perCategory ?? Number.POSITIVE_INFINITY,
      classes,
    });
    const places = new Set(chosen);
    for (const candidate of candidates) {
      const { offer } = candidate;
      if (!places.has(candidate))
        this.#refuse(offer, 'issue', null, { reason: 'not-selected', priority: candidate.priority });
      else if (candidate.heldOut) this.#suppressed.push({ offer: offer.id, phase: 'issue', reason: 'holdout' });
    }
    const printed = chosen.filter(candidate => !candidate.heldOut);
    printed.sort((a, b) => b.priority - a.priority || compareIds(a.id, b.id));
    for (const candidate of printed) this.#issue.push(this.#issued(candidate));
    this.#refused.sort(byPlace);
  }

  #candidate(offer: CompiledOffer, rooms: ReadonlyMap<string, Room>): CouponCandidate {
    const placement = this.#place(offer);
    const terms = placement === 'holdout' ? offer.base : placement;
    const { priority, group, contact } = offer.offer;
    return {
      id: offer.id,
      priority: priority ?? 1,
      group,
      category: terms.coupon?.terms.category,
      class: contact !== undefined && rooms.has(contact.class) ? contact.class : undefined,
      offer,
      terms,
      heldOut: placement === 'holdout',
    };
  }

  #issued({ offer, terms, priority }: CouponCandidate): Issue {
    const coupon = terms.coupon?.terms;
    const from = this.#facts.today + (coupon?.validFromDays ?? 0);
    const language = this.#facts.member?.language;
    const texts = coupon?.texts ?? {};
    const spoken = language !== undefined && Object.hasOwn(texts, language) ? texts[language] : undefined;
    return {
      offer: offer.id,
      variant: terms.variant,
      priority,
      validFrom: formatDate(from),
      validTo: formatDate(from + (coupon?.validDays ?? 1) - 1),
      title: (spoken ?? texts[this.#compiled.bundle.defaultLanguage])?.title ?? '',
    };
  }
}

/** Stands for any finding where nobody asks for it. */
const unexplained: Finding = { reason: 'trigger', trigger: 'coupon' };

interface CouponCandidate extends Candidate {
  readonly offer: CompiledOffer;
  readonly terms: Terms;
  readonly heldOut: boolean;
}

function fullPolicy(offer: CompiledOffer, rooms: ReadonlyMap<string, Room>): Finding | null {
  const room = offer.offer.contact === undefined ? undefined : rooms.get(offer.offer.contact.class);
  return room === undefined || room.used < room.policy.limit
    ? null
    : { reason: 'contact-policy', policy: room.policy, found: room.used };
}

/**
 * Offers and presented coupons of a phase in one order. An offer with `trigger: "coupon"` stands by itself only while none
 * of its coupons is presented.
 */
function* merged(offers: Iterable<CompiledOffer>, coupons: readonly Presented[]): Iterable<Item> {
  const triggered = new Set(coupons.filter(({ terms }) => terms === null).map(({ offer }) => offer.id));
  let next = 0;
  for (const offer of offers) {
    for (let coupon = coupons[next]; coupon !== undefined && before(coupon.offer, offer); coupon = coupons[++next])
      yield { offer: coupon.offer, coupon };
    if (!triggered.has(offer.id)) yield { offer, coupon: null };
  }
  for (const coupon of coupons.slice(next)) yield { offer: coupon.offer, coupon };
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
