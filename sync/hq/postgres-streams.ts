/** The tills' streams in PostgreSQL: who may write to one at a time, how far each has come, whether its chain holds. */
import { chainStart, hashOfJson } from '../protocol/chain.ts';
import { BEYOND, gaps } from './event-questions.ts';
import type { Standing, TillName } from './ledger.ts';
import { insert } from './postgres-changes.ts';
import { type Columns, column } from './postgres-columns.ts';
import type { Run } from './postgres-pool.ts';
import { numbered, order } from './query.ts';

export interface StreamName extends TillName {
  readonly epoch: number;
}

export const keyOf = ({ store, till, epoch }: StreamName): string => `${store}/${till}/${epoch}`;

/** A stream as it was found, locked until the end of the transaction. */
export interface LockedStream extends StreamName {
  readonly contiguous: number;
  readonly highest: number;
  readonly received: number;
  readonly head: string;
  readonly brokenAt: number | null;
  /** The latest date of an event in it, milliseconds since 1970. */
  readonly latestMs: number;
  /** The same of the till's streams of other epochs, from where an event may be carried over; null where it has none. */
  readonly othersLatestMs: number | null;
}

/** What has come in now, by number. */
export type Arrived = ReadonlyMap<number, { readonly hash: string; readonly prev: string }>;

export interface MovedStream extends StreamName {
  readonly contiguous: number;
  readonly highest: number;
  readonly received: number;
  readonly head: string;
  readonly brokenAt: number | null;
  readonly lastEventAt: string | null;
  readonly latestMs: number;
}

/** Makes the rows of streams that are not there yet; a transaction of its own, so that nobody waits for it. */
export async function openStreams(run: Run, streams: readonly StreamName[]): Promise<void> {
  await insert(run, OPEN, nameColumns, inOrder(streams), chainStart);
}

/**
 * Locks the streams, all in the same order, so that no two transactions write to one at the same time.
 * @returns them in the order of `names`; null where one is not there
 */
export async function lockStreams(run: Run, names: readonly StreamName[]): Promise<readonly LockedStream[] | null> {
  const parameters = nameColumns.map(([type, read]) => column(type, names, read));
  const { rows } = await run<LockedStream>(LOCK, parameters);
  if (rows.length < names.length) return null;
  const found = new Map(rows.map(row => [keyOf(row), row]));
  return names.flatMap(name => found.get(keyOf(name)) ?? []);
}

type Ahead = Pick<MovedStream, 'contiguous' | 'head' | 'brokenAt'>;

/** Moves "contiguous" ahead over what has come in, checking that each event follows from the one before. */
export function walkArrived(stream: Ahead, arrived: Arrived): Ahead {
  let ahead: Ahead = { contiguous: stream.contiguous, head: stream.head, brokenAt: stream.brokenAt };
  for (;;) {
    const seq = ahead.contiguous + 1;
    const next = arrived.get(seq);
    if (next === undefined) return ahead;
    ahead = step(ahead, seq, next.hash, next.prev);
  }
}

/** The same, and on over what is there already. */
export async function walk(run: Run, stream: LockedStream, arrived: Arrived): Promise<Ahead> {
  let ahead = walkArrived(stream, arrived);
  // Behind what has closed a gap now may stand what came earlier.
  if (ahead.contiguous === stream.contiguous || stream.highest <= ahead.contiguous) return ahead;
  const { store, till, epoch } = stream;
  for (;;) {
    const { rows } = await run<{ seq: number; json: string }>(NEXT, [store, till, epoch, ahead.contiguous, walkRows]);
    for (const { seq, json } of rows) {
      if (seq > ahead.contiguous + 1) ahead = walkArrived(ahead, arrived);
      if (seq !== ahead.contiguous + 1) return ahead;
      ahead = step(ahead, seq, hashOfJson(json), prevOf(json));
    }
    if (rows.length < walkRows) return walkArrived(ahead, arrived);
  }
}

const step = ({ head, brokenAt }: Ahead, seq: number, hash: string, prev: string): Ahead => ({
  contiguous: seq,
  head: hash,
  brokenAt: prev !== head && brokenAt === null ? seq : brokenAt,
});

/**
 * Locks streams without gaps and moves them ahead in one, where each still ends as this HQ left it. Null where one does not:
 * others may have been moved.
 * @param before the same streams as they were left, in the same order
 * @returns latest dates in other epochs, as in LockedStream, of tills that have some
 */
export async function continueStreams(
  run: Run,
  before: readonly Pick<LockedStream, 'contiguous' | 'head'>[],
  after: readonly MovedStream[],
  at: string,
): Promise<readonly (StreamName & { readonly latestMs: number })[] | null> {
  const streams = inOrder(after.map((stream, index) => ({ ...stream, before: before[index] })));
  const parameters = continuedColumns.map(([type, read]) => column(type, streams, read));
  type Moved = { moved: number; others: readonly (StreamName & { latestMs: number })[] | null };
  const [row] = (await run<Moved>(CONTINUE, [...parameters, at])).rows;
  return row?.moved === streams.length ? (row.others ?? []) : null;
}

