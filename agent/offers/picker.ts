/**
 * The choice of coupons for the basket that is not made to be hard: a depth-first search in plain arrays, exact as `choose`
 * (selection.ts), which takes over where the search would have to look at too much.
 */

import { GreedyBound } from './greedy-bound.ts';
import { mostPlaces, Rivals } from './rivals.ts';

/** Limits of a choice: numbers of groups, categories and classes are those of the compiled bundle; -1: none. */
export interface PickLimits {
  /** Infinity: no limit. */
  total: number;
  readonly perCategory: number;
  /** Room of a contact class. */
  left(class_: number): number;
}

/** Steps of the search before it gives up. */
const mostSteps = 4000;

export class Picker {
  readonly #groups: Uint8Array;
  readonly #categories: Int32Array;
  readonly #classes: Int32Array;
  #count = 0;
  /** Of those added in order, the ones that fit together, each taken if it could be. */
  #fitting = 0;
  #fittingSum = 0;
  // Candidates as they came.
  #priority = new Int32Array(64);
  #id = new Int32Array(64);
  #group = new Int32Array(64);
  #category = new Int32Array(64);
  #class = new Int32Array(64);
  /** Candidates by priority descending, then id. */
  #order = new Int32Array(64);
  /** Sums of the priorities of the first n of them. */
  #sums = new Float64Array(65);
  // The search: places in `#order`.
  readonly #path = new Int32Array(mostPlaces);
  readonly #best = new Int32Array(mostPlaces);
  readonly #pathIds = new Int32Array(mostPlaces);
  readonly #bestIds = new Int32Array(mostPlaces);
  #bestCount = 0;
  #bestSum = 0;
  #end = 0;
  #places = 0;
  #steps = 0;
  #limits: PickLimits = { total: 0, perCategory: 0, left: () => 0 };
  // What all places but one are worth at most.
  readonly #byGroup: GreedyBound;
  readonly #byCategory: GreedyBound;
  readonly #byClass: GreedyBound;
  readonly #rivals: Rivals;

  constructor(groups: number, categories: number, classes: number) {
    this.#rivals = new Rivals(classes);
    this.#byGroup = new GreedyBound(groups, () => 1);
    this.#byCategory = new GreedyBound(categories, () => this.#limits.perCategory);
    this.#byClass = new GreedyBound(classes, class_ => this.#limits.left(class_));
    this.#groups = new Uint8Array(groups);
    this.#categories = new Int32Array(categories);
    this.#classes = new Int32Array(classes);
  }

  /** Another choice. */
  begin(limits: PickLimits): void {
    this.#limits = limits;
    this.#count = 0;
    this.#fitting = 0;
    this.#fittingSum = 0;
    this.#sums[0] = 0;
    const others = Math.max(0, limits.total - 1);
    this.#byGroup.begin(others);
    this.#byCategory.begin(others);
    this.#byClass.begin(others);
    this.#rivals.begin(limits.total);
  }

