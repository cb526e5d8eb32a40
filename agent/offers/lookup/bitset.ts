/** Sets of offers by rank: as bits, or as a list where there are few, which is then much less to walk. */

export type Bits = Uint32Array;

/** A set to add to bits or take out of them. */
export type RankSet =
  | { readonly bits: Bits; readonly list: null }
  | { readonly bits: null; readonly list: Uint32Array };

export function bits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5);
}

export function put(set: Bits, rank: number): void {
  set[rank >>> 5] = (set[rank >>> 5] ?? 0) | (1 << (rank & 31));
}

/** Puts it if `other` has it. */
export function putIfIn(set: Bits, other: Bits, rank: number): void {
  const word = rank >>> 5;
  set[word] = (set[word] ?? 0) | ((other[word] ?? 0) & (1 << (rank & 31)));
}

export function has(set: Bits, rank: number): boolean {
  return (((set[rank >>> 5] ?? 0) >>> (rank & 31)) & 1) === 1;
}

/** Keeps what is also in `other`. */
export function keep(set: Bits, other: Bits): void {
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) & (other[word] ?? 0);
}

export function isEmpty({ bits: all, list }: RankSet): boolean {
  return list === null ? all.every(word => word === 0) : list.length === 0;
}

/** @param ranks each once */
export function rankSet(ranks: readonly number[], size: number): RankSet {
  // A word of bits costs about as much as an entry of a list.
  if (ranks.length < size / 32) return { bits: null, list: Uint32Array.from(ranks) };
  const all = bits(size);
  for (const rank of ranks) put(all, rank);
  return { bits: all, list: null };
}

/** Adds what is in `other`. */
export function join(set: Bits, other: RankSet): void {
  if (other.list !== null) {
    for (let index = 0; index < other.list.length; index++) put(set, other.list[index] ?? 0);
    return;
  }
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) | (other.bits[word] ?? 0);
}

/** Takes out what is in `other`. */
export function drop(set: Bits, other: RankSet): void {
  if (other.list !== null) {
    for (let index = 0; index < other.list.length; index++) {
      const rank = other.list[index] ?? 0;
      set[rank >>> 5] = (set[rank >>> 5] ?? 0) & ~(1 << (rank & 31));
    }
    return;
  }
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) & ~(other.bits[word] ?? 0);
}
