/** Sets of offers by place in the index: as bits, or as a list where there are few, which is then much less to walk. */

export type Bits = Int32Array;

/** A set to take out of bits. */
export type PlaceSet =
  | { readonly bits: Bits; readonly list: null }
  | { readonly bits: null; readonly list: Int32Array };

export function bits(size: number): Bits {
  return new Int32Array((size + 31) >>> 5);
}

export function put(set: Bits, place: number): void {
  set[place >>> 5] = (set[place >>> 5] ?? 0) | (1 << (place & 31));
}

/** Takes it out. */
export function take(set: Bits, place: number): void {
  set[place >>> 5] = (set[place >>> 5] ?? 0) & ~(1 << (place & 31));
}

/** Puts it if `other` has it. */
export function putIfIn(set: Bits, other: Bits, place: number): void {
  const word = place >>> 5;
  set[word] = (set[word] ?? 0) | ((other[word] ?? 0) & (1 << (place & 31)));
}

export function has(set: Bits, place: number): boolean {
  return (((set[place >>> 5] ?? 0) >>> (place & 31)) & 1) === 1;
}

/** Keeps what is also in `other`. */
export function keep(set: Bits, other: Bits): void {
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) & (other[word] ?? 0);
}

export function isEmpty({ bits: all, list }: PlaceSet): boolean {
  return list === null ? all.every(word => word === 0) : list.length === 0;
}

/** @param places each once */
export function placeSet(places: readonly number[], size: number): PlaceSet {
  // A word of bits costs about as much as an entry of a list.
  if (places.length < size / 32) return { bits: null, list: Int32Array.from(places) };
  const all = bits(size);
  for (const place of places) put(all, place);
  return { bits: all, list: null };
}

/** Takes out what is in `other`. */
export function drop(set: Bits, other: PlaceSet): void {
  if (other.list !== null) {
    for (let index = 0; index < other.list.length; index++) {
      take(set, other.list[index] ?? 0);
    }
    return;
  }
  for (let word = 0; word < set.length; word++) set[word] = (set[word] ?? 0) & ~(other.bits[word] ?? 0);
}
