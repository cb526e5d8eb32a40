/** Offers as JsonLogic, for the two libraries that read it. */
import type { Condition } from './conditions.ts';

export type Logic = Readonly<Record<string, unknown>>;

/** All of the conditions, in their order; both libraries stop at the first that fails. */
export function logicOf(all: readonly Condition[]): Logic {
  const [only] = all;
  return all.length === 1 && only !== undefined ? toLogic(only) : { and: all.map(toLogic) };
}

function toLogic(condition: Condition): Logic {
  if ('all' in condition) return { and: condition.all.map(toLogic) };
  if ('any' in condition) return { or: condition.any.map(toLogic) };
  if ('not' in condition) return { '!': [toLogic(condition.not)] };
  if ('flag' in condition) return { var: condition.flag };
  if ('text' in condition) return { in: [{ var: condition.text }, condition.in] };
  const { number, least, most, isCount } = condition;
  // Of something that is not there, null, JavaScript would say that it is at least 0.
  const value = { var: [number, isCount ? 0 : -1] };
  if (most === undefined) return { '>=': [value, least] };
  return isCount && least === 0 ? { '<=': [value, most] } : { '<=': [least, value, most] };
}
