/** Small values that outlive the process, by name. */
import type { Database } from './database.ts';

export interface Settings {
  get(name: string): string | null;
  number(name: string): number | null;
  set(name: string, value: string | number): void;
  remove(name: string): void;
}

const GET = 'SELECT value FROM setting WHERE name = ?';
const SET = 'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
const REMOVE = 'DELETE FROM setting WHERE name = ?';

export function createSettings(database: Database): Settings {
  const get = database.prepare<[string], string>(GET).pluck();
  const set = database.prepare<[string, string]>(SET);
  const remove = database.prepare<[string]>(REMOVE);
  return {
    get: name => get.get(name) ?? null,
    number(name) {
      const value = get.get(name);
      return value === undefined ? null : Number(value);
    },
    set: (name, value) => void set.run(name, String(value)),
    remove: name => void remove.run(name),
  };
}
