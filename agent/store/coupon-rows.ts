/** Coupons by serial, with their life cycle; the rules of who may go from where to where are in agent/coupons. */
import type { PrintState } from '../api/wire.ts';
import type { CouponHistory } from '../offers/types.ts';
import type { Database } from './database.ts';

export type CouponState = 'issued' | 'reserved' | 'redeemed' | 'voided' | 'expired';

export type CouponRow = {
  readonly serial: string;
  readonly offer: string;
  readonly variant: string | null;
  readonly title: string;
  /** Contact class. */
  readonly class: string | null;
  /** Till that issued it; null where only its token is known. */
  readonly till: string | null;
  readonly saleId: string | null;
  readonly memberId: string | null;
  /** The member's household at issue. */
  readonly household: string | null;
  /** Household that it is bound to or, without one, the member; null: bearer, or known by its token only. */
  readonly boundTo: string | null;
  /** Keyed hash of `boundTo` as it stands in the token; null: bearer. */
  readonly binding: string | null;
  readonly validFrom: string;
  readonly validTo: string;
  readonly issuedAt: string | null;
  readonly issuedMs: number | null;
  /** First millisecond at which it is over. */
  readonly expiresMs: number;
  readonly state: CouponState;
  readonly print: PrintState;
  readonly redeemedAt: string | null;
  readonly redeemedMs: number | null;
  readonly redeemedTill: string | null;
  readonly redeemedSale: string | null;
  readonly voidReason: string | null;
  readonly replacedBy: string | null;
  readonly reprints: number;
};

export type NewCoupon = Omit<
  CouponRow,
  'redeemedAt' | 'redeemedMs' | 'redeemedTill' | 'redeemedSale' | 'voidReason' | 'replacedBy' | 'reprints'
>;

export interface CouponRows {
  get(serial: string): CouponRow | null;
  /** Those whose serials lie between, as text: `from` included, `to` not. */
  within(range: { readonly from: string; readonly to: string }): readonly CouponRow[];
  /** False if the serial is taken already. */
  add(coupon: NewCoupon): boolean;
  /** Fills in what a token could not tell, once the issuing till's fact arrives. */
  complete(coupon: NewCoupon): void;
  reserve(serial: string): void;
  /** Reserved → issued. */
  release(serial: string): void;
  /** Keeps every redemption; of several the earliest one shows, of the same instant that of the lower till. */
  redeem(serial: string, by: { at: string; atMs: number; till: string; saleId: string }): void;
  /** Takes one redemption back: to the next that stands or, after the last, to issued (voided, if revoked meanwhile). */
  reopen(serial: string, till: string, saleId: string): CouponState;
  /** Whether it is free again once its one redemption is taken back. */
  comesBack(serial: string): boolean;
  /** A coupon that is spent already is void, for this reason, should its redemption be taken back. */
  revoke(serial: string, reason: string): void;
  void(serial: string, reason: string): void;
  replacedBy(serial: string, successor: string): void;
  print(serial: string, state: PrintState): void;
  reprinted(serial: string): void;
  ofSale(saleId: string, till: string): readonly CouponRow[];
  redeemedIn(saleId: string, till: string): readonly CouponRow[];
  /** For the evaluator, oldest first, voided ones left out. */
  historyOfMember(memberId: string, sinceMs: number): readonly CouponHistory[];
  /** Those of the household's other members. */
  historyOfHousehold(household: string, exceptMember: string, sinceMs: number): readonly CouponHistory[];
  /** Issued ones whose time is over become expired; returns their serials. */
  expire(nowMs: number): readonly string[];
  /** Reserved ones that no open sale holds, as after a crash between two programs' versions. */
  releaseStray(): number;
  prune(beforeMs: number): number;
}

const COLUMNS = `serial, offer, variant, title, class, till, sale_id AS saleId, member_id AS memberId, household,
  bound_to AS boundTo, binding, valid_from AS validFrom, valid_to AS validTo, issued_at AS issuedAt, issued_ms AS issuedMs, expires_ms AS expiresMs,
  state, print, redeemed_at AS redeemedAt, redeemed_ms AS redeemedMs, redeemed_till AS redeemedTill,
  redeemed_sale AS redeemedSale, void_reason AS voidReason, replaced_by AS replacedBy, reprints`;
