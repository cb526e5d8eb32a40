/** Brings HQ's PostgreSQL to the version that this program needs. */
import { TillsideError } from '../../errors.ts';
import type { PostgresPool, Run } from './postgres-pool.ts';
import { migrations } from './postgres-schema.ts';

/** Any number, the same for all: several HQs that start at once migrate one after the other. */
const migrationLock = 7_471_105;

/**
 * Runs the migrations that are missing, each whole or not at all. A database that is up to date needs no right but reading.
 * @throws TillsideError `store-newer`; `config-invalid` where migrations are missing and the role may not run them
 */
export async function migrate(pool: PostgresPool): Promise<void> {
  const before = await versionOf(pool.run);
  if (before > migrations.length)
    throw new TillsideError('store-newer', "HQ's database was made by a newer version of tillside; update HQ.");
  if (before === migrations.length) return;
  await pool.transaction(async run => {
    await run('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    const encoding = (await run<{ server_encoding: string }>('SHOW server_encoding')).rows[0]?.server_encoding;
    if (encoding !== 'UTF8')
      throw new TillsideError('config-invalid', `HQ's database must be made with ENCODING 'UTF8', it has ${encoding}.`);
    try {
      await run('CREATE TABLE IF NOT EXISTS migration (version integer PRIMARY KEY, applied_at timestamptz NOT NULL)');
      for (let version = (await versionOf(run)) + 1; version <= migrations.length; version++) {
        await run(migrations[version - 1] ?? '');
        await run('INSERT INTO migration (version, applied_at) VALUES ($1, now())', [version]);
      }
    } catch (error) {
      if ((error as { code?: unknown }).code !== '42501') throw error;
      throw new TillsideError(
        'config-invalid',
        "HQ's role may not make tables. Run `tillside hq migrate` once with the address of the database's owner (docs/hq-database.md).",
        { cause: error },
      );
    }
  });
}

async function versionOf(run: Run): Promise<number> {
  const known = await run<{ is: boolean }>("SELECT to_regclass('migration') IS NOT NULL AS is");
  if (known.rows[0]?.is !== true) return 0;
  const { rows } = await run<{ version: number | null }>('SELECT max(version) AS version FROM migration');
  return rows[0]?.version ?? 0;
}
