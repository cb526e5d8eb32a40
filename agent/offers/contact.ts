/** Contact policies (contract sections 2, 6, 9 and 10): how much room a class of coupons has left for this member. */
import type { CompiledBundle } from './compile.ts';
import type { Facts, PastCoupon } from './facts.ts';
import type { ContactPolicy } from './types.ts';

export interface Room {
  readonly policy: ContactPolicy;
  readonly used: number;
}

/** The tightest policy of each class; empty for a guest. */
export function contactRooms(compiled: CompiledBundle, facts: Facts): ReadonlyMap<string, Room> {
  const rooms = new Map<string, Room>();
  if (facts.member === null) return rooms;
  for (const policy of compiled.bundle.contactPolicies ?? []) {
    const own = countOf(facts.coupons, policy, compiled, facts);
    const used = policy.per === 'member' ? own : own + countOf(facts.householdCoupons, policy, compiled, facts);
    const known = rooms.get(policy.class);
    if (known === undefined || policy.limit - used < known.policy.limit - known.used)
      rooms.set(policy.class, { policy, used });
  }
  return rooms;
}

function countOf(
  coupons: readonly PastCoupon[],
  policy: ContactPolicy,
  compiled: CompiledBundle,
  facts: Facts,
): number {
  return coupons.filter(
    past =>
      (past.class ?? compiled.byId.get(past.offer)?.offer.contact?.class) === policy.class &&
      facts.within(past.issued, policy.window),
  ).length;
}