const GET = `SELECT ${COLUMNS} FROM coupon WHERE serial = ?`;
const WITHIN = `SELECT ${COLUMNS} FROM coupon WHERE serial >= ? AND serial < ? ORDER BY serial`;
const ADD = `INSERT INTO coupon (serial, offer, variant, title, class, till, sale_id, member_id, household, bound_to, binding,
    valid_from, valid_to, issued_at, issued_ms, expires_ms, state, print)
  VALUES (@serial, @offer, @variant, @title, @class, @till, @saleId, @memberId, @household, @boundTo, @binding,
    @validFrom, @validTo, @issuedAt, @issuedMs, @expiresMs, @state, @print)
  ON CONFLICT (serial) DO NOTHING`;
const COMPLETE = `UPDATE coupon SET offer = @offer, variant = @variant, title = @title, class = @class, till = @till,
    sale_id = @saleId, member_id = @memberId, household = @household, bound_to = @boundTo, binding = @binding, valid_from = @validFrom,
    valid_to = @validTo, issued_at = @issuedAt, issued_ms = @issuedMs, expires_ms = @expiresMs
  WHERE serial = @serial AND till IS NULL`;
const RESERVE = "UPDATE coupon SET state = 'reserved' WHERE serial = ? AND state = 'issued'";
const RELEASE = "UPDATE coupon SET state = 'issued' WHERE serial = ? AND state = 'reserved'";
const ADD_REDEMPTION = `INSERT INTO redemption (serial, till, sale_id, at, at_ms)
  VALUES (@serial, @till, @saleId, @at, @atMs) ON CONFLICT DO NOTHING`;
const REMOVE_REDEMPTION = 'DELETE FROM redemption WHERE serial = ? AND till = ? AND sale_id = ?';
const FIRST_REDEMPTION = `SELECT serial, till, sale_id AS saleId, at, at_ms AS atMs FROM redemption
  WHERE serial = ? ORDER BY at_ms, till, sale_id LIMIT 1`;
const REDEEM = `UPDATE coupon SET state = 'redeemed', redeemed_at = @at, redeemed_ms = @atMs, redeemed_till = @till,
  redeemed_sale = @saleId, void_reason = NULL WHERE serial = @serial`;
const REOPEN = `UPDATE coupon SET state = iif(revoked IS NULL, 'issued', 'voided'), void_reason = revoked,
  redeemed_at = NULL, redeemed_ms = NULL, redeemed_till = NULL, redeemed_sale = NULL
  WHERE serial = ? AND state = 'redeemed'`;
const COMES_BACK = `SELECT revoked IS NULL AND (SELECT count(*) FROM redemption r WHERE r.serial = coupon.serial) = 1
  FROM coupon WHERE serial = ?`;
const REVOKE = 'UPDATE coupon SET revoked = coalesce(revoked, ?) WHERE serial = ?';
const VOID = `UPDATE coupon SET state = 'voided', void_reason = ? WHERE serial = ?
  AND state IN ('issued', 'reserved', 'expired')`;
const REPLACED = 'UPDATE coupon SET replaced_by = ? WHERE serial = ?';
const PRINT = 'UPDATE coupon SET print = ? WHERE serial = ?';
const REPRINTED = 'UPDATE coupon SET reprints = reprints + 1 WHERE serial = ?';
const OF_SALE = `SELECT ${COLUMNS} FROM coupon WHERE sale_id = ? AND till = ? ORDER BY issued_ms, rowid`;
const REDEEMED_IN = `SELECT ${COLUMNS} FROM coupon
  WHERE serial IN (SELECT r.serial FROM redemption r WHERE r.sale_id = ? AND r.till = ?) ORDER BY rowid`;
const HISTORY = 'offer, serial, issued_at AS issuedAt, expires_ms AS expiresMs, redeemed_at AS redeemedAt, class';
const OF_MEMBER = `SELECT ${HISTORY} FROM coupon WHERE member_id = ? AND issued_ms >= ? AND state <> 'voided'
  ORDER BY issued_ms, rowid`;
const OF_HOUSEHOLD = `SELECT ${HISTORY} FROM coupon WHERE household = ? AND issued_ms >= ? AND state <> 'voided'
  AND member_id IS NOT NULL AND member_id <> ? ORDER BY issued_ms, rowid`;
const EXPIRE = `UPDATE coupon SET state = 'expired' WHERE state = 'issued' AND expires_ms <= ? AND serial NOT IN
  (SELECT p.serial FROM presented p JOIN sale s ON s.sale_id = p.sale_id WHERE s.state = 'open') RETURNING serial`;
const RELEASE_STRAY = `UPDATE coupon SET state = 'issued' WHERE state = 'reserved' AND serial NOT IN
  (SELECT p.serial FROM presented p JOIN sale s ON s.sale_id = p.sale_id WHERE s.state = 'open')`;
