/** A peer: json-rules-engine, one rule for each offer, its conditions all of one priority: in order, by falling priorities, it is slower. */
import { Engine, type NestedCondition } from 'json-rules-engine';
import type { Bundle } from '../../../agent/offers/index.ts';
import { type Condition, conditionsOf } from './conditions.ts';
import { factsFor } from './library-facts.ts';
import type { Eligible } from './peer.ts';

export function jsonRulesEngine(bundle: Bundle): Eligible {
  const { offers, asked } = conditionsOf(bundle);
  const engine = new Engine([], { allowUndefinedFacts: true });
  for (const { id, all } of offers) engine.addRule({ conditions: { all: all.map(toRule) }, event: { type: id } });
  const factsOf = factsFor(bundle, asked);
  return async sale => {
    const { events } = await engine.run(factsOf(sale));
    return events.map(({ type }) => type);
  };
}

function toRule(condition: Condition): NestedCondition {
  if ('all' in condition) return { all: condition.all.map(toRule) };
  if ('any' in condition) return { any: condition.any.map(toRule) };
  if ('not' in condition) return { not: toRule(condition.not) };
  if ('flag' in condition) return { fact: condition.flag, operator: 'equal', value: true };
  if ('text' in condition) return { fact: condition.text, operator: 'in', value: condition.in };
  const { number: fact, least, most, isCount } = condition;
  // A fact that is not there is neither more nor less than anything: right for 0 only where something must be there.
  if (isCount && least === 0) return { not: { fact, operator: 'greaterThan', value: most } };
  const atLeast: NestedCondition = { fact, operator: 'greaterThanInclusive', value: least };
  return most === undefined ? atLeast : { all: [atLeast, { fact, operator: 'lessThanInclusive', value: most }] };
}
