/** What the console asks about sales and their coupons. */
import type { Ledger, TillName } from './ledger.ts';
import { LIVE_REDEMPTION } from './live-redemption.ts';
import { firstOf, type Query } from './query.ts';
import type { CouponRow, SaleRow } from './wire.ts';

export function saleQuestions(query: Query): Pick<Ledger, 'sales' | 'saleRow' | 'sale'> {
  const one = firstOf(query);
  return {
    async sales({ limit = 100, before, store, till }) {
      const where: string[] = ['s.completed_at IS NOT NULL'];
      const parameters: (string | number)[] = [];
      const only = (condition: string, value: string | number | undefined) => {
        if (value === undefined) return;
        where.push(condition);
        parameters.push(value);
      };
      only('s.arrival < ?', before);
      only('s.store = ?', store);
      only('s.till = ?', till);
      const rows = await query<SaleTableRow>(`${SALES} WHERE ${where.join(' AND ')} ORDER BY s.arrival DESC LIMIT ?`, [
        ...parameters,
        limit,
      ]);
      return { sales: rows.map(saleRow), next: rows.length === limit ? (rows.at(-1)?.arrival ?? null) : null };
    },

    async saleRow({ store, till }, saleId) {
      const row = await one<SaleTableRow>(`${SALES} WHERE s.store = ? AND s.till = ? AND s.sale_id = ?`, [
        store,
        till,
        saleId,
      ]);
      return row === undefined || row.completed_at === null ? null : saleRow(row);
    },

    async sale(store, till, saleId) {
      const row = await one<SaleTableRow>(
        `${SALES} WHERE s.till = ? AND s.sale_id = ?${store === null ? '' : ' AND s.store = ?'} ORDER BY s.arrival DESC LIMIT 1`,
        [till, saleId, ...(store === null ? [] : [store])],
      );
      if (row === undefined) return null;
      const key = [row.store, row.till, saleId];
      const events = await query<{ seq: number; epoch: number; json: string }>(SALE_EVENTS, key);
      const parsed = events.map(({ seq, epoch, json }) => ({ seq, epoch, event: JSON.parse(json) }));
      const completed = parsed.find(({ event }) => event.type === 'sale.completed')?.event;
      return {
        sale: saleRow(row),
        body: completed?.body ?? null,
        bundle: completed?.bundle ?? null,
        coupons: (
          await query<CouponTableRow>(`${COUPONS} WHERE c.store = ? AND c.till = ? AND c.sale_id = ?`, key)
        ).map(couponRow),
        redeemed: (await query<CouponTableRow>(COUPONS_REDEEMED_IN, key)).map(couponRow),
        events: parsed.map(({ seq, epoch, event }) => ({
          seq,
          epoch,
          type: event.type,
          at: event.at,
          body: event.body,
        })),
      };
    },
  };
}

type SaleTableRow = TillName & {
  readonly sale_id: string;
  readonly completed_at: string | null;
  readonly voided_at: string | null;
  readonly received_at: string;
  readonly initial: number;
  readonly discount: number;
  readonly net: number;
  readonly lines: number;
  readonly member: string | null;
  readonly points: number;
  readonly arrival: number;
  readonly issued: number;
  readonly redeemed: number;
};

const SALES = `
SELECT s.store, s.till, s.sale_id, s.completed_at, s.voided_at, s.received_at, s.initial, s.discount, s.net, s.lines,
  s.member, s.points, s.arrival,
  (SELECT count(*) FROM coupon c WHERE c.store = s.store AND c.till = s.till AND c.sale_id = s.sale_id AND c.offer IS NOT NULL) AS issued,
  (SELECT count(*) FROM redemption r WHERE r.store = s.store AND r.till = s.till AND r.sale_id = s.sale_id) AS redeemed
FROM sale s`;

const SALE_EVENTS =
  'SELECT seq, epoch, json FROM event WHERE store = ? AND till = ? AND sale_id = ? ORDER BY epoch, seq';

function saleRow(row: SaleTableRow): SaleRow {
  return {
    store: row.store,
    till: row.till,
    saleId: row.sale_id,
    state: row.voided_at === null ? 'completed' : 'voided',
    completedAt: row.completed_at ?? row.voided_at ?? row.received_at,
    receivedAt: row.received_at,
    initial: Number(row.initial),
    discount: Number(row.discount),
    net: Number(row.net),
    lines: Number(row.lines),
    member: row.member !== null,
    points: Number(row.points),
    issued: Number(row.issued),
    redeemed: Number(row.redeemed),
  };
}

type CouponTableRow = TillName & {
  readonly serial: string;
  readonly offer: string | null;
  readonly variant: string | null;
  readonly title: string | null;
  readonly print: string;
  readonly sale_id: string | null;
  readonly issued_at: string | null;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly voided_at: string | null;
  readonly redeemed_at: string | null;
  readonly redeemed_till: string | null;
  readonly redeemed_sale: string | null;
};

const COUPONS = `
SELECT c.serial, c.offer, c.variant, c.title, c.print, c.store, c.till, c.sale_id, c.issued_at, c.valid_from, c.valid_to,
  c.voided_at, l.at AS redeemed_at, l.till AS redeemed_till, l.sale_id AS redeemed_sale
FROM coupon c LEFT JOIN (${LIVE_REDEMPTION}) l ON l.serial = c.serial`;

const COUPONS_REDEEMED_IN = `
SELECT x.serial, coalesce(c.offer, x.offer) AS offer, c.variant, c.title, coalesce(c.print, 'unknown') AS print,
  coalesce(c.store, x.store) AS store, coalesce(c.till, x.till) AS till, c.sale_id, c.issued_at, c.valid_from, c.valid_to,
  c.voided_at, x.at AS redeemed_at, x.till AS redeemed_till, x.sale_id AS redeemed_sale
FROM redemption x LEFT JOIN coupon c ON c.serial = x.serial
WHERE x.store = ? AND x.till = ? AND x.sale_id = ?`;

function couponRow(row: CouponTableRow): CouponRow {
  return {
    serial: row.serial,
    offer: row.offer ?? '',
    variant: row.variant,
    title: row.title,
    state: row.redeemed_at !== null ? 'redeemed' : row.voided_at !== null ? 'voided' : 'issued',
    print: row.print,
    store: row.store,
    till: row.till,
    saleId: row.sale_id,
    issuedAt: row.issued_at ?? '',
    validFrom: row.valid_from,
    validTo: row.valid_to,
    redeemedAt: row.redeemed_at,
    redeemedTill: row.redeemed_till,
    redeemedSaleId: row.redeemed_sale,
  };
}
