/**
 * A tight bound for the choice of coupons (selection.ts): categories and contact classes are no limits but cost a price,
 * groups and the total stay limits. Whatever the prices, the best set under them is worth at least as much as any allowed
 * set (Lagrangian relaxation); prices are moved a few steps towards those that make the bound small (subgradient).
 */
import type { Entry } from './selection.ts';

export interface Prices {
  /** No allowed set of the candidates has a larger sum. */
  readonly bound: number;
  readonly category: Float64Array;
  readonly class: Float64Array;
}

const steps = 30;

/**
 * @param rooms what is left of each limit, by kind
 * @param target the bound need not be smaller than this
 * @param start prices to begin with
 */
export function priceBound(
  open: readonly Entry[],
  rooms: readonly [readonly number[], readonly number[], readonly number[]],
  places: number,
  target: number,
  start: Prices | null,
): Prices {
  const category = Float64Array.from(start?.category ?? new Float64Array(rooms[1].length));
  const contact = Float64Array.from(start?.class ?? new Float64Array(rooms[2].length));
  // Only limits that stand in an open candidate cost anything.
  const categories = [...new Set(open.map(({ keys }) => keys[1]))].filter(key => key >= 0);
  const contacts = [...new Set(open.map(({ keys }) => keys[2]))].filter(key => key >= 0);
  let best: Prices = { bound: Number.POSITIVE_INFINITY, category, class: contact };
  let stride = 1.5;
  for (let step = 0; step < steps; step++) {
    const set = bestUnder(category, contact, open, places);
    let bound = 0;
    for (const { worth } of set) bound += worth;
    const excess = [new Map<number, number>(), new Map<number, number>()] as const;
    for (const { entry } of set) {
      excess[0].set(entry.keys[1], (excess[0].get(entry.keys[1]) ?? 0) + 1);
      excess[1].set(entry.keys[2], (excess[1].get(entry.keys[2]) ?? 0) + 1);
    }
    let norm = 0;
    const slope = (counts: ReadonlyMap<number, number>, key: number, room: number) => (counts.get(key) ?? 0) - room;
    for (const key of categories) {
      const room = rooms[1][key] ?? 0;
      bound += (category[key] ?? 0) * room;
      norm += slope(excess[0], key, room) ** 2;
    }
    for (const key of contacts) {
      const room = rooms[2][key] ?? 0;
      bound += (contact[key] ?? 0) * room;
      norm += slope(excess[1], key, room) ** 2;
    }
    if (bound < best.bound) best = { bound, category: category.slice(), class: contact.slice() };
    else stride *= 0.7;
    if (Math.floor(best.bound + 1e-6) < target || norm === 0) break;
    const size = (stride * Math.max(bound - target, 1)) / norm;
    for (const key of categories)
      category[key] = Math.max(0, (category[key] ?? 0) + size * slope(excess[0], key, rooms[1][key] ?? 0));
    for (const key of contacts)
      contact[key] = Math.max(0, (contact[key] ?? 0) + size * slope(excess[1], key, rooms[2][key] ?? 0));
  }
  return best;
}

interface Worth {
  readonly entry: Entry;
  readonly worth: number;
}

/** The most valuable set at these prices: of each group the best, and of all the best that have a place. */
function bestUnder(category: Float64Array, contact: Float64Array, open: readonly Entry[], places: number): Worth[] {
  const perGroup = new Map<number, Worth>();
  const set: Worth[] = [];
  for (const entry of open) {
    const [group, inCategory, inClass] = entry.keys;
    const worth = entry.priority - (category[inCategory] ?? 0) - (contact[inClass] ?? 0);
    if (worth <= 0) continue;
    if (group < 0) set.push({ entry, worth });
    else if (worth > (perGroup.get(group)?.worth ?? 0)) perGroup.set(group, { entry, worth });
  }
  set.push(...perGroup.values());
  if (set.length <= places) return set;
  set.sort((a, b) => b.worth - a.worth);
  return set.slice(0, places);
}