const PRUNE = `DELETE FROM coupon WHERE expires_ms < ? AND state <> 'reserved'
  AND serial NOT IN (SELECT serial FROM presented) AND serial NOT IN (SELECT serial FROM print_job)`;

const PRUNE_REDEMPTIONS = 'DELETE FROM redemption WHERE serial NOT IN (SELECT serial FROM coupon)';

type Redemption = { serial: string; at: string; atMs: number; till: string; saleId: string };
type RawHistory = {
  offer: string;
  serial: string;
  issuedAt: string;
  expiresMs: number;
  redeemedAt: string | null;
  class: string | null;
};

export function createCouponRows(database: Database): CouponRows {
  const get = database.prepare<[string], CouponRow>(GET);
  const within = database.prepare<[string, string], CouponRow>(WITHIN);
  const add = database.prepare<[NewCoupon]>(ADD);
  const complete = database.prepare<[NewCoupon]>(COMPLETE);
  const reserve = database.prepare<[string]>(RESERVE);
  const release = database.prepare<[string]>(RELEASE);
  const addRedemption = database.prepare<[Redemption]>(ADD_REDEMPTION);
  const removeRedemption = database.prepare<[string, string, string]>(REMOVE_REDEMPTION);
  const firstRedemption = database.prepare<[string], Redemption>(FIRST_REDEMPTION);
  const redeem = database.prepare<[Redemption]>(REDEEM);
  const comesBack = database.prepare<[string], number>(COMES_BACK).pluck();
  const revoke = database.prepare<[string, string]>(REVOKE);
  const pruneRedemptions = database.prepare<[]>(PRUNE_REDEMPTIONS);
  const reopen = database.prepare<[string]>(REOPEN);
  const voidCoupon = database.prepare<[string, string]>(VOID);
  const replaced = database.prepare<[string, string]>(REPLACED);
  const print = database.prepare<[string, string]>(PRINT);
  const reprinted = database.prepare<[string]>(REPRINTED);
  const ofSale = database.prepare<[string, string], CouponRow>(OF_SALE);
  const redeemedIn = database.prepare<[string, string], CouponRow>(REDEEMED_IN);
  const ofMember = database.prepare<[string, number], RawHistory>(OF_MEMBER);
  const ofHousehold = database.prepare<[string, number, string], RawHistory>(OF_HOUSEHOLD);
  const expire = database.prepare<[number], string>(EXPIRE).pluck();
  const releaseStray = database.prepare<[]>(RELEASE_STRAY);
  const prune = database.prepare<[number]>(PRUNE);

  return {
    get: serial => get.get(serial) ?? null,
    within: ({ from, to }) => within.all(from, to),
    add: coupon => add.run(coupon).changes === 1,
    complete: coupon => void complete.run(coupon),
    reserve: serial => void reserve.run(serial),
    release: serial => void release.run(serial),
    redeem(serial, by) {
      addRedemption.run({ serial, ...by });
      redeem.run(firstRedemption.get(serial) ?? { serial, ...by });
    },
    reopen(serial, till, saleId) {
      removeRedemption.run(serial, till, saleId);
      const standing = firstRedemption.get(serial);
      if (standing === undefined) reopen.run(serial);
      else redeem.run(standing);
      return get.get(serial)?.state ?? 'issued';
    },
    comesBack: serial => comesBack.get(serial) === 1,
    revoke: (serial, reason) => void revoke.run(reason, serial),
    void: (serial, reason) => void voidCoupon.run(reason, serial),
    replacedBy: (serial, successor) => void replaced.run(successor, serial),
    print: (serial, state) => void print.run(state, serial),
    reprinted: serial => void reprinted.run(serial),
    ofSale: (saleId, till) => ofSale.all(saleId, till),
    redeemedIn: (saleId, till) => redeemedIn.all(saleId, till),
    historyOfMember: (memberId, sinceMs) => ofMember.all(memberId, sinceMs).map(history),
    historyOfHousehold: (household, except, sinceMs) => ofHousehold.all(household, sinceMs, except).map(history),
    expire: nowMs => expire.all(nowMs),
    releaseStray: () => releaseStray.run().changes,
    prune(beforeMs) {
      const { changes } = prune.run(beforeMs);
      if (changes > 0) pruneRedemptions.run();
      return changes;
    },
  };
}

function history(raw: RawHistory): CouponHistory {
  const { expiresMs, class: contactClass, ...rest } = raw;
  return {
    ...rest,
    // The contract's coupon expires just after `expiresAt`; the row holds the first millisecond after.
    expiresAt: new Date(expiresMs - 1).toISOString(),
    ...(contactClass === null ? {} : { class: contactClass }),
  };
}
