/**
 * The seam to the engine: what happens in a sale, and which offers were looked at for it. The index finds the few that may apply and
 * the evaluator judges them; every other offer fails one of the conditions up to `when`.
 */
import type { CompiledBundle } from '../offers/compile.ts';
import { type Outcome as Evaluated, evaluate } from '../offers/evaluate.ts';
import { Facts } from '../offers/facts.ts';
import { CouponChoice } from '../offers/issue.ts';
import type { OffersByPhase } from '../offers/lookup/found.ts';
import { Lookup } from '../offers/lookup/lookup.ts';
import { readPresented } from '../offers/presented.ts';
import type { PointsResult, Sale } from '../offers/types.ts';

/** What is counted of a decision; of points not what the member has after all. */
export interface Outcome extends Omit<Evaluated, 'points'> {
  readonly points: Pick<PointsResult, 'earned' | 'offers'> | null;
}

const nothing: Outcome = { applied: [], points: null, issue: [], suppressed: [], refused: [] };

/** What the index found and what came of it; holds until the next sale. */
export interface Near {
  readonly facts: Facts;
  readonly offers: OffersByPhase;
  readonly outcome: Outcome;
}

export class NearOffers {
  readonly #compiled: CompiledBundle;
  readonly #lookup: Lookup;
  readonly #choice: CouponChoice;
  #facts: Facts | null = null;

  constructor(compiled: CompiledBundle) {
    this.#compiled = compiled;
    this.#lookup = new Lookup(compiled);
    this.#choice = new CouponChoice(compiled);
  }

  /** @param sale has passed `validateSale` */
  decide(sale: Sale): Near {
    const facts = this.#facts ?? new Facts(sale, this.#compiled.zone);
    this.#facts = facts;
    facts.read(sale);
    const presented = readPresented(this.#compiled, facts);
    const offers = this.#lookup.offersFor(facts, presented.offers, null);
    offers.narrow(facts.basket);
    // Of most sales nothing comes near; then there is nothing to evaluate.
    const isIdle = offers.from('line') === offers.to('issue') && (sale.coupons?.length ?? 0) === 0;
    const outcome = isIdle ? nothing : evaluate(this.#compiled, facts, presented, offers, true, this.#choice);
    return { facts, offers, outcome };
  }
}
