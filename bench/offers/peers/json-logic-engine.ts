/** A peer: json-logic-engine, each offer's rule compiled to a function beforehand, its faster mode. */
import { LogicEngine } from 'json-logic-engine';
import type { Bundle } from '../../../agent/offers/index.ts';
import { conditionsOf } from './conditions.ts';
import { logicOf } from './json-logic.ts';
import { factsFor } from './library-facts.ts';
import type { Eligible } from './peer.ts';

export function jsonLogicEngine(bundle: Bundle): Eligible {
  const { offers, asked } = conditionsOf(bundle);
  const engine = new LogicEngine();
  const rules = offers.map(({ id, all }) => {
    const test: unknown = engine.build(logicOf(all));
    if (typeof test !== 'function') throw new Error(`${id} was not compiled`);
    return { id, test: test as (facts: unknown) => unknown };
  });
  const factsOf = factsFor(bundle, asked);
  return sale => {
    const facts = factsOf(sale);
    const eligible: string[] = [];
    for (const { id, test } of rules) if (test(facts) === true) eligible.push(id);
    return eligible;
  };
}
