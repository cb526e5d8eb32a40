/** How facts come into SQLite: one batch after the other, each event once, every row that it means; and what tills say of themselves. */
import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { chainStart, hashOfJson } from '../protocol/chain.ts';
import { compareSessions, type StateMessage } from '../protocol/messages.ts';
import type { TillEvent } from '../protocol/types.ts';
import { BEYOND, gaps } from './event-questions.ts';
import { admitSteps } from './lease-recovery.ts';
import type { Steps } from './lease-sql.ts';
import type { Arrival, Committed, Standing, TillName } from './ledger.ts';
import { type Change, project, saleIdOf } from './projection.ts';

export type Prepare = (sql: string) => Database.Statement<unknown[]>;
type StreamRow = { contiguous: number; highest: number; received: number; head: string; broken_at: number | null };

/** Only inside a transaction. */
export function stepThrough<T>(prepare: Prepare, steps: Steps<T>): T {
  for (let step = steps.next(); ; ) {
    if (step.done === true) return step.value;
    const statement = prepare(step.value.sql);
    const { parameters } = step.value;
    if (statement.reader) step = steps.next(statement.all(...parameters));
    else {
      statement.run(...parameters);
      step = steps.next([]);
    }
  }
}

/** Everything that writes; only inside a transaction. */
export function createSqliteWriter(prepare: Prepare) {
  function commit(arrivals: readonly Arrival[], at: string): Committed {
    const sales = new Map<string, TillName & { saleId: string }>();
    const standings = new Map<string, Standing>();
    let events = 0;
    let quarantined = 0;
    for (const arrival of arrivals) {
      const { store, till, epoch } = arrival;
      prepare(OPEN_STREAM).run(store, till, epoch, chainStart);
      const stream = prepare(STREAM).get(store, till, epoch) as StreamRow;
      let lastAt: string | null = null;
      let highest = stream.highest;
      let received = stream.received;
      for (const event of arrival.events) {
        const outcome = take(arrival, event, at, sales);
        if (outcome.isNew) received += 1;
        if (outcome.isNew) events += 1;
        quarantined += outcome.quarantined;
        highest = Math.max(highest, event.seq);
        lastAt = event.at;
      }
      for (const { seq, reason, json } of arrival.unreadable) {
        const hash = createHash('sha256').update(json).digest('hex');
        const row = { id: `unreadable ${hash}`, type: 'unreadable', at, saleId: null, json, hash, prev: prevOf(json) };
        if (!insert(arrival, seq, row, at)) continue;
        quarantine(arrival, epoch, seq, at, reason, Buffer.from(json));
        quarantined += 1;
        received += 1;
        events += 1;
        highest = Math.max(highest, seq);
      }
      const ahead = walk(arrival, stream);
      prepare(SAVE_STREAM).run(
        ahead.contiguous,
        highest,
        received,
        ahead.head,
        ahead.brokenAt,
        lastAt,
        at,
        store,
        till,
        epoch,
      );
      const present =
        highest > ahead.contiguous
          ? (prepare(BEYOND).all(store, till, epoch, ahead.contiguous) as { seq: number }[])
          : [];
      const missing = gaps(
        ahead.contiguous,
        present.map(row => row.seq),
      );
      standings.set(`${store}/${till}/${epoch}`, { store, till, epoch, contiguous: ahead.contiguous, missing });
    }
    return { standings: [...standings.values()], events, sales: [...sales.values()], quarantined };
  }

  function take(of: Arrival, event: TillEvent, at: string, sales: Map<string, TillName & { saleId: string }>) {
    const json = JSON.stringify(event);
    const hash = hashOfJson(json);
    const projection = project(event);
    const saleId = saleIdOf(event);
    // By id alone: asked for by store and till too, SQLite would walk through all events of the till.
    const namesakes = prepare(SAME_ID).all(event.id) as (TillName & { epoch: number })[];
    const carried = namesakes.some(one => one.store === of.store && one.till === of.till && one.epoch !== of.epoch);
    const row = { id: event.id, type: event.type, at: event.at, saleId, json, hash, prev: event.prev };
    if (!insert(of, event.seq, row, at)) {
      const known = prepare('SELECT hash FROM event WHERE store = ? AND till = ? AND epoch = ? AND seq = ?').get(
        of.store,
        of.till,
        of.epoch,
        event.seq,
      ) as { hash: string };
      if (known.hash === hash) return { isNew: false, quarantined: 0 };
      quarantine(of, of.epoch, event.seq, at, 'other content under a number that is committed', Buffer.from(json));
      return { isNew: false, quarantined: 1 };
    }
    if (!projection.ok) {
      quarantine(of, of.epoch, event.seq, at, projection.reason, Buffer.from(json));
      return { isNew: true, quarantined: 1 };
    }
    // The same fact under a new number, carried over into a new epoch: it counts once.
    if (carried) return { isNew: true, quarantined: 0 };
    for (const change of projection.changes) apply(of, event, change, at);
    const changed = saleId === null ? [] : [{ store: of.store, till: of.till, saleId }];
    // What becomes of a coupon changes the sale that issued it, wherever that was.
    for (const change of projection.changes)
      if (change.table === 'print' || change.table === 'couponVoid' || change.table === 'redemption')
        changed.push(...(prepare(ISSUED_IN).all(change.serial) as (TillName & { saleId: string })[]));
    for (const sale of changed) sales.set(`${sale.store}/${sale.till}/${sale.saleId}`, sale);
    return { isNew: true, quarantined: 0 };
  }

  function insert(
    of: Arrival,
    seq: number,
    row: { id: string; type: string; at: string; saleId: string | null; json: string; hash: string; prev: string },
    at: string,
  ): boolean {
    const { id, type, saleId, json, hash, prev } = row;
    return (
      prepare(INSERT_EVENT).run(of.store, of.till, of.epoch, seq, id, type, row.at, saleId, json, hash, prev, at)
        .changes === 1
    );
  }

  /** Moves "contiguous" ahead over what is there now, checking that each event follows from the one before. */
  function walk(of: Arrival, stream: StreamRow) {
    let { contiguous, head, broken_at: brokenAt } = stream;
    const rows = prepare(NEXT).iterate(of.store, of.till, of.epoch, contiguous) as IterableIterator<{
      seq: number;
      hash: string;
      prev: string;
    }>;
    for (const row of rows) {
      if (row.seq !== contiguous + 1) break;
      if (row.prev !== head && brokenAt === null) brokenAt = row.seq;
      contiguous = row.seq;
      head = row.hash;
    }
    return { contiguous, head, brokenAt };
  }

  function apply({ store, till, epoch }: Arrival, event: TillEvent, change: Change, at: string) {
    switch (change.table) {
      case 'sale':
        prepare(SALE).run(
          store,
          till,
          change.saleId,
          epoch,
          event.seq,
          change.completedAt,
          change.day,
          change.initial,
          change.discount,
          change.net,
          change.lines,
          change.member,
          change.points,
          at,
        );
        return;
      case 'void':
        prepare(SALE_VOID).run(store, till, change.saleId, epoch, event.seq, change.at, at);
        return;
      case 'coupon':
        prepare(COUPON).run(
          change.serial,
          change.offer,
          change.variant,
          change.title,
          change.member,
          store,
          till,
          change.saleId,
          change.issuedAt,
          change.day,
          change.validFrom,
          change.validTo,
        );
        return;
      case 'print':
        prepare(COUPON_PRINT).run(change.serial, store, till, change.evidence, epoch, event.seq);
        return;
      case 'couponVoid':
        prepare(COUPON_VOID).run(change.serial, store, till, change.at, change.reason);
        return;
      case 'redemption':
        prepare(REDEMPTION).run(store, till, change.saleId, change.serial, change.offer, change.at, change.amount);
        return;
      case 'suppressed':
        prepare(SUPPRESSED).run(
          store,
          till,
          change.saleId,
          change.offer,
          change.variant,
          change.at,
          change.day,
          change.member,
        );
        return;
      case 'points':
        prepare(POINTS).run(
          event.id,
          change.member,
          store,
          till,
          change.saleId,
          change.delta,
          change.balance,
          change.at,
        );
        return;
      case 'lease':
        lease({ store, till }, epoch, event.seq, change, at);
    }
  }

  function lease(
    { store, till }: TillName,
    epoch: number,
    seq: number,
    told: Change & { readonly table: 'lease' },
    receivedAt: string,
  ) {
    const { used, returned, open, lastMs, number, offer } = told;
    stepThrough(prepare, admitSteps({ store, till }, told, receivedAt));
    const key = [store, till, told.epoch, number, offer];
    const before = prepare(LEASE_RETURNED).get(...key) as { returned: number } | undefined;
    if (before === undefined) return;
    const now = prepare(LEASE_TOLD).get(epoch, seq, used, returned, open ? 1 : 0, lastMs, ...key) as {
      returned: number;
    };
    prepare(LEASE_CAP).run(now.returned - before.returned, offer);
  }

  function quarantine(
    { store, till }: TillName,
    epoch: number | null,
    seq: number | null,
    at: string,
    reason: string,
    payload: Uint8Array,
  ) {
    const sha256 = createHash('sha256').update(payload).digest('hex');
    prepare(QUARANTINE).run(store, till, epoch, seq, at, reason.slice(0, 500), sha256, Buffer.from(payload));
  }

  function saveState({ store, till }: TillName, state: StateMessage, at: string): boolean {
    const known = prepare(
      'SELECT epoch, boot, session, online, since, state FROM till WHERE store = ? AND till = ?',
    ).get(store, till) as
      | { epoch: number; boot: number; session: number; online: number; since: string; state: string }
      | undefined;
    const { epoch, boot, session, online } = state;
    if (known !== undefined && compareSessions(state, known) < 0) return false;
    // A Will says only that the line is gone; what is known of the till stays known.
    const merged = known === undefined ? state : { ...JSON.parse(known.state), ...state };
    const since = known !== undefined && (known.online === 1) === online ? known.since : at;
    prepare(SAVE_TILL).run(store, till, epoch, boot, session, online ? 1 : 0, since, JSON.stringify(merged));
    for (const total of state.totals?.days ?? [])
      prepare(OWN_TOTAL).run(
        store,
        till,
        epoch,
        total.day,
        state.totals?.upTo ?? 0,
        total.sales,
        total.voided,
        total.net,
      );
    return true;
  }

  return { commit, quarantine, saveState };
}

