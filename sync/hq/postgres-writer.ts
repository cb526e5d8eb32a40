/**
 * How facts come into PostgreSQL: a set of batches in one transaction, each table by one statement over columns.
 *
 *   read (hash, project) ─► streams: lock, what is new? ahead ─► events ─► what they mean ─► commit
 */
import { hashOfJson } from '../protocol/chain.ts';
import type { TillEvent } from '../protocol/types.ts';
import type { Arrival, Committed, Standing } from './ledger.ts';
import { ChangeSet, insert } from './postgres-changes.ts';
import { type Columns, column } from './postgres-columns.ts';
import { copyChunks } from './postgres-copy.ts';
import { announceCursors } from './postgres-cursor.ts';
import { Again, type Copy, type PostgresPool, type Run } from './postgres-pool.ts';
import {
  continueStreams,
  keyOf,
  type LockedStream,
  lockStreams,
  type MovedStream,
  openStreams,
  prevOf,
  type StreamName,
  saveStreams,
  standingOf,
  walk,
  walkArrived,
} from './postgres-streams.ts';
import { type Projection, project, saleIdOf } from './projection.ts';

/** One event as it will be kept. */
interface Incoming {
  readonly of: Arrival;
  /** Which of the streams of this set. */
  readonly stream: number;
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  /** Milliseconds since 1970; 0 where it can't be read. */
  readonly atMs: number;
  readonly saleId: string | null;
  readonly json: string;
  readonly hash: string;
  readonly prev: string;
  /** What it changes, or why that can't be read. */
  readonly projection: Projection;
  readonly isReadable: boolean;
}

interface Reading {
  readonly streams: readonly StreamName[];
  /** In order of arrival. */
  readonly events: readonly Incoming[];
  /** Of each stream. */
  readonly lastEventAt: readonly (string | null)[];
}

interface Quarantined {
  readonly of: Arrival;
  readonly seq: number;
  readonly reason: string;
  readonly json: string;
}

export interface PostgresWriter {
  /** All of it or nothing; several may run side by side, in several processes too. @param at time of arrival */
  commit(arrivals: readonly Arrival[], at: string): Promise<Committed>;
}

export function createPostgresWriter(pool: PostgresPool): PostgresWriter {
  /** Streams without gaps as this HQ left them: they need not be read again to go on. */
  const left = new Map<string, LeftStream>();

  /** Null where one is not known. What a transaction takes is known again once it has committed. */
  function take(names: readonly StreamName[]): readonly LeftStream[] | null {
    const known = names.flatMap(name => left.get(keyOf(name)) ?? []);
    for (const name of names) left.delete(keyOf(name));
    return known.length === names.length ? known : null;
  }

  return {
    async commit(arrivals, at) {
      const reading = readAll(arrivals);
      for (;;) {
        const written = await pool.transaction(async (run, copy) => {
          const known = take(reading.streams);
          const ahead = known === null ? null : await continued(run, reading, known, at);
          if (ahead !== null) return write(run, copy, reading, ahead, at);
          const locked = await lockStreams(run, reading.streams);
          if (locked === null) return null;
          const moved = await moveLocked(run, reading, locked);
          await saveStreams(run, moved.streams, at);
          return write(run, copy, reading, moved, at);
        });
        if (written !== null) {
          for (const { lastEventAt: _, ...stream } of written.streams)
            if (stream.highest === stream.contiguous) left.set(keyOf(stream), stream);
          return written.committed;
        }
        await openStreams(pool.run, reading.streams);
      }
    },
  };
}

/** Everything that needs no database. */
function readAll(arrivals: readonly Arrival[]): Reading {
  const indexes = new Map<string, number>();
  const streams: StreamName[] = [];
  const lastEventAt: (string | null)[] = [];
  const events: Incoming[] = [];
  for (const of of arrivals) {
    const key = keyOf(of);
    let stream = indexes.get(key);
    if (stream === undefined) {
      stream = streams.push({ store: of.store, till: of.till, epoch: of.epoch }) - 1;
      indexes.set(key, stream);
      lastEventAt.push(null);
    }
    for (const event of of.events) events.push(readable(of, stream, event));
    for (const one of of.unreadable) events.push(unreadable(of, stream, one));
    lastEventAt[stream] = of.events.at(-1)?.at ?? lastEventAt[stream] ?? null;
  }
  return { streams, events, lastEventAt };
}

function readable(of: Arrival, stream: number, event: TillEvent): Incoming {
  const json = JSON.stringify(event);
  return {
    of,
    stream,
    seq: event.seq,
    id: withoutNul(event.id),
    type: event.type,
    atMs: Date.parse(event.at),
    saleId: saleIdOf(event),
    json,
    hash: hashOfJson(json),
    prev: event.prev,
    projection: project(event),
    isReadable: true,
  };
}

