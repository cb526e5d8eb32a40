/** Connections to PostgreSQL: bounded, with time-outs, whole transactions, and errors that say whose fault they are. */
import pg from 'pg';
import { messageOf, TillsideError } from '../../errors.ts';
import type { Parameter } from './query.ts';

/** One statement with `$n` parameters. */
export type Run = <Row>(sql: string, parameters?: readonly Parameter[]) => Promise<Answer<Row>>;

export interface Answer<Row> {
  readonly rows: readonly Row[];
  /** Rows that were written or read. */
  readonly count: number;
}

/**
 * Rows into a table, `COPY … FROM STDIN (FORMAT binary)`. One whose key is there already makes the transaction run again.
 * @param chunks the rows as postgres-copy.ts writes them
 */
export type Copy = (sql: string, chunks: Iterable<Uint8Array>) => Promise<void>;

export interface PostgresPool {
  readonly run: Run;
  /**
   * Runs in one transaction (READ COMMITTED). If the server had to choose a victim among transactions that waited for each
   * other, it is run again, so `work` may not keep anything from an earlier run.
   * @throws TillsideError `database-unavailable` where the fault is not in what was to be written
   */
  transaction<T>(work: (run: Run, copy: Copy) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly url: string;
  readonly connections: number;
  /** A statement that takes longer is ended by the server. */
  readonly statementMs: number;
  /** Told of what happens to idle connections; they are replaced by themselves. */
  readonly onLost: (error: Error) => void;
}

const connectMs = 10_000;
/** The server's own time-out comes first; this one is for a server that no longer answers. */
const silenceMs = 10_000;
const idleMs = 60_000;
const attempts = 6;

/** @param options what the address itself says (`?statement_timeout=…`) goes before */
export function openPool({ url, connections, statementMs, onLost }: PoolOptions): PostgresPool {
  const pool = new pg.Pool({
    application_name: 'tillside-hq',
    statement_timeout: statementMs,
    lock_timeout: statementMs,
    idle_in_transaction_session_timeout: statementMs,
    query_timeout: statementMs + silenceMs,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: idleMs,
    keepAlive: true,
    max: connections,
    connectionString: url,
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
  });
  pool.on('error', onLost);
  // A connection that breaks while it is in use tells so twice: to the statement, and here.
  pool.on('connect', client => void client.on('error', () => {}));

  const runOn =
    (client: pg.Pool | pg.PoolClient): Run =>
    async <Row>(sql: string, parameters: readonly Parameter[] = []) => {
      const { rows, rowCount } = await client.query(sql, parameters as unknown[]);
      return { rows: rows as readonly Row[], count: rowCount ?? 0 };
    };

  async function once<T>(work: (run: Run, copy: Copy) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN');
      const result = await work(runOn(client), copyOn(client));
      const { command } = await client.query('COMMIT');
      broken = false;
      // PostgreSQL answers COMMIT of a transaction that had failed with ROLLBACK, and without an error.
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back');
      return result;
    } catch (error) {
      broken = await client.query('ROLLBACK').then(
        () => false,
        () => true,
      );
      throw error;
    } finally {
      client.release(broken);
    }
  }

  return {
    run: (sql, parameters) => runOn(pool)(sql, parameters).catch(refuse) as never,
    async transaction(work) {
      for (let attempt = 1; ; attempt++)
        try {
          return await once(work);
        } catch (error) {
          if (attempt === attempts || !isVictim(error)) return refuse(error);
        }
    },
    close: () => pool.end(),
  };
}

const copyOn =
  (client: pg.PoolClient): Copy =>
  (sql, chunks) =>
    new Promise((resolve, reject) => {
      client.query(
        new CopyIn(sql, chunks, error => {
          if (error === null) resolve();
          else reject(stateOf(error) === uniqueViolation ? new Again(messageOf(error)) : error);
        }),
      );
    });

/** What the driver asks of whoever talks to the server in its stead. */
interface CopyLine {
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

class CopyIn implements pg.Submittable {
  /** The driver puts its own time-out around it. */
  callback: (error: Error | null) => void;
  readonly #sql: string;
  readonly #chunks: Iterable<Uint8Array>;

  constructor(sql: string, chunks: Iterable<Uint8Array>, callback: (error: Error | null) => void) {
    this.#sql = sql;
    this.#chunks = chunks;
    this.callback = callback;
  }

  submit(connection: pg.Connection) {
    connection.query(this.#sql);
  }

  handleCopyInResponse(line: CopyLine) {
    try {
      // The driver copies each chunk.
      for (const chunk of this.#chunks) line.sendCopyFromChunk(chunk);
      line.endCopyFrom();
    } catch (error) {
      line.sendCopyFail(messageOf(error));
    }
  }

  handleCommandComplete() {}

  handleError(error: Error) {
    this.callback(error);
  }

  handleReadyForQuery() {
    this.callback(null);
  }
}

/** Whole numbers arrive as numbers: every one that HQ keeps is exact in JavaScript. */
function parserOf(type: number, format?: 'text' | 'binary'): unknown {
  const { INT8, NUMERIC } = pg.types.builtins;
  return type === INT8 || type === NUMERIC ? Number : pg.types.getTypeParser(type, format as 'text');
}

const stateOf = (error: unknown): string =>
  error instanceof pg.DatabaseError && typeof error.code === 'string' ? error.code : '';

const uniqueViolation = '23505';

/** Deadlock, or a serialization failure (also ours, where a stream changed unseen). */
const isVictim = (error: unknown): boolean => ['40P01', '40001'].includes(stateOf(error)) || error instanceof Again;

/** Thrown inside a transaction whose ground was not as expected: it is run again. */
export class Again extends Error {}

/**
 * SQLSTATE classes where the statement's own data is at fault: cardinality, data exception, integrity, program limit.
 * Everything else (connection, resources, rights, shutdown) will be right again with the same data.
 */
const ofTheData = /^(21|22|23|54)/;

function refuse(error: unknown): never {
  if (ofTheData.test(stateOf(error)) || error instanceof TillsideError) throw error;
  throw new TillsideError('database-unavailable', `HQ's PostgreSQL can't be used: ${messageOf(error)}`, {
    cause: error,
    context: { state: stateOf(error) },
  });
}
