/** The till's store: the only SQL on the till. */
export type { BundleRow, BundleRows } from './bundle-rows.ts';
export { type Catalogue, createCatalogue, loadCatalogue, type Product } from './catalogue.ts';
export type { CouponRow, CouponRows, CouponState, NewCoupon } from './coupon-rows.ts';
export { type Random, systemRandom, uuidV7 } from './ids.ts';
export type { LeaseRow, LeaseRows, UnitRow } from './lease-rows.ts';
export type { Ledger } from './ledger.ts';
export {
  asEvaluated,
  factsOf,
  isDamage,
  type MemberRecord,
  type Members,
  type NewMember,
  openMembers,
} from './members.ts';
export { removeMembersFile } from './members-file.ts';
export type { Target } from './members-jobs.ts';
export { type BundleRef, eventHash, type Outbox } from './outbox.ts';
export type { PeerReservation } from './peer-rows.ts';
export type { JobState, PrintJobRow, PrintJournal } from './print-journal.ts';
export type { BasketLine, PresentedRow, SaleRow } from './sale-rows.ts';
export type { Settings } from './settings.ts';
export { openStore, type Store, type StoreOptions } from './store.ts';
