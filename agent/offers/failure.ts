/** Finds the part of a predicate that decided it: the first that fails in `all`, the first way of `any`. */
import type { Facts } from './facts.ts';
import type { Failure } from './finding.ts';
import type { CompiledPredicate } from './predicate.ts';

/** @param predicate does not have the value `wanted` */
export function failureOf(predicate: CompiledPredicate, facts: Facts, wanted = true): Failure {
  let part = predicate;
  let value = wanted;
  let others = 0;
  for (let first = part.parts[0]; first !== undefined; first = part.parts[0]) {
    const { source, parts } = part;
    if ('not' in source) {
      value = !value;
      part = first;
    } else if ('all' in source === value) {
      // A conjunction that fails, or a disjunction that holds, is decided by one part.
      part = differing(parts, facts, value) ?? first;
    } else {
      // Otherwise all parts had their say.
      others += parts.length - 1;
      part = first;
    }
  }
  return { predicate: part, negated: !value, found: part.found(facts), others };
}

function differing(parts: readonly CompiledPredicate[], facts: Facts, value: boolean): CompiledPredicate | undefined {
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    if (part?.test(facts) === !value) return part;
  }
  return undefined;
}
