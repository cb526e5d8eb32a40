/** Rollouts as the console, the command line and Prometheus see them. Pure. */
import { judge, type SeenTill, tally } from './rings.ts';
import type { RolloutRecord } from './rollout-rows.ts';
import type { RolloutsAnswer, RolloutView } from './wire.ts';

const mostTroubles = 100;

export function rolloutView(
  tenant: string,
  rollout: RolloutRecord,
  tills: readonly SeenTill[],
  nowMs: number,
): RolloutView {
  const { number, id, version, state, stage, startedAt, changedAt, firstStore, soakMs, stages } = rollout;
  const rings = tally({ tenant, firstStore, stages }, tills, id, version, nowMs);
  const verdict = state === 'running' ? judge(rings, stage, nowMs - rollout.stageMs, soakMs) : null;
  const refused = tills.flatMap(({ store, till, state: said }) => {
    const refusal = said?.bundleRefused;
    if (refusal?.id !== id || refusal.version !== version) return [];
    return [{ store, till, code: refusal.code, message: refusal.message }];
  });
  const ringState = (index: number) =>
    index < stage || state === 'done' ? 'passed' : index === stage ? 'open' : 'waiting';
  return {
    ...{ number, id, version, state, startedAt, changedAt, firstStore },
    reason: rollout.reason ?? (verdict?.kind === 'wait' ? verdict.why : null),
    soakMinutes: soakMs / 60_000,
    rings: rings.map((ring, index) => ({ permyriad: stages[index] ?? 0, state: ringState(index), ...ring })),
    refused: refused.slice(0, mostTroubles),
  };
}

/** Tills whose bundle issues no coupons any more, and tills that were shown what is not to be trusted. */
export function alarmsOf(tills: readonly SeenTill[]): RolloutsAnswer['alarms'] {
  return tills.flatMap(alarms).slice(0, mostTroubles);
}

function alarms({ store, till, state }: SeenTill): RolloutsAnswer['alarms'] {
  const found: RolloutsAnswer['alarms'] = [];
  const { bundle, trust } = state ?? {};
  if (bundle?.ended !== undefined) {
    const why = bundle.ended === 'expired' ? 'ended' : 'was signed by a key that is revoked';
    found.push({ store, till, code: `bundle-${bundle.ended}`, message: `${bundle.id} ${bundle.version} ${why}` });
  }
  if (trust !== undefined && trust.untrusted > 0) {
    const last = trust.last === null ? '' : `; the last: ${trust.last.what}, ${trust.last.reason}`;
    found.push({ store, till, code: 'untrusted', message: `${trust.untrusted} since its start${last}` });
  }
  return found;
}

/** Of the newest rollout that runs or was stopped, and of what tills trust. */
export function rolloutMetrics(
  tenant: string,
  rollouts: readonly RolloutRecord[],
  tills: readonly SeenTill[],
  nowMs: number,
): string {
  const newest = rollouts[0];
  const present = newest?.state === 'running' || newest?.state === 'stopped' ? newest : undefined;
  const rings = present === undefined ? [] : tally({ tenant, ...present }, tills, present.id, present.version, nowMs);
  const sum = (name: 'activated' | 'failed' | 'behind') => rings.reduce((total, ring) => total + ring[name], 0);
  const untrusted = tills.reduce((total, { state }) => total + (state?.trust?.untrusted ?? 0), 0);
  const ended = tills.filter(({ state }) => state?.bundle?.ended !== undefined).length;
  const ring = present?.state === 'running' ? present.stage + 1 : 0;
  return [
    gauge('rollout_ring', 'Ring of the present rollout that is open, from 1; 0: none runs', ring),
    gauge('rollout_stopped', '1 while the newest rollout is stopped', present?.state === 'stopped' ? 1 : 0),
    gauge('rollout_tills_activated', 'Tills that have its bundle', sum('activated')),
    gauge('rollout_tills_failed', 'Tills that refused it or went back', sum('failed')),
    gauge('rollout_tills_behind', 'Tills that have it not yet', sum('behind')),
    gauge('untrusted_messages', 'What tills were shown and did not trust since their start', untrusted),
    gauge('tills_bundle_ended', 'Tills whose bundle issues no coupons any more', ended),
  ].join('');
}

const gauge = (name: string, help: string, value: number): string =>
  `# HELP tillside_hq_${name} ${help}\n# TYPE tillside_hq_${name} gauge\ntillside_hq_${name} ${value}\n`;
