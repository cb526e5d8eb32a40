/**
 * A sale and a compiled bundle to the contract's decision. What happens is decided on the offers that the index finds;
 * why the others do not apply is worked out only when `rejected` is read, by the evaluator on all offers.
 */
import type { CompiledBundle } from './compile.ts';
import { detailOf } from './detail.ts';
import { Evaluation, evaluate, type Outcome, type Refusal } from './evaluate.ts';
import { Facts } from './facts.ts';
import { CouponChoice } from './issue.ts';
import { allOffers } from './lookup/found.ts';
import { indexing, Lookup, type PreparedMember } from './lookup/lookup.ts';
import { readingRows } from './offer-rows.ts';
import { readPresented } from './presented.ts';
import type { ScannedBasket } from './scanned.ts';
import type { Application, Decision, History, Member, Minor, Rejected, Sale } from './types.ts';

/** A decision without its refusals, and those as data. */
export interface Decided {
  readonly decision: Omit<Decision, 'rejected'>;
  readonly refused: readonly Refusal[];
}

/** What decisions of one bundle share: the index, and what one decision leaves for the next to use again. */
interface Desk {
  readonly lookup: Lookup;
  readonly choice: CouponChoice;
  evaluation: Evaluation | null;
  facts: Facts | null;
  /** A decision is under way, or one failed half way: what it left is not used again. */
  taken: boolean;
}

/** One for each compiled bundle, made when the first sale is decided, or by `prepareBundle`. */
const desks = new WeakMap<CompiledBundle, Desk>();

/** Makes the index now, so that the first sale need not wait for it. */
export function prepareBundle(compiled: CompiledBundle): void {
  deskOf(compiled);
}

/** `prepareBundle` in short steps. */
export function* preparing(compiled: CompiledBundle): Generator<undefined, void> {
  const parts = yield* indexing(compiled);
  yield;
  const lookup = new Lookup(compiled, parts);
  yield;
  const rows = yield* readingRows(compiled);
  const choice = new CouponChoice(compiled, rows);
  desks.set(compiled, { lookup, choice, evaluation: null, facts: null, taken: false });
}

/**
 * The member's part of a decision, at the card's scan. It holds as long as that very member object stands in the sale;
 * a sale with another one is decided without it, and so is one with another history object.
 */
export function prepareMember(compiled: CompiledBundle, member: Member, history?: History): PreparedMember {
  return deskOf(compiled).lookup.prepare(member, history);
}

/** A basket to be followed from scan to scan: one for sale after sale, as long as the bundle stays. */
export function scanBasket(compiled: CompiledBundle): ScannedBasket {
  return deskOf(compiled).lookup.scanning();
}

/**
 * Decides one sale. Pure: the same bundle and sale give the same decision, whatever was decided before. `rejected` is
 * worked out when it is first read, from the sale as it then is: do not change a sale after it was decided.
 * @param sale has passed `validateSale`
 * @param prepared of `prepareMember` for the sale's member
 * @param scanned of `scanBasket`, last scanned with the sale's own lines; else it is not used
 * @throws RangeError only for a sale that has not passed
 */
export function decide(
  compiled: CompiledBundle,
  sale: Sale,
  prepared: PreparedMember | null = null,
  scanned: ScannedBasket | null = null,
): MadeDecision {
  const desk = deskOf(compiled);
  const history = prepared?.history ?? null;
  const facts = desk.facts ?? new Facts(sale, compiled.zone);
  desk.taken = true;
  const followed = scanned?.isOf(compiled, sale.lines) ? scanned : null;
  facts.read(sale, history, followed?.basket);
  const presented = readPresented(compiled, facts);
  const offers = desk.lookup.offersFor(facts, presented.offers, prepared, followed?.reached);
  desk.evaluation ??= new Evaluation(compiled, facts);
  const outcome = desk.evaluation.run(facts, presented, offers, false, desk.choice);
  const { initial } = facts.basket;
  desk.facts = facts;
  desk.taken = false;
  return new LazyDecision(compiled, sale, initial, outcome);
}

