/** From a member's segments to the offers that invite one of them, and none that bars one. */
import type { Facts } from '../facts.ts';
import type { Keys } from '../keys.ts';
import { type Bits, bits, drop, keep, put, take } from './bitset.ts';

/** Lists of segments of one offer beyond this many are asked of the offers that are found. */
export const mostLists = 3;

/** A word of bits costs about half as much as an entry of a list. */
const wordsOfEntry = 2;

/** Collects what offers ask of segments, then makes the index of it. */
export class SegmentNeeds {
  readonly #size: number;
  readonly #keys: Keys;
  /** Of each list in turn the offers that have none. */
  readonly #without: readonly Bits[];
  /** By number of the segment: offers whose first, second, third list names it; last those that bar it. */
  readonly #named: (number[][] | undefined)[] = [];

  constructor(size: number, keys: Keys) {
    this.#size = size;
    this.#keys = keys;
    this.#without = Array.from({ length: mostLists }, () => bits(size));
  }

  /**
   * @param lists of each of which the member must be in one
   * @param barred of which the member must be in none
   */
  add(place: number, lists: readonly (readonly string[])[], barred: readonly string[]): void {
    for (const [kind, without] of this.#without.entries()) {
      const list = lists[kind];
      if (list === undefined) put(without, place);
      else this.#name(place, kind, list);
    }
    this.#name(place, mostLists, barred);
  }

  #name(place: number, kind: number, segments: readonly string[]): void {
    for (const segment of new Set(segments)) {
      const number = this.#keys.segment(segment);
      this.#named[number] ??= Array.from({ length: mostLists + 1 }, () => []);
      this.#named[number]?.[kind]?.push(place);
    }
  }

  *index(): Generator<undefined, SegmentLookup> {
    const segments = this.#keys.segmentCount;
    const starts = new Int32Array(segments * (mostLists + 1) + 1);
    const entries: number[] = [];
    const dense: Bits[] = [];
    for (let number = 0; number < segments; number++) {
      for (let kind = 0; kind <= mostLists; kind++) {
        const places = this.#named[number]?.[kind] ?? [];
        if (places.length * wordsOfEntry > this.#size / 32) {
          const all = bits(this.#size);
          for (const place of places) put(all, place);
          // A set of bits stands as one entry below 0.
          entries.push(-dense.push(all));
        } else entries.push(...places);
        starts[number * (mostLists + 1) + kind + 1] = entries.length;
      }
      if (number % 200 === 199) yield;
    }
    const used = this.#without.findLastIndex(without => !isFull(without, this.#size)) + 1;
    return new SegmentLookup(this.#without.slice(0, Math.max(1, used)), starts, Int32Array.from(entries), dense);
  }
}

export class SegmentLookup {
  readonly #without: readonly Bits[];
  /** Of segment n from `starts[4n]` to `starts[4n + 4]`: side by side, as they are asked together. */
  readonly #starts: Int32Array;
  readonly #entries: Int32Array;
  readonly #dense: readonly Bits[];
  // Of the member at hand.
  /** Of the second and third lists. */
  readonly #sets: readonly Bits[];
  /** Lists of offers that bar the member: from where to where. */
  #barred = new Int32Array(64);

  constructor(without: readonly Bits[], starts: Int32Array, entries: Int32Array, dense: readonly Bits[]) {
    this.#without = without;
    this.#starts = starts;
    this.#entries = entries;
    this.#dense = dense;
    this.#sets = Array.from({ length: mostLists }, () => new Int32Array(without[0]?.length ?? 0));
  }

  /** Makes `invited` the offers that the member's segments allow. */
  find(facts: Facts, keys: Keys, invited: Bits): void {
    const without = this.#without;
    invited.set(without[0] as Bits);
    for (let list = 1; list < without.length; list++) this.#sets[list]?.set(without[list] as Bits);
    const starts = this.#starts;
    const count = facts.segmentCount(keys);
    const { segments } = facts;
    if (this.#barred.length < count * 2) this.#barred = new Int32Array(count * 4);
    let barred = 0;
    for (let index = 0; index < count; index++) {
      const first = (segments[index] ?? 0) * (mostLists + 1);
      const own = starts[first + 1] ?? 0;
      const last = starts[first + mostLists] ?? 0;
      const end = starts[first + mostLists + 1] ?? 0;
      this.#join(invited, starts[first] ?? 0, own);
      if (own < last)
        for (let kind = 1; kind < mostLists; kind++)
          this.#join(this.#sets[kind] as Bits, starts[first + kind] ?? 0, starts[first + kind + 1] ?? 0);
      if (last === end) continue;
      this.#barred[barred++] = last;
      this.#barred[barred++] = end;
    }
    for (let list = 1; list < without.length; list++) keep(invited, this.#sets[list] as Bits);
    // What one segment invites another may bar.
    for (let index = 0; index < barred; index += 2)
      this.#bar(invited, this.#barred[index] ?? 0, this.#barred[index + 1] ?? 0);
  }

  #join(set: Bits, from: number, to: number): void {
    if (from === to) return;
    const entries = this.#entries;
    const first = entries[from] ?? 0;
    if (first >= 0) {
      for (let index = from; index < to; index++) put(set, entries[index] ?? 0);
      return;
    }
    const all = this.#dense[-first - 1] as Bits;
    for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) | (all[word] ?? 0);
  }

  #bar(set: Bits, from: number, to: number): void {
    const entries = this.#entries;
    const first = entries[from] ?? 0;
    if (first < 0) drop(set, { bits: this.#dense[-first - 1] as Bits, list: null });
    else for (let index = from; index < to; index++) take(set, entries[index] ?? 0);
  }
}

function isFull(set: Bits, size: number): boolean {
  const all = bits(size);
  for (let place = 0; place < size; place++) put(all, place);
  return set.every((word, index) => word === all[index]);
}
