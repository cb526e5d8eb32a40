/** The till's own count of its days in this epoch, for HQ to hold against what arrived there. */
import { localDateOf } from '../offers/index.ts';
import type { Database } from './database.ts';

export type DayTotal = {
  /** Local date on which the sales were completed. */
  readonly day: string;
  /** Those voided later included. */
  readonly sales: number;
  readonly voided: number;
  /** Minor units, without those voided. */
  readonly net: number;
};

export type DayTotals = (sinceMs: number) => readonly DayTotal[];

type Row = { readonly completedAt: string; readonly state: string; readonly net: number | null };

// By the sales' own table, not by the outbox: two counts that agree only if nothing was lost between them.
const SINCE = `SELECT completed_at AS completedAt, state, json_extract(decision, '$.decision.total.net') AS net
  FROM sale WHERE completed_ms IS NOT NULL AND completed_ms >= ?
    AND sale_id NOT IN (SELECT sale_id FROM former_sale)`;
const FORMER = `INSERT OR IGNORE INTO former_sale (sale_id) SELECT sale_id FROM sale WHERE completed_ms IS NOT NULL
  AND sale_id NOT IN (SELECT value FROM json_each(?))`;
const FORGET = 'DELETE FROM former_sale WHERE sale_id NOT IN (SELECT sale_id FROM sale)';

/** A new epoch begins: of the sales made so far it tells only those that it carries over. */
export function leaveFormerSales(database: Database, carriedOver: readonly unknown[]): void {
  database.prepare<[]>(FORGET).run();
  database.prepare<[string]>(FORMER).run(JSON.stringify(carriedOver));
}

export function createDayTotals(database: Database, timeZone: string): DayTotals {
  const since = database.prepare<[number], Row>(SINCE);
  return sinceMs => {
    const days = new Map<string, { sales: number; voided: number; net: number }>();
    for (const { completedAt, state, net } of since.iterate(sinceMs)) {
      const day = localDateOf(completedAt, timeZone);
      const total = days.get(day) ?? { sales: 0, voided: 0, net: 0 };
      total.sales++;
      if (state === 'voided') total.voided++;
      else total.net += net ?? 0;
      days.set(day, total);
    }
    return [...days].map(([day, total]) => ({ day, ...total })).sort((a, b) => (a.day < b.day ? -1 : 1));
  };
}
