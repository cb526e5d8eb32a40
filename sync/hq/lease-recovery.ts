/**
 * What HQ does about grants that its database has forgotten, the same on every database. What its own journal knows is written back at
 * HQ's start, before any till is answered. Where the journal is gone too, or a till shows leases that nobody here knows, all granting is
 * held: what other tills still hold, and what they used of it, is not known until they have told.
 *
 *   start ──► journal ahead of the database? ──► regrant              journal gone ─┐
 *   till: "I have up to 7", HQ granted up to 5 · `lease.used` of an unknown lease ──┴─► hold ──► all told, or by hand ──► grant
 */
import type { GrantedLease, GrantLine } from './lease-journal.ts';
import { ADD, GRANTED, LOCK_CAP, LOCK_TILL, rows, type Steps } from './lease-sql.ts';
import type { TillName } from './ledger.ts';
import type { Change } from './projection.ts';
import { order } from './query.ts';

/** Why nothing is granted. */
export interface LeaseHold {
  readonly sinceMs: number;
  readonly reason: string;
}

/** Writes back what the database lacks of these; answers how many it lacked. @param at RFC 3339, now */
export function* regrantSteps(lines: readonly GrantLine[], at: string): Steps<number> {
  let lacking = 0;
  for (const { store, till, epoch, after, leases } of lines) {
    const [known] = yield* rows<{ confirmed: number }>(CONFIRMED, [store, till, epoch]);
    const missing = [];
    for (const lease of leases)
      if ((yield* rows(LEASE, [store, till, epoch, lease.number])).length === 0) missing.push(lease);
    if ((known?.confirmed ?? -1) >= after && missing.length === 0) continue;
    lacking += 1;
    yield* rows(LOCK_TILL, [store, till, epoch, after]);
    for (const lease of missing.sort((a, b) => order(a.offer, b.offer))) yield* add({ store, till }, epoch, lease, at);
  }
  return lacking;
}

/** A till tells of a lease: one that HQ does not know counts from now on, and granting is held. @param at RFC 3339, now */
export function* admitSteps(of: TillName, told: Change & { readonly table: 'lease' }, at: string): Steps<void> {
  const { store, till } = of;
  const { epoch, number, offer, units, fromMs } = told;
  if (units === 0 || (yield* rows(LEASE, [store, till, epoch, number])).length > 0) return;
  const nowMs = Date.parse(at);
  yield* rows(LOCK_TILL, [store, till, epoch, number]);
  yield* add(of, epoch, { number, offer, units, fromMs, untilMs: told.untilMs ?? nowMs + keptMs }, at);
  yield* holdSteps(nowMs, `till ${store}/${till} tells of lease ${number} of ${offer}, which HQ does not know`);
}

function* add({ store, till }: TillName, epoch: number, lease: GrantedLease, at: string): Steps<void> {
  const { number, offer, units, fromMs, untilMs } = lease;
  yield* rows(LOCK_CAP, [offer]);
  const values = [store, till, epoch, number, offer, units, fromMs, untilMs, at];
  const added = yield* rows(`${ADD} ON CONFLICT DO NOTHING RETURNING number`, values);
  if (added.length > 0) yield* rows(GRANTED, [units, offer]);
}

/** Null: HQ grants. */
export function* holdOf(): Steps<LeaseHold | null> {
  const hold = yield* read();
  return hold === null || hold.endedMs !== null ? null : { sinceMs: hold.sinceMs, reason: hold.reason };
}

/**
 * Begins to hold, or goes on as it was. What was ended is not begun again for as long as a backup may be old: tills that speak late tell
 * leases of the same loss. Answers whether it holds.
 */
export function* holdSteps(nowMs: number, reason: string): Steps<boolean> {
  const hold = yield* read();
  if (hold !== null && hold.endedMs === null) return true;
  if (hold !== null && hold.endedMs !== null && nowMs - hold.endedMs < keptMs) return false;
  yield* write({ sinceMs: nowMs, reason, endedMs: null });
  return true;
}

/** Answers whether it was held. */
export function* resumeSteps(nowMs: number): Steps<boolean> {
  const hold = yield* read();
  if (hold === null || hold.endedMs !== null) return false;
  yield* write({ ...hold, endedMs: nowMs });
  return true;
}

/** HQ of this number has kept a journal; answers whether it had before. */
export function* journalSteps(machine: number): Steps<boolean> {
  const name = `lease.journal.${machine}`;
  const known = yield* rows(SETTING, [name]);
  if (known.length === 0) yield* rows(SET, [name, 'kept']);
  return known.length > 0;
}

/** Tills that have not told everything up to then. @param since RFC 3339, UTC */
export function* silentSteps(since: string): Steps<number> {
  const [row] = yield* rows<{ count: number }>(SILENT, [since]);
  return Number(row?.count ?? 0);
}

/** So old a backup may be; neither do tills keep their facts for longer. */
const keptMs = 35 * 86_400_000;

type Hold = LeaseHold & { readonly endedMs: number | null };

function* read(): Steps<Hold | null> {
  const [row] = yield* rows<{ value: string }>(SETTING, ['lease.hold']);
  return row === undefined ? null : (JSON.parse(row.value) as Hold);
}

function* write(hold: Hold): Steps<void> {
  yield* rows(SET, ['lease.hold', JSON.stringify(hold)]);
}

const CONFIRMED = 'SELECT confirmed FROM lease_till WHERE store = ? AND till = ? AND epoch = ?';
const LEASE = 'SELECT number FROM lease WHERE store = ? AND till = ? AND epoch = ? AND number = ?';
const SETTING = 'SELECT value FROM setting WHERE name = ?';
const SET = `
INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
/** By the newest fact itself: an old batch that comes again is no word of the till's. */
const SILENT = `
SELECT count(*) AS count FROM till t
WHERE NOT EXISTS (SELECT 1 FROM stream s JOIN event e
  ON e.store = s.store AND e.till = s.till AND e.epoch = s.epoch AND e.seq = s.highest
  WHERE s.store = t.store AND s.till = t.till AND s.highest = s.contiguous AND e.received_at >= ?)`;
