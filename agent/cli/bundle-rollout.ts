/** `tillside bundle rollout|rollback`, and how rollouts are told. */
import { isTillsideError, TillsideError } from '../../errors.ts';
import type { PublishAnswer, RingView, RolloutsAnswer, RolloutView } from '../../sync/hq/wire.ts';
import type { CommandIo } from './command.ts';
import { askHq, type HqAddress } from './hq-client.ts';

export type RolloutOptions = {
  readonly first?: string | undefined;
  /** Minutes that a ring is watched. */
  readonly soak?: string | undefined;
  readonly stop?: boolean | undefined;
  readonly resume?: boolean | undefined;
};

/** @param bytes of the file; null where a rollout is stopped or resumed */
export async function rollOut(
  bytes: Uint8Array | null,
  { first, soak, stop, resume }: RolloutOptions,
  address: HqAddress,
  json: boolean,
  io: CommandIo,
): Promise<number> {
  const query = new URLSearchParams();
  if (first !== undefined) query.set('first', first);
  if (soak !== undefined) query.set('soak', soak);
  let view: RolloutView;
  if (bytes !== null) view = (await askHq(address, 'POST', `/v1/rollouts?${query}`, bytes)) as RolloutView;
  else {
    if (stop === resume) throw new TillsideError('usage', 'rollout needs a FILE, or --stop, or --resume');
    const { rollouts } = (await askHq(address, 'GET', '/v1/rollouts')) as RolloutsAnswer;
    const wanted = rollouts.find(({ state }) => state === (stop === true ? 'running' : 'stopped'));
    if (wanted === undefined)
      throw new TillsideError('not-found', stop === true ? 'No rollout runs.' : 'No rollout was stopped.');
    const action = stop === true ? 'stop' : 'resume';
    view = (await askHq(address, 'POST', `/v1/rollouts/${wanted.number}/${action}`)) as RolloutView;
  }
  io.stdout.write(json ? `${JSON.stringify(view)}\n` : rolloutText(view));
  return 0;
}

export async function rollBack(
  id: string | undefined,
  to: string | undefined,
  address: HqAddress,
  json: boolean,
  io: CommandIo,
): Promise<number> {
  const query = new URLSearchParams();
  if (id !== undefined) query.set('id', id);
  if (to !== undefined) query.set('to', to);
  const answer = (await askHq(address, 'POST', `/v1/rollback?${query}`)) as PublishAnswer;
  io.stdout.write(
    json
      ? `${JSON.stringify(answer)}\n`
      : `${answer.id} version ${answer.version} holds the old content and is published to all tills\n`,
  );
  return 0;
}

/** Rollouts and alarms of a running HQ; an older HQ has none. */
export async function readRollouts(address: HqAddress): Promise<RolloutsAnswer> {
  try {
    return (await askHq(address, 'GET', '/v1/rollouts')) as RolloutsAnswer;
  } catch (error) {
    if (isTillsideError(error, 'not-found')) return { rollouts: [], alarms: [] };
    throw error;
  }
}

export function rolloutText(view: RolloutView): string {
  const { number, id, version, state, reason, startedAt, firstStore, rings, refused } = view;
  const head = `rollout ${number}: ${id} version ${version}  ${state}${reason === null ? '' : `: ${reason}`}  (since ${startedAt})\n`;
  const rows = [
    ['ring', '', 'stores', 'tills', 'told', 'activated', 'failed', 'behind', 'away'],
    ...rings.map((ring, index) => [
      `${index + 1}  ${ringName(ring, firstStore)}`,
      ring.state,
      ...[ring.stores, ring.tills, ring.told, ring.activated, ring.failed, ring.behind, ring.away].map(String),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const why = refused.map(({ store, till, code, message }) => `  ${store}/${till}  ${code}: ${message}\n`);
  return `${head}${rows.map(row => `  ${line(row)}\n`).join('')}${why.join('')}`;
}

const ringName = ({ permyriad }: RingView, firstStore: string): string =>
  permyriad === 0 ? `store ${firstStore}` : permyriad === 10_000 ? 'all stores' : `${permyriad / 100} % of stores`;
