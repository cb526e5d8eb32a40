/**
 * Choosing which coupons to print (contract section 6): the exact best set, never a greedy guess.
 *
 * "Best" is: larger sum of priorities, then fewer coupons, then the smaller sorted ids. Three kinds of limits stand over a
 * common total: one of each group, so many of each category, so many of each contact class. With one kind alone the greedy
 * choice by (priority, id) is exact (a truncated partition matroid), and no other set with the same sum has fewer coupons.
 * So each kind alone gives a bound for all three; where its choice keeps all limits it is the answer, and where it breaks
 * one, the search branches on a candidate of the broken limit: with it, and without it. A search that does not end soon
 * gets a second, tighter bound by prices on the limits (relaxation.ts).
 *
 * What bounds the work: candidates behind others with the very same limits are dropped at once, limits that cannot bind
 * are forgotten, a branch ends when its bound is not better than the best set known, and each branch with a candidate uses
 * up one of `couponsPerSale` places. The problem with all three kinds and no total is hard in principle (3-dimensional
 * matching), so the work is limited; docs/offers.md tells where the limit lies.
 */
import { compareIds } from './compile.ts';
import { type Prices, priceBound } from './relaxation.ts';

export interface Candidate {
  readonly id: string;
  readonly priority: number;
  /** At most one of a group. */
  readonly group?: string | undefined;
  readonly category?: string | undefined;
  /** Contact class. */
  readonly class?: string | undefined;
}

export interface Limits {
  /** Infinity: no limit. */
  readonly total: number;
  readonly perCategory: number;
  /** Room of each contact class; absent: no limit. */
  readonly classes: ReadonlyMap<string, number>;
}

/** A candidate as the search sees it: for each kind of limit the number of the limit that can bind it, or none (-1). */
export interface Entry {
  /** Position by priority descending, then id. */
  readonly index: number;
  readonly priority: number;
  readonly keys: readonly [group: number, category: number, class_: number];
}

/** Branches after which the tighter bound is asked. */
const patience = 40;
/**
 * Candidates looked at in all branches, after which the best set found so far is taken: a queue must not wait for a bundle in which
 * thousands of equally good coupons rival under dozens of limits. The same work at every till, so the same answer.
 */
const mostWork = 5_000_000;
/** What the tighter bound looks at, beside one look at each candidate. */
const boundWork = 30;
const none = -1;
const kinds = [0, 1, 2] as const;

/** The best set, by priority descending, then id. */
export function choose<C extends Candidate>(candidates: readonly C[], limits: Limits): C[] {
  const all = [...candidates].sort((a, b) => b.priority - a.priority || compareIds(a.id, b.id));
  const first = firstFit(all, limits);
  // The most valuable ones that there are places for, and all of them fit: nothing can be better.
  const places = Math.min(limits.total, all.length);
  if (first.length === places && first.every((candidate, index) => candidate === all[index])) return first;
  const sorted = worthwhile(all, first, limits.total);
  const rooms: [number[], number[], number[]] = [[], [], []];
  const number = (kind: 0 | 1 | 2, room: (key: string) => number) => {
    const numbers = new Map<string, number>();
    return (key: string | undefined): number => {
      if (key === undefined) return none;
      let known = numbers.get(key);
      if (known === undefined) {
        known = numbers.size;
        numbers.set(key, known);
        rooms[kind].push(room(key));
      }
      return known;
    };
  };
  const group = number(0, () => 1);
  const category = number(1, () => limits.perCategory);
  const contact = number(2, key => limits.classes.get(key) ?? Number.POSITIVE_INFINITY);
  const entries = sorted.map((candidate, index) => ({
    index,
    priority: candidate.priority,
    keys: [group(candidate.group), category(candidate.category), contact(candidate.class)] as const,
  }));
  const search = new Search(
    rooms,
    limits.total,
    sorted.map(candidate => candidate.id),
  );
  return search.run(entries).map(({ index }) => sorted[index] as C);
}

