/** Questions and requests about one coupon: its state, a reprint, a cancellation. */
import { TillsideError } from '../../errors.ts';
import type { TillService } from '../api/till-service.ts';
import { parseSerial, printReasons } from '../coupons/index.ts';
import type { CouponRow } from '../store/index.ts';
import type { Candidate } from './evaluation.ts';
import type { SaleParts } from './parts.ts';
import type { Refusal } from './reasons.ts';
import { couponView } from './view.ts';

export interface CouponDesk extends Pick<TillService, 'coupon' | 'reprint' | 'cancel'> {
  /** As a person types it → as it is stored. */
  serialOf(text: string): string;
  /** Why a coupon can't be kept for the next sale; null: it can. */
  refusedNow(candidate: Candidate): Refusal | null;
}

export function createCouponDesk(parts: SaleParts, couponChanged: (serial: string) => void): CouponDesk {
  const { store } = parts;
  const serialOf = (text: string) => parseSerial(text) ?? text;
  const existing = (text: string): CouponRow => {
    const coupon = store.coupons.get(serialOf(text));
    if (coupon === null) throw new TillsideError('not-found', `Coupon ${text} is not known at this till.`);
    return coupon;
  };
  const viewOf = (serial: string) => couponView(existing(serial), parts.clock.now());

  return {
    serialOf,
    coupon: viewOf,

    reprint(text) {
      const coupon = existing(text);
      const job = store.printJournal.last(coupon.serial);
      if (job === null) throw new TillsideError('sale-state', 'This coupon was printed at another till.');
      // Asked twice, or not out yet: it is on its way.
      if (store.printJournal.open(coupon.serial) !== null) return viewOf(coupon.serial);
      const lost = coupon.state === 'voided' && coupon.replacedBy === null && printReasons.has(coupon.voidReason ?? '');
      if (!lost && (coupon.state !== 'issued' || coupon.expiresMs <= parts.clock.now())) {
        const state = coupon.state === 'issued' ? 'expired' : coupon.state;
        throw new TillsideError('sale-state', `This coupon is ${state}; it can't be printed again.`);
      }
      const serial = store.transaction(() => {
        if (lost) return parts.book.replace(job, 'print-unknown', 0)?.serial ?? coupon.serial;
        parts.book.reprint(coupon);
        return coupon.serial;
      });
      parts.wakePrinter();
      couponChanged(serial);
      return viewOf(serial);
    },

    cancel(text) {
      const { serial, state } = existing(text);
      if (state === 'voided') return viewOf(serial);
      if (state === 'redeemed')
        throw new TillsideError('sale-state', 'This coupon was redeemed; void its sale instead.');
      const holder = store.sales.holder(serial);
      store.transaction(() => {
        if (holder !== null) store.sales.unpresent(holder.saleId, serial);
        parts.book.void(serial, 'cancelled');
      });
      if (holder !== null) parts.claims.tellReleased(serial, holder.saleId);
      parts.wakePrinter();
      couponChanged(serial);
      return viewOf(serial);
    },

    refusedNow({ coupon, verified }) {
      const now = parts.clock.now();
      if (coupon.state === 'redeemed') return { reason: 'coupon-used', coupon };
      if (coupon.state === 'voided') return { reason: 'coupon-voided', coupon };
      if (coupon.state === 'expired' || coupon.expiresMs <= now) return { reason: 'coupon-expired', coupon };
      if (store.sales.holder(coupon.serial) !== null) return { reason: 'coupon-reserved', coupon };
      const rival = parts.claims.rival(coupon.serial);
      if (rival !== null)
        return { reason: 'coupon-reserved', coupon, withheld: { reason: 'coupon-reserved', till: rival.till } };
      const offline = parts.bundles.active()?.offers.get(coupon.offer)?.coupon?.offline;
      return !verified && offline === 'decline' ? { reason: 'coupon-offline', coupon } : null;
    },
  };
}
