/** Points (contract section 5) and the tier that they lead to (section 9). */
import { multiplyFloor } from './money.ts';
import type { Benefit, Member, Minor, PointsResult, Tier } from './types.ts';

export interface PointsGiven {
  readonly offer: string;
  readonly serial?: string;
  readonly benefit: Extract<Benefit, { points: unknown }>['points'];
}

/** Points of each offer in order; factors come last, on the sum of all others, several compounding in order. */
export function pointsResult(
  given: readonly PointsGiven[],
  netSpend: Minor,
  member: Member,
  tiers: readonly Tier[],
): PointsResult {
  if (given.length === 0) return balanceOf(0, member, tiers, nothing);
  const points = given.map(({ benefit }) => {
    if ('fixed' in benefit) return benefit.fixed;
    return 'per' in benefit ? multiplyFloor(Math.floor(netSpend / benefit.per), benefit.earn, 1) : 0;
  });
  let earned = points.reduce((sum, each) => sum + each, 0);
  given.forEach(({ benefit }, index) => {
    if (!('multiply' in benefit)) return;
    const factored = multiplyFloor(earned, benefit.multiply, 10_000);
    points[index] = factored - earned;
    earned = factored;
  });
  return balanceOf(
    earned,
    member,
    tiers,
    given.map(({ offer, serial }, index) => ({
      offer,
      points: points[index] ?? 0,
      ...(serial === undefined ? {} : { serial }),
    })),
  );
}

const nothing: PointsResult['offers'] = Object.freeze([]);

function balanceOf(
  earned: number,
  member: Member,
  tiers: readonly Tier[],
  offers: PointsResult['offers'],
): PointsResult {
  const before = member.points ?? 0;
  const balance = before + earned;
  const tierBefore = member.tier ?? tierAt(before, tiers);
  return { earned, balance, tierBefore, tierAfter: laterTier(tierBefore, tierAt(balance, tiers), tiers), offers };
}

function tierAt(balance: number, tiers: readonly Tier[]): string | null {
  for (let index = tiers.length - 1; index >= 0; index--) {
    const tier = tiers[index];
    if (tier !== undefined && tier.from <= balance) return tier.id;
  }
  return null;
}

/** The later of two in the bundle's order; a tier that the bundle does not know does not count. */
function laterTier(before: string | null, after: string | null, tiers: readonly Tier[]): string | null {
  return heightOf(before, tiers) > heightOf(after, tiers) ? before : after;
}

function heightOf(id: string | null, tiers: readonly Tier[]): number {
  for (let index = 0; index < tiers.length; index++) if (tiers[index]?.id === id) return index;
  return -1;
}