/** A good set to begin with: each candidate in order that still fits. */
function firstFit<C extends Candidate>(sorted: readonly C[], limits: Limits): C[] {
  const set: C[] = [];
  const used = new Map<string, number>();
  const fits = (name: string, key: string | undefined, room: number) =>
    key === undefined || (used.get(name + key) ?? 0) < room;
  const use = (name: string, key: string | undefined) => {
    if (key !== undefined) used.set(name + key, (used.get(name + key) ?? 0) + 1);
  };
  for (const candidate of sorted) {
    if (set.length >= limits.total) break;
    const { group, category, class: contact } = candidate;
    const open =
      fits('g', group, 1) &&
      fits('c', category, limits.perCategory) &&
      fits('k', contact, limits.classes.get(contact ?? '') ?? Number.POSITIVE_INFINITY);
    if (!open) continue;
    use('g', group);
    use('c', category);
    use('k', contact);
    set.push(candidate);
  }
  return set;
}

/** Without candidates too small to reach the first set's sum, even beside the most valuable others. */
function worthwhile<C extends Candidate>(sorted: readonly C[], first: readonly C[], total: number): readonly C[] {
  if (sorted.length <= total) return sorted;
  const sum = (set: readonly C[]) => set.reduce((value, { priority }) => value + priority, 0);
  const least = sum(first) - sum(sorted.slice(0, Math.max(0, total - 1)));
  return sorted.filter(({ priority }) => priority >= least);
}

class Search {
  /** What is left of each limit. */
  readonly #rooms: readonly [number[], number[], number[]];
  readonly #total: number;
  readonly #ids: readonly string[];
  readonly #counts: readonly [number[], number[], number[]];
  #best: readonly Entry[] = [];
  #branches = 0;
  #work = 0;

  constructor(rooms: readonly [number[], number[], number[]], total: number, ids: readonly string[]) {
    this.#rooms = rooms;
    this.#total = total;
    this.#ids = ids;
    this.#counts = [rooms[0].map(() => 0), rooms[1].map(() => 0), rooms[2].map(() => 0)];
  }

