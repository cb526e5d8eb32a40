/**
 * Gathers what a set of events changes, one row for each sale, coupon and so on, and writes each table with one statement.
 * Several transactions may meet at the same coupon (issued here, redeemed there): rows are written in the order of their
 * keys, each table once, so that none waits for another that waits for it.
 */
import type { Arrival, TillName } from './ledger.ts';
import { type Columns, column } from './postgres-columns.ts';
import { leaseKey, type ToldLease, writeLeases } from './postgres-leases.ts';
import type { Run } from './postgres-pool.ts';
import type { Change } from './projection.ts';
import { order } from './query.ts';

type Of<Table extends Change['table']> = Extract<Change, { table: Table }>;
/** Where a change comes from: the till, and its event's number. */
type Source = TillName & { readonly epoch: number; readonly seq: number };
type SaleChange = TillName & {
  readonly saleId: string;
  completed?: { readonly from: Source; readonly change: Of<'sale'> };
  voided?: { readonly from: Source; readonly change: Of<'void'> };
};
type CouponChange = {
  readonly serial: string;
  /** Who spoke of it first: stands for the issuing till until that is known. */
  readonly from: Source;
  issued?: { readonly from: Source; readonly change: Of<'coupon'> };
  print?: { readonly from: Source; readonly change: Of<'print'> };
  voided?: Of<'couponVoid'>;
};
type Sourced<Table extends Change['table']> = { readonly from: Source; readonly change: Of<Table> };
type PointsRow = Sourced<'points'> & { readonly id: string };

export class ChangeSet {
  readonly #sales = new Map<string, SaleChange>();
  readonly #coupons = new Map<string, CouponChange>();
  readonly #redemptions: Sourced<'redemption'>[] = [];
  readonly #suppressed: Sourced<'suppressed'>[] = [];
  readonly #points: PointsRow[] = [];
  /** The last word on each lease. */
  readonly #leases = new Map<string, ToldLease>();
  /** Sales that an event names. */
  readonly #named = new Map<string, TillName & { readonly saleId: string }>();
  /** Coupons whose issuing sale changes by what became of them. */
  readonly #touched = new Set<string>();

  /** Takes over what an event changes. @param saleId the sale that it is about */
  add(
    of: Arrival,
    event: { readonly id: string; readonly seq: number },
    saleId: string | null,
    changes: readonly Change[],
  ) {
    const from = { store: of.store, till: of.till, epoch: of.epoch, seq: event.seq };
    if (saleId !== null) this.#name(from, saleId);
    for (const change of changes)
      switch (change.table) {
        case 'sale':
          this.#sale(from, change.saleId).completed ??= { from, change };
          break;
        case 'void':
          this.#sale(from, change.saleId).voided ??= { from, change };
          break;
        case 'coupon':
          this.#coupon(from, change.serial).issued ??= { from, change };
          break;
        case 'print': {
          const coupon = this.#coupon(from, change.serial);
          if (coupon.print === undefined || isLater(from, coupon.print.from)) coupon.print = { from, change };
          this.#touched.add(change.serial);
          break;
        }
        case 'couponVoid':
          this.#coupon(from, change.serial).voided ??= change;
          this.#touched.add(change.serial);
          break;
        case 'redemption':
          this.#redemptions.push({ from, change });
          this.#touched.add(change.serial);
          break;
        case 'suppressed':
          this.#suppressed.push({ from, change });
          break;
        case 'points':
          this.#points.push({ from, change, id: event.id });
          break;
        case 'lease': {
          const key = leaseKey(from, change);
          const before = this.#leases.get(key);
          const isLast = before === undefined || isLater(from, before.from);
          const returned = Math.max(change.returned, before?.change.returned ?? 0);
          this.#leases.set(key, isLast ? { from, change: { ...change, returned } } : before);
        }
      }
  }

