/**
 * A member's history, read once into columns that serve the next sale again: coupons received, products bought. An instant that is
 * not there is NaN, which no comparison meets.
 */
import type { Keys } from './keys.ts';
import { readInstant } from './time.ts';
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
  #numbers = new Int32Array(16);
  #numberKeys: Keys | null = null;

  get count(): number {
    return this.#source.length;
  }

  read(coupons: readonly CouponHistory[]): void {
    const { length } = coupons;
    this.#source = coupons;
    this.#numberKeys = null;
    if (length > this.#issued.length || this.#issued.length > mostKept) {
      const room = Math.max(16, length * 2);
      this.#issued = new Float64Array(room);
      this.#redeemed = new Float64Array(room);
      this.#expires = new Float64Array(room);
      this.#numbers = new Int32Array(room);
    }
    for (let index = 0; index < length; index++) {
      const coupon = coupons[index] as CouponHistory;
      readOptional(coupon.issuedAt, this.#issued, index);
      readOptional(coupon.redeemedAt, this.#redeemed, index);
      readOptional(coupon.expiresAt, this.#expires, index);
    }
  }

  offer(index: number): string {
    return this.#source[index]?.offer ?? '';
  }

  /** The numbers of their offers, by index; -1 for one that the bundle does not know. The first `count` are of this history. */
  offers(keys: Keys): Int32Array {
    if (this.#numberKeys !== keys) {
      for (let index = 0; index < this.#source.length; index++)
        this.#numbers[index] = keys.ofOffer(this.#source[index]?.offer ?? '');
      this.#numberKeys = keys;
    }
    return this.#numbers;
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

  /** By index; the first `count` are of this history. */
  get issuedTimes(): Float64Array {
    return this.#issued;
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
  /** For each key when a product with it was bought last, as far as `#latestKeys` asks. */
  #latest = new Float64Array(0);
  #latestKeys: Keys | null = null;
  #newest = Number.NEGATIVE_INFINITY;
  #asked = 0;

  get count(): number {
    return this.#source.length;
  }

  read(bought: readonly BoughtProduct[]): void {
    const { length } = bought;
    this.#source = bought;
    this.#latestKeys = null;
    this.#asked = 0;
    this.#newest = Number.NEGATIVE_INFINITY;
    if (length > this.#at.length || this.#at.length > mostKept) this.#at = new Float64Array(Math.max(16, length * 2));
    let last = '';
    for (let index = 0; index < length; index++) {
      const text = (bought[index] as BoughtProduct).at;
      // What one sale bought has one instant.
      if (text === last) this.#at[index] = this.#at[index - 1] ?? Number.NaN;
      else readInstant(text, this.#at, index);
      last = text;
      const at = this.#at[index] ?? Number.NaN;
      if (at > this.#newest) this.#newest = at;
    }
  }

  product(index: number): BoughtProduct {
    return this.#source[index] as BoughtProduct;
  }

  at(index: number): number {
    return this.#at[index] ?? Number.NaN;
  }

  /** When they were bought, by index; the first `count` are of this history. */
  get times(): Float64Array {
    return this.#at;
  }

  /** Whether two products were bought in one sale: by its id; without one, at the same instant. */
  isSameSale(a: number, b: number): boolean {
    const sale = this.product(a).saleId;
    return sale === this.product(b).saleId && (sale !== undefined || this.at(a) === this.at(b));
  }

  /** Whether something was bought in that sale or after that instant: then `latest` does not tell what was before. */
  reaches(saleId: string, now: number): boolean {
    if (this.#newest > now) return true;
    for (let index = 0; index < this.#source.length; index++) if (this.#source[index]?.saleId === saleId) return true;
    return false;
  }

  /** Whether `latest` is worth asking: finding it for all keys takes as long as looking through the products a few times. */
  isWorthIndexing(keys: Keys): boolean {
    return this.#latestKeys === keys || this.#asked++ > 8;
  }

  /** When a product with the key was bought last; -Infinity if never. */
  latest(key: number, keys: Keys): number {
    if (this.#latestKeys !== keys || this.#latest.length < keys.size) this.#findLatest(keys);
    return this.#latest[key] ?? Number.NEGATIVE_INFINITY;
  }

  #findLatest(keys: Keys): void {
    if (this.#latest.length < keys.size) this.#latest = new Float64Array(keys.size);
    this.#latest.fill(Number.NEGATIVE_INFINITY);
    this.#latestKeys = keys;
    for (let index = 0; index < this.#source.length; index++) {
      const product = this.#source[index] as BoughtProduct;
      const at = this.#at[index] ?? Number.NaN;
      this.#note(keys.ofGtin(product), at);
      this.#note(keys.ofBrand(product), at);
      if (product.category === undefined) continue;
      const nodes = keys.ofCategory(product.category);
      for (let node = 0; node < nodes.length; node++) this.#note(nodes[node] ?? -1, at);
    }
  }

  #note(key: number, at: number): void {
    if (key >= 0 && at > (this.#latest[key] ?? 0)) this.#latest[key] = at;
  }
}

function readOptional(text: string | null | undefined, into: Float64Array, index: number): void {
  if (text === undefined || text === null) into[index] = Number.NaN;
  else readInstant(text, into, index);
}
