/** A sale and a compiled bundle to the contract's decision. */
import type { CompiledBundle } from './compile.ts';
import { detailOf } from './detail.ts';
import { evaluate } from './evaluate.ts';
import { Facts } from './facts.ts';
import type { Decision, Sale } from './types.ts';

/**
 * Decides one sale. Pure: the same bundle and sale give the same decision, whatever was decided before.
 * @param sale has passed `validateSale`
 * @throws RangeError only for a sale that has not
 */
export function decide(compiled: CompiledBundle, sale: Sale): Decision {
  const facts = new Facts(sale, compiled.zone);
  const outcome = evaluate(compiled, facts, phase => compiled.byPhase[phase]);
  const discount = outcome.applied.reduce((sum, application) => sum + application.amount, 0);
  const { initial } = facts.basket;
  return {
    saleId: sale.saleId,
    bundle: { id: compiled.bundle.id, version: compiled.bundle.version },
    total: { initial, discount, net: initial - discount },
    applied: outcome.applied,
    points: outcome.points,
    issue: outcome.issue,
    suppressed: outcome.suppressed,
    rejected: outcome.refused.map(({ offer, phase, finding, serial }) => ({
      offer,
      phase,
      reason: finding.reason,
      detail: detailOf(finding),
      ...(serial === undefined ? {} : { serial }),
    })),
  };
}
