/**
 * Takes what tills send: checks who speaks, commits in sets, and acknowledges only what is committed. While a set is committed
 * the next one gathers, as it came, so that the database is asked as seldom as the load allows. Where more waits than one set
 * holds, a second worker takes it and commits side by side; a till has one worker at a time, so its batches stay in order.
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
/**
 * The batches of many tills share one transaction, its statements and its fsync; nobody waits for an acknowledgement. While
 * few come, consoles see a sale at once; where many do, a longer wait makes an event cheaper.
 */
const gatherMs = 50;
const busyGatherMs = 200;
/** Batches of one set. */
const many = 8;
/** Bytes as they came that make a set worth its transaction: nothing more is waited for, and other workers help. */
const enoughBytes = 512 * 1024;
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

interface Worker {
  take(one: Received): void;
  /** Of what it has not looked at yet. */
  waitingBytes(): number;
  idle(): Promise<void>;
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
  /** Who has batches of a till that are not committed yet, and how many. */
  const homes = new Map<string, { readonly worker: Worker; batches: number }>();

  const isFull = () => waiting >= roomFor || waitingBytes >= roomForBytes;

  function createWorker(): Worker {
    const received: Received[] = [];
    let receivedBytes = 0;
    let own: Arrival[] = [];
    let ownEvents = 0;
    /** Batches of the set before. */
    let lastSet = 0;
    let working: Promise<void> | null = null;
    let goOn = () => {};

    const hasEnough = () => receivedBytes >= enoughBytes || ownEvents >= setEvents || isFull() || ending;

    async function work() {
      while (received.length + own.length > 0) {
        await gather();
        while (ownEvents < setEvents && received.length > 0) await read(received.splice(0, together));
        const set = nextSet(own);
        own = own.slice(set.length);
        ownEvents -= eventsOf(set);
        lastSet = set.length;
        if (set.length > 0) await commit(set);
        for (const { store, till } of set) leave({ store, till });
      }
      working = null;
    }

    function gather(): Promise<void> {
      if (hasEnough()) return Promise.resolve();
      return new Promise(resolve => {
        const cancel = clock.after(lastSet < many ? gatherMs : busyGatherMs, resolve);
        goOn = () => {
          cancel();
          resolve();
        };
      });
    }

    async function read(some: readonly Received[]) {
      for (const [index, batch] of decodeBatches(some.map(({ payload }) => payload)).entries()) {
        const one = some[index];
        if (one === undefined) continue;
        const { from, payload } = one;
        const arrival = await arrivalOf(from, payload, batch);
        waiting -= 1;
        waitingBytes -= payload.byteLength;
        receivedBytes -= payload.byteLength;
        if (arrival === null) {
          leave(from);
          continue;
        }
        own.push(arrival);
        ownEvents += eventsOf([arrival]);
      }
      for (const go of makeRoom.splice(0)) go();
    }

    return {
      take(one: Received) {
        received.push(one);
        receivedBytes += one.payload.byteLength;
        working ??= work();
        if (hasEnough()) goOn();
      },
      waitingBytes: () => receivedBytes,
      async idle() {
        goOn();
        while (working !== null) await working;
      },
    };
  }

  /** Its batches wait where others of the till do; else where a set is not full yet. */
  function workerFor(from: TillName): Worker | undefined {
    const known = homes.get(nameOf(from));
    if (known !== undefined) {
      known.batches += 1;
      return known.worker;
    }
    let worker = workers[0];
    for (const other of workers) {
      if (worker === undefined || worker.waitingBytes() < enoughBytes) break;
      if (other.waitingBytes() < worker.waitingBytes()) worker = other;
    }
    if (worker !== undefined) homes.set(nameOf(from), { worker, batches: 1 });
    return worker;
  }

  function leave(from: TillName) {
    const name = nameOf(from);
    const home = homes.get(name);
    if (home === undefined) return;
    home.batches -= 1;
    if (home.batches === 0) homes.delete(name);
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
      workerFor(from)?.take({ from, payload });
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

const nameOf = ({ store, till }: TillName): string => `${store}/${till}`;

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
