/** Reference reading of the contract, part 6: points and tiers (sections 5 and 9). */
import type { Benefit, Bundle, PointsResult } from '../../../agent/offers/types.ts';
import { sum, type World } from './basket.ts';

/** A points offer, or a points coupon, that has applied. */
export interface PointsEntry {
  readonly offer: string;
  readonly serial?: string;
  readonly benefit: Benefit;
}

/** Points: all but the factors first; then each factor, in order, on the sum so far. */
export function pointsOf(entries: readonly PointsEntry[], world: World): PointsResult | null {
  const { member } = world;
  if (member === undefined) return null;
  const spend = sum(world.units.map(unit => unit.running));
  let earned = 0;
  const given = new Map<object, number>();
  for (const entry of entries) {
    const terms = 'points' in entry.benefit ? entry.benefit.points : { fixed: 0 };
    if ('multiply' in terms) continue;
    const points = 'fixed' in terms ? terms.fixed : Math.floor(spend / terms.per) * terms.earn;
    given.set(entry, points);
    earned += points;
  }
  for (const entry of entries) {
    const terms = 'points' in entry.benefit ? entry.benefit.points : { fixed: 0 };
    if (!('multiply' in terms)) continue;
    const after = Number((BigInt(earned) * BigInt(terms.multiply)) / 10_000n);
    given.set(entry, after - earned);
    earned = after;
  }
  const old = member.points ?? 0;
  const balance = old + earned;
  const tierBefore = member.tier ?? tierAt(old, world.bundle);
  return {
    earned,
    balance,
    tierBefore,
    tierAfter: tierAfter(tierBefore, tierAt(balance, world.bundle), world.bundle),
    offers: entries.map(entry => ({
      offer: entry.offer,
      points: given.get(entry) ?? 0,
      ...(entry.serial === undefined ? {} : { serial: entry.serial }),
    })),
  };
}

function tierAt(balance: number, bundle: Bundle): string | null {
  const reached = (bundle.loyalty?.tiers ?? []).filter(tier => tier.from <= balance);
  return reached.at(-1)?.id ?? null;
}

/** "the tier at the new balance, never below `tierBefore`"; "If the bundle lacks the member's tier, `tierAfter` follows the balance". */
function tierAfter(before: string | null, reached: string | null, bundle: Bundle): string | null {
  const order = (bundle.loyalty?.tiers ?? []).map(tier => tier.id);
  return order.indexOf(before ?? '') > order.indexOf(reached ?? '') ? before : reached;
}
