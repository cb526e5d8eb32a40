/** Plays sales through a bundle, and through another one to compare with; counts, and keeps a few examples of each difference. */
import { type CompiledBundle, compileBundle, localDateOf } from '../offers/index.ts';
import type { Bundle, Sale } from '../offers/types.ts';
import type { SaleResult } from '../offers/validate/sale.ts';
import { type Carry, createCarry } from './carry.ts';
import { type Change, changesOf, type Side } from './changes.ts';
import { Judge, type Judged } from './judge.ts';
import { hashOf } from './reach.ts';
import { nameOf } from './reasons.ts';
import { Counter, type Tally } from './tally.ts';

export type Example = { readonly line: number; readonly saleId: string };
export type Difference = Change & { sales: number; readonly examples: Example[] };
export type BadLine = {
  readonly line: number;
  readonly code: string;
  readonly faults: readonly { readonly pointer: string; readonly message: string }[];
};

export type Played = {
  readonly tally: Tally;
  /** Of the bundle to compare with. */
  readonly against: Tally | null;
  readonly differences: readonly Difference[];
  /** The first of them. */
  readonly bad: readonly BadLine[];
  readonly badLines: number;
};

export const keptExamples = 10;
export const keptBadLines = 20;

/** One bundle, and what it does with the sales. */
class Trial {
  readonly compiled: CompiledBundle;
  readonly counter: Counter;
  readonly #judge: Judge;
  readonly #carry: Carry | null;

  constructor(bundle: Bundle, carry: boolean) {
    this.compiled = compileBundle(bundle);
    this.counter = new Counter(this.compiled);
    this.#judge = new Judge(this.compiled);
    this.#carry = carry ? createCarry(this.compiled) : null;
  }

  play(sale: Sale, hash: number | null): Judged {
    const judged = this.#judge.judge(this.#carry?.enrich(sale) ?? sale);
    let day: string | null = null;
    this.counter.count(judged, sale.storeId, hash, () => {
      day ??= localDateOf(sale.at, this.compiled.bundle.timezone);
      return day;
    });
    this.#carry?.remember(sale, judged);
    return judged;
  }

  /** The sale just played. */
  sideOf(judged: Judged): Side {
    return { compiled: this.compiled, judged, whyNot: this.#whyNot };
  }

  tally(): Tally {
    return this.counter.tally(rank => this.#judge.countsOf(rank));
  }

  readonly #whyNot = (id: string): string => {
    const rank = this.compiled.byId.get(id)?.rank;
    return rank === undefined ? 'absent' : (nameOf(this.#judge.reasonOf(rank)) ?? 'absent');
  };
}

export class Player {
  readonly #new: Trial;
  readonly #old: Trial | null;
  readonly #differences = new Map<string, Difference>();
  readonly #bad: BadLine[] = [];
  #badLines = 0;

  /** @param carry remember members from sale to sale */
  constructor(bundle: Bundle, against: Bundle | null, carry: boolean) {
    this.#new = new Trial(bundle, carry);
    this.#old = against === null ? null : new Trial(against, carry);
  }

  /** @param line its number in the file, from 1 */
  play(reading: SaleResult, line: number): void {
    if (!reading.ok) {
      this.#badLines++;
      if (this.#bad.length < keptBadLines)
        this.#bad.push({ line, code: 'sale-invalid', faults: reading.faults.slice(0, 5) });
      return;
    }
    const { sale } = reading;
    const hash = sale.member === undefined ? null : hashOf(sale.member.id);
    const now = this.#new.play(sale, hash);
    if (this.#old === null) return;
    const then = this.#old.play(sale, hash);
    for (const change of changesOf(sale, this.#old.sideOf(then), this.#new.sideOf(now)))
      this.#differ(change, line, sale.saleId);
  }

  result(): Played {
    return {
      tally: this.#new.tally(),
      against: this.#old?.tally() ?? null,
      differences: [...this.#differences.values()],
      bad: this.#bad,
      badLines: this.#badLines,
    };
  }

  #differ(change: Change, line: number, saleId: string): void {
    const key = `${change.offer} ${change.from} ${change.to}`;
    let known = this.#differences.get(key);
    if (known === undefined) {
      known = { ...change, sales: 0, examples: [] };
      this.#differences.set(key, known);
    }
    known.sales++;
    if (known.examples.length < keptExamples) known.examples.push({ line, saleId });
  }
}
