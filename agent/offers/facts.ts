/** What a decision knows of the sale: the local time, the basket, the member and the history, read once. */
import { Basket } from './basket.ts';
import { PastCoupons, PastProducts } from './past.ts';
import { type LocalDay, localDay, localMinute, parseInstant, startOfCalendar } from './time.ts';
import type { History, Member, Sale, Window } from './types.ts';
import type { Zone } from './zone.ts';

const dayMs = 86_400_000;
const nothing: readonly never[] = [];

/** A history whose texts have been read already, at the card's scan; it holds for that very object. */
export interface ReadHistory {
  readonly history: History;
  readonly coupons: PastCoupons;
  readonly householdCoupons: PastCoupons;
}

export class Facts {
  readonly zone: Zone;
  readonly basket = new Basket();
  #sale: Sale;
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

  constructor(sale: Sale, zone: Zone) {
    this.zone = zone;
    this.#sale = sale;
    this.read(sale);
  }

  /**
   * Takes another sale; nothing of the one before is left.
   * @param known a history read before; used if the sale has that very one
   */
  read(sale: Sale, known: ReadHistory | null = null): void {
    const now = parseInstant(sale.at);
    if (now === null) throw new RangeError(`not an RFC 3339 instant: ${sale.at}`);
    this.#sale = sale;
    this.#now = now;
    this.#today = localDay(now, this.zone);
    this.#minute = localMinute(now, this.zone);
    this.basket.read(sale.lines);
    this.#member = sale.member ?? null;
    this.#known = known !== null && this.#member !== null && known.history === sale.history ? known : null;
    this.#hasCoupons = false;
    this.#hasHouseholdCoupons = false;
    this.#hasBought = false;
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
    return this.#member !== null && !this.basket.reduced;
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

  /** Products of earlier sales. */
  get bought(): PastProducts {
    if (!this.#hasBought) {
      const bought = this.#member === null ? undefined : this.#sale.history?.bought;
      this.#bought.read(bought ?? nothing, this.#sale.saleId);
      this.#hasBought = true;
    }
    return this.#bought;
  }

  /** Inside the n × 24 h before the sale, both ends included. */
  withinDays(at: number, days: number): boolean {
    return at <= this.#now && at >= this.#now - days * dayMs;
  }

  /** Inside a cap's or policy's window; without a window at any time. */
  within(at: number, window: Window | undefined): boolean {
    if (window === undefined) return true;
    if ('days' in window) return this.withinDays(at, window.days);
    return at <= this.#now && localDay(at, this.zone) >= startOfCalendar(this.#today, window.calendar);
  }

  /** Local days since an instant. */
  daysSince(at: number): number {
    return this.#today - localDay(at, this.zone);
  }
}

/** Reads a history's coupons ahead of the sale. */
export function readHistory(history: History): ReadHistory {
  const coupons = new PastCoupons();
  const householdCoupons = new PastCoupons();
  coupons.read(history.coupons ?? []);
  householdCoupons.read(history.householdCoupons ?? []);
  return { history, coupons, householdCoupons };
}
