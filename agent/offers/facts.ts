/** What a decision knows of the sale: the local time, the basket, the member and the history, read once. */
import { Basket } from './basket.ts';
import { type LocalDay, localDay, localMinute, parseInstant, startOfCalendar } from './time.ts';
import type { BoughtProduct, CouponHistory, Member, Sale, Window } from './types.ts';
import type { Zone } from './zone.ts';

const dayMs = 86_400_000;

export interface PastCoupon {
  readonly offer: string;
  readonly serial: string | undefined;
  readonly class: string | undefined;
  readonly issued: number;
  readonly redeemed: number | null;
  readonly expires: number | null;
}

export interface PastProduct {
  readonly product: BoughtProduct;
  readonly at: number;
}

export class Facts {
  readonly sale: Sale;
  readonly zone: Zone;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  readonly today: LocalDay;
  readonly minute: number;
  readonly basket: Basket;
  readonly member: Member | null;
  #coupons: readonly PastCoupon[] | null = null;
  #householdCoupons: readonly PastCoupon[] | null = null;
  #bought: readonly PastProduct[] | null = null;

  constructor(sale: Sale, zone: Zone) {
    const now = parseInstant(sale.at);
    if (now === null) throw new RangeError(`not an RFC 3339 instant: ${sale.at}`);
    this.sale = sale;
    this.zone = zone;
    this.now = now;
    this.today = localDay(now, zone);
    this.minute = localMinute(now, zone);
    this.basket = new Basket(sale.lines);
    this.member = sale.member ?? null;
  }

  /** The member's own coupons; without a member history is empty. */
  get coupons(): readonly PastCoupon[] {
    this.#coupons ??= this.member === null ? [] : (this.sale.history?.coupons ?? []).map(readCoupon);
    return this.#coupons;
  }

  /** Those of the rest of the member's household. */
  get householdCoupons(): readonly PastCoupon[] {
    this.#householdCoupons ??= this.member === null ? [] : (this.sale.history?.householdCoupons ?? []).map(readCoupon);
    return this.#householdCoupons;
  }

  /** Products of earlier sales; this sale itself is left out. */
  get bought(): readonly PastProduct[] {
    this.#bought ??=
      this.member === null
        ? []
        : (this.sale.history?.bought ?? [])
            .filter(product => product.saleId === undefined || product.saleId !== this.sale.saleId)
            .map(product => ({ product, at: parseInstant(product.at) ?? Number.NaN }));
    return this.#bought;
  }

  /** Inside the n × 24 h before the sale, both ends included. */
  withinDays(at: number, days: number): boolean {
    return at <= this.now && at >= this.now - days * dayMs;
  }

  /** Inside a cap's or policy's window; without a window at any time. */
  within(at: number, window: Window | undefined): boolean {
    if (window === undefined) return true;
    if ('days' in window) return this.withinDays(at, window.days);
    return at <= this.now && localDay(at, this.zone) >= startOfCalendar(this.today, window.calendar);
  }

  /** Local days since an instant. */
  daysSince(at: number): number {
    return this.today - localDay(at, this.zone);
  }
}

function readCoupon(coupon: CouponHistory): PastCoupon {
  return {
    offer: coupon.offer,
    serial: coupon.serial,
    class: coupon.class,
    issued: parseInstant(coupon.issuedAt) ?? Number.NaN,
    redeemed: optionalInstant(coupon.redeemedAt),
    expires: optionalInstant(coupon.expiresAt),
  };
}

function optionalInstant(instant: string | null | undefined): number | null {
  return instant === undefined || instant === null ? null : parseInstant(instant);
}
