/** What the till knows of its members beyond their snapshot: points, purchases, and what counts towards caps. */
import type { BoughtProduct } from '../offers/types.ts';
import type { Database } from './database.ts';

export type UsageRow = {
  readonly offer: string;
  readonly kind: 'issued' | 'applied';
  /** Serial, or sale and place within it: the same fact heard twice counts once. */
  readonly key: string;
  readonly till: string;
  readonly saleId: string;
  readonly memberId: string | null;
  readonly household: string | null;
  readonly atMs: number;
};

export type PurchaseRow = {
  readonly memberId: string;
  readonly atMs: number;
  readonly till: string;
  readonly saleId: string;
  readonly lineId: string;
  readonly at: string;
  readonly gtin: string | null;
  readonly category: string | null;
  readonly brand: string | null;
};

export type PointsRow = {
  readonly eventId: string;
  readonly memberId: string;
  readonly points: number;
  /** Tier after the change. */
  readonly tier: string | null;
  readonly atMs: number;
  readonly till: string;
  readonly saleId: string;
};

export interface Ledger {
  addUsage(row: UsageRow): void;
  removeUsage(offer: string, kind: UsageRow['kind'], key: string): void;
  removeUsageOfSale(saleId: string, till: string): void;
  /** False if nothing of this offer was ever counted; spares the queries below. */
  everUsed(offer: string): boolean;
  /** Uses from `fromMs` to `toMs`, both included. */
  usage(offer: string, kind: UsageRow['kind'], fromMs: number, toMs: number): number;
  usageOfMember(memberId: string, offer: string, kind: UsageRow['kind'], fromMs: number, toMs: number): number;
  usageOfHousehold(household: string, offer: string, kind: UsageRow['kind'], fromMs: number, toMs: number): number;
  addPurchase(row: PurchaseRow): void;
  removePurchases(saleId: string, till: string): void;
  purchases(memberId: string, sinceMs: number): readonly BoughtProduct[];
  addPoints(row: PointsRow): void;
  /** Points since the snapshot was taken, and the tier that the last change led to. */
  pointsSince(memberId: string, afterMs: number): { points: number; tier: string | null };
  prune(beforeMs: number): void;
  /** Takes everything of a member out, as an erasure asks. */
  erase(memberId: string): void;
}

const ADD_USAGE = `INSERT INTO usage (offer, kind, key, till, sale_id, member_id, household, at_ms)
  VALUES (@offer, @kind, @key, @till, @saleId, @memberId, @household, @atMs) ON CONFLICT DO NOTHING`;
const REMOVE_USAGE = 'DELETE FROM usage WHERE offer = ? AND kind = ? AND key = ?';
const REMOVE_SALE_USAGE = 'DELETE FROM usage WHERE sale_id = ? AND till = ?';
const USED = 'SELECT DISTINCT offer FROM usage';
const USAGE = 'SELECT count(*) FROM usage WHERE offer = ? AND kind = ? AND at_ms BETWEEN ? AND ?';
const USAGE_MEMBER = `${USAGE} AND member_id = ?`;
const USAGE_HOUSEHOLD = `${USAGE} AND household = ?`;
const ADD_PURCHASE = `INSERT INTO purchase (member_id, at_ms, till, sale_id, line_id, at, gtin, category, brand)
  VALUES (@memberId, @atMs, @till, @saleId, @lineId, @at, @gtin, @category, @brand) ON CONFLICT DO NOTHING`;
const REMOVE_PURCHASES = 'DELETE FROM purchase WHERE sale_id = ? AND till = ?';
// Two tills may count their sales alike.
const PURCHASES = `SELECT till || '/' || sale_id AS saleId, at, gtin, category, brand FROM purchase
  WHERE member_id = ? AND at_ms >= ? ORDER BY at_ms`;
const ADD_POINTS = `INSERT INTO points_change (event_id, member_id, points, tier, at_ms, till, sale_id)
  VALUES (@eventId, @memberId, @points, @tier, @atMs, @till, @saleId) ON CONFLICT DO NOTHING`;
