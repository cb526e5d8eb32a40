/** What is asked about leases: per offer the sums, and where the units are. */
import type { Ledger } from './ledger.ts';
import { firstOf, type Query } from './query.ts';

export function leaseQuestions(
  query: Query,
): Pick<Ledger, 'leaseSums' | 'leaseCounted' | 'leaseHolders' | 'tillCount'> {
  const one = firstOf(query);
  return {
    async leaseSums(nowMs) {
      const rows = await query<
        Record<'granted' | 'used' | 'returned' | 'overdue' | 'tills', number> & { offer: string }
      >(SUMS, [nowMs]);
      return rows.map(row => ({
        offer: row.offer,
        granted: Number(row.granted),
        used: Number(row.used),
        returned: Number(row.returned),
        overdue: Number(row.overdue),
        tills: Number(row.tills),
      }));
    },
    async leaseCounted(offer, { fromMs, untilMs }) {
      const row = await one<{ units: number | null }>(COUNTED, [offer, fromMs, untilMs]);
      return Number(row?.units ?? 0);
    },
    async leaseHolders(offer) {
      const rows = await query<HolderRow>(HOLDERS, [offer]);
      return rows.map(row => ({
        store: row.store,
        till: row.till,
        epoch: Number(row.epoch),
        granted: Number(row.granted),
        used: Number(row.used),
        returned: Number(row.returned),
        unused: Number(row.granted) - Number(row.used) - Number(row.returned),
        open: Number(row.open) === 1,
        validUntil: new Date(Number(row.until_ms)).toISOString(),
      }));
    },
    async tillCount() {
      return Number((await one<{ count: number }>('SELECT count(*) AS count FROM till'))?.count ?? 0);
    },
  };
}

type HolderRow = {
  readonly store: string;
  readonly till: string;
} & Readonly<Record<'epoch' | 'granted' | 'used' | 'returned' | 'open' | 'until_ms', number>>;

const SUMS = `
SELECT offer, sum(units) AS granted, sum(used) AS used, sum(returned) AS returned,
  sum(CASE WHEN open = 1 AND until_ms <= ? THEN units - used - returned ELSE 0 END) AS overdue,
  count(DISTINCT store || '/' || till) AS tills
FROM lease GROUP BY offer`;
const COUNTED = 'SELECT sum(units - returned) AS units FROM lease WHERE offer = ? AND until_ms > ? AND from_ms < ?';
/** Of each till and epoch; those with most unused units first. A till's former epochs have nothing open that could come back. */
const HOLDERS = `
SELECT l.store, l.till, l.epoch, sum(l.units) AS granted, sum(l.used) AS used, sum(l.returned) AS returned,
  max(CASE WHEN l.open = 1 AND l.epoch = n.epoch THEN 1 ELSE 0 END) AS open, max(l.until_ms) AS until_ms
FROM lease l JOIN (SELECT store, till, max(epoch) AS epoch FROM lease_till GROUP BY store, till) n
  ON n.store = l.store AND n.till = l.till
WHERE l.offer = ? GROUP BY l.store, l.till, l.epoch
ORDER BY sum(l.units - l.used - l.returned) DESC, l.store, l.till, l.epoch LIMIT 1000`;
