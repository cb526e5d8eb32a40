/** Which database HQ keeps its facts in, by an address: SQLite embedded, or PostgreSQL. */
import { join } from 'node:path';
import { TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import type { Ledger } from './ledger.ts';
import { createPostgresLedger } from './postgres-ledger.ts';
import { createSqliteLedger } from './sqlite-ledger.ts';

export interface LedgerChoice {
  /** `sqlite:PATH` or `postgres://…`; absent: `dataDir/hq.sqlite`. */
  readonly database?: string | undefined;
  readonly dataDir: string;
  readonly log: SyncLog;
}

/** @throws TillsideError `config-invalid` where the address is of neither kind */
export function openLedger({ database, dataDir, log }: LedgerChoice): Ledger {
  const address = database ?? `sqlite:${join(dataDir, 'hq.sqlite')}`;
  if (address.startsWith('sqlite:')) return createSqliteLedger(address.slice('sqlite:'.length));
  if (isPostgres(address)) return createPostgresLedger({ url: address, log });
  // The address may hold a password.
  throw new TillsideError('config-invalid', 'The database must be "sqlite:PATH" or "postgres://…".');
}

export const isPostgres = (address: string): boolean => /^postgres(ql)?:\/\//.test(address);
