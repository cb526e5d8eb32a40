/**
 * Decides a sale for counting: what happens, and of every other offer the first reason why not, as a number. The index finds the few
 * offers that may apply, and the evaluator judges them; an offer that the index leaves out fails one of the conditions up to
 * `when`, and which one is told without evaluating `when`. Reasons come out as in `decide` (a test compares them).
 */

import { chainHolds } from '../offers/chain.ts';
import type { CompiledBundle, CompiledOffer } from '../offers/compile.ts';
import { decideWithFindings } from '../offers/decide.ts';
import { evaluate, type Refusal } from '../offers/evaluate.ts';
import { Facts } from '../offers/facts.ts';
import { Lookup } from '../offers/lookup/lookup.ts';
import { necessary } from '../offers/lookup/necessary.ts';
import { readPresented } from '../offers/presented.ts';
import { isScheduled } from '../offers/schedule.ts';
import type { Decision, Reason, Sale } from '../offers/types.ts';

/** 0 in a list of codes: not refused. */
export const reasonNames: readonly Reason[] = [
  'expired-bundle',
  'schedule',
  'store',
  'trigger',
  'no-member',
  'consent',
  'audience',
  'chain',
  'when',
  'cap-member',
  'cap-household',
  'cap-store',
  'cap-global',
  'contact-policy',
  'exclusive',
  'group',
  'units',
  'not-selected',
  'coupon-unknown',
  'coupon-used',
  'coupon-not-yet',
  'coupon-expired',
  'coupon-bound',
  'coupon-store',
  'coupon-condition',
];

const codes = new Map(reasonNames.map((name, index) => [name, index + 1]));
export const codeOf = (reason: Reason): number => codes.get(reason) ?? 0;
const [expired, schedule, store, trigger, noMember, consent, audience, chain, when] = reasonNames.map(codeOf) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

export interface Judged extends Pick<Decision, 'applied' | 'points' | 'issue' | 'suppressed'> {
  readonly discount: number;
  /** By the offer's rank; holds until the next sale. Null where coupons were presented: then `refused` tells all. */
  readonly reasons: Uint8Array | null;
  /** Refusals of the offers that came near. */
  readonly refused: readonly Refusal[];
}

/** Bases for so many stores, days or kinds of member are kept. */
const mostBases = 1000;

export class Judge {
  readonly #compiled: CompiledBundle;
  readonly #lookup: Lookup;
  readonly #reasons: Uint8Array;
  readonly #slots: readonly number[];
  readonly #times = new Map<string, Uint8Array>();
  readonly #stores = new Map<string, Uint8Array>();
  readonly #members = new Map<string, Uint8Array>();
  readonly #all = new Map<string, Uint8Array>();
  readonly #consents: readonly string[];
  readonly #digital: readonly CompiledOffer[];
  /** Offers whose audience asks for a segment, by segment. */
  readonly #bySegment = new Map<string, CompiledOffer[]>();
  /** Offers whose audience or chain has to be asked for each member. */
  readonly #asked: CompiledOffer[] = [];
  readonly #keyed = new Set<CompiledOffer>();

  constructor(compiled: CompiledBundle) {
    const { offers } = compiled;
    this.#compiled = compiled;
    this.#lookup = new Lookup(compiled);
    this.#reasons = new Uint8Array(offers.length);
    this.#consents = [...new Set(offers.flatMap(({ offer }) => offer.consent ?? []))];
    this.#digital = offers.filter(offer => offer.trigger === 'digital');
    const minutes = offers.flatMap(offer => offer.schedule?.times?.flatMap(({ from, to }) => [from, to]) ?? []);
    this.#slots = [...new Set(minutes)].sort((a, b) => a - b);
    for (const offer of offers) {
      const [list] = necessary([offer.offer.audience]).segments;
      if (list !== undefined) {
        this.#keyed.add(offer);
        for (const segment of new Set(list)) {
          const known = this.#bySegment.get(segment);
          if (known === undefined) this.#bySegment.set(segment, [offer]);
          else known.push(offer);
        }
      } else if (offer.audience !== null || offer.offer.after !== undefined) this.#asked.push(offer);
    }
  }

