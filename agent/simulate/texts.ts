/**
 * Texts that occur again and again in a file of sales (product numbers, categories, segments, field names), each made once: found by
 * its bytes, without making a string of them. One string per text also makes it quick to look up in the engine's maps.
 */
import { isUtf8 } from 'node:buffer';
import { parseQuantity, wholePieces } from '../offers/quantity.ts';

/** Texts kept before all are forgotten: more than a grocer has products. */
const mostTexts = 1 << 17;
const mostBytes = 1 << 23;
const slots = 1 << 18;
const id = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export class Texts {
  readonly #names: readonly string[];
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #slots = new Int32Array(slots);
  /** Of each text its hash and where it starts in `#bytes`, side by side. */
  readonly #heads = new Int32Array((mostTexts + 1) * 2);
  readonly #isId = new Uint8Array(mostTexts);
  readonly #pieces = new Float64Array(mostTexts);
  readonly #marks = new Float64Array(mostTexts);
  #bytes = new Uint8Array(1 << 16);
  #strings: string[] = [];

  /** @param names are always known, by their place in this list */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#forget();
  }

  /** Makes room, between two sales: what `find` answered before holds no more. */
  tidy(): void {
    if (this.#strings.length > mostTexts * 0.75 || this.#bytes.length > mostBytes) this.#forget();
  }

  /**
   * The number of the text that stands in `bytes` from `start` to `end`; -1 if it is not UTF-8, or there is no more room.
   * @param hash of these bytes, by `hash * 31 + byte` in 32 bits, from 0
   */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const length = end - start;
    const heads = this.#heads;
    const kept = this.#bytes;
    let slot = Math.imul(hash, 0x9e3779b1) >>> 14;
    for (;;) {
      const text = (this.#slots[slot] as number) - 1;
      if (text < 0) return this.#add(bytes, start, end, hash, slot);
      if (heads[text * 2] === hash) {
        const from = heads[text * 2 + 1] as number;
        if ((heads[text * 2 + 3] as number) - from === length) {
          let same = 0;
          while (same < length && kept[from + same] === bytes[start + same]) same++;
          if (same === length) return text;
        }
      }
      slot = (slot + 1) & (slots - 1);
    }
  }

  string(text: number): string {
    return this.#strings[text] as string;
  }

  /** Whether it is an id by the contract's grammar. */
  isId(text: number): boolean {
    return this.#isId[text] === 1;
  }

  /** Of a quantity: the whole pieces sold, 0 if there are none. -1 for any other text. */
  pieces(text: number): number {
    return this.#pieces[text] as number;
  }

  /** Marks it; whether it bore that very mark already. */
  mark(text: number, mark: number): boolean {
    const before = this.#marks[text];
    this.#marks[text] = mark;
    return before === mark;
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const text = this.#strings.length;
    const own = bytes.subarray(start, end);
    if (text >= mostTexts || !isUtf8(own)) return -1;
    const from = this.#heads[text * 2 + 1] as number;
    const needed = from + end - start;
    if (needed > this.#bytes.length) {
      const more = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      more.set(this.#bytes);
      this.#bytes = more;
    }
    this.#bytes.set(own, from);
    this.#heads[text * 2] = hash;
    this.#heads[text * 2 + 3] = needed;
    this.#slots[slot] = text + 1;
    const string = this.#decoder.decode(own);
    this.#strings.push(string);
    this.#isId[text] = id.test(string) ? 1 : 0;
    const quantity = parseQuantity(string);
    this.#pieces[text] = quantity === null || quantity === 0 ? -1 : Math.max(0, wholePieces(quantity, 'ea') ?? 0);
    this.#marks[text] = 0;
    return text;
  }

  #forget(): void {
    this.#slots.fill(0);
    this.#strings = [];
    this.#bytes = new Uint8Array(1 << 16);
    for (const name of this.#names) {
      const bytes = Buffer.from(name);
      let hash = 0;
      for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
      this.find(bytes, 0, bytes.length, hash);
    }
  }
}