function unreadable(of: Arrival, stream: number, { seq, reason, json }: Arrival['unreadable'][number]): Incoming {
  const hash = hashOfJson(json);
  return {
    of,
    stream,
    seq,
    id: `unreadable ${hash}`,
    type: 'unreadable',
    atMs: 0,
    saleId: null,
    json,
    hash,
    prev: prevOf(json),
    projection: { ok: false, reason },
    isReadable: false,
  };
}

/** What of a set is new, and where it brings the streams. */
interface Ahead {
  readonly fresh: readonly Incoming[];
  /** Other content under a number that is committed. */
  readonly aside: readonly Quarantined[];
  /** In the order of the reading. */
  readonly streams: readonly MovedStream[];
  /** As in LockedStream, by stream. */
  readonly othersLatestMs: readonly (number | null)[];
}

/** Moves streams on that are as this HQ left them and have no gap afterwards, or answers null and changes nothing. */
async function continued(run: Run, reading: Reading, known: readonly LeftStream[], at: string): Promise<Ahead | null> {
  if (reading.events.some(({ stream, seq }) => seq <= (known[stream]?.highest ?? 0))) return null;
  const { fresh, aside, arrived } = sortOut(reading, []);
  const streams = known.map((stream, index) => {
    const news = arrived[index] ?? new Map();
    return moved(stream, walkArrived(stream, news), news, reading.lastEventAt[index] ?? null);
  });
  if (streams.some(({ contiguous, highest }) => highest > contiguous)) return null;
  const others = await continueStreams(run, known, streams, at);
  // Some may have been moved: the transaction begins again, and reads.
  if (others === null) throw new Again('streams are not as they were left');
  const latest = new Map(others.map(stream => [keyOf(stream), stream.latestMs]));
  return { fresh, aside, streams, othersLatestMs: streams.map(stream => latest.get(keyOf(stream)) ?? null) };
}

async function moveLocked(run: Run, reading: Reading, locked: readonly LockedStream[]): Promise<Ahead> {
  const { fresh, aside, arrived } = sortOut(reading, await knownAlready(run, reading.events, locked));
  const streams: MovedStream[] = [];
  for (const [index, stream] of locked.entries()) {
    const news = arrived[index] ?? new Map();
    streams.push(moved(stream, await walk(run, stream, news), news, reading.lastEventAt[index] ?? null));
  }
  return { fresh, aside, streams, othersLatestMs: locked.map(({ othersLatestMs }) => othersLatestMs) };
}

type LeftStream = Omit<LockedStream, 'othersLatestMs'>;
type News = ReadonlyMap<number, Incoming>;

/** @param known hashes by number of what is committed already: by stream */
function sortOut({ streams, events }: Reading, known: readonly (ReadonlyMap<number, string> | undefined)[]) {
  const arrived = streams.map(() => new Map<number, Incoming>());
  const fresh: Incoming[] = [];
  const aside: Quarantined[] = [];
  for (const event of events) {
    const { stream, seq } = event;
    const before = known[stream]?.get(seq) ?? arrived[stream]?.get(seq)?.hash;
    if (before === undefined) {
      arrived[stream]?.set(seq, event);
      fresh.push(event);
    } else if (before !== event.hash && event.isReadable) aside.push({ ...event, reason: otherContent });
  }
  return { arrived, fresh, aside };
}

function moved(
  { store, till, epoch, highest, received, latestMs }: LeftStream,
  ahead: Pick<MovedStream, 'contiguous' | 'head' | 'brokenAt'>,
  news: News,
  lastEventAt: string | null,
): MovedStream {
  let [last, latest] = [highest, latestMs];
  for (const { seq, atMs } of news.values()) {
    if (seq > last) last = seq;
    if (atMs > latest) latest = atMs;
  }
  return {
    ...{ store, till, epoch, ...ahead, highest: last, received: received + news.size },
    ...{ latestMs: latest, lastEventAt },
  };
}

async function write(run: Run, copy: Copy, { events }: Reading, ahead: Ahead, at: string) {
  const { fresh, streams } = ahead;
  const aside = [...ahead.aside];
  const isCarried = await carriedOver(run, events, ahead.othersLatestMs);
  const changes = new ChangeSet();
  for (const event of fresh) {
    const { of, projection } = event;
    if (!projection.ok) aside.push({ ...event, reason: projection.reason });
    // The same fact under a new number, carried over into a new epoch, counts once.
    else if (!isCarried(event)) changes.add(of, event, event.saleId, projection.changes);
  }
  if (fresh.length > 0) {
    await announceCursors(run);
    // The lock makes each of them new; where one is not, somebody writes without the lock, and it begins again.
    await copy(EVENTS, copyChunks(eventColumns(at), fresh));
  }
  const sales = await changes.write(run, at);
  await insert(run, QUARANTINE, quarantineColumns, aside, at);
  const standings: Standing[] = [];
  for (const stream of streams) standings.push(await standingOf(run, stream));
  const committed: Committed = { standings, events: fresh.length, sales, quarantined: aside.length };
  return { streams, committed };
}

