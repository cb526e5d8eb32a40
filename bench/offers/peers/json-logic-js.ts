/** A peer: json-logic-js, one rule for each offer, applied in turn. */
import jsonLogic from 'json-logic-js';
import type { Bundle } from '../../../agent/offers/index.ts';
import { conditionsOf } from './conditions.ts';
import { logicOf } from './json-logic.ts';
import { factsFor } from './library-facts.ts';
import type { Eligible } from './peer.ts';

export function jsonLogicJs(bundle: Bundle): Eligible {
  const { offers, asked } = conditionsOf(bundle);
  const rules = offers.map(({ id, all }) => ({ id, rule: logicOf(all) }));
  const factsOf = factsFor(bundle, asked);
  return sale => {
    const facts = factsOf(sale);
    const eligible: string[] = [];
    for (const { id, rule } of rules) if (jsonLogic.truthy(jsonLogic.apply(rule, facts))) eligible.push(id);
    return eligible;
  };
}
