/** Which tills have deleted whom HQ erased: seen by the facts that they send. */
import type { TillName } from './ledger.ts';
import type { MemberSql } from './members-sql.ts';
import type { Erasure } from './wire.ts';

export interface Erasures {
  /** Takes over the acknowledgements that have arrived. */
  collect(): Promise<void>;
  openOf(till: TillName): Promise<readonly { readonly erasure: number; readonly member: string }[]>;
  knows(key: number): Promise<boolean>;
  /** When somebody was erased last; null: nobody ever was. */
  lastAt(): Promise<string | null>;
  /** Newest first. */
  view(): Promise<Erasure[]>;
}

const shown = 200;
const named = 100;
/** Several workers commit side by side: a fact may become visible after a later one. */
const overlap = 20_000;

export function createErasures(sql: MemberSql): Erasures {
  let from = 0;
  return {
    async collect() {
      const events = await sql.all<TillName & { cursor: number; json: string; received_at: string }>(ERASED, [from]);
      for (const { store, till, json, received_at } of events) {
        const number = numberIn(json);
        if (number !== null) await sql.write([{ run: ACKNOWLEDGE, parameters: [received_at, number, store, till] }]);
      }
      from = Math.max(from, Number(events.at(-1)?.cursor ?? 0) - overlap);
    },
    async openOf({ store, till }) {
      const rows = await sql.all<{ number: number; member: string }>(OPEN, [store, till]);
      return rows.map(({ number, member }) => ({ erasure: Number(number), member }));
    },
    async knows(key) {
      return (await sql.all('SELECT number FROM member_erasure WHERE key = ?', [key])).length > 0;
    },
    async lastAt() {
      const [row] = await sql.all<{ at: string | null }>('SELECT max(at) AS at FROM member_erasure');
      return row?.at ?? null;
    },
    async view() {
      const rows = await sql.all<{ number: number; at: string; acknowledged: number; waiting: number }>(VIEW, [shown]);
      const views: Erasure[] = [];
      for (const row of rows) {
        const waiting = Number(row.waiting);
        views.push({
          erasure: Number(row.number),
          at: row.at,
          acknowledged: Number(row.acknowledged),
          waiting: waiting === 0 ? [] : [...(await sql.all<TillName>(WAITING, [Number(row.number), named]))],
          waitingCount: waiting,
        });
      }
      return views;
    },
  };
}

function numberIn(json: string): number | null {
  const { body } = JSON.parse(json) as { body?: { erasure?: unknown } };
  return Number.isSafeInteger(body?.erasure) ? Number(body?.erasure) : null;
}

const ERASED = `SELECT cursor, store, till, json, received_at FROM event WHERE type = 'member.erased' AND cursor > ?
  ORDER BY cursor`;
const ACKNOWLEDGE = `UPDATE member_erasure_till SET acknowledged_at = ?
  WHERE number = ? AND store = ? AND till = ? AND acknowledged_at IS NULL`;
const OPEN = `SELECT e.number, e.member FROM member_erasure_till t JOIN member_erasure e ON e.number = t.number
  WHERE t.store = ? AND t.till = ? AND t.acknowledged_at IS NULL ORDER BY e.number LIMIT 50`;
const VIEW = `SELECT e.number, e.at,
    (SELECT count(*) FROM member_erasure_till t WHERE t.number = e.number AND t.acknowledged_at IS NOT NULL) AS acknowledged,
    (SELECT count(*) FROM member_erasure_till t WHERE t.number = e.number AND t.acknowledged_at IS NULL) AS waiting
  FROM member_erasure e ORDER BY e.number DESC LIMIT ?`;
const WAITING = `SELECT store, till FROM member_erasure_till WHERE number = ? AND acknowledged_at IS NULL
  ORDER BY store, till LIMIT ?`;
