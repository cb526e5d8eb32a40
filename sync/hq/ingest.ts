/**
 * Takes what tills send: checks who speaks, commits in sets, and acknowledges only what is committed. Each till belongs to
 * one worker, so its batches stay in order; the workers commit side by side. While one commits, its next set gathers, as it
 * came, so that the database is asked as seldom as the load allows.
 */
import { type Clock, instant, pause } from '../../clock.ts';
import { isTillsideError, messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { decodeBatches, type ReadBatch } from '../protocol/batch.ts';
import type { Result } from '../protocol/result.ts';
import type { Arrival, Committed, Ledger, Standing, TillName } from './ledger.ts';
import { createQuarantine } from './quarantine.ts';

export interface IngestOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Sends the acknowledgement; called only after the commit. */
  readonly acknowledge: (standing: Standing) => void;
  readonly onCommitted: (committed: Committed) => void;
  readonly onRefused: (reason: 'unreadable' | 'address' | 'database' | 'flood') => void;
}

export interface Ingest {
  /** A payload of the till's `up` topic. Settles when there is room for the next one. */
  receive(from: TillName, payload: Uint8Array): Promise<void>;
  /** A payload of somebody who is not heard: kept aside, not acknowledged. */
  refuse(from: TillName, payload: Uint8Array, reason: string): Promise<void>;
  /** Why the last commit failed; null while commits succeed. */
  problem(): string | null;
  /** Called at the end. Resolves when everything received so far is committed; what the database does not take at once is given up. */
  idle(): Promise<void>;
}

/** Events of one transaction: few enough that nobody waits long, enough that the disk's fsync is shared. */
const setEvents = 4000;
/** Batches that may wait, as they came, and their bytes, before the broker is held back. */
const roomFor = 2048;
const roomForBytes = 16 * 1024 * 1024;
/** The batches of many tills share one transaction, its statements and its fsync; nobody waits for an acknowledgement. */
const gatherMs = 50;
/** Batches that are inflated and parsed at a time. */
const together = 32;
/**
 * Pauses before a set is tried again that the database could not take: long enough for a restart of PostgreSQL. After
 * that it is given up; the tills, who were told nothing, send it again.
 */
const retryMs = [50, 100, 200, 400, 800, 1600, 3200, 6400];

interface Received {
  readonly from: TillName;
  readonly payload: Uint8Array;
}

