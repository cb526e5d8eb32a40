/** What is left to ask of an offer that the index has found. */
import type { CompiledOffer } from '../compile.ts';
import { byCost, type CompiledPredicate } from '../predicate.ts';
import type { Predicate } from '../types.ts';

/**
 * The parts of an offer's conditions that the index does not decide, cheapest first.
 * @param decided conditions that hold for every member and basket for which the index finds the offer
 */
export function restOf({ audience, when }: CompiledOffer, decided: readonly Predicate[]): readonly CompiledPredicate[] {
  const rest: CompiledPredicate[] = [];
  for (const predicate of [audience, when]) if (predicate !== null) collect(predicate, decided, rest);
  return rest.length === 0 ? nothing : byCost(rest);
}

const nothing: readonly CompiledPredicate[] = [];

function collect(predicate: CompiledPredicate, decided: readonly Predicate[], rest: CompiledPredicate[]): void {
  if (decided.includes(predicate.source)) return;
  if ('all' in predicate.source) for (const part of predicate.parts) collect(part, decided, rest);
  else rest.push(predicate);
}

/** Whether a condition looks at the member alone, and on every day alike. */
export function isOfMember({ source, parts }: CompiledPredicate): boolean {
  if ('segment' in source || 'tier' in source || 'attribute' in source || 'points' in source) return true;
  return ('all' in source || 'any' in source || 'not' in source) && parts.every(isOfMember);
}