function prevOf(json: string): string {
  const { prev } = JSON.parse(json) as { prev?: unknown };
  return typeof prev === 'string' && prev.length === 64 ? prev : '';
}

const OPEN_STREAM = 'INSERT INTO stream (store, till, epoch, head) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
const STREAM =
  'SELECT contiguous, highest, received, head, broken_at FROM stream WHERE store = ? AND till = ? AND epoch = ?';
const SAVE_STREAM = `
UPDATE stream SET contiguous = ?, highest = ?, received = ?, head = ?, broken_at = ?,
  last_event_at = coalesce(?, last_event_at), last_received_at = ?
WHERE store = ? AND till = ? AND epoch = ?`;
const INSERT_EVENT = `
INSERT INTO event (store, till, epoch, seq, id, type, at, sale_id, json, hash, prev, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (store, till, epoch, seq) DO NOTHING`;
const SAME_ID = 'SELECT store, till, epoch FROM event WHERE id = ?';
const NEXT = 'SELECT seq, hash, prev FROM event WHERE store = ? AND till = ? AND epoch = ? AND seq > ? ORDER BY seq';

const ARRIVAL = '(SELECT coalesce(max(arrival), 0) + 1 FROM sale)';
const SALE = `
INSERT INTO sale (store, till, sale_id, epoch, seq, completed_at, day, initial, discount, net, lines, member, points, arrival, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${ARRIVAL}, ?)
ON CONFLICT (store, till, sale_id) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,
  completed_at = excluded.completed_at, day = excluded.day, initial = excluded.initial, discount = excluded.discount,
  net = excluded.net, lines = excluded.lines, member = excluded.member, points = excluded.points
WHERE sale.completed_at IS NULL`;
const SALE_VOID = `
INSERT INTO sale (store, till, sale_id, void_epoch, void_seq, voided_at, arrival, received_at)
VALUES (?, ?, ?, ?, ?, ?, ${ARRIVAL}, ?)
ON CONFLICT (store, till, sale_id) DO UPDATE SET void_epoch = excluded.void_epoch, void_seq = excluded.void_seq,
  voided_at = excluded.voided_at
WHERE sale.voided_at IS NULL`;
const COUPON = `
INSERT INTO coupon (serial, offer, variant, title, member, store, till, sale_id, issued_at, day, valid_from, valid_to)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (serial) DO UPDATE SET offer = excluded.offer, variant = excluded.variant, title = excluded.title,
  member = excluded.member, store = excluded.store, till = excluded.till, sale_id = excluded.sale_id,
  issued_at = excluded.issued_at, day = excluded.day, valid_from = excluded.valid_from, valid_to = excluded.valid_to
WHERE coupon.offer IS NULL`;
const COUPON_PRINT = `
INSERT INTO coupon (serial, store, till, print, print_epoch, print_seq) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (serial) DO UPDATE SET print = excluded.print, print_epoch = excluded.print_epoch, print_seq = excluded.print_seq
WHERE coupon.print_seq IS NULL OR coupon.print_epoch < excluded.print_epoch
  OR (coupon.print_epoch = excluded.print_epoch AND coupon.print_seq < excluded.print_seq)`;
