/** What the members' tables ask of a database, the same of SQLite and PostgreSQL: questions, and sets of writes that go together. */
import type Database from 'better-sqlite3';
import type { PostgresPool, Run } from './postgres-pool.ts';
import { numbered, type Parameter, type Query } from './query.ts';

export type Write =
  /** `insert`: `member (key, row)`; `conflict`: what follows the values. No key twice in one write. */
  | { readonly insert: string; readonly conflict: string; readonly rows: readonly (readonly Parameter[])[] }
  /** Rows of a table whose column is one of these. */
  | { readonly remove: string; readonly where: string; readonly keys: readonly number[] }
  | { readonly run: string; readonly parameters: readonly Parameter[] };

export interface MemberSql {
  readonly all: Query;
  /** The rows of `sql`, which ends in `IN`, for these keys; in no order. */
  among<Row>(sql: string, keys: readonly number[]): Promise<readonly Row[]>;
  /** All of it or nothing. */
  write(writes: readonly Write[]): Promise<void>;
}

/** Keys of one question. Lists are filled up with their last one, so that few different statements are made. */
const sizes = [1, 16, 200, 1000];

const listOf = (keys: readonly number[]): readonly number[] => {
  const size = sizes.find(one => one >= keys.length) ?? keys.length;
  return [...keys, ...Array.from({ length: size - keys.length }, () => keys.at(-1) ?? 0)];
};

/** A write for many keys at once; `sql` ends in `IN`, `first` are the parameters before. */
export function forKeys(sql: string, first: readonly Parameter[], keys: readonly number[]): Write[] {
  if (keys.length === 0) return [];
  const list = listOf(keys);
  return [{ run: `${sql} ${marks(list.length)}`, parameters: [...first, ...list] }];
}

const marks = (count: number): string => `(${Array.from({ length: count }, () => '?').join(', ')})`;

async function amongOf<Row>(all: Query, sql: string, keys: readonly number[]): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (let at = 0; at < keys.length; at += 1000) {
    const list = listOf(keys.slice(at, at + 1000));
    found.push(...(await all<Row>(`${sql} ${marks(list.length)}`, list)));
  }
  return found;
}

export function sqliteMembers(
  all: Query,
  transaction: (run: () => void) => void,
  prepare: (sql: string) => Database.Statement<unknown[]>,
): MemberSql {
  return {
    all,
    among: (sql, keys) => amongOf(all, sql, keys),
    async write(writes) {
      transaction(() => {
        for (const write of writes) {
          if ('run' in write) prepare(write.run).run(...write.parameters);
          else if ('remove' in write) {
            const one = prepare(`DELETE FROM ${write.remove} WHERE ${write.where} = ?`);
            for (const key of write.keys) one.run(key);
          } else if (write.rows.length > 0) {
            const width = write.rows[0]?.length ?? 0;
            const one = prepare(`INSERT INTO ${write.insert} VALUES ${marks(width)} ${write.conflict}`);
            for (const row of write.rows) one.run(...row);
          }
        }
      });
    },
  };
}

/** Rows of one INSERT: far below PostgreSQL's 65,535 parameters. */
const insertRows = 500;

export function postgresMembers(all: Query, writing: PostgresPool): MemberSql {
  return {
    all,
    among: (sql, keys) => amongOf(all, sql, keys),
    write: writes =>
      writing.transaction(async run => {
        for (const write of writes) await one(run, write);
      }),
  };
}

async function one(run: Run, write: Write): Promise<void> {
  if ('run' in write) return void (await run(numbered(write.run), write.parameters));
  if ('remove' in write) {
    if (write.keys.length > 0)
      await run(`DELETE FROM ${write.remove} WHERE ${write.where} = ANY($1::int8[])`, [`{${write.keys.join(',')}}`]);
    return;
  }
  for (let at = 0; at < write.rows.length; at += insertRows) {
    const rows = write.rows.slice(at, at + insertRows);
    const width = rows[0]?.length ?? 0;
    const values = rows.map(() => marks(width)).join(', ');
    await run(numbered(`INSERT INTO ${write.insert} VALUES ${values} ${write.conflict}`), rows.flat());
  }
}
