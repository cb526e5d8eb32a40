/** A sale and a compiled bundle to the contract's decision. */
import type { CompiledBundle } from './compile.ts';
import { detailOf } from './detail.ts';
import { evaluate, type Refusal } from './evaluate.ts';
import { Facts } from './facts.ts';
import type { Decision, Rejected, Sale } from './types.ts';

/** A decision without its refusals, and those as data. */
export interface Decided {
  readonly decision: Omit<Decision, 'rejected'>;
  readonly refused: readonly Refusal[];
}

/**
 * Decides one sale. Pure: the same bundle and sale give the same decision, whatever was decided before.
 * @param sale has passed `validateSale`
 * @throws RangeError only for a sale that has not
 */
export function decide(compiled: CompiledBundle, sale: Sale): Decision {
  const { decision, refused } = decideWithFindings(compiled, sale);
  return { ...decision, rejected: refused.map(rejectedOf) };
}

export function decideWithFindings(compiled: CompiledBundle, sale: Sale): Decided {
  const facts = new Facts(sale, compiled.zone);
  const { applied, points, issue, suppressed, refused } = evaluate(compiled, facts, phase => compiled.byPhase[phase]);
  const discount = applied.reduce((sum, application) => sum + application.amount, 0);
  const { initial } = facts.basket;
  const { id, version } = compiled.bundle;
  const total = { initial, discount, net: initial - discount };
  return {
    decision: { saleId: sale.saleId, bundle: { id, version }, total, applied, points, issue, suppressed },
    refused,
  };
}

function rejectedOf({ offer, phase, finding, serial }: Refusal): Rejected {
  const rejected = { offer, phase, reason: finding.reason, detail: detailOf(finding) };
  return serial === undefined ? rejected : { ...rejected, serial };
}
