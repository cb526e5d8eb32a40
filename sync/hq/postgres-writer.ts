/**
 * How facts come into PostgreSQL: a set of batches in one transaction, each table by one statement over columns.
 *
 *   read (hash, project) ─► lock the streams ─► what is new? ─► events ─► what they mean ─► streams ahead ─► commit
 */
import { hashOfJson } from '../protocol/chain.ts';
import type { TillEvent } from '../protocol/types.ts';
import type { Arrival, Committed, Standing } from './ledger.ts';
import { ChangeSet, insert } from './postgres-changes.ts';
import { column } from './postgres-columns.ts';
import { announceCursors } from './postgres-cursor.ts';
import { Again, type PostgresPool, type Run } from './postgres-pool.ts';
import {
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
} from './postgres-streams.ts';
import { type Projection, project, saleIdOf } from './projection.ts';

/** One event as it will be kept. */
interface Incoming {
  readonly of: Arrival;
  readonly seq: number;
  readonly id: string;
  readonly type: string;
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
  readonly lastEventAt: ReadonlyMap<string, string>;
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
  /** Streams whose rows are there. */
  const open = new Set<string>();

  async function openNew(streams: readonly StreamName[]) {
    const fresh = streams.filter(stream => !open.has(keyOf(stream)));
    if (fresh.length === 0) return;
    await openStreams(pool.run, fresh);
    for (const stream of fresh) open.add(keyOf(stream));
  }

  return {
    async commit(arrivals, at) {
      const reading = readAll(arrivals);
      for (;;) {
        await openNew(reading.streams);
        const committed = await pool.transaction(async run => {
          const locked = await lockStreams(run, reading.streams);
          return locked === null ? null : write(run, reading, locked, at);
        });
        if (committed !== null) return committed;
        // Rows that were there are gone: the database was restored under a running HQ. They are made again.
        open.clear();
      }
    },
  };
}

/** Everything that needs no database. */
function readAll(arrivals: readonly Arrival[]): Reading {
  const streams = new Map<string, StreamName>();
  const lastEventAt = new Map<string, string>();
  const events: Incoming[] = [];
  for (const of of arrivals) {
    const key = keyOf(of);
    streams.set(key, of);
    for (const event of of.events) events.push(readable(of, event));
    for (const one of of.unreadable) events.push(unreadable(of, one));
    const last = of.events.at(-1);
    if (last !== undefined) lastEventAt.set(key, last.at);
  }
  return { streams: [...streams.values()], events, lastEventAt };
}

function readable(of: Arrival, event: TillEvent): Incoming {
  const json = JSON.stringify(event);
  return {
    of,
    seq: event.seq,
    id: withoutNul(event.id),
    type: event.type,
    saleId: saleIdOf(event),
    json,
    hash: hashOfJson(json),
    prev: event.prev,
    projection: project(event),
    isReadable: true,
  };
}

function unreadable(of: Arrival, { seq, reason, json }: Arrival['unreadable'][number]): Incoming {
  const hash = hashOfJson(json);
  return {
    of,
    seq,
    id: `unreadable ${hash}`,
    type: 'unreadable',
    saleId: null,
    json,
    hash,
    prev: prevOf(json),
    projection: { ok: false, reason },
    isReadable: false,
  };
}