  /** Writes all of it. @param at time of arrival. @returns the sales that are new or changed */
  async write(run: Run, at: string): Promise<readonly (TillName & { readonly saleId: string })[]> {
    await insert(run, SALES, saleColumns, [...this.#sales.values()], at);
    const coupons = [...this.#coupons.values()].sort((a, b) => order(a.serial, b.serial));
    await insert(run, COUPONS, couponColumns, coupons);
    await insert(run, REDEMPTIONS, redemptionColumns, this.#redemptions);
    await insert(run, SUPPRESSED, suppressedColumns, this.#suppressed);
    await insert(run, POINTS, pointsColumns, this.#points);
    await writeLeases(run, [...this.#leases.values()], at);
    // Where a coupon was issued in this very set, its sale is named by that event.
    const elsewhere = [...this.#touched].filter(serial => this.#coupons.get(serial)?.issued === undefined);
    if (elsewhere.length > 0) {
      const found = await run<TillName & { saleId: string }>(ISSUED_IN, [column('text', elsewhere, serial => serial)]);
      for (const { saleId, ...till } of found.rows) this.#name(till, saleId);
    }
    return [...this.#named.values()];
  }

  #name({ store, till }: TillName, saleId: string) {
    this.#named.set(`${store}/${till}/${saleId}`, { store, till, saleId });
  }

  #sale({ store, till }: Source, saleId: string): SaleChange {
    const key = `${store}/${till}/${saleId}`;
    let sale = this.#sales.get(key);
    if (sale === undefined) {
      sale = { store, till, saleId };
      this.#sales.set(key, sale);
    }
    return sale;
  }

  #coupon(from: Source, serial: string): CouponChange {
    let coupon = this.#coupons.get(serial);
    if (coupon === undefined) {
      coupon = { serial, from };
      this.#coupons.set(serial, coupon);
    }
    return coupon;
  }
}

const isLater = (a: Source, b: Source): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);

/** Runs a statement over the columns of the rows, if there are any; `also` are its last parameters. */
export async function insert<Row>(
  run: Run,
  sql: string,
  columns: Columns<Row>,
  rows: readonly Row[],
  ...also: readonly string[]
): Promise<number> {
  if (rows.length === 0) return 0;
  return (await run(sql, [...columns.map(([type, read]) => column(type, rows, read)), ...also])).count;
}

const saleColumns: Columns<SaleChange> = [
  ['text', row => row.store],
  ['text', row => row.till],
  ['text', row => row.saleId],
  ['int8', row => row.completed?.from.epoch],
  ['int8', row => row.completed?.from.seq],
  ['text', row => row.completed?.change.completedAt],
  ['text', row => row.completed?.change.day],
  ['int8', row => row.completed?.change.initial ?? 0],
  ['int8', row => row.completed?.change.discount ?? 0],
  ['int8', row => row.completed?.change.net ?? 0],
  ['int8', row => row.completed?.change.lines ?? 0],
  ['text', row => row.completed?.change.member],
  ['int8', row => row.completed?.change.points ?? 0],
  ['int8', row => row.voided?.from.epoch],
  ['int8', row => row.voided?.from.seq],
  ['text', row => row.voided?.change.at],
];

/** Sets each column to the new value where `condition` holds. */
const setWhere = (table: string, condition: string, columns: readonly string[]): string =>
  columns.map(name => `${name} = CASE WHEN ${condition} THEN excluded.${name} ELSE ${table}.${name} END`).join(', ');

const SALES = `
INSERT INTO sale (store, till, sale_id, epoch, seq, completed_at, day, initial, discount, net, lines, member, points,
  void_epoch, void_seq, voided_at, received_at)
SELECT *, $17 FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::text[], $7::text[], $8::int8[],
  $9::int8[], $10::int8[], $11::int8[], $12::text[], $13::int8[], $14::int8[], $15::int8[], $16::text[])
ON CONFLICT (store, till, sale_id) DO UPDATE SET
  ${setWhere('sale', 'sale.completed_at IS NULL', ['epoch', 'seq', 'completed_at', 'day', 'initial', 'discount', 'net', 'lines', 'member', 'points'])},
  ${setWhere('sale', 'sale.voided_at IS NULL', ['void_epoch', 'void_seq', 'voided_at'])}
WHERE (sale.completed_at IS NULL AND excluded.completed_at IS NOT NULL)
  OR (sale.voided_at IS NULL AND excluded.voided_at IS NOT NULL)`;

const couponColumns: Columns<CouponChange> = [
  ['text', row => row.serial],
  ['text', row => (row.issued?.from ?? row.from).store],
  ['text', row => (row.issued?.from ?? row.from).till],
  ['text', row => row.issued?.change.offer],
  ['text', row => row.issued?.change.variant],
  ['text', row => row.issued?.change.title],
  ['text', row => row.issued?.change.member],
  ['text', row => row.issued?.change.saleId],
  ['text', row => row.issued?.change.issuedAt],
  ['text', row => row.issued?.change.day],
  ['text', row => row.issued?.change.validFrom],
  ['text', row => row.issued?.change.validTo],
  ['text', row => row.print?.change.evidence ?? 'queued'],
  ['int8', row => row.print?.from.epoch],
  ['int8', row => row.print?.from.seq],
  ['text', row => row.voided?.at],
  ['text', row => row.voided?.reason],
];

const isIssued = 'coupon.offer IS NULL AND excluded.offer IS NOT NULL';
const isPrintedLater = `excluded.print_seq IS NOT NULL AND (coupon.print_seq IS NULL
  OR (coupon.print_epoch, coupon.print_seq) < (excluded.print_epoch, excluded.print_seq))`;
const isVoided = 'coupon.voided_at IS NULL AND excluded.voided_at IS NOT NULL';

const COUPONS = `
INSERT INTO coupon (serial, store, till, offer, variant, title, member, sale_id, issued_at, day, valid_from, valid_to,
  print, print_epoch, print_seq, voided_at, void_reason)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::int8[], $15::int8[], $16::text[], $17::text[])
ON CONFLICT (serial) DO UPDATE SET
  ${setWhere('coupon', isIssued, ['store', 'till', 'offer', 'variant', 'title', 'member', 'sale_id', 'issued_at', 'day', 'valid_from', 'valid_to'])},
  ${setWhere('coupon', isPrintedLater, ['print', 'print_epoch', 'print_seq'])},
  ${setWhere('coupon', isVoided, ['voided_at', 'void_reason'])}
WHERE (${isIssued}) OR (${isPrintedLater}) OR (${isVoided})`;

const ISSUED_IN = `
SELECT store, till, sale_id AS "saleId" FROM coupon WHERE serial = ANY ($1::text[]) AND sale_id IS NOT NULL`;

const redemptionColumns: Columns<Sourced<'redemption'>> = [
  ['text', row => row.from.store],
  ['text', row => row.from.till],
  ['text', row => row.change.saleId],
  ['text', row => row.change.serial],
  ['text', row => row.change.offer],
  ['text', row => row.change.at],
  ['int8', row => row.change.amount],
];

const REDEMPTIONS = `
INSERT INTO redemption (store, till, sale_id, serial, offer, at, amount)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int8[])
ON CONFLICT DO NOTHING`;

const suppressedColumns: Columns<Sourced<'suppressed'>> = [
  ['text', row => row.from.store],
  ['text', row => row.from.till],
  ['text', row => row.change.saleId],
  ['text', row => row.change.offer],
  ['text', row => row.change.variant],
  ['text', row => row.change.at],
  ['text', row => row.change.day],
  ['text', row => row.change.member],
];

const SUPPRESSED = `
INSERT INTO suppressed (store, till, sale_id, offer, variant, at, day, member)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
ON CONFLICT DO NOTHING`;

const pointsColumns: Columns<PointsRow> = [
  ['text', row => row.id],
  ['text', row => row.change.member],
  ['text', row => row.from.store],
  ['text', row => row.from.till],
  ['text', row => row.change.saleId],
  ['int8', row => row.change.delta],
  ['int8', row => row.change.balance],
  ['text', row => row.change.at],
];

const POINTS = `
INSERT INTO points (id, member, store, till, sale_id, delta, balance, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::int8[], $8::text[])
ON CONFLICT DO NOTHING`;
