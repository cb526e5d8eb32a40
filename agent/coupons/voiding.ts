/** How a coupon ends without being spent, and what becomes of one whose redemption is taken back. */
import type { Store } from '../store/index.ts';
import { freeUnit, moveUnit } from './lease-units.ts';

export type VoidReason =
  | 'print-unknown'
  | 'not-printed'
  | 'sale-voided'
  | 'cancelled'
  | 'goods-returned'
  | 'first-slip-spent';

/** Reasons of a void that mean only that no slip is known to lie on the counter. */
export const printReasons: ReadonlySet<string> = new Set(['print-unknown', 'not-printed']);

/** Issued, reserved or expired → voided, with the event that tells it. False if it can't be voided any more. */
export function voidCoupon(store: Store, serial: string, reason: VoidReason, replacedBy?: string): boolean {
  const coupon = store.coupons.get(serial);
  if (coupon === null || coupon.state === 'redeemed' || coupon.state === 'voided') return false;
  store.coupons.void(serial, reason);
  if (replacedBy !== undefined) store.coupons.replacedBy(serial, replacedBy);
  store.ledger.removeUsage(coupon.offer, 'issued', serial);
  if (replacedBy === undefined) freeUnit(store, coupon.offer, serial);
  else moveUnit(store, coupon.offer, serial, replacedBy);
  const job = store.printJournal.open(serial);
  if (job?.state === 'queued') {
    store.printJournal.finish(job.id, 'failed', store.instant(), `not printed: ${reason}`);
    store.coupons.print(serial, job.kind === 'coupon' ? 'failed' : coupon.print);
  }
  tellVoided(store, serial, reason, replacedBy);
  return true;
}

/**
 * The slip of a voided coupon did come out and was spent: its replacements must not pay too. Every till voids those it knows;
 * the one that issued them tells it. If a replacement was spent already, the first slip must not become good again.
 * @returns the replacements that changed
 */
export function voidSuccessors(store: Store, serial: string): readonly string[] {
  const changed: string[] = [];
  const seen = new Set([serial]);
  let next = store.coupons.get(serial)?.replacedBy ?? null;
  while (next !== null && !seen.has(next)) {
    seen.add(next);
    const coupon = store.coupons.get(next);
    if (coupon === null) break;
    if (coupon.state === 'redeemed') store.coupons.revoke(serial, 'print-unknown');
    else if (coupon.till === store.address.till) {
      if (voidCoupon(store, next, 'first-slip-spent')) changed.push(next);
    } else if (coupon.state !== 'voided') {
      store.coupons.void(next, 'first-slip-spent');
      store.ledger.removeUsage(coupon.offer, 'issued', next);
      changed.push(next);
    }
    next = coupon.replacedBy;
  }
  return changed;
}

/**
 * Takes a redemption back. A coupon that was voided after it was spent stays void, and the till that issued it tells that.
 * Called after the void of the sale was told.
 */
export function reopenCoupon(store: Store, serial: string, till: string, saleId: string): void {
  const state = store.coupons.reopen(serial, till, saleId);
  const coupon = store.coupons.get(serial);
  if (state !== 'voided' || coupon === null) return;
  store.ledger.removeUsage(coupon.offer, 'issued', serial);
  freeUnit(store, coupon.offer, serial);
  if (coupon.till === store.address.till) tellVoided(store, serial, coupon.voidReason ?? 'sale-voided');
}

function tellVoided(store: Store, serial: string, reason: string, replacedBy?: string): void {
  const coupon = store.coupons.get(serial);
  store.outbox.append('coupon.voided', {
    serial,
    offer: coupon?.offer ?? '',
    saleId: coupon?.saleId ?? null,
    reason,
    replacedBy: replacedBy ?? null,
  });
}
