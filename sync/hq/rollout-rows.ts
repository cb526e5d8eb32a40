/** Rollouts, patches and notes in HQ's database, whichever it is: the same statements for both. */
import { decodeState, encodeMessage } from '../protocol/messages.ts';
import type { StoredBundle } from './ledger.ts';
import type { Change, Query } from './query.ts';
import type { SeenTill } from './rings.ts';

export type RolloutState = 'running' | 'stopped' | 'done' | 'superseded';

export interface RolloutRecord {
  readonly number: number;
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly firstStore: string;
  /** Permyriad of each ring. */
  readonly stages: readonly number[];
  readonly soakMs: number;
  /** The ring that was opened last, from 0. */
  readonly stage: number;
  readonly state: RolloutState;
  readonly reason: string | null;
  readonly startedAt: string;
  /** Since when that ring is open, ms since 1970 UTC. */
  readonly stageMs: number;
  readonly changedAt: string;
}

export type RolloutMove = Pick<RolloutRecord, 'stage' | 'state' | 'reason' | 'stageMs' | 'changedAt'>;

export interface RolloutRows {
  /** Newest first. */
  rollouts(): Promise<readonly RolloutRecord[]>;
  /** Null: one of this bundle id runs already. */
  startRollout(rollout: Omit<RolloutRecord, 'number'>): Promise<number | null>;
  /** False where another HQ moved it meanwhile: then nothing was changed. */
  moveRollout(before: RolloutRecord, after: RolloutMove): Promise<boolean>;
  /** A file that no pointer may name yet. */
  storeBundle(bundle: StoredBundle): Promise<void>;
  bundleOfVersion(id: string, version: number): Promise<StoredBundle | null>;
  storePatch(sha256: string, bytes: Uint8Array): Promise<void>;
  patch(sha256: string): Promise<Uint8Array | null>;
  /** Every till as it last spoke. */
  seenTills(): Promise<readonly SeenTill[]>;
  note(name: string): Promise<string | null>;
  keepNote(name: string, value: string): Promise<void>;
}

export function rolloutRows(query: Query, change: Change): RolloutRows {
  return {
    async rollouts() {
      const rows = await query<RolloutRow>(ROLLOUTS);
      return rows.map(({ stages, ...row }) => ({
        ...row,
        number: Number(row.number),
        version: Number(row.version),
        soakMs: Number(row.soakMs),
        stage: Number(row.stage),
        stageMs: Number(row.stageMs),
        stages: JSON.parse(stages) as readonly number[],
      }));
    },
    async startRollout(rollout) {
      const { id, version, sha256, firstStore, stages, soakMs, stage, state, reason, startedAt, stageMs } = rollout;
      const { rows } = await change<{ number: number }>(START, [
        ...[id, version, sha256, firstStore, JSON.stringify(stages), soakMs, stage, state, reason],
        ...[startedAt, stageMs, rollout.changedAt],
      ]);
      return rows[0] === undefined ? null : Number(rows[0].number);
    },
    async moveRollout(before, { stage, state, reason, stageMs, changedAt }) {
      const { count } = await change(MOVE, [
        ...[stage, state, reason, stageMs, changedAt],
        ...[before.number, before.stage, before.state],
      ]);
      return count === 1;
    },
    async storeBundle({ sha256, id, version, bytes, offers, publishedAt }) {
      await change(BUNDLE, [sha256, id, version, Buffer.from(bytes), offers, publishedAt]);
    },
    async bundleOfVersion(id, version) {
      return (await query<StoredBundle>(BUNDLE_OF, [id, version]))[0] ?? null;
    },
    async storePatch(sha256, bytes) {
      await change(PATCH, [sha256, Buffer.from(bytes)]);
    },
    async patch(sha256) {
      return (
        (await query<{ bytes: Uint8Array }>('SELECT bytes FROM patch WHERE sha256 = ?', [sha256]))[0]?.bytes ?? null
      );
    },
    async seenTills() {
      const rows = await query<SeenRow>('SELECT store, till, online, since, state FROM till ORDER BY store, till');
      return rows.map(({ store, till, online, since, state }) => {
        const read = decodeState(encodeMessage(JSON.parse(state) as object));
        return { store, till, online: Number(online) === 1, since, state: read.ok ? read.value : null };
      });
    },
    async note(name) {
      return (await query<{ value: string }>('SELECT value FROM setting WHERE name = ?', [name]))[0]?.value ?? null;
    },
    async keepNote(name, value) {
      await change(NOTE, [name, value]);
    },
  };
}

type RolloutRow = Omit<RolloutRecord, 'stages'> & { readonly stages: string };
type SeenRow = {
  readonly store: string;
  readonly till: string;
  readonly online: number;
  readonly since: string;
  readonly state: string;
};

const ROLLOUTS = `
SELECT number, id, version, sha256, first_store AS "firstStore", stages, soak_ms AS "soakMs", stage, state, reason,
  started_at AS "startedAt", stage_ms AS "stageMs", changed_at AS "changedAt"
FROM rollout ORDER BY number DESC LIMIT 50`;
/** An index lets only one of an id run: of two HQs that start one at once, one is told so. */
const START = `
INSERT INTO rollout (id, version, sha256, first_store, stages, soak_ms, stage, state, reason, started_at, stage_ms, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING number`;
const MOVE = `
UPDATE rollout SET stage = ?, state = ?, reason = ?, stage_ms = ?, changed_at = ?
WHERE number = ? AND stage = ? AND state = ?`;
const BUNDLE = `
INSERT INTO bundle (sha256, id, version, bytes, offers, published_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (sha256) DO NOTHING`;
const BUNDLE_OF = `
SELECT sha256, id, version, bytes, offers, published_at AS "publishedAt" FROM bundle WHERE id = ? AND version = ?`;
const PATCH = 'INSERT INTO patch (sha256, bytes) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING';
const NOTE = `
INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
