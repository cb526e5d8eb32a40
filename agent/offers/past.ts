/**
 * A member's history, read once into columns that serve the next sale again: coupons received, products bought. An instant that is
 * not there is NaN, which no comparison meets.
 */
import { parseInstant } from './time.ts';
import type { BoughtProduct, CouponHistory } from './types.ts';

/** Entries kept for the next sale; columns of a hostile size are let go. */
const mostKept = 4096;

/** When a coupon was redeemed and expires: milliseconds since 1970 UTC; NaN: not, or nobody knows. */
export interface PastCoupon {
  readonly redeemed: number;
  readonly expires: number;
}

export class PastCoupons {
  #source: readonly CouponHistory[] = [];
  #issued = new Float64Array(16);
  #redeemed = new Float64Array(16);
  #expires = new Float64Array(16);

  get count(): number {
    return this.#source.length;
  }

  read(coupons: readonly CouponHistory[]): void {
    const { length } = coupons;
    this.#source = coupons;
    if (length > this.#issued.length || this.#issued.length > mostKept) {
      const room = Math.max(16, length * 2);
      this.#issued = new Float64Array(room);
      this.#redeemed = new Float64Array(room);
      this.#expires = new Float64Array(room);
    }
    for (let index = 0; index < length; index++) {
      const coupon = coupons[index] as CouponHistory;
      this.#issued[index] = instant(coupon.issuedAt);
      this.#redeemed[index] = instant(coupon.redeemedAt);
      this.#expires[index] = instant(coupon.expiresAt);
    }
  }

  offer(index: number): string {
    return this.#source[index]?.offer ?? '';
  }

  /** The contact class that the history itself names. */
  class(index: number): string | undefined {
    return this.#source[index]?.class;
  }

  serial(index: number): string | undefined {
    return this.#source[index]?.serial;
  }

  /** Milliseconds since 1970 UTC, as are the others. */
  issued(index: number): number {
    return this.#issued[index] ?? Number.NaN;
  }

  redeemed(index: number): number {
    return this.#redeemed[index] ?? Number.NaN;
  }

  expires(index: number): number {
    return this.#expires[index] ?? Number.NaN;
  }
}

export class PastProducts {
  #source: readonly BoughtProduct[] = [];
  #at = new Float64Array(16);
  #own: string | undefined;

  get count(): number {
    return this.#source.length;
  }

  /** @param own the sale's own id: what was bought in it is not of the past */
  read(bought: readonly BoughtProduct[], own: string | undefined): void {
    const { length } = bought;
    this.#source = bought;
    this.#own = own;
    if (length > this.#at.length || this.#at.length > mostKept) this.#at = new Float64Array(Math.max(16, length * 2));
    for (let index = 0; index < length; index++) this.#at[index] = instant((bought[index] as BoughtProduct).at);
  }

  product(index: number): BoughtProduct {
    return this.#source[index] as BoughtProduct;
  }

  /** NaN for a product of the sale itself. */
  at(index: number): number {
    const { saleId } = this.product(index);
    return saleId !== undefined && saleId === this.#own ? Number.NaN : (this.#at[index] ?? Number.NaN);
  }
}

function instant(text: string | null | undefined): number {
  return text === undefined || text === null ? Number.NaN : (parseInstant(text) ?? Number.NaN);
}