const COUPON_VOID = `
INSERT INTO coupon (serial, store, till, voided_at, void_reason) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (serial) DO UPDATE SET voided_at = excluded.voided_at, void_reason = excluded.void_reason
WHERE coupon.voided_at IS NULL`;
const ISSUED_IN = 'SELECT store, till, sale_id AS "saleId" FROM coupon WHERE serial = ? AND sale_id IS NOT NULL';
const REDEMPTION = `
INSERT INTO redemption (store, till, sale_id, serial, offer, at, amount) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const SUPPRESSED = `
INSERT INTO suppressed (store, till, sale_id, offer, variant, at, day, member) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const POINTS = `
INSERT INTO points (id, member, store, till, sale_id, delta, balance, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const LEASE_RETURNED =
  'SELECT returned FROM lease WHERE store = ? AND till = ? AND epoch = ? AND number = ? AND offer = ?';
/** The last word of the till counts; what came back stays back, what is closed stays closed. */
const LEASE_TOLD = `
UPDATE lease SET
  used = CASE WHEN (told_epoch, told_seq) < (t.at_epoch, t.at_seq) THEN t.used ELSE lease.used END,
  returned = max(lease.returned, min(t.returned, units)),
  open = min(lease.open, t.open),
  until_ms = CASE WHEN t.open = 0 THEN min(until_ms, coalesce(t.last_ms, until_ms - 1) + 1) ELSE until_ms END,
  told_epoch = CASE WHEN (told_epoch, told_seq) < (t.at_epoch, t.at_seq) THEN t.at_epoch ELSE told_epoch END,
  told_seq = CASE WHEN (told_epoch, told_seq) < (t.at_epoch, t.at_seq) THEN t.at_seq ELSE told_seq END
FROM (SELECT ? AS at_epoch, ? AS at_seq, ? AS used, ? AS returned, ? AS open, ? AS last_ms) t
WHERE store = ? AND till = ? AND epoch = ? AND number = ? AND offer = ? RETURNING returned`;
const LEASE_CAP = 'UPDATE lease_cap SET returned = returned + ? WHERE offer = ?';
const QUARANTINE = `
INSERT INTO quarantine (store, till, epoch, seq, received_at, reason, sha256, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (store, till, sha256) DO NOTHING`;
const SAVE_TILL = `
INSERT INTO till (store, till, epoch, boot, session, online, since, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (store, till) DO UPDATE SET epoch = excluded.epoch, boot = excluded.boot, session = excluded.session,
  online = excluded.online, since = excluded.since, state = excluded.state`;
const OWN_TOTAL = `
INSERT INTO own_total (store, till, epoch, day, up_to, sales, voided, net) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (store, till, epoch, day) DO UPDATE SET up_to = excluded.up_to, sales = excluded.sales,
  voided = excluded.voided, net = excluded.net`;
