/**
 * The bodies of events, as tills write and HQ reads them. Schemas only grow: a field may be added, none changes its
 * meaning. Money is minor units, instants RFC 3339, dates local. Members appear by their id (a keyed hash), never by name.
 */

export interface SaleCompletedBody {
  readonly saleId: string;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly cashier?: string;
  readonly member: string | null;
  readonly household?: string | null;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly total: { readonly initial: number; readonly discount: number; readonly net: number };
  /** Applications as the decision lists them. */
  readonly applied: readonly unknown[];
  readonly points: { readonly earned: number; readonly balance: number } | null;
  readonly tenders?: readonly { readonly type: string; readonly amount: number }[];
}

export interface SaleVoidedBody {
  readonly saleId: string;
}

export interface CouponIssuedBody {
  readonly serial: string;
  readonly offer: string;
  readonly variant: string | null;
  readonly saleId: string;
  readonly issuedAt: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly title?: string;
  readonly member?: string | null;
  readonly household?: string | null;
  /** Serial of the coupon in whose place it was printed. */
  readonly replaces?: string | null;
}

export interface CouponPrintedBody {
  readonly serial: string;
  /** confirmed, fenced, sent, unknown, failed (devices.md, section 1). */
  readonly evidence: string;
}

export interface CouponVoidedBody {
  readonly serial: string;
  readonly reason: string;
  readonly replacedBy?: string | null;
}

export interface CouponRedeemedBody {
  readonly serial: string;
  readonly offer: string;
  readonly saleId: string;
  readonly amount?: number;
}

/** Held out: chosen, and not printed. */
export interface CouponSuppressedBody {
  readonly offer: string;
  readonly variant?: string | null;
  readonly saleId: string;
  readonly member?: string | null;
}

export interface PointsChangedBody {
  readonly member: string;
  readonly saleId: string;
  readonly delta: number;
  readonly balance: number;
}

export interface BundleActivatedBody {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
}

export interface BundleRejectedBody {
  readonly id: string;
  readonly version: number;
  readonly code: string;
  readonly message: string;
}