  /** @param sale has passed `validateSale` */
  judge(sale: Sale): Judged {
    if (sale.coupons !== undefined && sale.coupons.length > 0) {
      const { decision, refused } = decideWithFindings(this.#compiled, sale);
      return { ...decision, discount: decision.total.discount, reasons: null, refused };
    }
    const facts = new Facts(sale, this.#compiled.zone);
    const presented = readPresented(this.#compiled, facts);
    const offers = this.#lookup.offersFor(facts, presented.offers, null);
    const outcome = evaluate(this.#compiled, facts, presented, offers, true);
    this.#leftOut(facts);
    const reasons = this.#reasons;
    for (const phase of ['line', 'basket', 'points', 'issue'] as const)
      for (let index = offers.from(phase); index < offers.to(phase); index++) reasons[offers.at(index).rank] = 0;
    for (const { offer, finding } of outcome.refused) {
      const compiled = this.#compiled.byId.get(offer);
      if (compiled !== undefined) reasons[compiled.rank] = codeOf(finding.reason);
    }
    let discount = 0;
    for (const { amount } of outcome.applied) discount += amount;
    return { ...outcome, discount, reasons };
  }

  /** Reasons of all offers as if the index had left them out. */
  #leftOut(facts: Facts): void {
    const reasons = this.#reasons;
    const { member } = facts;
    reasons.set(this.#together(facts));
    if (member !== null) {
      for (const { id, rank } of this.#digital) {
        const reason = reasons[rank];
        if (reason !== schedule && reason !== store && !member.activated?.includes(id)) reasons[rank] = trigger;
      }
      for (const segment of member.segments ?? [])
        for (const offer of this.#bySegment.get(segment) ?? [])
          if (reasons[offer.rank] === audience) reasons[offer.rank] = this.#asMember(offer, facts);
    }
    for (const offer of this.#asked) if (reasons[offer.rank] === 0) reasons[offer.rank] = this.#asMember(offer, facts);
    if (facts.now > this.#compiled.notAfter)
      for (const { rank } of this.#compiled.byPhase.issue) reasons[rank] = expired;
  }

  /** The first reason of time, store and kind of member; sales alike in these three are many. */
  #together(facts: Facts): Uint8Array {
    const { member, today, minute, sale } = facts;
    const time = `${today} ${this.#slots.findLastIndex(from => from <= minute)}`;
    const kind =
      member === null ? 'guest' : this.#consents.map(name => (member.consents?.includes(name) ? '1' : '0')).join('');
    const name = `${time} ${sale.storeId} ${kind}`;
    let known = this.#all.get(name);
    if (known === undefined) {
      const [times, stores] = [this.#timesAt(facts, time), this.#storesAt(sale.storeId)];
      const members = this.#membersLike(facts, kind);
      known = Uint8Array.from(members, (last, rank) => times[rank] || stores[rank] || last);
      if (this.#all.size >= mostBases) this.#all.clear();
      this.#all.set(name, known);
    }
    return known;
  }

  #asMember(offer: CompiledOffer, facts: Facts): number {
    if (offer.audience?.test(facts) === false) return audience;
    const { after } = offer.offer;
    return after !== undefined && !chainHolds(after, facts) ? chain : when;
  }

  #timesAt({ today, minute }: Facts, name: string): Uint8Array {
    return this.#base(this.#times, name, offer =>
      offer.schedule === null || isScheduled(offer.schedule, today, minute) ? 0 : schedule,
    );
  }

  #storesAt(storeId: string): Uint8Array {
    return this.#base(this.#stores, storeId, offer => (offer.stores(storeId) ? 0 : store));
  }

  /** What holds for every guest, or for every member with the same consents, before the audience is asked. */
  #membersLike({ member }: Facts, name: string): Uint8Array {
    return this.#base(this.#members, name, offer => {
      if (offer.trigger === 'coupon') return trigger;
      if (member === null && offer.needsMember !== null) return noMember;
      const needed = offer.offer.consent;
      if (needed !== undefined && !member?.consents?.includes(needed)) return consent;
      if (this.#keyed.has(offer)) return audience;
      return offer.audience === null && offer.offer.after === undefined ? when : 0;
    });
  }

  #base(known: Map<string, Uint8Array>, name: string, codeFor: (offer: CompiledOffer) => number): Uint8Array {
    let base = known.get(name);
    if (base === undefined) {
      base = Uint8Array.from(this.#compiled.offers, codeFor);
      if (known.size >= mostBases) known.clear();
      known.set(name, base);
    }
    return base;
  }
}
