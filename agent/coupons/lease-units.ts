/**
 * Units of global caps as coupons and applications use them up, each step with the event that tells HQ how a lease stands.
 * Everything here runs inside the transaction of the fact that it belongs to.
 */
import { instant } from '../../clock.ts';
import type { LeaseUsedBody } from '../../sync/protocol/lease.ts';
import type { LeaseRow, Store, UnitRow } from '../store/index.ts';

export type UnitOrder = {
  readonly offer: string;
  readonly key: string;
  readonly kind: UnitRow['kind'];
  readonly saleId: string;
  /** Date of the sale. */
  readonly atMs: number;
};

/** May a sale of this date use it, by the till's own clock too? A clock that was set back makes no lease live again that was closed. */
export const isLive = (lease: LeaseRow, atMs: number, nowMs: number): boolean =>
  lease.open === 1 && atMs >= lease.fromMs && Math.max(atMs, nowMs) < lease.untilMs;

export const unspent = ({ units, used, returned }: LeaseRow): number => units - used - returned;

/** Takes a unit of the lease that ends first. False: the till has none for this date. */
export function spendUnit(store: Store, order: UnitOrder): boolean {
  const now = store.clock.now();
  const lease = store.leases
    .open()
    .find(one => one.offer === order.offer && unspent(one) > 0 && isLive(one, order.atMs, now));
  if (lease === undefined) return false;
  const { offer, key, kind, saleId, atMs } = order;
  store.leases.spend({ offer, key, kind, saleId, number: lease.number, spentMs: now }, atMs);
  tellLease(store, lease.number);
  return true;
}

/** Gives the unit of a coupon or application back, if it has one. */
export function freeUnit(store: Store, offer: string, key: string): void {
  const unit = store.leases.unit(offer, key);
  if (unit === null || unit.freed === 1) return;
  store.leases.free(offer, key);
  tellLease(store, unit.number);
}

/** A coupon is printed in another's place: the unit goes with it. */
export function moveUnit(store: Store, offer: string, from: string, to: string): void {
  store.leases.move(offer, from, to);
}

/** A coupon given out in the place of one whose unit went back already takes a new one. False: there is none. */
export function spendAgain(store: Store, offer: string, former: string, key: string, atMs: number): boolean {
  const unit = store.leases.unit(offer, former);
  if (unit === null) return true;
  return spendUnit(store, { offer, key, kind: unit.kind, saleId: unit.saleId, atMs });
}

/** What a voided sale applied goes back; its coupons give theirs back when they are voided. */
export function freeUnitsOfSale(store: Store, saleId: string): void {
  for (const { offer, key } of store.leases.unitsOfSale(saleId, 'applied')) freeUnit(store, offer, key);
}

/** Tells HQ how a lease stands; so the last word holds, in whatever order they come. */
export function tellLease(store: Store, number: number): void {
  const lease = store.leases.get(number);
  if (lease === null) return;
  const body: LeaseUsedBody = {
    epoch: store.epoch,
    lease: number,
    offer: lease.offer,
    units: lease.units,
    used: lease.used,
    returned: lease.returned,
    open: lease.open === 1,
    lastAt: lease.lastMs === null ? null : instant(lease.lastMs, 'UTC'),
    ...(lease.fromMs === 0 ? {} : { validFrom: instant(lease.fromMs, 'UTC') }),
    validUntil: instant(lease.untilMs, 'UTC'),
  };
  store.outbox.append('lease.used', { ...body });
}
