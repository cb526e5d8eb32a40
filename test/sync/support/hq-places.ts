/** Databases of HQs of which a copy is made and put back, as an operator does after an accident. */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger } from '../../../sync/hq/ledger.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { temporaryFolder } from '../../sale/core-till.ts';
import { openPostgres, postgres } from '../hq/ledgers.ts';
import type { HqPlace } from './lease-world.ts';

/** Two HQs over one connection. */
export function sqlitePlace(): HqPlace {
  const dir = temporaryFolder();
  const file = join(dir, 'hq.sqlite');
  const ends = ['', '-wal'];
  let ledger: Ledger | null = null;
  return {
    async open() {
      ledger = createSqliteLedger(file);
      await ledger.open();
      return [ledger, ledger];
    },
    async close() {
      await ledger?.close();
      ledger = null;
    },
    // Between two transactions the files are as a backup finds them.
    async backUp() {
      for (const end of ends) {
        rmSync(`${file}${end}.copy`, { force: true });
        if (existsSync(file + end)) copyFileSync(file + end, `${file}${end}.copy`);
      }
    },
    async putBack() {
      if (!existsSync(`${file}.copy`)) return;
      for (const end of [...ends, '-shm']) rmSync(file + end, { force: true });
      for (const end of ends) if (existsSync(`${file}${end}.copy`)) copyFileSync(`${file}${end}.copy`, file + end);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** What grants go by, and the facts that tell of them. A whole dump of forty tables at each step would take minutes. */
const tables = ['setting', 'stream', 'event', 'till', 'lease_cap', 'lease_till', 'lease'];

/** Three HQs with connections of their own. @param url of a place without any tables */
export function postgresPlace(url: string): HqPlace {
  const schema = new URL(url).searchParams.get('options')?.match(/search_path=(\w+)/)?.[1] ?? '';
  let ledgers: Ledger[] = [];
  let hasCopy = false;
  const run = (sql: string) => postgres().run('hq', sql);
  return {
    async open() {
      ledgers = [openPostgres(url), openPostgres(url), openPostgres(url)];
      for (const ledger of ledgers) await ledger.open();
      return ledgers;
    },
    async close() {
      for (const ledger of ledgers.splice(0)) await ledger.close();
    },
    async backUp() {
      const made = hasCopy ? [] : [`CREATE SCHEMA ${schema}_copy`];
      const copied = tables.flatMap(name => [
        hasCopy ? `DELETE FROM ${schema}_copy.${name}` : `CREATE TABLE ${schema}_copy.${name} (LIKE ${schema}.${name})`,
        `INSERT INTO ${schema}_copy.${name} SELECT * FROM ${schema}.${name}`,
      ]);
      await run([...made, ...copied].join('; '));
      hasCopy = true;
    },
    async putBack() {
      if (!hasCopy) return;
      const back = tables.flatMap(name => [
        `DELETE FROM ${schema}.${name}`,
        `INSERT INTO ${schema}.${name} OVERRIDING SYSTEM VALUE SELECT * FROM ${schema}_copy.${name}`,
      ]);
      await run(['SET session_replication_role = replica', ...back].join('; '));
    },
    // It goes with its server.
    remove() {},
  };
}
