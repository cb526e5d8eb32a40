/**
 * One members.sqlite: its tables, and how it is opened. It can be thrown away and built anew from what HQ publishes, so that
 * nothing waits for the disk: what a power cut spoils is found at the next start (by SQLite or by the check of all rows).
 */
import { rmSync, statSync } from 'node:fs';
import { type Database, firstDamage, joinDatabase, openDatabase } from './database.ts';

/** Raised when the tables change: a file of another version is made anew. */
const fileVersion = 3;
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
`;

/** Whoever reads or writes the tables does these alike, on whatever thread. */
export const memberSql = {
  row: 'SELECT row FROM member WHERE key = ?',
  put: 'INSERT INTO member (key, row) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET row = excluded.row',
  putCard: 'INSERT INTO card (card, member) VALUES (?, ?) ON CONFLICT (card) DO UPDATE SET member = excluded.member',
  removeCard: 'DELETE FROM card WHERE card = ? AND member = ?',
  stagedRow: 'SELECT row FROM change WHERE key = ?',
  words: 'SELECT word FROM word ORDER BY number',
} as const;

/**
 * Opens the file; one that is damaged or of another version is made anew, empty.
 * @param isVerified it was built and read through just now: it is not checked again
 */
export function openMembersFile(path: string, isVerified = false): Database {
  try {
    const database = openDatabase(path, 'OFF');
    try {
      if (isOurs(database) && (isVerified || sizeOf(path) > checkedAtOpen || firstDamage(database) === null))
        return database;
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
  const database = openDatabase(path, 'OFF');
  database.exec(TABLES);
  database.pragma(`user_version = ${fileVersion}`);
  return database;
}

/** A further connection to a file that is open already, for another thread. */
export const joinMembersFile = (path: string): Database => joinDatabase(path, 'OFF');

export function removeMembersFile(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
}

const isOurs = (database: Database): boolean =>
  Number(database.pragma('user_version', { simple: true })) === fileVersion;

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
