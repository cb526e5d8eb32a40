/** A sale taken back: before completion everything is free again, after it everything that it did is undone and told. */
import { TillsideError } from '../../errors.ts';
import { freeUnitsOfSale, reopenCoupon } from '../coupons/index.ts';
import type { SaleRow } from '../store/index.ts';
import { storedEvaluation } from './completion.ts';
import type { SaleParts } from './parts.ts';

export type Voided = {
  readonly sale: SaleRow;
  /** Coupons that are free again. */
  readonly freed: readonly string[];
  /** Coupons of this sale that changed. */
  readonly changed: readonly string[];
};

/**
 * Voids a sale; a repeat changes nothing.
 * @throws TillsideError `not-found`, `sale-state` (goods of it came back already)
 */
export function voidSale(parts: SaleParts, saleId: string): Voided {
  const { store } = parts;
  const sale = store.sales.get(saleId);
  if (sale === null) throw new TillsideError('not-found', `There is no sale ${saleId}.`);
  if (store.sales.goodsReturns(saleId).length > 0)
    throw new TillsideError('sale-state', `Goods of sale ${saleId} came back already; return the rest of it.`);
  if (sale.state === 'voided') return { sale, freed: [], changed: [] };
  return store.transaction(() => {
    const done = sale.state === 'open' ? freeAll(parts, sale) : undo(parts, sale);
    store.sales.void(saleId, store.instant());
    store.afterCommit(() => parts.leases.release(saleId));
    return { sale: store.sales.get(saleId) ?? sale, ...done };
  });
}

function freeAll(parts: SaleParts, sale: SaleRow): Omit<Voided, 'sale'> {
  const freed = parts.store.sales.presented(sale.saleId).map(row => row.serial);
  for (const serial of freed) {
    parts.store.coupons.release(serial);
    parts.store.sales.unpresent(sale.saleId, serial);
  }
  return { freed, changed: [] };
}

function undo(parts: SaleParts, sale: SaleRow): Omit<Voided, 'sale'> {
  const { store, book } = parts;
  const { till } = store.address;
  const { saleId } = sale;
  const { decision, member } = storedEvaluation(parts, sale);

  const issued = store.coupons.ofSale(saleId, till);
  const spent = issued.filter(coupon => coupon.state === 'redeemed');
  const voided = issued.filter(coupon => coupon.state !== 'redeemed' && coupon.state !== 'voided');
  // What this sale issued and redeemed itself goes with it.
  for (const coupon of spent) store.coupons.revoke(coupon.serial, 'sale-voided');
  const touched = store.coupons.redeemedIn(saleId, till);
  const reopened = touched.filter(coupon => store.coupons.comesBack(coupon.serial));

  store.outbox.append('sale.voided', {
    saleId,
    total: decision.total,
    voidedCoupons: voided.map(coupon => coupon.serial),
    reopenedCoupons: reopened.map(coupon => coupon.serial),
    spentCoupons: spent.map(coupon => coupon.serial),
  });
  for (const coupon of voided) {
    for (const { saleId: holder } of [store.sales.holder(coupon.serial)].filter(row => row !== null))
      store.sales.unpresent(holder, coupon.serial);
    book.void(coupon.serial, 'sale-voided');
  }
  for (const coupon of touched) reopenCoupon(store, coupon.serial, till, saleId);
  for (const coupon of spent) {
    store.outbox.append('till.note', {
      note: 'coupon-of-voided-sale-spent',
      saleId,
      serial: coupon.serial,
      offer: coupon.offer,
      redeemed: { till: coupon.redeemedTill, saleId: coupon.redeemedSale, at: coupon.redeemedAt },
    });
  }
  store.ledger.removeUsageOfSale(saleId, till);
  freeUnitsOfSale(store, saleId);
  store.ledger.removePurchases(saleId, till);
  if (member !== null && decision.points !== null && decision.points.earned !== 0) {
    const delta = -decision.points.earned;
    const before = store.ledger.pointsSince(member.id, parts.members.asOf(member.id));
    const record = parts.members.byId(member.id);
    const balance = (record?.points ?? 0) + before.points + delta;
    const tier = decision.points.tierBefore;
    const body = { member: member.id, saleId, delta, balance, tier, reason: 'sale-voided' };
    const event = store.outbox.append('points.changed', body);
    const atMs = store.clock.now();
    store.ledger.addPoints({ eventId: event.id, memberId: member.id, points: delta, tier, atMs, till, saleId });
  }
  return {
    freed: reopened.map(coupon => coupon.serial),
    changed: [...issued, ...touched].map(coupon => coupon.serial),
  };
}
