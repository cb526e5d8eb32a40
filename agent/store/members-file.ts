/** One members.sqlite: its tables, and how it is opened. It can be thrown away and built anew from what HQ publishes. */
import { rmSync, statSync } from 'node:fs';
import { type Database, firstDamage, openDatabase } from './database.ts';

/** Raised when the tables change: a file of another version is made anew. */
const fileVersion = 2;
/** Larger files are checked row by row in the background instead (members-jobs.ts), so that the till opens at once. */
const checkedAtOpen = 32 * 1024 * 1024;

const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE word (number INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT;
  -- Rows are packed as in sync/protocol/members-row.ts; keys as in members-keys.ts.
  CREATE TABLE member (key INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT;
  CREATE TABLE card (card INTEGER PRIMARY KEY, member INTEGER NOT NULL) STRICT;
  -- The next version's rows; they count once the whole of it has been verified. Null: the member is taken out.
  CREATE TABLE change (key INTEGER PRIMARY KEY, row BLOB) STRICT;
  CREATE TABLE card_change (card INTEGER PRIMARY KEY, member INTEGER NOT NULL) STRICT;
  -- HQ's answers for cards that this store did not know; without the dictionary.
  CREATE TABLE answer (key INTEGER PRIMARY KEY, row BLOB NOT NULL, at_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE card_answer (card INTEGER PRIMARY KEY, member INTEGER NOT NULL) STRICT;
`;

/** Opens the file; one that is damaged or of another version is made anew, empty. */
export function openMembersFile(path: string): Database {
  try {
    const database = openDatabase(path);
    try {
      if (isOurs(database) && (sizeOf(path) > checkedAtOpen || firstDamage(database) === null)) return ready(database);
    } catch (error) {
      database.close();
      throw error;
    }
    database.close();
  } catch {
    // Made anew below: HQ has every row of it.
  }
  return newMembersFile(path);
}

/** An empty file in the place of whatever is there. */
export function newMembersFile(path: string): Database {
  removeMembersFile(path);
  const database = openDatabase(path);
  database.exec(TABLES);
  database.pragma(`user_version = ${fileVersion}`);
  return ready(database);
}

export function removeMembersFile(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
}

/**
 * Nothing here waits for the disk, as each wait would hold up a sale: what a power cut spoils is found at the next start (by SQLite
 * or by the check of all rows) and fetched again. The log is moved in small parts for the same reason.
 */
function ready(database: Database): Database {
  database.pragma('synchronous = OFF');
  database.pragma('wal_autocheckpoint = 100');
  return database;
}

const isOurs = (database: Database): boolean =>
  Number(database.pragma('user_version', { simple: true })) === fileVersion;

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
