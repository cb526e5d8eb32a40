/** HQ's ledger in SQLite: the embedded default, for the demo, for tests and for a small chain. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import Database from 'better-sqlite3';
import { TillsideError } from '../../errors.ts';
import { createRegistry } from './enrol/registry.ts';
import type { Ledger, StoredBundle, TillName } from './ledger.ts';
import { sqliteMembers } from './members-sql.ts';
import type { Change, Parameter, Query } from './query.ts';
import { askThrough } from './questions.ts';
import { rolloutRows } from './rollout-rows.ts';
import { migrations } from './sqlite-schema.ts';
import { createSqliteWriter, stepThrough } from './sqlite-writer.ts';

/** @param path of the database file; `:memory:` for tests */
export function createSqliteLedger(path: string): Ledger {
  if (path !== ':memory:') closeToOthers(path);
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  // FULL: what is acknowledged to a till must survive the power (contract sync.md, section 5).
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  migrate(database, path);

  const statements = new Map<string, Database.Statement<unknown[]>>();
  const prepare = (sql: string): Database.Statement<unknown[]> => {
    let known = statements.get(sql);
    if (known === undefined) {
      known = database.prepare(sql);
      statements.set(sql, known);
    }
    return known;
  };
  const query: Query = async <Row>(sql: string, parameters: readonly Parameter[] = []) =>
    guarded(() => prepare(sql).all(...parameters) as Row[]);
  const change: Change = async <Row>(sql: string, parameters: readonly Parameter[]) =>
    guarded(() => {
      const statement = prepare(sql);
      if (!statement.reader) return { rows: [], count: statement.run(...parameters).changes };
      const rows = statement.all(...parameters) as Row[];
      return { rows, count: rows.length };
    });
  const transaction = <T>(run: () => T): T => guarded(() => database.transaction(run).immediate());
  const write = createSqliteWriter(prepare);

  return {
    kind: 'sqlite',
    members: sqliteMembers(query, transaction, prepare),
    workers: 1,
    ...askThrough(query),
    registry: createRegistry(change),
    ...rolloutRows(query, change),
    // Done when the file was opened.
    async migrate() {},
    async open(least = 1) {
      return transaction(() => {
        const row = prepare("SELECT value FROM setting WHERE name = 'boot'").get() as { value: string } | undefined;
        const boot = Math.max(Number(row?.value ?? 0) + 1, least);
        prepare(
          "INSERT INTO setting (name, value) VALUES ('boot', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        ).run(String(boot));
        return boot;
      });
    },
    async close() {
      database.close();
    },
    async commit(arrivals, at) {
      return transaction(() => write.commit(arrivals, at));
    },
    async quarantine({ store, till, reason, payload }, at) {
      transaction(() => write.quarantine({ store, till }, null, null, at, reason, payload));
    },
    async saveStates(states, at) {
      return transaction(() => states.filter(one => write.saveState(one, one.state, at)));
    },
    async markSilent(heard, at, isMine = () => true) {
      return transaction(() => {
        const online = prepare('SELECT store, till FROM till WHERE online = 1').all() as TillName[];
        const silent = online.filter(one => isMine(one) && !heard.has(`${one.store}/${one.till}`));
        for (const { store, till } of silent)
          prepare('UPDATE till SET online = 0, since = ? WHERE store = ? AND till = ?').run(at, store, till);
        return silent;
      });
    },
    async publish(bundle, pointer) {
      transaction(() => {
        const { sha256, id, version, bytes, offers, publishedAt } = bundle;
        prepare(
          'INSERT INTO bundle (sha256, id, version, bytes, offers, published_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING',
        ).run(sha256, id, version, Buffer.from(bytes), offers, publishedAt);
        prepare('INSERT INTO pointer (ring, sha256, json, published_at) VALUES (?, ?, ?, ?)').run(
          pointer.ring,
          sha256,
          JSON.stringify(pointer),
          publishedAt,
        );
      });
    },
    async leaseSteps(steps) {
      return transaction(() => stepThrough(prepare, steps()));
    },
    serverTime: async () => null,
    async bundle(sha256) {
      const row = prepare('SELECT sha256, id, version, bytes, offers, published_at FROM bundle WHERE sha256 = ?').get(
        sha256,
      ) as (Omit<StoredBundle, 'publishedAt'> & { published_at: string }) | undefined;
      if (row === undefined) return null;
      const { published_at: publishedAt, ...bundle } = row;
      return { ...bundle, publishedAt };
    },
  };
}

/** What SQLite says of a value that it can't take; everything else (disk, lock, file) will be right again with the same. */
const ofTheData = /^SQLITE_(TOOBIG|MISMATCH|RANGE|CONSTRAINT)/;

/** @throws TillsideError `database-unavailable` where the disk is full or fails, or the file is locked */
function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof Database.SqliteError) || ofTheData.test(error.code)) throw error;
    throw new TillsideError('database-unavailable', `HQ's database can't be used: ${error.message}`, { cause: error });
  }
}

/** Sales and members' ids are for HQ's account alone. SQLite gives the files beside the database the database's own mode. */
function closeToOthers(path: string) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Only where there is none: closing a database's file would drop the locks that this process holds on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  // Those of an earlier version, and what a crash has left beside them.
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) chmodSync(file, 0o600);
  }
}

function migrate(database: Database.Database, path: string) {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > migrations.length)
    throw new TillsideError('store-newer', `The database ${path} was made by a newer version of tillside; update HQ.`);
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database
      .transaction(() => {
        database.exec(sql);
        database.pragma(`user_version = ${index + 1}`);
      })
      .immediate();
  }
}
