/** What choosing coupons asks of every offer it looks at, by place in the index: side by side in columns, as most are passed over. */
import type { CompiledBundle, CompiledOffer } from './compile.ts';

const placedFirst = 1;
const capsByHistory = 2;
const waitsForCoupon = 4;

export class OfferColumns {
  readonly priority: Int32Array;
  /** Place of its id among all ids. */
  readonly byId: Int32Array;
  /** Numbers of its group, its base coupon's category and its contact class; -1 without one. */
  readonly group: Int32Array;
  readonly category: Int32Array;
  readonly class: Int32Array;
  readonly #flags: Uint8Array;

  /** Still empty: `fill` reads the offers. */
  constructor({ byPlace }: CompiledBundle) {
    const { length } = byPlace;
    this.priority = new Int32Array(length);
    this.byId = new Int32Array(length);
    this.group = new Int32Array(length);
    this.category = new Int32Array(length);
    this.class = new Int32Array(length);
    this.#flags = new Uint8Array(length);
  }

  /** Reads the offers of these places, `to` not among them. */
  fill({ byPlace }: CompiledBundle, from: number, to: number): void {
    for (let place = from; place < Math.min(to, byPlace.length); place++) {
      const offer = byPlace[place] as CompiledOffer;
      this.priority[place] = offer.offer.priority ?? 1;
      this.byId[place] = offer.byId;
      this.group[place] = offer.group;
      this.category[place] = offer.base.category;
      this.class[place] = offer.class;
      this.#flags[place] =
        (offer.placedFirst ? placedFirst : 0) |
        (offer.capsByHistory ? capsByHistory : 0) |
        (offer.trigger === 'coupon' ? waitsForCoupon : 0);
    }
  }

  /** See `CompiledOffer`. */
  isPlacedFirst(place: number): boolean {
    return ((this.#flags[place] ?? 0) & placedFirst) !== 0;
  }

  hasCapsByHistory(place: number): boolean {
    return ((this.#flags[place] ?? 0) & capsByHistory) !== 0;
  }

  waitsForCoupon(place: number): boolean {
    return ((this.#flags[place] ?? 0) & waitsForCoupon) !== 0;
  }
}

/** Offers read between two pauses. */
const stepSize = 1000;

export function* readingColumns(compiled: CompiledBundle): Generator<undefined, OfferColumns> {
  const columns = new OfferColumns(compiled);
  for (let from = 0; from < compiled.byPlace.length; from += stepSize) {
    columns.fill(compiled, from, from + stepSize);
    yield;
  }
  return columns;
}
