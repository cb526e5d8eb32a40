/** Plays sales through a bundle, and through another one to compare with; counts, and keeps a few examples of each difference. */

import { decideWithFindings } from '../offers/decide.ts';
import { type CompiledBundle, compileBundle, localDateOf, parseSale } from '../offers/index.ts';
import type { Bundle, Decision, Sale } from '../offers/types.ts';
import { type Carry, createCarry } from './carry.ts';
import { count, emptyTally, type Refused, type Tally } from './tally.ts';

/** What became of an offer in one sale: `issued`, `suppressed`, or the reason why not. */
export type Change = { readonly offer: string; readonly from: string; readonly to: string };
export type Difference = Change & { sales: number; readonly examples: string[] };
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
  badLines: number;
};

const keptExamples = 10;
const keptBadLines = 20;

class Side {
  readonly compiled: CompiledBundle;
  readonly tally: Tally;
  readonly #carry: Carry | null;

  constructor(bundle: Bundle, carry: boolean) {
    this.compiled = compileBundle(bundle);
    this.tally = emptyTally(bundle.offers);
    this.#carry = carry ? createCarry(bundle.offers) : null;
  }

  play(
    sale: Sale,
    day: string,
  ): { readonly decision: Omit<Decision, 'rejected'>; readonly refused: readonly Refused[] } {
    const { decision, refused } = decideWithFindings(this.compiled, this.#carry?.enrich(sale) ?? sale);
    const told = refused.map(({ offer, finding }) => ({ offer, reason: finding.reason }));
    count(this.tally, decision, told, sale.member?.id, day);
    this.#carry?.remember(sale, decision);
    return { decision, refused: told };
  }
}

export class Player {
  readonly #new: Side;
  readonly #old: Side | null;
  readonly #differences = new Map<string, Difference>();
  readonly #bad: BadLine[] = [];
  #badLines = 0;

  /** @param carry remember members from sale to sale */
  constructor(bundle: Bundle, against: Bundle | null, carry: boolean) {
    this.#new = new Side(bundle, carry);
    this.#old = against === null ? null : new Side(against, carry);
  }

  /** @param line its number in the file, from 1 */
  play(text: string, line: number): void {
    const reading = parseSale(text);
    if (!reading.ok) {
      this.#badLines++;
      if (this.#bad.length < keptBadLines)
        this.#bad.push({ line, code: 'sale-invalid', faults: reading.faults.slice(0, 5) });
      return;
    }
    const { sale } = reading;
    const day = localDateOf(sale.at, this.#new.compiled.bundle.timezone);
    const now = this.#new.play(sale, day);
    if (this.#old === null) return;
    const before = outcomes(this.#old.play(sale, day));
    const after = outcomes(now);
    for (const offer of new Set([...before.keys(), ...after.keys()])) {
      const from = before.get(offer) ?? 'absent';
      const to = after.get(offer) ?? 'absent';
      // Why not changes often and matters seldom; that it does or does not come is what is compared.
      if (from === to || (!isGiven(from) && !isGiven(to))) continue;
      this.#differ({ offer, from, to }, sale.saleId);
    }
  }

  result(): Played {
    return {
      tally: this.#new.tally,
      against: this.#old?.tally ?? null,
      differences: [...this.#differences.values()],
      bad: this.#bad,
      badLines: this.#badLines,
    };
  }

  #differ(change: Change, saleId: string): void {
    const key = `${change.offer} ${change.from} ${change.to}`;
    let known = this.#differences.get(key);
    if (known === undefined) {
      known = { ...change, sales: 0, examples: [] };
      this.#differences.set(key, known);
    }
    known.sales++;
    if (known.examples.length < keptExamples) known.examples.push(saleId);
  }
}

const isGiven = (outcome: string) => outcome === 'issued' || outcome === 'suppressed';

function outcomes({ decision, refused }: ReturnType<Side['play']>): Map<string, string> {
  const found = new Map<string, string>(refused.map(({ offer, reason }) => [offer, reason]));
  for (const { offer } of decision.suppressed) found.set(offer, 'suppressed');
  for (const { offer, serial } of decision.applied) if (serial === undefined) found.set(offer, 'issued');
  for (const { offer } of decision.points?.offers ?? []) found.set(offer, 'issued');
  for (const { offer } of decision.issue) found.set(offer, 'issued');
  return found;
}
