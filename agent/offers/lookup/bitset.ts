/** Sets of offers as bits, by the offers' rank. */

export type Bits = Uint32Array;

export function bits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5);
}

export function put(set: Bits, rank: number): void {
  set[rank >>> 5] = ((set[rank >>> 5] ?? 0) | (1 << (rank & 31))) >>> 0;
}

export function has(set: Bits, rank: number): boolean {
  return (((set[rank >>> 5] ?? 0) >>> (rank & 31)) & 1) === 1;
}

/** Keeps what is also in `other`. */
export function keep(set: Bits, other: Bits): void {
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) & (other[word] ?? 0);
}

/** Takes out what is in `other`. */
export function drop(set: Bits, other: Bits): void {
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) & ~(other[word] ?? 0);
}

/** Adds what is in `other`. */
export function join(set: Bits, other: Bits): void {
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) | (other[word] ?? 0);
}
