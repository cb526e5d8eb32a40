/**
 * Decides a sale for counting: what happens, and of every other offer the first reason why not, as a number. The engine judges the
 * offers that come near (near.ts), the reasons of the others are told without looking at them (far.ts). They come out as when every
 * offer is looked at (a test compares them).
 */
import type { CompiledBundle } from '../offers/compile.ts';
import type { Refusal } from '../offers/evaluate.ts';
import type { Sale } from '../offers/types.ts';
import { FarReasons, type Shared } from './far.ts';
import { NearOffers, type Outcome } from './near.ts';
import { codeCount, codeOf } from './reasons.ts';

export interface Judged extends Pick<Outcome, 'applied' | 'points' | 'issue' | 'suppressed'> {
  readonly discount: number;
  /** Of the offers that came near, and of presented coupons (with `serial`). */
  readonly refused: readonly Refusal[];
}

const phases = ['line', 'basket', 'points', 'issue'] as const;

export class Judge {
  readonly #compiled: CompiledBundle;
  readonly #near: NearOffers;
  readonly #far: FarReasons;
  readonly #size: number;
  /** How often each reason met each offer, by code and rank, beside what stands in the lists that sales share. */
  readonly #counts: Float64Array;
  // Of the sale at hand: the offers whose reason is not that of its list.
  #shared: Shared | null = null;
  #sale = 0;
  readonly #own: Uint8Array;
  readonly #ownIn: Float64Array;
  readonly #touched: Int32Array;
  #count = 0;

  constructor(compiled: CompiledBundle) {
    const size = compiled.offers.length;
    this.#compiled = compiled;
    this.#near = new NearOffers(compiled);
    this.#far = new FarReasons(compiled, (rank, code, times) => this.#add(rank, code, times));
    this.#size = size;
    this.#counts = new Float64Array(size * codeCount);
    this.#own = new Uint8Array(size);
    this.#ownIn = new Float64Array(size);
    this.#touched = new Int32Array(size);
  }

  /** Decides and counts. @param sale has passed `validateSale` */
  judge(sale: Sale): Judged {
    this.#sale++;
    this.#count = 0;
    const { facts, offers, outcome } = this.#near.decide(sale);
    const shared = this.#far.read(facts, this.#set);
    for (const phase of phases)
      for (let index = offers.from(phase); index < offers.to(phase); index++) this.#set(offers.at(index).rank, 0);
    const { byId } = this.#compiled;
    // A coupon stands in the place of its offer, unless the coupon was printed by it.
    for (const { offer } of sale.coupons ?? []) {
      const compiled = byId.get(offer);
      if (compiled !== undefined && compiled.phase !== 'issue' && compiled.trigger === 'coupon')
        this.#set(compiled.rank, 0);
    }
    for (const { offer, finding, serial } of outcome.refused) {
      const rank = byId.get(offer)?.rank;
      if (rank === undefined) continue;
      if (serial === undefined) this.#set(rank, codeOf(finding.reason));
      else this.#add(rank, codeOf(finding.reason), 1);
    }
    this.#shared = shared;
    shared.sales++;
    for (let index = 0; index < this.#count; index++) {
      const rank = this.#touched[index] ?? 0;
      const [usual, own] = [shared.codeOf(rank), this.#own[rank] ?? 0];
      if (usual === own) continue;
      this.#add(rank, usual, -1);
      this.#add(rank, own, 1);
    }
    let discount = 0;
    for (const { amount } of outcome.applied) discount += amount;
    const { applied, points, issue, suppressed, refused } = outcome;
    return { applied, points, issue, suppressed, refused, discount };
  }

  /** The code of an offer's own reason in the sale just judged; 0: it was not refused, or only a coupon of it was. */
  reasonOf(rank: number): number {
    return (this.#ownIn[rank] === this.#sale ? this.#own[rank] : this.#shared?.codeOf(rank)) ?? 0;
  }

  /** How often each reason met the offer, by code, in all sales so far. */
  countsOf(rank: number): Float64Array {
    this.#far.drop();
    return Float64Array.from({ length: codeCount }, (_, code) => this.#counts[code * this.#size + rank] ?? 0);
  }

  /** Whether it is the first time in this sale. */
  readonly #set = (rank: number, code: number): boolean => {
    const first = this.#ownIn[rank] !== this.#sale;
    if (first) {
      this.#ownIn[rank] = this.#sale;
      this.#touched[this.#count++] = rank;
    }
    this.#own[rank] = code;
    return first;
  };

  #add(rank: number, code: number, times: number): void {
    const place = code * this.#size + rank;
    this.#counts[place] = (this.#counts[place] ?? 0) + times;
  }
}
