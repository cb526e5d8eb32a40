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

/** Three HQs with connections of their own. @param url of a place without any tables */
export function postgresPlace(url: string): HqPlace {
  const schema = new URL(url).searchParams.get('options')?.match(/search_path=(\w+)/)?.[1] ?? '';
  let ledgers: Ledger[] = [];
  let hasCopy = false;
  const run = (sql: string) => postgres().run('hq', sql);
  const tables = async (of: string): Promise<readonly string[]> => {
    const { rows } = await run(
      `SELECT tablename FROM pg_tables WHERE schemaname = '${of}' AND tablename <> 'migration'`,
    );
    return rows.map((row: { tablename: string }) => row.tablename);
  };
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
      const copies = (await tables(schema)).map(
        name => `CREATE TABLE ${schema}_copy.${name} AS TABLE ${schema}.${name};`,
      );
      await run(`DROP SCHEMA IF EXISTS ${schema}_copy CASCADE; CREATE SCHEMA ${schema}_copy; ${copies.join(' ')}`);
      hasCopy = true;
    },
    async putBack() {
      if (!hasCopy) return;
      const names = await tables(schema);
      const back = names.map(
        name => `INSERT INTO ${schema}.${name} OVERRIDING SYSTEM VALUE SELECT * FROM ${schema}_copy.${name};`,
      );
      // Foreign keys are those of a whole database; triggers off, the order of the tables does not matter.
      await run(
        `BEGIN; SET LOCAL session_replication_role = replica; TRUNCATE ${names.map(name => `${schema}.${name}`).join(', ')}; ${back.join(' ')} COMMIT`,
      );
    },
    // It goes with its server.
    remove() {},
  };
}
