/** HQ's ledger in PostgreSQL: several workers, on any number of machines, write side by side. */
import { createHash } from 'node:crypto';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { createRegistry } from './enrol/registry.ts';
import type { Ledger, StoredBundle } from './ledger.ts';
import { postgresMembers } from './members-sql.ts';
import { settledCursor } from './postgres-cursor.ts';
import { stepThrough } from './postgres-leases.ts';
import { migrate } from './postgres-migrate.ts';
import { openPool } from './postgres-pool.ts';
import { markSilent, saveStates } from './postgres-tills.ts';
import { createPostgresWriter } from './postgres-writer.ts';
import { type Change, numbered, type Parameter, type Query } from './query.ts';
import { askThrough } from './questions.ts';
import { rolloutRows } from './rollout-rows.ts';

export interface PostgresOptions {
  /** `postgres://…`, as libpq writes it; what it says of time-outs goes before those of this program. */
  readonly url: string;
  readonly log: SyncLog;
  /** Commits side by side. */
  readonly workers?: number;
  /** Connections for questions of the console and the API, apart from the writers'. */
  readonly readers?: number;
}

/** One process reads for them: more only make the sets smaller. */
const defaultWorkers = 2;
const defaultReaders = 4;
/** States, bundles and quarantine are written beside the commits. */
const otherWriters = 2;
const writeMs = 60_000;
const readMs = 20_000;

export function createPostgresLedger(options: PostgresOptions): Ledger {
  const { url, log, workers = defaultWorkers, readers = defaultReaders } = options;
  const onLost = (error: Error) => log.warn({ error: messageOf(error) }, 'an idle connection to PostgreSQL was lost');
  const writing = openPool({ url, connections: workers + otherWriters, statementMs: writeMs, onLost });
  const reading = openPool({ url, connections: readers, statementMs: readMs, onLost });
  const translated = new Map<string, string>();
  const translate = (sql: string): string => {
    let known = translated.get(sql);
    if (known === undefined) {
      known = numbered(sql);
      translated.set(sql, known);
    }
    return known;
  };
  const query: Query = async <Row>(sql: string, parameters: readonly Parameter[] = []) =>
    (await reading.run<Row>(translate(sql), parameters)).rows;
  const change: Change = (sql, parameters) => writing.run(translate(sql), parameters);
  const writer = createPostgresWriter(writing);

  return {
    kind: 'postgres',
    members: postgresMembers(query, writing),
    workers,
    ...askThrough(query, () => settledCursor(reading.run)),
    registry: createRegistry(change),
    ...rolloutRows(query, change),
    async migrate() {
      await migrate(writing);
    },
    async open(least = 1) {
      await migrate(writing);
      await warnOfLossy();
      const { rows } = await writing.run<{ value: string }>(BOOT, [String(least)]);
      return Number(rows[0]?.value);
    },
    async close() {
      await Promise.all([writing.close(), reading.close()]);
    },
    commit: writer.commit,
    async quarantine({ store, till, reason, payload }, at) {
      const sha256 = createHash('sha256').update(payload).digest('hex');
      await writing.run(QUARANTINE, [
        store,
        till,
        at,
        reason.replaceAll('\0', '').slice(0, 500),
        sha256,
        Buffer.from(payload),
      ]);
    },
    saveStates: (states, at) => saveStates(writing, states, at),
    markSilent: (heard, at, isMine) => markSilent(writing, heard, at, isMine),
    publish: (bundle, pointer) =>
      writing.transaction(async run => {
        const { sha256, id, version, bytes, offers, publishedAt } = bundle;
        await run(BUNDLE, [sha256, id, version, Buffer.from(bytes), offers, publishedAt]);
        await run(POINTER, [pointer.ring, sha256, JSON.stringify(pointer), publishedAt]);
      }),
    leaseSteps: steps => writing.transaction(run => stepThrough(run, steps())),
    async serverTime() {
      const [row] = (await reading.run<{ ms: string }>(SERVER_TIME, [])).rows;
      return row === undefined ? null : Number(row.ms);
    },
    async bundle(sha256) {
      return (await reading.run<StoredBundle>(BUNDLE_OF, [sha256])).rows[0] ?? null;
    },
  };

  /** A server that does not wait for its disk forgets what HQ has acknowledged. */
  async function warnOfLossy() {
    const { rows } = await writing.run<{ name: string; setting: string }>(LOSSY);
    for (const { name, setting } of rows)
      log.warn(
        { [name]: setting },
        'PostgreSQL may lose at a power cut what HQ has acknowledged; see docs/hq-database.md',
      );
  }
}

const BOOT = `
INSERT INTO setting (name, value) VALUES ('boot', $1)
ON CONFLICT (name) DO UPDATE SET value = greatest(setting.value::bigint + 1, $1::bigint)::text RETURNING value`;
const LOSSY = `
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'`;
const SERVER_TIME = 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS ms';
const QUARANTINE = `
INSERT INTO quarantine (store, till, received_at, reason, sha256, payload) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (store, till, sha256) DO NOTHING`;
const BUNDLE = `
INSERT INTO bundle (sha256, id, version, bytes, offers, published_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (sha256) DO NOTHING`;
const POINTER = 'INSERT INTO pointer (ring, sha256, json, published_at) VALUES ($1, $2, $3, $4)';
const BUNDLE_OF = `
SELECT sha256, id, version, bytes, offers, published_at AS "publishedAt" FROM bundle WHERE sha256 = $1`;
