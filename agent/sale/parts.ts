/** What the sale is made of; given once, by createSales. */
import type { Clock } from '../../clock.ts';
import type { WeighedPrefix } from '../../drivers/scanner/codes.ts';
import type { Claims, CouponBook, Leases, Tokens } from '../coupons/index.ts';
import type { AskMember } from '../ports.ts';
import type { Catalogue, Members, Store } from '../store/index.ts';
import type { ActiveBundle } from './active-bundle.ts';
import type { Ahead } from './ahead.ts';
import type { Announcer } from './announcer.ts';

export type SaleParts = {
  readonly store: Store;
  readonly members: Members;
  readonly catalogue: Catalogue | null;
  readonly bundles: ActiveBundle;
  readonly ahead: Ahead;
  readonly book: CouponBook;
  readonly claims: Claims;
  readonly leases: Leases;
  readonly tokens: Tokens;
  readonly clock: Clock;
  /** Codes that the store's scales print. */
  readonly weighed: readonly WeighedPrefix[];
  /** While no bundle says it. */
  readonly currency: string;
  readonly announcer: Announcer;
  /** HQ, for a card that is not in the snapshot; answers null in time if it can't. */
  readonly askMember: AskMember | null;
  /** True if HQ or the store knows the coupon and it is free; null if nobody could be asked. */
  readonly askCoupon: ((serial: string) => Promise<boolean | null>) | null;
  /** Something was queued for print or taken out of the queue. */
  readonly wakePrinter: () => void;
  readonly onFault: (error: unknown) => void;
};
