/** Numbers that look like chance and are the same in every run. */
export interface Chance {
  /** From 0 to below 1. */
  share(): number;
  /** A whole number from 0 to below `most`. */
  below(most: number): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  /** True in this share of the cases. */
  happens(share: number): boolean;
  one<T>(of: readonly [T, ...T[]] | readonly T[]): T;
  /** Different ones, in the order of the list. */
  some<T>(of: readonly T[], count: number): T[];
  shuffled<T>(all: readonly T[]): T[];
  /** A whole number from 0 to below `most`, each half as often as the one at half its place (Zipf, exponent 1). */
  zipf(most: number): number;
}

/** Mulberry32 by Tommy Ettinger (public domain): 32 bits of state, good enough for a bench. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const share = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (most: number) => Math.floor(share() * most);
  return {
    share,
    below,
    between: (least, most) => least + below(most - least + 1),
    happens: part => share() < part,
    one: of => of[below(of.length)] as (typeof of)[number],
    some: (of, count) => {
      const places = new Set<number>();
      while (places.size < Math.min(count, of.length)) places.add(below(of.length));
      return of.filter((_, index) => places.has(index));
    },
    shuffled: all =>
      all
        .map(item => ({ item, place: share() }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item),
    zipf: most => Math.min(most - 1, Math.floor((most + 1) ** share()) - 1),
  };
}
