/** The tills' streams in PostgreSQL: who may write to one at a time, how far each has come, whether its chain holds. */
import { chainStart, hashOfJson } from '../protocol/chain.ts';
import { BEYOND, gaps } from './event-questions.ts';
import type { Standing, TillName } from './ledger.ts';
import { insert } from './postgres-changes.ts';
import { column } from './postgres-columns.ts';
import type { Run } from './postgres-pool.ts';
import { numbered } from './query.ts';

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

/** Moves "contiguous" ahead over what is there now, checking that each event follows from the one before. */
export async function walk(
  run: Run,
  stream: LockedStream,
  arrived: Arrived,
): Promise<Pick<MovedStream, 'contiguous' | 'head' | 'brokenAt'>> {
  let { contiguous, head, brokenAt } = stream;
  const step = (seq: number, hash: string, prev: string) => {
    if (prev !== head && brokenAt === null) brokenAt = seq;
    contiguous = seq;
    head = hash;
  };
  for (;;) {
    const next = arrived.get(contiguous + 1);
    if (next === undefined) break;
    step(contiguous + 1, next.hash, next.prev);
  }
  // Behind what has closed a gap now may stand what came earlier.
  let more = contiguous > stream.contiguous && stream.highest > contiguous;
  while (more) {
    const { rows } = await run<{ seq: number; json: string }>(NEXT, [
      stream.store,
      stream.till,
      stream.epoch,
      contiguous,
      walkRows,
    ]);
    more = rows.length === walkRows;
    for (const { seq, json } of rows) {
      if (seq !== contiguous + 1) {
        more = false;
        break;
      }
      step(seq, hashOfJson(json), prevOf(json));
    }
  }
  return { contiguous, head, brokenAt };
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

const inOrder = (streams: readonly StreamName[]) => [...streams].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

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

const SAVE = `
UPDATE stream s SET contiguous = k.contiguous, highest = k.highest, received = k.received, head = k.head,
  broken_at = k.broken_at, last_event_at = coalesce(k.last_event_at, s.last_event_at), last_received_at = $11,
  latest_ms = k.latest_ms
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::text[], $8::int8[], $9::text[],
  $10::int8[]) AS k (store, till, epoch, contiguous, highest, received, head, broken_at, last_event_at, latest_ms)
WHERE s.store = k.store AND s.till = k.till AND s.epoch = k.epoch`;
