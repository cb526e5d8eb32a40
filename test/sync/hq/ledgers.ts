/** Empty ledgers for tests, in SQLite and in a real PostgreSQL: what is promised of one is tested on both. */
import { after, before, test } from 'node:test';
import type { Ledger } from '../../../sync/hq/ledger.ts';
import { createPostgresLedger, type PostgresOptions } from '../../../sync/hq/postgres-ledger.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';

export type WithLedger = <T>(use: (ledger: Ledger) => Promise<T>) => Promise<T>;

/** A server for the tests of this file; `undefined` outside of them, and where there is none. */
let server: TestPostgres | undefined;
let schemas = 0;

/** To be called once at the top of a file. */
export function usePostgres() {
  before(async () => {
    if (noPostgres !== false) return;
    server = await startPostgres();
    await server.database('hq');
  });
  after(() => server?.close());
}

/** The server of this file's tests. */
export function postgres(): TestPostgres {
  if (server === undefined) throw new Error(String(noPostgres));
  return server;
}

/** The address of a place without any tables. */
export async function emptyPlace(): Promise<string> {
  schemas += 1;
  await postgres().run('hq', `CREATE SCHEMA place_${schemas}`);
  return postgres().url('hq', { search_path: `place_${schemas}` });
}

export function openPostgres(url: string, change: Partial<PostgresOptions> = {}): Ledger {
  return createPostgresLedger({ url, log: silentLog, ...change });
}

async function using<T>(ledger: Ledger, use: (ledger: Ledger) => Promise<T>): Promise<T> {
  try {
    await ledger.open();
    return await use(ledger);
  } finally {
    await ledger.close();
  }
}

const withSqlite: WithLedger = use => using(createSqliteLedger(':memory:'), use);
export const withPostgres: WithLedger = async use => using(openPostgres(await emptyPlace()), use);

/** The same test on both databases. */
export function onBoth(name: string, run: (ledgerWith: WithLedger, kind: Ledger['kind']) => Promise<void>) {
  test(`SQLite: ${name}`, () => run(withSqlite, 'sqlite'));
  test(`PostgreSQL: ${name}`, { skip: noPostgres }, () => run(withPostgres, 'postgres'));
}
