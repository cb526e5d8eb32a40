/** Opens a SQLite file the way a till needs it: durable, strict, migrated; and names what went wrong by stable codes. */
import { chmodSync, closeSync, openSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { messageOf, TillsideError } from '../../errors.ts';

export type Database = SqliteDatabase.Database;

/** FULL syncs the log at every commit: contract sync.md section 5 has the figures. OFF: what can be made anew and must not wait for the disk. */
export type Synchronous = 'FULL' | 'OFF';

/**
 * Opens `path` and sets how it is written. The file is its owner's alone; SQLite gives its log the same rights.
 * @throws TillsideError `store-damaged` if the file is no database
 */
export function openDatabase(path: string, synchronous: Synchronous = 'FULL'): Database {
  return withStoreErrors(() => {
    keepPrivate(path);
    return withPragmas(new SqliteDatabase(path, { timeout: 2000 }), synchronous);
  });
}

/**
 * A further connection of this process to a file that is open in it, on whatever thread. Its rights are left alone: to close
 * the file again would end the locks of those who have it open (sqlite.org/howtocorrupt.html, 2.2).
 */
export const joinDatabase = (path: string, synchronous: Synchronous): Database =>
  withStoreErrors(() => withPragmas(new SqliteDatabase(path, { timeout: 2000, fileMustExist: true }), synchronous));

function withPragmas(database: Database, synchronous: Synchronous): Database {
  try {
    database.pragma(synchronous === 'FULL' ? 'synchronous = FULL' : 'synchronous = OFF');
    database.pragma('journal_mode = WAL');
    database.pragma('foreign_keys = ON');
    database.pragma('mmap_size = 0');
    database.pragma('secure_delete = ON');
    database.pragma('journal_size_limit = 8388608');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function keepPrivate(path: string): void {
  // Made before SQLite would make it for everybody to read; one of an earlier version is corrected, with its log.
  try {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  } catch {
    // SQLite says what is wrong with it.
  }
  for (const end of ['', '-wal', '-shm']) {
    try {
      chmodSync(path + end, 0o600);
    } catch {
      // Not there, another's, or a file system without rights: no reason not to sell.
    }
  }
}

/** The first problem that SQLite's own check finds; null: none. */
export function firstDamage(database: Database): string | null {
  try {
    const found = database.pragma('quick_check(1)', { simple: true });
    return found === 'ok' ? null : String(found);
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Brings the schema up to the last of `migrations`, each in a transaction of its own.
 * @throws TillsideError `store-newer` if a newer version made this file
 */
export function migrate(database: Database, migrations: readonly string[]): void {
  const found = Number(database.pragma('user_version', { simple: true }));
  if (found > migrations.length) {
    throw new TillsideError(
      'store-newer',
      `The database ${database.name} has version ${found}; this program knows up to ${migrations.length}. Install the newer program again, or move the file away.`,
      { context: { found, known: migrations.length } },
    );
  }
  for (let version = found; version < migrations.length; version++) {
    const sql = migrations[version] ?? '';
    database
      .transaction(() => {
        database.exec(sql);
        database.pragma(`user_version = ${version + 1}`);
      })
      .immediate();
  }
}

/** Runs `run`; SQLite's errors come out with the codes of errors.ts. */
export function withStoreErrors<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw storeError(error);
  }
}

function storeError(error: unknown): unknown {
  if (!(error instanceof SqliteDatabase.SqliteError)) return error;
  if (error.code.startsWith('SQLITE_FULL'))
    return new TillsideError('disk-full', 'The disk is full. Free some room; nothing was lost.', { cause: error });
  if (error.code.startsWith('SQLITE_IOERR'))
    return new TillsideError(
      'disk-failed',
      `The disk failed (${error.code}). Nothing of this was kept; look after it.`,
      {
        cause: error,
      },
    );
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code.startsWith('SQLITE_NOTADB'))
    return new TillsideError('store-damaged', `The till's database is damaged: ${error.message}`, { cause: error });
  return error;
}