async function write(
  run: Run,
  { streams, events, lastEventAt }: Reading,
  locked: ReadonlyMap<string, LockedStream>,
  at: string,
): Promise<Committed> {
  const known = await knownAlready(run, events, locked);
  const isCarried = await carriedOver(run, events, locked);
  const arrived = new Map<string, Map<number, Incoming>>(streams.map(stream => [keyOf(stream), new Map()]));
  const fresh: Incoming[] = [];
  const aside: Quarantined[] = [];
  const changes = new ChangeSet();
  for (const event of events) {
    const { of, seq, projection } = event;
    const ofStream = arrived.get(keyOf(of));
    const before = known.get(`${keyOf(of)}/${seq}`) ?? ofStream?.get(seq)?.hash;
    if (before !== undefined) {
      if (before !== event.hash && event.isReadable) aside.push({ ...event, reason: otherContent });
      continue;
    }
    ofStream?.set(seq, event);
    fresh.push(event);
    if (!projection.ok) aside.push({ ...event, reason: projection.reason });
    // The same fact under a new number, carried over into a new epoch, counts once.
    else if (!isCarried(event)) changes.add(of, event, event.saleId, projection.changes);
  }

  if (fresh.length > 0) {
    await announceCursors(run);
    const written = await insert(run, EVENTS, eventColumns, fresh, at);
    // The lock makes each of them new; where one is not, somebody writes without the lock.
    if (written !== fresh.length) throw new Again(`${fresh.length - written} events were there already`);
  }
  const sales = await changes.write(run, at);
  await insert(run, QUARANTINE, quarantineColumns, aside, at);

  const moved: MovedStream[] = [];
  for (const { store, till, epoch, highest, received, ...stream } of locked.values()) {
    const name = { store, till, epoch };
    const now = arrived.get(keyOf(name)) ?? new Map<number, Incoming>();
    const ahead = await walk(run, { ...name, ...stream, highest, received }, now);
    moved.push({
      ...name,
      ...ahead,
      highest: [...now.keys()].reduce((most, seq) => Math.max(most, seq), highest),
      received: received + now.size,
      lastEventAt: lastEventAt.get(keyOf(name)) ?? null,
    });
  }
  await saveStreams(run, moved, at);
  const standings: Standing[] = [];
  for (const stream of moved) standings.push(await standingOf(run, stream));
  return { standings, events: fresh.length, sales, quarantined: aside.length };
}

const otherContent = 'other content under a number that is committed';

/** Hashes of what is committed under the same numbers, by stream and number. Only numbers up to the highest can be. */
async function knownAlready(
  run: Run,
  events: readonly Incoming[],
  locked: ReadonlyMap<string, LockedStream>,
): Promise<ReadonlyMap<string, string>> {
  const doubtful = events.filter(({ of, seq }) => seq <= (locked.get(keyOf(of))?.highest ?? 0));
  if (doubtful.length === 0) return new Map();
  const { rows } = await run<StreamName & { seq: number; hash: string }>(KNOWN, [
    column('text', doubtful, event => event.of.store),
    column('text', doubtful, event => event.of.till),
    column('int8', doubtful, event => event.of.epoch),
    column('int8', doubtful, event => event.seq),
  ]);
  return new Map(rows.map(row => [`${keyOf(row)}/${row.seq}`, row.hash]));
}

/** Tells which events are committed under another epoch of their till; in this set the one that came first is not. */
async function carriedOver(
  run: Run,
  events: readonly Incoming[],
  locked: ReadonlyMap<string, LockedStream>,
): Promise<(event: Incoming) => boolean> {
  const possible = events.filter(({ of }) => locked.get(keyOf(of))?.hasOthers === true);
  if (possible.length === 0) return () => false;
  const { rows } = await run<StreamName & { id: string }>(SAME_ID, [column('text', possible, event => event.id)]);
  /** Epochs under which an id has been seen, by till and id. */
  const epochs = new Map<string, Set<number>>();
  const note = (name: StreamName, id: string) => {
    const key = `${name.store}/${name.till}/${id}`;
    const known = epochs.get(key) ?? new Set<number>();
    epochs.set(key, known.add(name.epoch));
    return known;
  };
  for (const { id, ...name } of rows) note(name, id);
  return ({ of, id }) => {
    const known = note(of, id);
    return known.size > 1;
  };
}

const withoutNul = (text: string): string => text.replaceAll('\0', '\ufffd');

const eventColumns = [
  ['text', (row: Incoming) => row.of.store],
  ['text', (row: Incoming) => row.of.till],
  ['int8', (row: Incoming) => row.of.epoch],
  ['int8', (row: Incoming) => row.seq],
  ['text', (row: Incoming) => row.id],
  ['text', (row: Incoming) => row.type],
  ['text', (row: Incoming) => row.saleId],
  ['text', (row: Incoming) => row.json],
] as const;

const EVENTS = `
INSERT INTO event (store, till, epoch, seq, id, type, sale_id, json, received_at)
SELECT *, $9 FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::text[])
ON CONFLICT (store, till, epoch, seq) DO NOTHING`;

const KNOWN = `
SELECT e.store, e.till, e.epoch, e.seq, encode(sha256(convert_to(e.json, 'UTF8')), 'hex') AS hash
FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[]) AS k (store, till, epoch, seq)
JOIN event e ON e.store = k.store AND e.till = k.till AND e.epoch = k.epoch AND e.seq = k.seq`;

const SAME_ID = 'SELECT id, store, till, epoch FROM event WHERE id = ANY ($1::text[])';

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
