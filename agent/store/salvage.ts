/** Takes out of a damaged database whatever can still be read, row by row, from both ends of each table. */
import SqliteDatabase from 'better-sqlite3';
import type { TillEvent } from '../../sync/protocol/types.ts';
import type { Database } from './database.ts';
import { salvagedTables } from './schema.ts';

export type Salvage = {
  /** Events that HQ may not have, in their old order. */
  readonly events: readonly TillEvent[];
  readonly acknowledged: number;
  readonly epoch: number;
  /** Rows copied into the new database, by table. */
  readonly rows: Readonly<Record<string, number>>;
};

type Row = Readonly<Record<string, unknown>>;

/** Reads `damaged` and copies into `fresh`, which must be migrated and empty. Never throws for what can't be read. */
export function salvage(damaged: string, fresh: Database): Salvage {
  let source: Database;
  try {
    source = new SqliteDatabase(damaged, { readonly: true, fileMustExist: true });
  } catch {
    return { events: [], acknowledged: 0, epoch: 0, rows: {} };
  }
  try {
    const settings = new Map(readable(source, 'setting').map(row => [row.name, row.value]));
    const acknowledged = Number(settings.get('outbox.acknowledged') ?? 0);
    const rows: Record<string, number> = {};
    fresh.pragma('foreign_keys = OFF');
    try {
      fresh
        .transaction(() => {
          for (const table of salvagedTables) rows[table] = copy(readable(source, table), table, fresh);
          dropOrphans(fresh);
        })
        .immediate();
    } finally {
      fresh.pragma('foreign_keys = ON');
    }
    const events = readable(source, 'outbox')
      .filter(row => Number(row.seq) > acknowledged)
      .sort((a, b) => Number(a.seq) - Number(b.seq))
      .flatMap(row => eventOf(row.json));
    return { events, acknowledged, epoch: Number(settings.get('epoch') ?? 0), rows };
  } finally {
    source.close();
  }
}

/** Rows from the front until the damage, then from the back until the damage or what is known already. */
function readable(source: Database, table: string): readonly Row[] {
  const found = new Map<string, Row>();
  for (const order of ['ASC', 'DESC']) {
    try {
      const keys = storageKey(source, table);
      const by = keys.map(key => `${key} ${order}`).join(', ');
      const columns = keys.map((key, at) => `${key} AS key${at}`).join(', ');
      // NOT INDEXED and the order of storage: an index may be the part that is damaged, and a sort would read all first.
      const sql = `SELECT *, ${columns} FROM ${table} NOT INDEXED ORDER BY ${by}`;
      for (const row of source.prepare<[], Row>(sql).iterate()) {
        const key = JSON.stringify(keys.map((_, at) => row[`key${at}`]));
        if (found.has(key)) break;
        found.set(key, row);
      }
      return [...found.values()];
    } catch {
      // The other end may still be sound.
    }
  }
  return [...found.values()];
}

/** Columns by which the table itself lies on disk. */
function storageKey(source: Database, table: string): readonly string[] {
  const withoutRowid = source
    .prepare<[string], number>('SELECT wr FROM pragma_table_list WHERE name = ?')
    .pluck()
    .get(table);
  if (withoutRowid !== 1) return ['rowid'];
  const columns = source.pragma(`table_info(${table})`) as { name: string; pk: number }[];
  return columns
    .filter(column => column.pk > 0)
    .sort((a, b) => a.pk - b.pk)
    .map(column => column.name);
}

function copy(rows: readonly Row[], table: string, fresh: Database): number {
  const columns = (fresh.pragma(`table_info(${table})`) as { name: string }[]).map(column => column.name);
  const statement = fresh.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  let copied = 0;
  for (const row of rows) {
    try {
      copied += statement.run(...columns.map(column => row[column] ?? null)).changes;
    } catch {
      // A value that STRICT or a CHECK refuses is part of the damage.
    }
  }
  return copied;
}

function dropOrphans(fresh: Database): void {
  for (;;) {
    const orphans = fresh.pragma('foreign_key_check') as { table: string; rowid: number | null }[];
    if (orphans.length === 0) return;
    for (const { table, rowid } of orphans) {
      // Of the tables that refer to others, only `presented` has no rowid.
      if (rowid === null) {
        fresh.exec(`DELETE FROM presented WHERE serial NOT IN (SELECT serial FROM coupon)
          OR sale_id NOT IN (SELECT sale_id FROM sale)`);
      } else fresh.prepare<[number]>(`DELETE FROM ${table} WHERE rowid = ?`).run(rowid);
    }
  }
}

function eventOf(json: unknown): readonly TillEvent[] {
  try {
    const event = JSON.parse(String(json)) as TillEvent;
    return typeof event.id === 'string' && typeof event.type === 'string' ? [event] : [];
  } catch {
    return [];
  }
}
