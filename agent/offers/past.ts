/**
 * A member's history, read into columns that serve the next sale again: coupons received, products bought. An instant that is not
 * there is NaN, which no comparison meets; one that nobody has asked for yet is not read.
 */
import type { Keys } from './keys.ts';
import { Latest } from './latest.ts';
import { readInstant } from './time.ts';
import type { BoughtProduct, CouponHistory } from './types.ts';

/** Entries kept for the next sale; columns of a hostile size are let go. */
const mostKept = 4096;

/** Stands for an instant that was not read yet. */
const unread = Number.POSITIVE_INFINITY;

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
      readInstant((coupons[index] as CouponHistory).issuedAt, this.#issued, index);
      this.#redeemed[index] = unread;
      this.#expires[index] = unread;
    }
  }

  /** Reads what would be read when it is asked for. */
  readAll(keys: Keys): void {
    this.offers(keys);
    for (let index = 0; index < this.count; index++) {
      this.redeemed(index);
      this.expires(index);
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
    if (this.#redeemed[index] === unread) readOptional(this.#source[index]?.redeemedAt, this.#redeemed, index);
    return this.#redeemed[index] ?? Number.NaN;
  }

  expires(index: number): number {
    if (this.#expires[index] === unread) readOptional(this.#source[index]?.expiresAt, this.#expires, index);
    return this.#expires[index] ?? Number.NaN;
  }
}

export class PastProducts {
  #source: readonly BoughtProduct[] = [];
  #at = new Float64Array(16);
  /** Of the keys of `#latestKeys`. */
  readonly #latest = new Latest();
  #latestKeys: Keys | null = null;
  #asked = 0;

  get count(): number {
    return this.#source.length;
  }

  read(bought: readonly BoughtProduct[]): void {
    const { length } = bought;
    this.#source = bought;
    this.#latestKeys = null;
    this.#asked = 0;
    if (length > this.#at.length || this.#at.length > mostKept) this.#at = new Float64Array(Math.max(16, length * 2));
    this.#at.fill(unread, 0, length);
  }

  product(index: number): BoughtProduct {
    return this.#source[index] as BoughtProduct;
  }

  at(index: number): number {
    if (this.#at[index] === unread) this.#readAt(index);
    return this.#at[index] ?? Number.NaN;
  }

  /** Whether it is known already when the product was bought. */
  isRead(index: number): boolean {
    return this.#at[index] !== unread;
  }

  #readAt(index: number): void {
    const text = this.product(index).at;
    // What one sale bought stands together and has one instant.
    if (index > 0 && this.isRead(index - 1) && this.product(index - 1).at === text)
      this.#at[index] = this.#at[index - 1] ?? Number.NaN;
    else readInstant(text, this.#at, index);
  }

  /** Whether two products were bought in one sale: by its id; without one, at the same instant. */
  isSameSale(a: number, b: number): boolean {
    const sale = this.product(a).saleId;
    return sale === this.product(b).saleId && (sale !== undefined || this.at(a) === this.at(b));
  }

  /** Whether something was bought in that sale or after that instant: then `latest` does not tell what was before. */
  reaches(saleId: string, now: number): boolean {
    for (let index = 0; index < this.#source.length; index++)
      if (this.product(index).saleId === saleId || this.at(index) > now) return true;
    return false;
  }

  /** Whether `latest` is worth asking: finding it for all keys takes as long as looking through the products a few times. */
  isWorthIndexing(keys: Keys): boolean {
    return this.#latestKeys === keys || this.#asked++ > 8;
  }

  /** When a product with the key was bought last; -Infinity if never. */
  latest(key: number, keys: Keys): number {
    if (this.#latestKeys !== keys) this.#findLatest(keys);
    return this.#latest.of(key);
  }

  #findLatest(keys: Keys): void {
    this.#latest.clear();
    this.#latestKeys = keys;
    const { products } = keys;
    for (let index = 0; index < this.#source.length; index++) {
      const product = this.#source[index] as BoughtProduct;
      const at = this.at(index);
      if (Number.isNaN(at)) continue;
      const first = products.keysOf(product);
      if (first < 0) {
        for (const key of keys.ofProduct(product)) this.#latest.note(key, at);
        continue;
      }
      const { cells } = products;
      const end = first + (cells[first - 1] ?? 0);
      for (let cell = first; cell < end; cell++) this.#latest.note(cells[cell] ?? -1, at);
    }
  }
}

function readOptional(text: string | null | undefined, into: Float64Array, index: number): void {
  if (text === undefined || text === null) into[index] = Number.NaN;
  else readInstant(text, into, index);
}
