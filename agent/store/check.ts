/** Looks at a till's or HQ's SQLite file without touching it, for `tillside doctor`. */
import SqliteDatabase from 'better-sqlite3';
import { messageOf } from '../../errors.ts';
import { firstDamage } from './database.ts';

/** What SQLite's own check finds first; null: the file is sound. Reads the whole file. */
export function damageOf(path: string): string | null {
  try {
    const database = new SqliteDatabase(path, { readonly: true, fileMustExist: true });
    try {
      return firstDamage(database);
    } finally {
      database.close();
    }
  } catch (error) {
    return messageOf(error);
  }
}