  /**
   * Whether no candidate of this priority or less can be chosen any more, if candidates are added by priority descending, then id:
   * the places are taken by some that fit together, and it would take more to do better.
   */
  isSettled(priority: number): boolean {
    const { total } = this.#limits;
    if (this.#fitting < total) return false;
    if (total === 0) return true;
    const others = Math.min(
      this.#byGroup.most(priority),
      this.#byCategory.most(priority),
      this.#byClass.most(priority),
    );
    return priority + others < this.#fittingSum;
  }

  /** Whether no candidate of this class can be chosen any more, if candidates are added by priority descending, then id. */
  hasBetter(class_: number): boolean {
    return this.#rivals.areEnough(class_);
  }

  /** Adds one that comes after all others by priority descending, then id, so that `isSettled` may be asked. */
  addNext(priority: number, id: number, group: number, category: number, class_: number): void {
    const at = this.#count;
    this.add(priority, id, group, category, class_);
    this.#order[at] = at;
    this.#sums[at + 1] = (this.#sums[at] ?? 0) + priority;
    this.#byGroup.add(priority, group);
    this.#byCategory.add(priority, category);
    this.#byClass.add(priority, class_);
    if (category < 0 || this.#limits.perCategory > 0) this.#rivals.add(group, category, class_);
    if (this.#limits.total > mostPlaces || this.#fitting >= this.#limits.total || !this.#fits(at)) return;
    this.#use(at, 1);
    this.#best[this.#fitting++] = at;
    this.#fittingSum += priority;
  }

  /** @param id place of the candidate's id among all ids */
  add(priority: number, id: number, group: number, category: number, class_: number): void {
    const at = this.#count++;
    if (at === this.#priority.length) this.#grow();
    this.#priority[at] = priority;
    this.#id[at] = id;
    this.#group[at] = group;
    this.#category[at] = category;
    this.#class[at] = class_;
  }

  /** How many are chosen; null if this choice is too hard for the search. */
  choose(): number | null {
    const limits = this.#limits;
    for (let index = 0; index < this.#fitting; index++) this.#use(this.#best[index] ?? 0, -1);
    this.#fitting = 0;
    this.#sort();
    const all = this.#count;
    const places = Math.min(limits.total, all);
    if (places > mostPlaces) return this.#all(limits);
    this.#places = places;
    const first = this.#firstFit(all);
    if (first) return this.#bestCount;
    this.#end = this.#worthwhile(all);
    this.#steps = 0;
    this.#search(0, 0, 0);
    return this.#steps > mostSteps ? null : this.#bestCount;
  }

  /** A chosen candidate, by the order in which it was added; by priority descending, then id. */
  chosen(index: number): number {
    return this.#places < 0 ? (this.#order[index] ?? -1) : (this.#order[this.#best[index] ?? -1] ?? -1);
  }

  /** Many places: only where all candidates fit. */
  #all(limits: PickLimits): number | null {
    if (this.#count > limits.total) return null;
    let fit = true;
    let used = 0;
    for (; fit && used < this.#count; used++) {
      fit = this.#fits(used);
      if (fit) this.#use(used, 1);
      else used--;
    }
    for (let at = 0; at < used; at++) this.#use(at, -1);
    this.#places = -1;
    return fit ? this.#count : null;
  }

  #search(from: number, depth: number, sum: number): void {
    if (this.#steps++ > mostSteps) return;
    for (let at = from; at < this.#end; at++) {
      // The most valuable ones that are left, limits or not: no better end to this path.
      const last = Math.min(at + this.#places - depth, this.#end);
      if (sum + (this.#sums[last] ?? 0) - (this.#sums[at] ?? 0) < this.#bestSum) return;
      if (!this.#fits(at)) continue;
      const whole = sum + this.#priorityAt(at);
      this.#path[depth] = at;
      this.#compare(depth + 1, whole);
      if (depth + 1 >= this.#places) continue;
      this.#use(at, 1);
      if (whole + this.#reach(at + 1, this.#places - depth - 1) >= this.#bestSum)
        this.#search(at + 1, depth + 1, whole);
      this.#use(at, -1);
      if (this.#steps > mostSteps) return;
    }
  }

  /** The most that so many more are worth, if each had only to fit beside the path. */
  #reach(from: number, places: number): number {
    let sum = 0;
    let left = places;
    for (let at = from; left > 0 && at < this.#end; at++) {
      if (!this.#fits(at)) continue;
      sum += this.#priorityAt(at);
      left--;
    }
    return sum;
  }

  /** Takes the path for the best set if it is better: more, then fewer coupons, then the smaller ids. */
  #compare(count: number, sum: number): void {
    if (sum < this.#bestSum) return;
    if (sum === this.#bestSum) {
      if (count > this.#bestCount) return;
      if (count === this.#bestCount && !this.#hasSmallerIds(count)) return;
    }
    for (let index = 0; index < count; index++) this.#best[index] = this.#path[index] ?? 0;
    this.#bestCount = count;
    this.#bestSum = sum;
  }

  #hasSmallerIds(count: number): boolean {
    this.#sortIds(this.#path, this.#pathIds, count);
    this.#sortIds(this.#best, this.#bestIds, count);
    for (let index = 0; index < count; index++) {
      const difference = (this.#pathIds[index] ?? 0) - (this.#bestIds[index] ?? 0);
      if (difference !== 0) return difference < 0;
    }
    return false;
  }

  #sortIds(places: Int32Array, ids: Int32Array, count: number): void {
    for (let index = 0; index < count; index++) {
      const id = this.#id[this.#order[places[index] ?? 0] ?? 0] ?? 0;
      let at = index;
      for (; at > 0 && (ids[at - 1] ?? 0) > id; at--) ids[at] = ids[at - 1] ?? 0;
      ids[at] = id;
    }
  }

  /** Each candidate in order that still fits; true if they are the most valuable of all, so that none is better. */
  #firstFit(all: number): boolean {
    let count = 0;
    let sum = 0;
    for (let at = 0; at < all && count < this.#places; at++) {
      if (!this.#fits(at)) continue;
      this.#use(at, 1);
      this.#best[count++] = at;
      sum += this.#priorityAt(at);
    }
    for (let index = 0; index < count; index++) this.#use(this.#best[index] ?? 0, -1);
    this.#bestCount = count;
    this.#bestSum = sum;
    return count === this.#places && (count === 0 || this.#best[count - 1] === count - 1);
  }

  /** Where candidates end that can reach the first set's sum, even beside the most valuable others. */
  #worthwhile(all: number): number {
    const least = this.#bestSum - (this.#sums[Math.max(0, this.#places - 1)] ?? 0);
    let end = all;
    while (end > 0 && this.#priorityAt(end - 1) < least) end--;
    return end;
  }

  #priorityAt(at: number): number {
    return this.#priority[this.#order[at] ?? 0] ?? 0;
  }

  #fits(at: number): boolean {
    const candidate = this.#order[at] ?? 0;
    const group = this.#group[candidate] ?? -1;
    if (group >= 0 && this.#groups[group] !== 0) return false;
    const category = this.#category[candidate] ?? -1;
    if (category >= 0 && (this.#categories[category] ?? 0) >= this.#limits.perCategory) return false;
    const class_ = this.#class[candidate] ?? -1;
    return class_ < 0 || (this.#classes[class_] ?? 0) < this.#limits.left(class_);
  }

  #use(at: number, step: 1 | -1): void {
    const candidate = this.#order[at] ?? 0;
    const group = this.#group[candidate] ?? -1;
    if (group >= 0) this.#groups[group] = (this.#groups[group] ?? 0) + step;
    const category = this.#category[candidate] ?? -1;
    if (category >= 0) this.#categories[category] = (this.#categories[category] ?? 0) + step;
    const class_ = this.#class[candidate] ?? -1;
    if (class_ >= 0) this.#classes[class_] = (this.#classes[class_] ?? 0) + step;
  }

  #sort(): void {
    const order = this.#order;
    if (this.#count > 200) {
      order
        .subarray(0, this.#count)
        .set(Int32Array.from({ length: this.#count }, (_, index) => index).sort((a, b) => this.#difference(a, b)));
    } else {
      for (let index = 0; index < this.#count; index++) {
        let at = index;
        for (; at > 0 && this.#difference(order[at - 1] ?? 0, index) > 0; at--) order[at] = order[at - 1] ?? 0;
        order[at] = index;
      }
    }
    let sum = 0;
    for (let at = 0; at < this.#count; at++) {
      sum += this.#priorityAt(at);
      this.#sums[at + 1] = sum;
    }
  }

  #difference(a: number, b: number): number {
    return (this.#priority[b] ?? 0) - (this.#priority[a] ?? 0) || (this.#id[a] ?? 0) - (this.#id[b] ?? 0);
  }

  #grow(): void {
    const size = this.#priority.length * 2;
    const grown = (column: Int32Array) => {
      const larger = new Int32Array(size);
      larger.set(column);
      return larger;
    };
    this.#priority = grown(this.#priority);
    this.#id = grown(this.#id);
    this.#group = grown(this.#group);
    this.#category = grown(this.#category);
    this.#class = grown(this.#class);
    this.#order = grown(this.#order);
    this.#sums = new Float64Array(size + 1);
  }
}
