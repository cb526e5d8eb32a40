/**
 * Facts that wait for HQ. A row is written in the very transaction of the fact; nothing is deleted before HQ has committed it
 * and 35 days have passed, so that an HQ restored from a backup can ask again.
 */
import { createHash } from 'node:crypto';
import { type Clock, instant } from '../../clock.ts';
import type { EventType, TillAddress, TillEvent } from '../../sync/protocol/types.ts';
import type { OutboxPort } from '../ports.ts';
import type { Database } from './database.ts';
import { type Random, uuidV7 } from './ids.ts';
import type { Settings } from './settings.ts';

export type BundleRef = { readonly id: string; readonly version: number };

export interface Outbox extends OutboxPort {
  /** Appends one event; only inside a transaction of the store. */
  append(type: EventType, body: Readonly<Record<string, unknown>>, bundle?: BundleRef | null): TillEvent;
  /** Takes over an event of a former epoch under a new number; its id stays, so that HQ can tell it is the same fact. */
  appendSalvaged(event: TillEvent): void;
  /**
   * Empties the outbox of a former epoch; its events come back as JSON, in order. HQ's word that it has some of them is no longer a
   * reason to leave them: HQ may itself have been put back since. Only at start, before anything is appended.
   */
  restart(): readonly string[];
  /** Sales that HQ has not yet confirmed. */
  salesWaiting(): number;
  /** Deletes what HQ has confirmed and is older than `keepMs`. Returns how many. */
  prune(keepMs: number): number;
}

export type OutboxParts = {
  readonly database: Database;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeZone: string;
  readonly address: TillAddress;
  readonly epoch: number;
  readonly boot: number;
  /** Calls back once the running transaction has committed; a function given twice is called once. */
  readonly afterCommit: (run: () => void) => void;
};

const LAST = 'SELECT seq, hash FROM outbox ORDER BY seq DESC LIMIT 1';
const APPEND = 'INSERT INTO outbox (seq, id, type, at, at_ms, json, hash) VALUES (?, ?, ?, ?, ?, ?, ?)';
const READ = 'SELECT json FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?';
const OLDEST = 'SELECT at FROM outbox WHERE seq > ? ORDER BY seq LIMIT 1';
const KNOWN = 'SELECT seq FROM outbox WHERE id = ?';
const SALES = "SELECT count(*) FROM outbox WHERE seq > ? AND type = 'sale.completed'";
// The last row stays whatever its age: the next one carries its hash.
const PRUNE = 'DELETE FROM outbox WHERE seq <= ? AND at_ms < ? AND seq < (SELECT max(seq) FROM outbox)';

const NO_EVENT = '0'.repeat(64);

/** Hash of an event as its successor carries it: SHA-256 of its JSON as sent, hex. */
export function eventHash(json: string): string {
  return createHash('sha256').update(json).digest('hex');
}

export function createOutbox(parts: OutboxParts): Outbox {
  const { database, settings, clock, random, address, epoch, boot } = parts;
  const last = database.prepare<[], { seq: number; hash: string }>(LAST);
  const append = database.prepare<[number, string, string, string, number, string, string]>(APPEND);
  const read = database.prepare<[number, number], string>(READ).pluck();
  const oldest = database.prepare<[number], string>(OLDEST).pluck();
  const known = database.prepare<[string], number>(KNOWN).pluck();
  const sales = database.prepare<[number], number>(SALES).pluck();
  const prune = database.prepare<[number, number]>(PRUNE);
  const listeners = new Set<() => void>();
  const announce = () => {
    for (const listener of [...listeners]) listener();
  };

  const acknowledged = () => settings.number('outbox.acknowledged') ?? 0;
  const lastSeq = () => last.get()?.seq ?? 0;

  const write = (event: TillEvent, atMs: number): TillEvent => {
    if (!database.inTransaction) throw new Error('an event is only appended inside the transaction of its fact');
    const before = last.get();
    const next: TillEvent = { ...event, seq: (before?.seq ?? 0) + 1, prev: before?.hash ?? NO_EVENT };
    const json = JSON.stringify(next);
    append.run(next.seq, next.id, next.type, next.at, atMs, json, eventHash(json));
    parts.afterCommit(announce);
    return next;
  };

  return {
    address,
    epoch,
    boot,
    append(type, body, bundle = null) {
      const now = clock.now();
      const at = instant(now, parts.timeZone);
      return write({ v: 1, type, id: uuidV7(now, random), seq: 0, at, bundle, body, prev: '' }, now);
    },
    appendSalvaged(event) {
      if (known.get(event.id) === undefined) write(event, Date.parse(event.at));
    },
    restart() {
      const events = read.all(0, Number.MAX_SAFE_INTEGER);
      database.exec('DELETE FROM outbox');
      settings.remove('outbox.acknowledged');
      settings.remove('outbox.told');
      return events;
    },
    read: (after, limit) => read.all(after, limit).map(json => JSON.parse(json) as TillEvent),
    acknowledged,
    acknowledge(ackEpoch, contiguous) {
      if (ackEpoch !== epoch || !Number.isSafeInteger(contiguous)) return;
      if (contiguous <= acknowledged() || contiguous > lastSeq()) return;
      settings.set('outbox.acknowledged', contiguous);
    },
    told: () => settings.number('outbox.told') ?? 0,
    tellUpTo(seq) {
      if (seq > (settings.number('outbox.told') ?? 0) && seq <= lastSeq()) settings.set('outbox.told', seq);
    },
    depth() {
      const from = acknowledged();
      return { waiting: lastSeq() - from, oldestAt: oldest.get(from) ?? null };
    },
    salesWaiting: () => sales.get(acknowledged()) ?? 0,
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    prune: keepMs => prune.run(acknowledged(), clock.now() - keepMs).changes,
  };
}
