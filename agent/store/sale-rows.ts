/** Sales of this till, open ones too, so that a restart goes on where the cashier was; and the coupons presented in them. */
import type { SaleLine } from '../offers/types.ts';
import type { Database } from './database.ts';

/** A line as the POS gave it; `name` is for people. */
export type BasketLine = SaleLine & { readonly name?: string };

export type SaleRow = {
  readonly saleId: string;
  readonly state: 'open' | 'completed' | 'voided';
  readonly startedAt: string;
  readonly cashier: string | null;
  readonly lines: readonly BasketLine[];
  readonly memberId: string | null;
  readonly completedAt: string | null;
  readonly completedMs: number | null;
  /** Digest of the completing request; a repeat with another one is a conflict. */
  readonly request: string | null;
  readonly posTotal: number | null;
  readonly voidedAt: string | null;
};

export type CompletedSale = {
  readonly saleId: string;
  readonly completedAt: string;
  readonly completedMs: number;
  readonly request: string;
  readonly posTotal: number;
  /** JSON: what was decided on, what was decided, which serials came of it. */
  readonly document: string;
  readonly decision: string;
  readonly serials: readonly string[];
};

export type PresentedRow = {
  readonly saleId: string;
  readonly serial: string;
  readonly at: string;
  readonly atMs: number;
  /** False where only the token vouches for the coupon: nobody could be asked. */
  readonly verified: boolean;
};

export interface SaleRows {
  get(saleId: string): SaleRow | null;
  /** The open sale that was touched last, at or after `sinceMs`. */
  current(sinceMs: number): SaleRow | null;
  /** Coupons in open sales that nobody has touched since `beforeMs`. */
  presentedInStale(beforeMs: number): readonly PresentedRow[];
  put(sale: {
    saleId: string;
    startedAt: string;
    cashier: string | null;
    lines: readonly BasketLine[];
    now: number;
  }): void;
  attachMember(saleId: string, memberId: string, now: number): void;
  complete(sale: CompletedSale): void;
  /** The decision's JSON, the document's, and the serials; null while open. */
  outcome(saleId: string): { document: string; decision: string; serials: readonly string[] } | null;
  void(saleId: string, at: string): void;
  present(row: PresentedRow): void;
  /** In the order in which they were handed over. */
  presented(saleId: string): readonly PresentedRow[];
  unpresent(saleId: string, serial: string): void;
  /** The open sale of this till that holds the coupon. */
  holder(serial: string): PresentedRow | null;
  goodsReturn(returnId: string): { saleId: string; request: string; answer: string } | null;
  goodsReturns(saleId: string): readonly string[];
  addGoodsReturn(row: { returnId: string; saleId: string; request: string; answer: string; at: string }): void;
  prune(beforeMs: number): number;
}

type RawSale = Omit<SaleRow, 'lines'> & { readonly lines: string };
type RawPresented = Omit<PresentedRow, 'verified'> & { readonly verified: number };

const COLUMNS = `sale_id AS saleId, state, started_at AS startedAt, cashier, lines, member_id AS memberId,
  completed_at AS completedAt, completed_ms AS completedMs, request, pos_total AS posTotal, voided_at AS voidedAt`;
const GET = `SELECT ${COLUMNS} FROM sale WHERE sale_id = ?`;
const CURRENT = `SELECT ${COLUMNS} FROM sale WHERE state = 'open' AND touched_ms >= ?
  ORDER BY touched_ms DESC, rowid DESC LIMIT 1`;
const PUT = `INSERT INTO sale (sale_id, state, started_at, cashier, lines, touched_ms) VALUES (?, 'open', ?, ?, ?, ?)
  ON CONFLICT (sale_id) DO UPDATE SET started_at = excluded.started_at, cashier = excluded.cashier,
    lines = excluded.lines, touched_ms = excluded.touched_ms`;
const ATTACH = 'UPDATE sale SET member_id = ?, touched_ms = ? WHERE sale_id = ?';
const COMPLETE = `UPDATE sale SET state = 'completed', completed_at = ?, completed_ms = ?, request = ?, pos_total = ?,
  document = ?, decision = ?, serials = ? WHERE sale_id = ?`;
const OUTCOME = 'SELECT document, decision, serials FROM sale WHERE sale_id = ? AND decision IS NOT NULL';
const VOID = "UPDATE sale SET state = 'voided', voided_at = ? WHERE sale_id = ?";
const PRESENT = `INSERT INTO presented (sale_id, position, serial, at, at_ms, verified)
  VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM presented WHERE sale_id = ?), ?, ?, ?, ?)
  ON CONFLICT (sale_id, serial) DO NOTHING`;
