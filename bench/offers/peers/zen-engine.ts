/**
 * A peer: @gorules/zen-engine. One decision table with hit policy `collect`, a row for each offer and a column for each of its
 * conditions, its content compiled beforehand: of the ways tried (one cell an offer, columns by field, an expression node,
 * expressions evaluated from text) the quickest with 10,000 offers, two to five times.
 */
import { ZenDecisionContent, ZenEngine } from '@gorules/zen-engine';
import type { Bundle } from '../../../agent/offers/index.ts';
import { type Condition, conditionsOf } from './conditions.ts';
import { factsFor, type PlainFacts } from './library-facts.ts';
import type { Eligible } from './peer.ts';

export function zenEngine(bundle: Bundle): Eligible {
  const { offers, asked } = conditionsOf(bundle);
  const columns = Array.from({ length: Math.max(...offers.map(({ all }) => all.length)) }, (_, index) => `c${index}`);
  const table = {
    hitPolicy: 'collect',
    inputs: columns.map(column => ({ id: column, name: column, field: '' })),
    outputs: [{ id: 'offer', name: 'offer', field: 'offer' }],
    rules: offers.map(({ id, all }) => ({
      _id: id,
      ...Object.fromEntries(
        columns.map((column, index) => [column, all[index] === undefined ? '' : textOf(all[index])]),
      ),
      offer: JSON.stringify(id),
    })),
  };
  const position = { x: 0, y: 0 };
  const decision = new ZenEngine().createDecision(
    new ZenDecisionContent({
      nodes: [
        { id: 'sale', type: 'inputNode', name: 'sale', position },
        { id: 'offers', type: 'decisionTableNode', name: 'offers', position, content: table },
        { id: 'eligible', type: 'outputNode', name: 'eligible', position },
      ],
      edges: [
        { id: '1', sourceId: 'sale', targetId: 'offers', type: 'edge' },
        { id: '2', sourceId: 'offers', targetId: 'eligible', type: 'edge' },
      ],
    }),
  );
  const factsOf = factsFor(bundle, asked);
  return async sale => {
    const { result } = await decision.evaluate(named(factsOf(sale)));
    return (result as readonly { readonly offer: string }[]).map(({ offer }) => offer);
  };
}

/** A condition in the ZEN expression language, where a name that is not there is null and equal to nothing. */
function textOf(condition: Condition): string {
  if ('all' in condition) return condition.all.length === 0 ? 'true' : `(${condition.all.map(textOf).join(' and ')})`;
  if ('any' in condition) return condition.any.length === 0 ? 'false' : `(${condition.any.map(textOf).join(' or ')})`;
  if ('not' in condition)
    return 'flag' in condition.not ? `${nameOf(condition.not.flag)} != true` : `not (${textOf(condition.not)})`;
  if ('flag' in condition) return `${nameOf(condition.flag)} == true`;
  if ('text' in condition)
    return `${nameOf(condition.text)} in [${condition.in.map(value => JSON.stringify(value)).join(', ')}]`;
  const { number, least, most, isCount } = condition;
  const value = `(${nameOf(number)} ?? ${isCount ? 0 : -1})`;
  return most === undefined ? `${value} >= ${least}` : `${value} in [${least}..${most}]`;
}

const names = new Map<string, string>();

/** A hyphen would be a minus. */
function nameOf(name: string): string {
  let known = names.get(name);
  if (known === undefined) {
    known = name.replaceAll('-', '_');
    names.set(name, known);
  }
  return known;
}

function named(facts: PlainFacts): PlainFacts {
  const found: PlainFacts = {};
  for (const name in facts) found[nameOf(name)] = facts[name] ?? '';
  return found;
}
