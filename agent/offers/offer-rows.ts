/**
 * What choosing coupons asks of every offer it looks at, by place in the index: most are passed over, and a row is one piece of memory
 * where the offer itself, its terms and its tables are many.
 */
import type { CompiledBundle, CompiledOffer } from './compile.ts';

/** Cells of a row. */
const [priority, byId, group, category, class_, flags] = [0, 1, 2, 3, 4, 5];
/** A power of two, so that no row lies across two lines of the processor's cache. */
const rowSize = 8;

const placedFirst = 1;
const capsByHistory = 2;
const waitsForCoupon = 4;
const chained = 8;

export class OfferRows {
  readonly #cells: Int32Array;

  /** Still empty: `fill` reads the offers. */
  constructor({ byPlace }: CompiledBundle) {
    this.#cells = new Int32Array(byPlace.length * rowSize);
  }

  /** Reads the offers of these places, `to` not among them. */
  fill({ byPlace }: CompiledBundle, from: number, to: number): void {
    const cells = this.#cells;
    for (let place = from; place < Math.min(to, byPlace.length); place++) {
      const offer = byPlace[place] as CompiledOffer;
      const row = place * rowSize;
      cells[row + priority] = offer.offer.priority ?? 1;
      cells[row + byId] = offer.byId;
      cells[row + group] = offer.group;
      cells[row + category] = offer.base.category;
      cells[row + class_] = offer.class;
      cells[row + flags] =
        (offer.placedFirst ? placedFirst : 0) |
        (offer.capsByHistory ? capsByHistory : 0) |
        (offer.trigger === 'coupon' ? waitsForCoupon : 0) |
        (offer.after === null ? 0 : chained);
    }
  }

  priority(place: number): number {
    return this.#cells[place * rowSize + priority] ?? 1;
  }

  /** Place of its id among all ids. */
  byId(place: number): number {
    return this.#cells[place * rowSize + byId] ?? -1;
  }

  /** Number of its group, and of its base coupon's category and its contact class; -1 without one. */
  group(place: number): number {
    return this.#cells[place * rowSize + group] ?? -1;
  }

  category(place: number): number {
    return this.#cells[place * rowSize + category] ?? -1;
  }

  class(place: number): number {
    return this.#cells[place * rowSize + class_] ?? -1;
  }

  /** See `CompiledOffer`. */
  isPlacedFirst(place: number): boolean {
    return this.#is(place, placedFirst);
  }

  hasCapsByHistory(place: number): boolean {
    return this.#is(place, capsByHistory);
  }

  waitsForCoupon(place: number): boolean {
    return this.#is(place, waitsForCoupon);
  }

  isChained(place: number): boolean {
    return this.#is(place, chained);
  }

  #is(place: number, flag: number): boolean {
    return ((this.#cells[place * rowSize + flags] ?? 0) & flag) !== 0;
  }
}

/** Offers read between two pauses. */
const stepSize = 1000;

export function* readingRows(compiled: CompiledBundle): Generator<undefined, OfferRows> {
  const rows = new OfferRows(compiled);
  for (let from = 0; from < compiled.byPlace.length; from += stepSize) {
    rows.fill(compiled, from, from + stepSize);
    yield;
  }
  return rows;
}
