/** Holds HQ's totals of each till and day against the till's own, over exactly the events that the till had counted. */
import type { Ledger, TillName } from './ledger.ts';
import { firstOf, order, type Query } from './query.ts';
import type { ReconcileRow } from './wire.ts';

export function reconcileQuestions(query: Query): Pick<Ledger, 'reconcile'> {
  const one = firstOf(query);
  return {
    async reconcile(from, to) {
      const own = await query<OwnRow>(OWN_TOTALS, [from, to]);
      const rows = new Map<string, ReconcileRow>();
      const apart = new Map<string, Totals>();
      for (const row of await query<HqTotalRow>(HQ_TOTALS, [from, to]))
        rows.set(`${row.store}/${row.till}/${row.day}`, {
          store: row.store,
          till: row.till,
          day: row.day,
          hq: { sales: Number(row.sales), voided: Number(row.voided), net: Number(row.net) },
          own: null,
          verdict: 'untold',
        });
      for (const told of own) {
        const key = `${told.store}/${told.till}/${told.day}`;
        // What the till counted when it spoke is held against what HQ has of exactly those events.
        const same = await one<HqTotalRow>(HQ_TOTALS_UP_TO, [
          told.epoch,
          told.up_to,
          told.store,
          told.till,
          told.day,
          told.epoch,
          told.up_to,
        ]);
        const ownTotals = { sales: Number(told.sales), voided: Number(told.voided), net: Number(told.net) };
        const hqTotals = {
          sales: Number(same?.sales ?? 0),
          voided: Number(same?.voided ?? 0),
          net: Number(same?.net ?? 0),
        };
        const agrees =
          ownTotals.sales === hqTotals.sales && ownTotals.voided === hqTotals.voided && ownTotals.net === hqTotals.net;
        const waiting = Number(told.up_to) > Number(told.contiguous ?? 0);
        const verdict = agrees ? 'agrees' : waiting ? 'waiting' : 'differs';
        const known = rows.get(key);
        const hq = known?.hq ?? hqTotals;
        const isFirst = known === undefined || known.own === null;
        // A sale carried over into a new epoch is told in both, so of several epochs only what they say otherwise than HQ is added up.
        const differs = sumOf(apart.get(key) ?? nothing, differenceOf(ownTotals, hqTotals));
        apart.set(key, differs);
        rows.set(key, {
          store: told.store,
          till: told.till,
          day: told.day,
          hq,
          own: isFirst ? ownTotals : sumOf(hq, differs),
          verdict: isFirst ? verdict : worse(known.verdict, verdict),
        });
      }
      return [...rows.values()].sort((a, b) => order(b.day, a.day) || order(a.store, b.store) || order(a.till, b.till));
    },
  };
}

interface Totals {
  readonly sales: number;
  readonly voided: number;
  readonly net: number;
}

const nothing: Totals = { sales: 0, voided: 0, net: 0 };
const sumOf = (a: Totals, b: Totals): Totals => ({
  sales: a.sales + b.sales,
  voided: a.voided + b.voided,
  net: a.net + b.net,
});
const differenceOf = (a: Totals, b: Totals): Totals => sumOf(a, { sales: -b.sales, voided: -b.voided, net: -b.net });

type HqTotalRow = TillName & {
  readonly day: string;
  readonly sales: number;
  readonly voided: number;
  readonly net: number;
};
type OwnRow = HqTotalRow & { readonly epoch: number; readonly up_to: number; readonly contiguous: number | null };

const HQ_TOTALS = `
SELECT store, till, day, count(*) AS sales, sum(CASE WHEN voided_at IS NULL THEN 0 ELSE 1 END) AS voided,
  sum(CASE WHEN voided_at IS NULL THEN net ELSE 0 END) AS net
FROM sale WHERE day >= ? AND day <= ? GROUP BY store, till, day`;

/** By the events of that epoch: a sale carried over into a new one is counted in both, as the till does. */
const HQ_TOTALS_UP_TO = `
SELECT count(*) AS sales, sum(x.voided) AS voided, sum(CASE WHEN x.voided = 1 THEN 0 ELSE x.net END) AS net
FROM (SELECT s.net, CASE WHEN EXISTS (SELECT 1 FROM event v WHERE v.store = s.store AND v.till = s.till
    AND v.sale_id = s.sale_id AND v.type = 'sale.voided' AND v.epoch = ? AND v.seq <= ?) THEN 1 ELSE 0 END AS voided
  FROM sale s WHERE s.store = ? AND s.till = ? AND s.day = ?
    AND EXISTS (SELECT 1 FROM event e WHERE e.store = s.store AND e.till = s.till AND e.sale_id = s.sale_id
      AND e.type = 'sale.completed' AND e.epoch = ? AND e.seq <= ?)) x`;

const OWN_TOTALS = `
SELECT o.store, o.till, o.epoch, o.day, o.up_to, o.sales, o.voided, o.net, m.contiguous
FROM own_total o LEFT JOIN stream m ON m.store = o.store AND m.till = o.till AND m.epoch = o.epoch
WHERE o.day >= ? AND o.day <= ? ORDER BY o.epoch`;

const gravity = { agrees: 0, untold: 1, waiting: 2, differs: 3 } as const;
const worse = (a: ReconcileRow['verdict'], b: ReconcileRow['verdict']): ReconcileRow['verdict'] =>
  gravity[a] >= gravity[b] ? a : b;
