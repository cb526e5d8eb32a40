/** What ingest is held against: the same events in the same columns under the same key; nothing is checked, nothing follows from them. */
import type pg from 'pg';
import { type Columns, column } from '../../sync/hq/postgres-columns.ts';
import type { TillEvent } from '../../sync/protocol/types.ts';
import type { TillBatch, World } from './world.ts';

/** Rows of one insert: as many as ingest puts into one transaction. */
const setEvents = 4000;

/** A table for each way of writing, so that both begin empty. */
export const bareTable = (arrays: Arrays): string => `
CREATE TABLE bare_${arrays} (store text NOT NULL, till text NOT NULL, epoch bigint NOT NULL, seq bigint NOT NULL, id text NOT NULL,
  type text NOT NULL, sale_id text, json text NOT NULL, received_at text NOT NULL, PRIMARY KEY (store, till, epoch, seq))`;

/** The world's events as rows, ready to be written. */
export const bareRows = ({ batches }: World): readonly BareRow[] =>
  batches.flatMap(batch => batch.events.map(event => ({ batch, event, json: JSON.stringify(event) })));

/**
 * How the columns of a set become parameters: JavaScript arrays that the driver writes out as text, as everybody does it; or
 * the binary form that ingest uses, which is faster.
 */
export type Arrays = 'text' | 'binary';

/** Writes the rows over as many connections as there are workers. */
export async function insertBare(
  pool: pg.Pool,
  rows: readonly BareRow[],
  workers: number,
  arrays: Arrays,
): Promise<void> {
  let from = 0;
  const worker = async () => {
    while (from < rows.length) {
      const set = rows.slice(from, from + setEvents);
      from += set.length;
      const parameters = columns.map(([type, read]) => (arrays === 'binary' ? column(type, set, read) : set.map(read)));
      await pool.query(insertInto(arrays), [...parameters, '2026-11-21T09:20:00Z']);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

export interface BareRow {
  readonly batch: TillBatch;
  readonly event: TillEvent;
  readonly json: string;
}

const columns: Columns<BareRow> = [
  ['text', (row: BareRow) => row.batch.store],
  ['text', (row: BareRow) => row.batch.till],
  ['int8', () => 1_795_000_000],
  ['int8', (row: BareRow) => row.event.seq],
  ['text', (row: BareRow) => row.event.id],
  ['text', (row: BareRow) => row.event.type],
  ['text', (row: BareRow) => (typeof row.event.body.saleId === 'string' ? row.event.body.saleId : null)],
  ['text', (row: BareRow) => row.json],
];

const insertInto = (arrays: Arrays): string => `
INSERT INTO bare_${arrays} (store, till, epoch, seq, id, type, sale_id, json, received_at)
SELECT *, $9 FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::text[])
ON CONFLICT (store, till, epoch, seq) DO NOTHING`;