export function createIngest(options: IngestOptions): Ingest {
  const { ledger, clock, log } = options;
  const quarantine = createQuarantine(ledger, clock, log);
  let waiting = 0;
  let waitingBytes = 0;
  const makeRoom: (() => void)[] = [];
  let problem: string | null = null;
  /** A whole round of retries was in vain: until something succeeds each set is tried once. */
  let isDown = false;
  let ending = false;

  const now = () => instant(clock.now(), 'UTC');
  const workers = Array.from({ length: ledger.workers }, createWorker);

  const isFull = () => waiting >= roomFor || waitingBytes >= roomForBytes;

  function createWorker() {
    const received: Received[] = [];
    let own: Arrival[] = [];
    let ownEvents = 0;
    let working: Promise<void> | null = null;

    async function work() {
      while (received.length + own.length > 0) {
        if (ownEvents < setEvents && !isFull() && !ending) await pause(clock, gatherMs);
        while (ownEvents < setEvents && received.length > 0) await read(received.splice(0, together));
        const set = nextSet(own);
        own = own.slice(set.length);
        ownEvents -= eventsOf(set);
        if (set.length > 0) await commit(set);
      }
      working = null;
    }

    async function read(some: readonly Received[]) {
      for (const [index, batch] of decodeBatches(some.map(({ payload }) => payload)).entries()) {
        const one = some[index];
        if (one === undefined) continue;
        const { from, payload } = one;
        const arrival = await arrivalOf(from, payload, batch);
        waiting -= 1;
        waitingBytes -= payload.byteLength;
        if (arrival === null) continue;
        own.push(arrival);
        ownEvents += eventsOf([arrival]);
      }
      for (const go of makeRoom.splice(0)) go();
    }

    return {
      take(one: Received) {
        received.push(one);
        working ??= work();
      },
      async idle() {
        while (working !== null) await working;
      },
    };
  }

  /** Null: it is put aside. */
  async function arrivalOf(from: TillName, payload: Uint8Array, batch: Result<ReadBatch>): Promise<Arrival | null> {
    const isOwn = batch.ok && batch.value.store === from.store && batch.value.till === from.till;
    if (isOwn) return { ...from, ...batch.value };
    options.onRefused(batch.ok ? 'address' : 'unreadable');
    const reason = batch.ok ? `the batch names till ${batch.value.store}/${batch.value.till}` : batch.reason;
    await refuse(from, payload, reason).catch(error =>
      log.error({ ...from, error: messageOf(error) }, 'a batch that HQ can not read could not be put aside'),
    );
    return null;
  }

  async function refuse(from: TillName, payload: Uint8Array, reason: string) {
    const { store, till } = from;
    if (!(await quarantine.put({ store, till, reason, payload }))) options.onRefused('flood');
  }

  async function commit(set: readonly Arrival[]): Promise<void> {
    try {
      const committed = await persistently(set);
      problem = null;
      isDown = false;
      for (const standing of committed.standings) options.acknowledge(standing);
      options.onCommitted(committed);
    } catch (error) {
      const parts = isTillsideError(error, 'database-unavailable') ? [] : partsOf(set, messageOf(error));
      if (parts.length > 0) {
        log.warn(
          { batches: set.length, error: messageOf(error) },
          'the database refuses something in a set; looking for it',
        );
        for (const part of parts) await commit(part);
        return;
      }
      // Nothing is lost: what is not acknowledged the tills send again.
      options.onRefused('database');
      problem = messageOf(error);
      log.error({ batches: set.length, error: messageOf(error) }, 'a set of batches could not be committed');
    }
  }

  async function persistently(set: readonly Arrival[]): Promise<Committed> {
    for (const ms of isDown ? [] : retryMs)
      try {
        return await ledger.commit(set, now());
      } catch (error) {
        if (!isTillsideError(error, 'database-unavailable') || ending) throw error;
        problem = messageOf(error);
        log.warn({ batches: set.length, error: problem, again: ms }, 'the database is away; trying again');
        await pause(clock, ms);
        if (isDown) throw error;
      }
    try {
      return await ledger.commit(set, now());
    } catch (error) {
      isDown = isTillsideError(error, 'database-unavailable');
      throw error;
    }
  }

  return {
    async receive(from, payload) {
      waiting += 1;
      waitingBytes += payload.byteLength;
      workers[workerOf(from, workers.length)]?.take({ from, payload });
      while (isFull()) await new Promise<void>(resolve => makeRoom.push(resolve));
    },
    refuse,
    problem: () => problem,
    async idle() {
      ending = true;
      for (const worker of workers) await worker.idle();
    },
  };
}

/** Always the same for a till: by a hash of its name (FNV-1a). */
function workerOf({ store, till }: TillName, workers: number): number {
  if (workers === 1) return 0;
  let hash = 0x811c9dc5;
  const name = `${store}/${till}`;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % workers;
}

const eventsOf = (set: readonly Arrival[]): number =>
  set.reduce((sum, { events, unreadable }) => sum + events.length + unreadable.length, 0);

function nextSet(waiting: readonly Arrival[]): readonly Arrival[] {
  let events = 0;
  const end = waiting.findIndex((arrival, index) => {
    events += eventsOf([arrival]);
    return index > 0 && events > setEvents;
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}

/**
 * What a set is parted into when the database refuses its content: halves, down to the event at fault, which becomes one
 * that HQ can't read: kept whole, acknowledged, shown. None where nothing is left to part.
 */
function partsOf(set: readonly Arrival[], reason: string): readonly (readonly Arrival[])[] {
  const half = Math.ceil(set.length / 2);
  if (set.length > 1) return [set.slice(0, half), set.slice(half)];
  const [arrival] = set;
  if (arrival === undefined) return [];
  const { events, unreadable } = arrival;
  const [event] = events;
  if (events.length === 0 || event === undefined) {
    const middle = Math.ceil(unreadable.length / 2);
    if (unreadable.length < 2) return [];
    return [
      [{ ...arrival, unreadable: unreadable.slice(0, middle) }],
      [{ ...arrival, unreadable: unreadable.slice(middle) }],
    ];
  }
  if (events.length === 1 && unreadable.length === 0) {
    const aside = { seq: event.seq, reason: `the database refuses it: ${reason}`, json: JSON.stringify(event) };
    return [[{ ...arrival, events: [], unreadable: [aside] }]];
  }
  const middle = Math.floor(events.length / 2);
  return [
    [{ ...arrival, events: events.slice(0, middle), unreadable: [] }],
    [{ ...arrival, events: events.slice(middle), unreadable: [] }],
    [{ ...arrival, events: [], unreadable }],
  ].filter(part => eventsOf(part) > 0);
}