const POINTS = 'SELECT coalesce(sum(points), 0) FROM points_change WHERE member_id = ? AND at_ms > ?';
const TIER = `SELECT tier FROM points_change WHERE member_id = ? AND at_ms > ? AND tier IS NOT NULL
  ORDER BY at_ms DESC, rowid DESC LIMIT 1`;
const PRUNE = ['DELETE FROM usage WHERE at_ms < ?', 'DELETE FROM purchase WHERE at_ms < ?'];
const ERASE = [
  'DELETE FROM purchase WHERE member_id = ?',
  'DELETE FROM points_change WHERE member_id = ?',
  'UPDATE usage SET member_id = NULL, household = NULL WHERE member_id = ?',
  'UPDATE coupon SET member_id = NULL, household = NULL WHERE member_id = ?',
  // Bound to the member alone: nobody can show that it is his any more.
  "UPDATE coupon SET bound_to = '#erased' WHERE bound_to = ?",
  'UPDATE sale SET member_id = NULL, document = NULL WHERE member_id = ?',
];

type RawBought = { saleId: string; at: string; gtin: string | null; category: string | null; brand: string | null };

export function createLedger(database: Database): Ledger {
  const addUsage = database.prepare<[UsageRow]>(ADD_USAGE);
  const removeUsage = database.prepare<[string, string, string]>(REMOVE_USAGE);
  const removeSaleUsage = database.prepare<[string, string]>(REMOVE_SALE_USAGE);
  const usage = database.prepare<[string, string, number, number], number>(USAGE).pluck();
  const usageMember = database.prepare<[string, string, number, number, string], number>(USAGE_MEMBER).pluck();
  const usageHousehold = database.prepare<[string, string, number, number, string], number>(USAGE_HOUSEHOLD).pluck();
  const addPurchase = database.prepare<[PurchaseRow]>(ADD_PURCHASE);
  const removePurchases = database.prepare<[string, string]>(REMOVE_PURCHASES);
  const purchases = database.prepare<[string, number], RawBought>(PURCHASES);
  const addPoints = database.prepare<[PointsRow]>(ADD_POINTS);
  const points = database.prepare<[string, number], number>(POINTS).pluck();
  const tier = database.prepare<[string, number], string>(TIER).pluck();
  const prune = PRUNE.map(sql => database.prepare<[number]>(sql));
  const erase = ERASE.map(sql => database.prepare<[string]>(sql));
  const used = new Set(database.prepare<[], string>(USED).pluck().all());
  return {
    addUsage(row) {
      addUsage.run(row);
      used.add(row.offer);
    },
    everUsed: offer => used.has(offer),
    removeUsage: (offer, kind, key) => void removeUsage.run(offer, kind, key),
    removeUsageOfSale: (saleId, till) => void removeSaleUsage.run(saleId, till),
    usage: (offer, kind, from, to) => usage.get(offer, kind, from, to) ?? 0,
    usageOfMember: (memberId, offer, kind, from, to) => usageMember.get(offer, kind, from, to, memberId) ?? 0,
    usageOfHousehold: (household, offer, kind, from, to) => usageHousehold.get(offer, kind, from, to, household) ?? 0,
    addPurchase: row => void addPurchase.run(row),
    removePurchases: (saleId, till) => void removePurchases.run(saleId, till),
    purchases: (memberId, sinceMs) => purchases.all(memberId, sinceMs).map(bought),
    addPoints: row => void addPoints.run(row),
    pointsSince: (memberId, afterMs) => ({
      points: points.get(memberId, afterMs) ?? 0,
      tier: tier.get(memberId, afterMs) ?? null,
    }),
    prune(beforeMs) {
      for (const statement of prune) statement.run(beforeMs);
    },
    erase(memberId) {
      for (const statement of erase) statement.run(memberId);
    },
  };
}

function bought(raw: RawBought): BoughtProduct {
  return {
    saleId: raw.saleId,
    at: raw.at,
    ...(raw.gtin === null ? {} : { gtin: raw.gtin }),
    ...(raw.category === null ? {} : { category: raw.category }),
    ...(raw.brand === null ? {} : { brand: raw.brand }),
  };
}
