/**
 * One writer: a small SQLite file beside the database is held locked as long as the process lives. The operating system frees it
 * whatever way the process ends, and the database itself stays readable for others.
 */
import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { TillsideError } from '../../errors.ts';

/**
 * Returns what frees the lock.
 * @throws TillsideError `store-busy`
 */
export function lockWriter(path: string): () => void {
  const lock = new SqliteDatabase(`${path}.lock`, { timeout: 0 });
  try {
    lock.pragma('journal_mode = DELETE');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new TillsideError('store-busy', `Another process works on ${path}. Stop it first.`, { cause: error });
  }
  return () => lock.close();
}

/** Does a process work on it? Looks only. */
export function isWriterThere(path: string): boolean {
  if (!existsSync(`${path}.lock`)) return false;
  const lock = new SqliteDatabase(`${path}.lock`, { readonly: true, timeout: 0 });
  try {
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch {
    return true;
  } finally {
    lock.close();
  }
}