  /** @param entries by index */
  run(entries: readonly Entry[]): Entry[] {
    this.#branch([], this.#reduce(entries, 0), null);
    return [...this.#best].sort((a, b) => a.index - b.index);
  }

  #fits({ keys }: Entry): boolean {
    return kinds.every(kind => keys[kind] === none || (this.#rooms[kind][keys[kind]] ?? 0) > 0);
  }

  /** The best completion of `chosen` by `candidates`, which all still fit. */
  #branch(chosen: readonly Entry[], candidates: readonly Entry[], prices: Prices | null): void {
    let open = candidates;
    let known = prices;
    for (;;) {
      this.#work += open.length;
      const broken = this.#mostPromising(chosen, open);
      if (broken === null || this.#work > mostWork) return;
      if (this.#branches++ > patience) {
        const places = this.#total - chosen.length;
        const target = sumOf(this.#best) - sumOf(chosen);
        this.#work += open.length * boundWork;
        known = priceBound(open, this.#rooms, places, target, known);
        // Sums are integers: a bound below the best sum by more than rounding ends the branch.
        if (Math.floor(known.bound + 1e-6) < target) return;
      }
      open = open.filter(entry => entry !== broken);
      this.#use(broken, 1);
      const whole = [...chosen, broken];
      this.#branch(whole, this.#reduce(open, whole.length), known);
      this.#use(broken, -1);
    }
  }

  /** A candidate to branch on; null if nothing better is to be found here, or the best has been found at once. */
  #mostPromising(chosen: readonly Entry[], open: readonly Entry[]): Entry | null {
    let least = Number.POSITIVE_INFINITY;
    let promising: Entry | null = null;
    for (const kind of kinds) {
      const set = this.#greedy(kind, open, this.#total - chosen.length);
      const whole = [...chosen, ...set];
      if (this.#compare(whole, this.#best) >= 0) return null;
      const broken = this.#firstBroken(set);
      if (broken === null) {
        this.#best = whole;
        return null;
      }
      const sum = sumOf(whole);
      if (sum < least) [least, promising] = [sum, broken];
    }
    return promising;
  }

  /** The best set under the total and one kind of limit alone. */
  #greedy(kind: 0 | 1 | 2, open: readonly Entry[], places: number): Entry[] {
    const set: Entry[] = [];
    const rooms = this.#rooms[kind];
    const count = this.#counts[kind];
    for (const entry of open) {
      if (set.length >= places) break;
      const key = entry.keys[kind];
      if (key !== none) {
        const held = count[key] ?? 0;
        if (held >= (rooms[key] ?? 0)) continue;
        count[key] = held + 1;
      }
      set.push(entry);
    }
    clear(count, set, kind);
    return set;
  }

  /** The most valuable candidate that shares a limit with too many others of the set; null if all limits are kept. */
  #firstBroken(set: readonly Entry[]): Entry | null {
    for (const kind of kinds) {
      const count = this.#counts[kind];
      let broken: number = none;
      for (const { keys } of set) {
        const key = keys[kind];
        if (key === none) continue;
        count[key] = (count[key] ?? 0) + 1;
        if ((count[key] ?? 0) > (this.#rooms[kind][key] ?? 0) && broken === none) broken = key;
      }
      clear(count, set, kind);
      if (broken !== none) return set.find(({ keys }) => keys[kind] === broken) ?? null;
    }
    return null;
  }

  #use({ keys }: Entry, step: 1 | -1): void {
    for (const kind of kinds) {
      const key = keys[kind];
      if (key !== none) this.#rooms[kind][key] = (this.#rooms[kind][key] ?? 0) - step;
    }
  }

  /** Drops what no longer fits, limits that cannot bind, and candidates behind others with the very same limits. */
  #reduce(entries: readonly Entry[], taken: number): Entry[] {
    let current = entries.filter(entry => this.#fits(entry));
    for (let before = -1; before !== current.length; ) {
      before = current.length;
      current = this.#dropDominated(this.#dropIdleLimits(current), this.#total - taken);
    }
    return current;
  }

  #dropIdleLimits(entries: readonly Entry[]): readonly Entry[] {
    const counts = this.#rooms.map(rooms => new Int32Array(rooms.length));
    for (const { keys } of entries)
      for (const kind of kinds) {
        const count = counts[kind];
        const key = keys[kind];
        if (count !== undefined && key !== none) count[key] = (count[key] ?? 0) + 1;
      }
    const idle = (kind: 0 | 1 | 2, key: number) =>
      key !== none && (counts[kind]?.[key] ?? 0) <= (this.#rooms[kind][key] ?? 0);
    return entries.map(entry => {
      const [group, category, contact] = entry.keys;
      if (!(idle(0, group) || idle(1, category) || idle(2, contact))) return entry;
      const { index, priority } = entry;
      return {
        index,
        priority,
        keys: [
          idle(0, group) ? none : group,
          idle(1, category) ? none : category,
          idle(2, contact) ? none : contact,
        ] as const,
      };
    });
  }

  #dropDominated(entries: readonly Entry[], places: number): Entry[] {
    const [groups, categories] = this.#rooms;
    const count = new Map<number, number>();
    return entries.filter(({ keys: [group, category, contact] }) => {
      const signature = ((contact + 1) * (categories.length + 1) + category + 1) * (groups.length + 1) + group + 1;
      const before = count.get(signature) ?? 0;
      count.set(signature, before + 1);
      return (
        before < places &&
        (group === none || before < 1) &&
        (category === none || before < (categories[category] ?? 0)) &&
        (contact === none || before < (this.#rooms[2][contact] ?? 0))
      );
    });
  }

  /** Negative if `a` is the better set, 0 if they are the same. */
  #compare(a: readonly Entry[], b: readonly Entry[]): number {
    const bySum = sumOf(b) - sumOf(a) || a.length - b.length;
    if (bySum !== 0) return bySum;
    const [left, right] = [a, b].map(set => set.map(({ index }) => this.#ids[index] ?? '').sort(compareIds));
    for (const [index, id] of (left ?? []).entries()) {
      const order = compareIds(id, right?.[index] ?? '');
      if (order !== 0) return order;
    }
    return 0;
  }
}

function clear(count: number[], set: readonly Entry[], kind: 0 | 1 | 2): void {
  for (const { keys } of set) if (keys[kind] !== none) count[keys[kind]] = 0;
}

function sumOf(set: readonly Entry[]): number {
  let sum = 0;
  for (const { priority } of set) sum += priority;
  return sum;
}
