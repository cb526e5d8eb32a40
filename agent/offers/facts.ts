/** What a decision knows of the sale: the local time, the basket, the member and the history, read once. */
import { Basket } from './basket.ts';
import type { Keys } from './keys.ts';
import { PastCoupons, PastProducts } from './past.ts';
import { type LocalDay, localDay, localMinute, readInstant, startOfCalendar } from './time.ts';
import type { History, Member, Sale, Window } from './types.ts';
import type { Zone } from './zone.ts';

const dayMs = 86_400_000;
const nothing: readonly never[] = [];

/** A history whose texts have been read already, at the card's scan; it holds for that very object. */
export interface ReadHistory {
  readonly history: History;
  readonly coupons: PastCoupons;
  readonly householdCoupons: PastCoupons;
  readonly bought: PastProducts;
}

export class Facts {
  readonly zone: Zone;
  readonly #ownBasket = new Basket();
  #basket = this.#ownBasket;
  #sale: Sale;
  readonly #at = new Float64Array(1);
  #now = 0;
  #today: LocalDay = 0;
  #minute = 0;
  #member: Member | null = null;
  #known: ReadHistory | null = null;
  readonly #coupons = new PastCoupons();
  readonly #householdCoupons = new PastCoupons();
  readonly #bought = new PastProducts();
  #hasCoupons = false;
  #hasHouseholdCoupons = false;
  #hasBought = false;
  /** The member's segments by number, those that a condition asks for; the first `#segmentCount`. */
  #segments = new Int32Array(32);
  #segmentCount = 0;
  #segmentKeys: Keys | null = null;
  #marks = new Uint8Array(0);
  #areMarked = false;
  #overlaps: boolean | null = null;
  /** First day of the month of a day: the same for most sales. */
  #month: LocalDay = 0;
  #monthOf: LocalDay = Number.NaN;

  constructor(sale: Sale, zone: Zone) {
    this.zone = zone;
    this.#sale = sale;
    this.read(sale);
  }

