/**
 * A sale and a compiled bundle to the contract's decision. What happens is decided on the offers that the index finds;
 * why the others do not apply is worked out only when `rejected` is read, by the evaluator on all offers.
 */
import type { CompiledBundle } from './compile.ts';
import { detailOf } from './detail.ts';
import { evaluate, type Outcome, type Refusal } from './evaluate.ts';
import { Facts } from './facts.ts';
import { Lookup, type PreparedMember } from './lookup/lookup.ts';
import { readPresented } from './presented.ts';
import type { Decision, Member, Rejected, Sale } from './types.ts';

/** A decision without its refusals, and those as data. */
export interface Decided {
  readonly decision: Omit<Decision, 'rejected'>;
  readonly refused: readonly Refusal[];
}

/** One index for each compiled bundle, made when the first sale is decided, or by `prepareBundle`. */
const lookups = new WeakMap<CompiledBundle, Lookup>();

/** Makes the index now, so that the first sale need not wait for it. */
export function prepareBundle(compiled: CompiledBundle): void {
  lookupOf(compiled);
}

/**
 * The member's part of a decision, at the card's scan. It holds as long as that very member object stands in the sale;
 * a sale with another one is decided without it.
 */
export function prepareMember(compiled: CompiledBundle, member: Member): PreparedMember {
  return lookupOf(compiled).prepare(member);
}

/**
 * Decides one sale. Pure: the same bundle and sale give the same decision, whatever was decided before. `rejected` is
 * worked out when it is first read, from the sale as it then is: do not change a sale after it was decided.
 * @param sale has passed `validateSale`
 * @param prepared of `prepareMember` for the sale's member
 * @throws RangeError only for a sale that has not passed
 */
export function decide(compiled: CompiledBundle, sale: Sale, prepared: PreparedMember | null = null): Decision {
  const facts = new Facts(sale, compiled.zone);
  const presented = readPresented(compiled, facts);
  const offersOf = lookupOf(compiled).offersFor(facts, presented.offers, prepared);
  const { decision } = decisionOf(compiled, facts, evaluate(compiled, facts, presented, offersOf, false));
  let rejected: readonly Rejected[] | null = null;
  return {
    ...decision,
    get rejected() {
      rejected ??= decideWithFindings(compiled, sale).refused.map(rejectedOf);
      return rejected;
    },
  };
}

/** Decides with every offer looked at, for explanations and as the measure of the index. */
export function decideWithFindings(compiled: CompiledBundle, sale: Sale): Decided {
  const facts = new Facts(sale, compiled.zone);
  const presented = readPresented(compiled, facts);
  return decisionOf(
    compiled,
    facts,
    evaluate(compiled, facts, presented, phase => compiled.byPhase[phase], true),
  );
}

function decisionOf(compiled: CompiledBundle, facts: Facts, outcome: Outcome): Decided {
  const { applied, points, issue, suppressed, refused } = outcome;
  let discount = 0;
  for (const { amount } of applied) discount += amount;
  const { initial } = facts.basket;
  const { id, version } = compiled.bundle;
  const total = { initial, discount, net: initial - discount };
  const { saleId } = facts.sale;
  return { decision: { saleId, bundle: { id, version }, total, applied, points, issue, suppressed }, refused };
}

function rejectedOf({ offer, phase, finding, serial }: Refusal): Rejected {
  const rejected = { offer, phase, reason: finding.reason, detail: detailOf(finding) };
  return serial === undefined ? rejected : { ...rejected, serial };
}

function lookupOf(compiled: CompiledBundle): Lookup {
  let lookup = lookups.get(compiled);
  if (lookup === undefined) {
    lookup = new Lookup(compiled);
    lookups.set(compiled, lookup);
  }
  return lookup;
}
