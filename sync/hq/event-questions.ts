/** What is asked of the facts themselves: the log, what was put aside, where a stream stands. */
import { maxMissing } from '../protocol/messages.ts';
import type { Ledger, TillName } from './ledger.ts';
import { firstOf, type Query } from './query.ts';

export function eventQuestions(
  query: Query,
  settled: () => Promise<number>,
): Pick<Ledger, 'events' | 'quarantined' | 'standing'> {
  const one = firstOf(query);
  return {
    async events({ after = 0, limit = 500, store, till, type }) {
      const where = ['cursor > ?', 'cursor <= ?'];
      const parameters: (string | number)[] = [after, await settled()];
      for (const [column, value] of [
        ['store', store],
        ['till', till],
        ['type', type],
      ] as const) {
        if (value === undefined) continue;
        where.push(`${column} = ?`);
        parameters.push(value);
      }
      const rows = await query<EventTableRow>(
        `SELECT cursor, store, till, epoch, received_at, json FROM event WHERE ${where.join(' AND ')} ORDER BY cursor LIMIT ?`,
        [...parameters, limit],
      );
      return rows.map(row => ({
        cursor: Number(row.cursor),
        store: row.store,
        till: row.till,
        epoch: Number(row.epoch),
        receivedAt: row.received_at,
        event: JSON.parse(row.json),
      }));
    },

    async quarantined(limit) {
      const rows = await query<QuarantineRow>(QUARANTINED, [limit]);
      return rows.map(row => ({
        id: Number(row.id),
        store: row.store,
        till: row.till,
        receivedAt: row.received_at,
        reason: row.reason,
        bytes: Number(row.bytes),
        seq: row.seq === null ? null : Number(row.seq),
      }));
    },

    async standing({ store, till }, epoch) {
      const stream = await one<{ contiguous: number; highest: number }>(
        'SELECT contiguous, highest FROM stream WHERE store = ? AND till = ? AND epoch = ?',
        [store, till, epoch],
      );
      if (stream === undefined) return null;
      const contiguous = Number(stream.contiguous);
      const missing: number[] = [];
      if (Number(stream.highest) > contiguous) {
        const rows = await query<{ seq: number }>(BEYOND, [store, till, epoch, contiguous]);
        missing.push(
          ...gaps(
            contiguous,
            rows.map(row => Number(row.seq)),
          ),
        );
      }
      return { store, till, epoch, contiguous, missing };
    },
  };
}

type EventTableRow = TillName & {
  readonly cursor: number;
  readonly epoch: number;
  readonly received_at: string;
  readonly json: string;
};

type QuarantineRow = TillName & {
  readonly id: number;
  readonly received_at: string;
  readonly reason: string;
  readonly bytes: number;
  readonly seq: number | null;
};

const QUARANTINED =
  'SELECT id, store, till, received_at, reason, length(payload) AS bytes, seq FROM quarantine ORDER BY id DESC LIMIT ?';

/** Numbers between `contiguous` and the last of `present` (ascending) that are not there; at most one message full. */
export function gaps(contiguous: number, present: readonly number[]): readonly number[] {
  const missing: number[] = [];
  let expected = contiguous + 1;
  for (const seq of present) {
    for (; expected < seq; expected++) {
      if (missing.length === maxMissing) return missing;
      missing.push(expected);
    }
    expected = seq + 1;
  }
  return missing;
}

export const BEYOND =
  'SELECT seq FROM event WHERE store = ? AND till = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT 5000';