  /**
   * Takes another sale; nothing of the one before is left.
   * @param known a history read before; used if the sale has that very one
   * @param basket with the sale's lines, read before
   */
  read(sale: Sale, known: ReadHistory | null = null, basket: Basket | null = null): void {
    readInstant(sale.at, this.#at, 0);
    const now = this.#at[0] ?? Number.NaN;
    if (Number.isNaN(now)) throw new RangeError(`not an RFC 3339 instant: ${sale.at}`);
    this.#sale = sale;
    this.#now = now;
    this.#today = localDay(now, this.zone);
    this.#minute = localMinute(now, this.zone);
    if (basket === null) this.#ownBasket.read(sale.lines);
    this.#basket = basket ?? this.#ownBasket;
    this.#member = sale.member ?? null;
    this.#known = known !== null && this.#member !== null && known.history === sale.history ? known : null;
    this.#hasCoupons = false;
    this.#hasHouseholdCoupons = false;
    this.#hasBought = false;
    this.#segmentKeys = null;
    this.#areMarked = false;
    this.#overlaps = null;
  }

  get basket(): Basket {
    return this.#basket;
  }

  get sale(): Sale {
    return this.#sale;
  }

  /** Milliseconds since 1970 UTC. */
  get now(): number {
    return this.#now;
  }

  get today(): LocalDay {
    return this.#today;
  }

  /** Whole minutes since local midnight. */
  get minute(): number {
    return this.#minute;
  }

  get member(): Member | null {
    return this.#member;
  }

  /** A member's sale that still costs what it did at first: so it was when the index was asked. */
  get asIndexed(): boolean {
    return this.#member !== null && !this.#basket.reduced;
  }

  /** The member's own coupons; without a member history is empty. */
  get coupons(): PastCoupons {
    if (this.#known !== null) return this.#known.coupons;
    if (!this.#hasCoupons) {
      this.#coupons.read((this.#member === null ? undefined : this.#sale.history?.coupons) ?? nothing);
      this.#hasCoupons = true;
    }
    return this.#coupons;
  }

  /** Those of the rest of the member's household. */
  get householdCoupons(): PastCoupons {
    if (this.#known !== null) return this.#known.householdCoupons;
    if (!this.#hasHouseholdCoupons) {
      this.#householdCoupons.read(
        (this.#member === null ? undefined : this.#sale.history?.householdCoupons) ?? nothing,
      );
      this.#hasHouseholdCoupons = true;
    }
    return this.#householdCoupons;
  }

  /** Products bought before; those of the sale itself, which history may hold already, are of no past. */
  get bought(): PastProducts {
    if (this.#known !== null) return this.#known.bought;
    if (!this.#hasBought) {
      this.#bought.read((this.#member === null ? undefined : this.#sale.history?.bought) ?? nothing);
      this.#hasBought = true;
    }
    return this.#bought;
  }

  /** Whether `bought` holds something of this sale or later. */
  get boughtOverlaps(): boolean {
    this.#overlaps ??= this.bought.reaches(this.#sale.saleId, this.#now);
    return this.#overlaps;
  }

  /** How many of the member's segments some condition asks for. */
  segmentCount(keys: Keys): number {
    if (this.#segmentKeys !== keys) this.#numberSegments(keys);
    return this.#segmentCount;
  }

  /** The numbers of these segments; the first `segmentCount`. */
  get segments(): Int32Array {
    return this.#segments;
  }

  /** Whether the member is in a segment, by its number. */
  isIn(segment: number, keys: Keys): boolean {
    const count = this.segmentCount(keys);
    if (!this.#areMarked) this.#markSegments(count, keys);
    return this.#marks[segment] === 1;
  }

  #numberSegments(keys: Keys): void {
    const names = this.#member?.segments ?? nothing;
    if (names.length > this.#segments.length) this.#segments = new Int32Array(names.length * 2);
    let count = 0;
    for (let index = 0; index < names.length; index++) {
      const number = keys.ofSegment(names[index] ?? '');
      if (number >= 0) this.#segments[count++] = number;
    }
    this.#segmentCount = count;
    this.#segmentKeys = keys;
    this.#areMarked = false;
  }

  #markSegments(count: number, keys: Keys): void {
    if (this.#marks.length < keys.segmentCount) this.#marks = new Uint8Array(keys.segmentCount);
    else this.#marks.fill(0);
    for (let index = 0; index < count; index++) this.#marks[this.#segments[index] ?? 0] = 1;
    this.#areMarked = true;
  }

  /** Inside the n × 24 h before the sale, both ends included. */
  withinDays(at: number, days: number): boolean {
    return at <= this.#now && at >= this.#now - days * dayMs;
  }

  /** Inside a cap's or policy's window; without a window at any time. */
  within(at: number, window: Window | undefined): boolean {
    if (window === undefined) return true;
    if ('days' in window) return this.withinDays(at, window.days);
    return at <= this.#now && localDay(at, this.zone) >= this.#startOf(window.calendar);
  }

  /** Where a window begins, milliseconds since 1970 UTC; NaN where the clock changed since, so that each instant must be asked. */
  windowStart(window: Window): number {
    if ('days' in window) return this.#now - window.days * dayMs;
    const start = this.#startOf(window.calendar) * dayMs - this.zone.offset(this.#now);
    return this.zone.isSteady(start, this.#now) ? start : Number.NaN;
  }

  #startOf(calendar: 'day' | 'week' | 'month'): LocalDay {
    if (calendar !== 'month') return startOfCalendar(this.#today, calendar);
    if (this.#monthOf !== this.#today) {
      this.#month = startOfCalendar(this.#today, 'month');
      this.#monthOf = this.#today;
    }
    return this.#month;
  }

  /** Local days since an instant. */
  daysSince(at: number): number {
    return this.#today - localDay(at, this.zone);
  }
}

/** Reads a history ahead of the sale. */
export function readHistory(history: History, keys: Keys): ReadHistory {
  const coupons = new PastCoupons();
  const householdCoupons = new PastCoupons();
  const bought = new PastProducts();
  coupons.read(history.coupons ?? nothing);
  householdCoupons.read(history.householdCoupons ?? nothing);
  bought.read(history.bought ?? nothing);
  coupons.readAll(keys);
  householdCoupons.readAll(keys);
  if (bought.count > 0) bought.latest(0, keys);
  return { history, coupons, householdCoupons, bought };
}