const otherContent = 'other content under a number that is committed';

/** Hashes of what is committed under the same numbers, for each stream by number. Only numbers up to the highest can be. */
async function knownAlready(
  run: Run,
  events: readonly Incoming[],
  locked: readonly LockedStream[],
): Promise<readonly (ReadonlyMap<number, string> | undefined)[]> {
  const doubtful = events.filter(({ stream, seq }) => seq <= (locked[stream]?.highest ?? 0));
  if (doubtful.length === 0) return [];
  const { rows } = await run<{ stream: number; seq: number; hash: string }>(KNOWN, [
    column('text', doubtful, event => event.of.store),
    column('text', doubtful, event => event.of.till),
    column('int8', doubtful, event => event.of.epoch),
    column('int8', doubtful, event => event.seq),
    column('int8', doubtful, event => event.stream),
  ]);
  const known = locked.map(() => new Map<number, string>());
  for (const { stream, seq, hash } of rows) known[stream]?.set(seq, hash);
  return known;
}

/**
 * Tells which events are committed under another epoch of their till; in this set the one that came first is not. What is
 * carried over keeps its date, so only what is not later than the other epochs has to be looked for.
 */
async function carriedOver(
  run: Run,
  events: readonly Incoming[],
  othersLatestMs: readonly (number | null)[],
): Promise<(event: Incoming) => boolean> {
  const othersLatest = ({ stream }: Incoming) => othersLatestMs[stream] ?? null;
  if (!events.some(event => othersLatest(event) !== null)) return () => false;
  /** Epochs under which an id has been seen, by till and id. */
  const epochs = new Map<string, Set<number>>();
  const note = ({ store, till, epoch }: StreamName, id: string): number => {
    const key = `${store}/${till}/${id}`;
    const known = epochs.get(key) ?? new Set<number>();
    epochs.set(key, known.add(epoch));
    return known.size;
  };
  const possible = events.filter(event => event.atMs <= (othersLatest(event) ?? -1));
  if (possible.length > 0) {
    const tills = [...new Map(possible.map(({ of }) => [`${of.store}/${of.till}`, of])).values()];
    const { rows } = await run<StreamName & { id: string }>(SAME_ID, [
      column('text', tills, till => till.store),
      column('text', tills, till => till.till),
      column('text', possible, event => event.id),
    ]);
    for (const { id, ...name } of rows) note(name, id);
  }
  return event => othersLatest(event) !== null && note(event.of, event.id) > 1;
}

/** PostgreSQL's texts can't hold the character NUL. */
const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text);

const eventColumns = (at: string): Columns<Incoming> => [
  ['text', row => row.of.store],
  ['text', row => row.of.till],
  ['int8', row => row.of.epoch],
  ['int8', row => row.seq],
  ['text', row => row.id],
  ['text', row => row.type],
  ['text', row => row.saleId],
  ['text', row => row.json],
  ['text', () => at],
];

const EVENTS = 'COPY event (store, till, epoch, seq, id, type, sale_id, json, received_at) FROM STDIN (FORMAT binary)';

const KNOWN = `
SELECT k.stream, e.seq, encode(sha256(convert_to(e.json, 'UTF8')), 'hex') AS hash
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[]) AS k (store, till, epoch, seq, stream)
JOIN event e ON e.store = k.store AND e.till = k.till AND e.epoch = k.epoch AND e.seq = k.seq`;

const SAME_ID = `
SELECT e.id, e.store, e.till, e.epoch FROM unnest($1::text[], $2::text[]) AS k (store, till)
JOIN event e ON e.store = k.store AND e.till = k.till WHERE e.id = ANY ($3::text[])`;

const quarantineColumns = [
  ['text', (row: Quarantined) => row.of.store],
  ['text', (row: Quarantined) => row.of.till],
  ['int8', (row: Quarantined) => row.of.epoch],
  ['int8', (row: Quarantined) => row.seq],
  ['text', (row: Quarantined) => withoutNul(row.reason).slice(0, 500)],
  ['text', (row: Quarantined) => row.json],
] as const;

const QUARANTINE = `
INSERT INTO quarantine (store, till, epoch, seq, reason, payload, sha256, received_at)
SELECT k.store, k.till, k.epoch, k.seq, k.reason, convert_to(k.json, 'UTF8'),
  encode(sha256(convert_to(k.json, 'UTF8')), 'hex'), $7
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::text[], $6::text[])
  AS k (store, till, epoch, seq, reason, json)
ON CONFLICT (store, till, sha256) DO NOTHING`;