const PRESENTED = `SELECT sale_id AS saleId, serial, at, at_ms AS atMs, verified FROM presented
  WHERE sale_id = ? ORDER BY position`;
const UNPRESENT = 'DELETE FROM presented WHERE sale_id = ? AND serial = ?';
const HOLDER = `SELECT p.sale_id AS saleId, p.serial, p.at, p.at_ms AS atMs, p.verified FROM presented p
  JOIN sale s ON s.sale_id = p.sale_id WHERE p.serial = ? AND s.state = 'open' LIMIT 1`;
const STALE = `SELECT p.sale_id AS saleId, p.serial, p.at, p.at_ms AS atMs, p.verified FROM presented p
  JOIN sale s ON s.sale_id = p.sale_id WHERE s.state = 'open' AND s.touched_ms < ?`;
const RETURN = 'SELECT sale_id AS saleId, request, answer FROM goods_return WHERE return_id = ?';
const RETURNS = 'SELECT answer FROM goods_return WHERE sale_id = ? ORDER BY rowid';
const ADD_RETURN = 'INSERT INTO goods_return (return_id, sale_id, request, answer, at) VALUES (?, ?, ?, ?, ?)';
const PRUNE = `DELETE FROM sale WHERE sale_id NOT IN (SELECT sale_id FROM goods_return)
  AND coalesce(completed_ms, touched_ms) < ?`;

export function createSaleRows(database: Database): SaleRows {
  const get = database.prepare<[string], RawSale>(GET);
  const current = database.prepare<[number], RawSale>(CURRENT);
  const put = database.prepare<[string, string, string | null, string, number]>(PUT);
  const attach = database.prepare<[string, number, string]>(ATTACH);
  const complete = database.prepare<[string, number, string, number, string, string, string, string]>(COMPLETE);
  const outcome = database.prepare<[string], { document: string; decision: string; serials: string }>(OUTCOME);
  const voidSale = database.prepare<[string, string]>(VOID);
  const present = database.prepare<[string, string, string, string, number, number]>(PRESENT);
  const presented = database.prepare<[string], RawPresented>(PRESENTED);
  const unpresent = database.prepare<[string, string]>(UNPRESENT);
  const holder = database.prepare<[string], RawPresented>(HOLDER);
  const stale = database.prepare<[number], RawPresented>(STALE);
  const goodsReturn = database.prepare<[string], { saleId: string; request: string; answer: string }>(RETURN);
  const goodsReturns = database.prepare<[string], string>(RETURNS).pluck();
  const addReturn = database.prepare<[string, string, string, string, string]>(ADD_RETURN);
  const prune = database.prepare<[number]>(PRUNE);

  return {
    get: saleId => saleRow(get.get(saleId)),
    current: sinceMs => saleRow(current.get(sinceMs)),
    presentedInStale: beforeMs => stale.all(beforeMs).map(presentedRow),
    put: sale => void put.run(sale.saleId, sale.startedAt, sale.cashier, JSON.stringify(sale.lines), sale.now),
    attachMember: (saleId, memberId, now) => void attach.run(memberId, now, saleId),
    complete(sale) {
      complete.run(
        sale.completedAt,
        sale.completedMs,
        sale.request,
        sale.posTotal,
        sale.document,
        sale.decision,
        JSON.stringify(sale.serials),
        sale.saleId,
      );
    },
    outcome(saleId) {
      const row = outcome.get(saleId);
      return row === undefined ? null : { ...row, serials: JSON.parse(row.serials) as string[] };
    },
    void: (saleId, at) => void voidSale.run(at, saleId),
    present(row) {
      present.run(row.saleId, row.saleId, row.serial, row.at, row.atMs, row.verified ? 1 : 0);
    },
    presented: saleId => presented.all(saleId).map(presentedRow),
    unpresent: (saleId, serial) => void unpresent.run(saleId, serial),
    holder(serial) {
      const row = holder.get(serial);
      return row === undefined ? null : presentedRow(row);
    },
    goodsReturn: returnId => goodsReturn.get(returnId) ?? null,
    goodsReturns: saleId => goodsReturns.all(saleId),
    addGoodsReturn: row => void addReturn.run(row.returnId, row.saleId, row.request, row.answer, row.at),
    prune: beforeMs => prune.run(beforeMs).changes,
  };
}

function saleRow(raw: RawSale | undefined): SaleRow | null {
  return raw === undefined ? null : { ...raw, lines: JSON.parse(raw.lines) as BasketLine[] };
}

function presentedRow(raw: RawPresented): PresentedRow {
  return { ...raw, verified: raw.verified === 1 };
}
