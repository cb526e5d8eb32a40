/**
 * The most that coupons can be worth together under one kind of limit alone: taken by falling priority, each that still fits. With one
 * kind that is exact, so with all kinds nothing is worth more.
 */
import { mostPlaces } from './rivals.ts';

export class GreedyBound {
  readonly #room: (key: number) => number;
  /** By number of the limit. */
  readonly #used: Int32Array;
  readonly #keys = new Int32Array(mostPlaces);
  #places = 0;
  #count = 0;
  #sum = 0;

  /**
   * @param limits how many limits there are; they are numbered from 0
   * @param room how many coupons a limit lets through
   */
  constructor(limits: number, room: (key: number) => number) {
    this.#used = new Int32Array(limits);
    this.#room = room;
  }

  /** Another choice. */
  begin(places: number): void {
    for (let index = 0; index < this.#count; index++) {
      const key = this.#keys[index] ?? -1;
      if (key >= 0) this.#used[key] = 0;
    }
    this.#places = Math.min(places, mostPlaces);
    this.#count = 0;
    this.#sum = 0;
  }

  /**
   * The next coupon by falling priority.
   * @param key number of its limit; -1: none
   */
  add(priority: number, key: number): void {
    if (this.#count >= this.#places) return;
    if (key >= 0) {
      const used = this.#used[key] ?? 0;
      if (used >= this.#room(key)) return;
      this.#used[key] = used + 1;
    }
    this.#keys[this.#count++] = key;
    this.#sum += priority;
  }

  /** The most that all places are worth if those to come are of this priority at most. */
  most(priority: number): number {
    return this.#sum + (this.#places - this.#count) * priority;
  }
}