/** A decision, and by itself what is soon told of it: why presented coupons do not count. */
export interface MadeDecision extends Decision {
  readonly refusedCoupons: readonly Rejected[];
}

/** A decision that works out why other offers did not apply when it is asked. */
class LazyDecision implements MadeDecision {
  readonly saleId: string;
  readonly bundle: Decision['bundle'];
  readonly total: Decision['total'];
  readonly applied: Decision['applied'];
  readonly points: Decision['points'];
  readonly issue: Decision['issue'];
  readonly suppressed: Decision['suppressed'];
  readonly #compiled: CompiledBundle;
  readonly #sale: Sale;
  #rejected: readonly Rejected[] | null = null;

  readonly #refused: readonly Refusal[];

  constructor(compiled: CompiledBundle, sale: Sale, initial: Minor, outcome: Outcome) {
    const { applied, points, issue, suppressed, refused } = outcome;
    const { id, version } = compiled.bundle;
    this.saleId = sale.saleId;
    this.bundle = { id, version };
    this.total = totalOf(initial, applied);
    this.applied = applied;
    this.points = points;
    this.issue = issue;
    this.suppressed = suppressed;
    this.#compiled = compiled;
    this.#sale = sale;
    this.#refused = refused;
  }

  get refusedCoupons(): readonly Rejected[] {
    return this.#refused.map(rejectedOf);
  }

  get rejected(): readonly Rejected[] {
    this.#rejected ??= decideWithFindings(this.#compiled, this.#sale).refused.map(rejectedOf);
    return this.#rejected;
  }

  /** All fields of the contract, `rejected` last. */
  toJSON(): Decision {
    const { saleId, bundle, total, applied, points, issue, suppressed, rejected } = this;
    return { saleId, bundle, total, applied, points, issue, suppressed, rejected };
  }
}

/** What explanations of a bundle leave for the next; they need no index. */
const explainers = new WeakMap<CompiledBundle, CouponChoice>();

/** Decides with every offer looked at, for explanations and as the measure of the index. */
export function decideWithFindings(compiled: CompiledBundle, sale: Sale): Decided {
  const facts = new Facts(sale, compiled.zone);
  const presented = readPresented(compiled, facts);
  const choice = explainers.get(compiled) ?? new CouponChoice(compiled);
  // One that fails half way is not used again.
  explainers.delete(compiled);
  const outcome = evaluate(compiled, facts, presented, allOffers(compiled), true, choice);
  explainers.set(compiled, choice);
  return { decision: decisionOf(compiled, sale, facts.basket.initial, outcome), refused: outcome.refused };
}

function decisionOf(
  { bundle }: CompiledBundle,
  { saleId }: Sale,
  initial: Minor,
  { applied, points, issue, suppressed }: Outcome,
): Decided['decision'] {
  const { id, version } = bundle;
  return { saleId, bundle: { id, version }, total: totalOf(initial, applied), applied, points, issue, suppressed };
}

function totalOf(initial: Minor, applied: readonly Application[]): Decision['total'] {
  let discount = 0;
  for (let index = 0; index < applied.length; index++) discount += applied[index]?.amount ?? 0;
  return { initial, discount, net: initial - discount };
}

function rejectedOf({ offer, phase, finding, serial }: Refusal): Rejected {
  const rejected = { offer, phase, reason: finding.reason, detail: detailOf(finding) };
  return serial === undefined ? rejected : { ...rejected, serial };
}

function deskOf(compiled: CompiledBundle): Desk {
  let desk = desks.get(compiled);
  if (desk === undefined || desk.taken) {
    desk = {
      lookup: new Lookup(compiled),
      choice: new CouponChoice(compiled),
      evaluation: null,
      facts: null,
      taken: false,
    };
    desks.set(compiled, desk);
  }
  return desk;
}