export async function saveStreams(run: Run, streams: readonly MovedStream[], at: string): Promise<void> {
  await insert(run, SAVE, savedColumns, streams, at);
}

/** Where the stream stands, to be acknowledged: what is missing is asked for again. */
export async function standingOf(run: Run, moved: MovedStream): Promise<Standing> {
  const { store, till, epoch, contiguous, highest } = moved;
  if (highest <= contiguous) return { store, till, epoch, contiguous, missing: [] };
  const { rows } = await run<{ seq: number }>(numbered(BEYOND), [store, till, epoch, contiguous]);
  return {
    store,
    till,
    epoch,
    contiguous,
    missing: gaps(
      contiguous,
      rows.map(({ seq }) => seq),
    ),
  };
}

/** The hash that an event names as the one before it; empty where it names none, as an unreadable one may. */
export function prevOf(json: string): string {
  const { prev } = JSON.parse(json) as { prev?: unknown };
  return typeof prev === 'string' && prev.length === 64 ? prev : '';
}

const inOrder = <Stream extends StreamName>(streams: readonly Stream[]): readonly Stream[] =>
  [...streams].sort((a, b) => order(a.store, b.store) || order(a.till, b.till) || a.epoch - b.epoch);

const walkRows = 1000;

const nameColumns = [
  ['text', (row: StreamName) => row.store],
  ['text', (row: StreamName) => row.till],
  ['int8', (row: StreamName) => row.epoch],
] as const;

const OPEN = `
INSERT INTO stream (store, till, epoch, head) SELECT *, $4 FROM unnest($1::text[], $2::text[], $3::int8[])
ON CONFLICT DO NOTHING`;

const LOCK = `
SELECT s.store, s.till, s.epoch, s.contiguous, s.highest, s.received, s.head, s.broken_at AS "brokenAt",
  s.latest_ms AS "latestMs", (SELECT max(o.latest_ms) FROM stream o
    WHERE o.store = s.store AND o.till = s.till AND o.epoch <> s.epoch) AS "othersLatestMs"
FROM unnest($1::text[], $2::text[], $3::int8[]) AS k (store, till, epoch)
JOIN stream s ON s.store = k.store AND s.till = k.till AND s.epoch = k.epoch
ORDER BY s.store, s.till, s.epoch FOR UPDATE OF s`;

const NEXT = `
SELECT seq, json FROM event WHERE store = $1 AND till = $2 AND epoch = $3 AND seq > $4 ORDER BY seq LIMIT $5`;

const savedColumns = [
  ...nameColumns,
  ['int8', (row: MovedStream) => row.contiguous],
  ['int8', (row: MovedStream) => row.highest],
  ['int8', (row: MovedStream) => row.received],
  ['text', (row: MovedStream) => row.head],
  ['int8', (row: MovedStream) => row.brokenAt],
  ['text', (row: MovedStream) => row.lastEventAt],
  ['int8', (row: MovedStream) => row.latestMs],
] as const;

const moved = `contiguous = k.contiguous, highest = k.highest, received = k.received, head = k.head,
  broken_at = k.broken_at, last_event_at = coalesce(k.last_event_at, s.last_event_at), latest_ms = k.latest_ms`;

const SAVE = `
UPDATE stream s SET ${moved}, last_received_at = $11
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::text[], $8::int8[], $9::text[],
  $10::int8[]) AS k (store, till, epoch, contiguous, highest, received, head, broken_at, last_event_at, latest_ms)
WHERE s.store = k.store AND s.till = k.till AND s.epoch = k.epoch`;

const continuedColumns: Columns<
  MovedStream & { readonly before: Pick<LockedStream, 'contiguous' | 'head'> | undefined }
> = [...savedColumns, ['int8', row => row.before?.contiguous], ['text', row => row.before?.head]];

/** The hash of its last event says all that came before it. */
const CONTINUE = `
WITH moved AS (
  UPDATE stream s SET ${moved}, last_received_at = $13
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::text[], $8::int8[], $9::text[],
    $10::int8[], $11::int8[], $12::text[]) AS k (store, till, epoch, contiguous, highest, received, head, broken_at,
    last_event_at, latest_ms, contiguous_before, head_before)
  WHERE s.store = k.store AND s.till = k.till AND s.epoch = k.epoch
    AND s.contiguous = k.contiguous_before AND s.highest = k.contiguous_before AND s.head = k.head_before
  RETURNING s.store, s.till, s.epoch, (SELECT max(o.latest_ms) FROM stream o
    WHERE o.store = s.store AND o.till = s.till AND o.epoch <> s.epoch) AS "latestMs"
)
SELECT count(*) AS moved, json_agg(moved) FILTER (WHERE "latestMs" IS NOT NULL) AS others FROM moved`;
