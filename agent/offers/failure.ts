/** Finds the part of a predicate that decided it: the first that fails in `all`, the first way of `any`. */
import type { Facts } from './facts.ts';
import type { Failure } from './finding.ts';
import type { CompiledPredicate } from './predicate.ts';

/** @param predicate does not have the value `wanted` */
export function failureOf(predicate: CompiledPredicate, facts: Facts, wanted = true): Failure {
  const { source, parts } = predicate;
  const leaf: Failure = { predicate, negated: !wanted, found: predicate.found(facts), others: 0 };
  const [first] = parts;
  if (first === undefined) return leaf;
  if ('not' in source) return failureOf(first, facts, !wanted);
  // A conjunction that fails, or a disjunction that holds, is decided by one part; otherwise all parts had their say.
  const decisive = 'all' in source === wanted;
  const part = decisive ? (parts.find(each => each.test(facts) !== wanted) ?? first) : first;
  const failure = failureOf(part, facts, wanted);
  return decisive ? failure : { ...failure, others: failure.others + parts.length - 1 };
}
