/** How far back purchases matter to a bundle: what a till keeps in its history, and a simulation carries along. */

import type { Offer } from './types.ts';

/** The longest `bought.withinDays` anywhere in the offers' conditions, in days; 0: purchases do not matter. */
export function longestBoughtWindow(offers: readonly Offer[]): number {
  return longest(offers);
}

function longest(value: unknown): number {
  let most = 0;
  if (Array.isArray(value)) for (const entry of value) most = Math.max(most, longest(entry));
  else if (typeof value === 'object' && value !== null)
    for (const [key, entry] of Object.entries(value))
      most = Math.max(most, key === 'bought' ? windowOf(entry) : longest(entry));
  return most;
}

/** The window of a `bought` test; below it no other can stand. `bought` may also be an attribute's or text's own name. */
function windowOf(entry: unknown): number {
  const { withinDays } = typeof entry === 'object' && entry !== null ? (entry as { withinDays?: unknown }) : {};
  return typeof withinDays === 'number' ? withinDays : 0;
}
