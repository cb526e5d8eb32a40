/**
 * Takes what tills send: checks who speaks, commits in sets, and acknowledges only what is committed. While a commit runs
 * the next set gathers, so that the database is asked as seldom as the load allows.
 */
import { type Clock, instant, pause } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { decodeBatch } from '../protocol/batch.ts';
import type { Arrival, Committed, Ledger, Standing, TillName } from './ledger.ts';

export interface IngestOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: SyncLog;
  /** Sends the acknowledgement; called only after the commit. */
  readonly acknowledge: (standing: Standing) => void;
  readonly onCommitted: (committed: Committed) => void;
  readonly onRefused: (reason: 'unreadable' | 'address' | 'database') => void;
}

export interface Ingest {
  /** A payload of the till's `up` topic. Settles when there is room for the next one. */
  receive(from: TillName, payload: Uint8Array): Promise<void>;
  /** Why the last commit failed; null while commits succeed. */
  problem(): string | null;
  /** Resolves when everything received so far is committed or given up. */
  idle(): Promise<void>;
}

/** Events of one transaction: few enough that nobody waits long, enough that the disk's fsync is shared. */
const setEvents = 4000;
/** Batches that may wait before the broker is held back. */
const roomFor = 512;
const gatherMs = 5;

export function createIngest(options: IngestOptions): Ingest {
  const { ledger, clock, log } = options;
  let waiting: Arrival[] = [];
  let working: Promise<void> | null = null;
  let problem: string | null = null;

  async function work() {
    while (waiting.length > 0) {
      // A short wait lets the batches of many tills share one transaction and its fsync.
      if (waiting.length < roomFor) await pause(clock, gatherMs);
      const set = nextSet(waiting);
      waiting = waiting.slice(set.length);
      try {
        const committed = await ledger.commit(set, now());
        problem = null;
        for (const standing of committed.standings) options.acknowledge(standing);
        options.onCommitted(committed);
      } catch (error) {
        // Nothing is lost: what is not acknowledged the tills send again.
        options.onRefused('database');
        problem = messageOf(error);
        log.error({ batches: set.length, error: messageOf(error) }, 'a set of batches could not be committed');
      }
    }
    working = null;
  }

  const now = () => instant(clock.now(), 'UTC');

  return {
    async receive(from, payload) {
      const batch = decodeBatch(payload);
      const fault = !batch.ok
        ? batch.reason
        : batch.value.store === from.store && batch.value.till === from.till
          ? null
          : `the batch names till ${batch.value.store}/${batch.value.till}`;
      if (!batch.ok || fault !== null) {
        options.onRefused(batch.ok ? 'address' : 'unreadable');
        log.warn({ ...from, reason: fault }, 'a batch was put into quarantine');
        await ledger.quarantine({ ...from, reason: fault ?? '', payload }, now());
        return;
      }
      const { epoch, boot, events, unreadable } = batch.value;
      waiting.push({ ...from, epoch, boot, events, unreadable });
      working ??= work();
      while (waiting.length >= roomFor && working !== null) await working;
    },
    problem: () => problem,
    async idle() {
      while (working !== null) await working;
    },
  };
}

function nextSet(waiting: readonly Arrival[]): readonly Arrival[] {
  let events = 0;
  const end = waiting.findIndex((arrival, index) => {
    events += arrival.events.length;
    return index > 0 && events > setEvents;
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}
