/**
 * The rings of a rollout, and when it may go on: one store, then 1, 10, 50 and 100 % of all stores. A store always lies at
 * the same place, so the same ones are always early and each ring contains those before it. Pure.
 */
import { createHash } from 'node:crypto';
import type { StateMessage } from '../protocol/messages.ts';

/** Permyriad of the stores; the first ring is the first store alone. */
export const usualStages: readonly number[] = [0, 100, 1000, 5000, 10_000];
/** Ten minutes: as long as a till watches whether a new bundle makes it crash. */
export const usualSoakMs = 600_000;
/** The next ring opens while so many of the present one's tills have it. */
export const leastActivated = 0.95;
/** From so many of a ring's tills that failed the rollout stops. */
export const mostFailed = 0.005;
/** A till that was off for longer is not waited for. */
export const awayMs = 7 * 86_400_000;

/** 0 to 9999: a store is in every ring of more permyriad than this. */
export function placeOf(tenant: string, store: string): number {
  const name = `tillside/ring/1\n${tenant}\n${store}`;
  const known = places.get(name);
  if (known !== undefined) return known;
  const place = createHash('sha256').update(name).digest().readUInt32BE(0) % 10_000;
  if (places.size >= mostPlaces) places.clear();
  places.set(name, place);
  return place;
}

/** Places once worked out: every till's store is asked for at each look. */
const places = new Map<string, number>();
const mostPlaces = 100_000;

/** The store that goes first where none is named. */
export function firstOf(tenant: string, stores: readonly string[]): string | null {
  const rank = (store: string) => placeOf(tenant, store);
  return [...stores].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))[0] ?? null;
}

export interface RingPlan {
  readonly tenant: string;
  readonly firstStore: string;
  /** Permyriad of each ring, ascending. */
  readonly stages: readonly number[];
}

/** The ring in which a store's turn comes; it may be beyond the last. */
export function ringOf({ tenant, firstStore, stages }: RingPlan, store: string): number {
  if (store === firstStore) return 0;
  const place = placeOf(tenant, store);
  const ring = stages.findIndex((most, index) => index > 0 && place < most);
  return ring < 0 ? stages.length : ring;
}

/** A till as it last spoke of itself. */
export interface SeenTill {
  readonly store: string;
  readonly till: string;
  readonly online: boolean;
  /** Since when it is on line or off, RFC 3339. */
  readonly since: string;
  readonly state: StateMessage | null;
}

export type TillStanding = 'activated' | 'failed' | 'told' | 'untold' | 'away';

export function standingOf(till: SeenTill, id: string, version: number, now: number): TillStanding {
  const { state } = till;
  const refused = state?.bundleRefused;
  // A pointer that was not trusted says nothing about the bundle: such a till has it not, and that is all.
  if (refused?.id === id && refused.version === version && refused.code !== 'bundle-untrusted') return 'failed';
  if (state?.bundle?.id === id && state.bundle.version >= version) return 'activated';
  if (!till.online && Date.parse(till.since) < now - awayMs) return 'away';
  return state?.told?.id === id && state.told.version >= version ? 'told' : 'untold';
}

/**
 * The version of a bundle that at least half of the tills which have one have, or a later one; 0 without any. After HQ's database was put back from a
 * backup it is above what HQ remembers, and no till goes down to that. A few tills that lie about theirs move it by nothing.
 */
export function versionOfMost(tills: readonly SeenTill[], id: string): number {
  const versions = tills.flatMap(({ state }) => (state?.bundle?.id === id ? [state.bundle.version] : []));
  versions.sort((a, b) => a - b);
  return versions[Math.floor(versions.length / 2 - 0.5)] ?? 0;
}

export interface RingTally {
  readonly stores: number;
  readonly tills: number;
  /** Pointed to the bundle, by their own word; whoever has it or refused it was. */
  readonly told: number;
  readonly activated: number;
  readonly failed: number;
  /** Neither activated nor failed, and waited for. */
  readonly behind: number;
  readonly away: number;
}

export function tally(
  plan: RingPlan,
  tills: readonly SeenTill[],
  id: string,
  version: number,
  now: number,
): RingTally[] {
  const rings = plan.stages.map(() => ({
    stores: new Set<string>(),
    told: 0,
    activated: 0,
    failed: 0,
    untold: 0,
    away: 0,
  }));
  for (const till of tills) {
    const ring = rings[ringOf(plan, till.store)];
    if (ring === undefined) continue;
    ring.stores.add(till.store);
    ring[standingOf(till, id, version, now)] += 1;
  }
  return rings.map(({ stores, told, activated, failed, untold, away }) => ({
    stores: stores.size,
    tills: told + activated + failed + untold + away,
    told: told + activated + failed,
    activated,
    failed,
    behind: told + untold,
    away,
  }));
}

export type Verdict =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly why: string }
  | { readonly kind: 'stop'; readonly why: string };

/** @param stage the ring that was opened last @param openMs how long ago */
export function judge(rings: readonly RingTally[], stage: number, openMs: number, soakMs: number): Verdict {
  for (const [index, ring] of rings.slice(0, stage + 1).entries()) {
    const counted = ring.tills - ring.away;
    if (ring.failed > 0 && ring.failed >= counted * mostFailed)
      return { kind: 'stop', why: `${ring.failed} of ${counted} tills of ring ${index + 1} refused it or went back` };
  }
  const ring = rings[stage];
  // A ring in which no store lies has nothing to wait for.
  if (ring === undefined || ring.tills === 0) return { kind: 'go' };
  const counted = ring.tills - ring.away;
  if (counted === 0) return { kind: 'wait', why: `no till of ring ${stage + 1} has been on line for a week` };
  if (ring.activated < counted * leastActivated)
    return { kind: 'wait', why: `${ring.activated} of ${counted} tills of ring ${stage + 1} have it, 95 % are needed` };
  if (openMs < soakMs)
    return {
      kind: 'wait',
      why: `ring ${stage + 1} is watched for ${Math.ceil((soakMs - openMs) / 60_000)} more minutes`,
    };
  return { kind: 'go' };
}
