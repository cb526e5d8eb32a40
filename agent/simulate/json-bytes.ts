/**
 * Reads JSON from bytes of UTF-8 piece by piece, as whoever knows what should come asks for it. What is not JSON, or of a form that
 * is not asked for, throws `odd`: then the line is read again by someone slower who tells what is wrong with it.
 */
import { isUtf8 } from 'node:buffer';
import type { Texts } from './texts.ts';

/** Thrown for anything unexpected; one for all, since nobody looks at it. */
export const odd = new Error('not read quickly');

const quote = 34;
const backslash = 92;
const comma = 44;
const colon = 58;
const minus = 45;
const zero = 48;
const space = 32;
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];
const deepest = 32;
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

export class JsonBytes {
  readonly #texts: Texts;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #at = 0;
  /** All of it, where strings are cut from it. */
  #whole: string | null = null;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** From here on what stands from `start` to `end` is read; it must not contain line ends. */
  begin(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#at = start;
    this.#whole = null;
    this.#skipSpace();
  }

  /** Nothing may follow. */
  end(): void {
    this.#skipSpace();
    if (this.#at !== this.#end) throw odd;
  }

  /** Enters an object; whether it has a field. */
  object(): boolean {
    return this.#enter(openObject, closeObject);
  }

  /** After a field: whether another one follows. */
  nextField(): boolean {
    return this.#next(closeObject);
  }

  list(): boolean {
    return this.#enter(openList, closeList);
  }

  nextItem(): boolean {
    return this.#next(closeList);
  }

  /** The name of a field, as the number of a text. */
  key(): number {
    const key = this.text();
    this.#colon();
    return key;
  }

  /** Passes over these bytes and space after them, if they stand here. */
  passes(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    const { length } = expected;
    for (let index = 0; index < length; index++) if (bytes[at + index] !== expected[index]) return false;
    this.#at = at + length;
    if ((bytes[this.#at] as number) <= space) this.#skipSpace();
    return true;
  }

  /** A text that will come again, as its number. */
  text(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    if (bytes[at] !== quote) throw odd;
    const from = ++at;
    let hash = 0;
    for (let byte = bytes[at] as number; byte !== quote; byte = bytes[++at] as number) {
      if (!(byte >= space)) throw odd;
      if (byte === backslash) return this.#known(Buffer.from(this.#escaped(from)));
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.#at = at + 1;
    return this.#room(this.#texts.find(bytes, from, at, hash));
  }

  /** A text that hardly comes again. @param keeping it will outlive the line, and must not keep the whole line alive */
  string(keeping: boolean): string {
    const from = this.#at + 1;
    const highest = this.#span();
    if (highest < 0) return this.#escaped(from);
    const to = this.#at - 1;
    if (highest > 127) return this.#bytes.toString('utf8', from, to);
    if (keeping) return this.#bytes.toString('latin1', from, to);
    this.#whole ??= this.#bytes.toString('latin1', this.#start, this.#end);
    return this.#whole.slice(from - this.#start, to - this.#start);
  }

  /** An integer of at most 15 digits. */
  integer(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const negative = bytes[at] === minus;
    const from = negative ? ++at : at;
    let value = 0;
    for (let digit = (bytes[at] as number) - zero; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - zero)
      value = value * 10 + digit;
    const digits = at - from;
    // What follows the digits of a fraction or power is found by whoever reads on. -0 is not what it seems.
    if (digits === 0 || digits > 15 || (bytes[from] === zero && (digits > 1 || negative))) throw odd;
    this.#at = at;
    return negative ? -value : value;
  }

  number(): number {
    const from = this.#at;
    let at = from;
    let value = 0;
    let digits = true;
    for (let byte = this.#bytes[at] as number; isOfNumber(byte); byte = this.#bytes[++at] as number) {
      if (byte >= zero && byte <= 57) value = value * 10 + byte - zero;
      else digits = false;
    }
    if (at === from) throw odd;
    if (!digits || at - from > 15 || (this.#bytes[from] === zero && at - from > 1)) {
      const text = this.#bytes.toString('latin1', from, at);
      value = number.test(text) ? Number(text) : Number.NaN;
      if (!Number.isFinite(value)) throw odd;
    }
    this.#at = at;
    return value;
  }

  boolean(): boolean {
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    throw odd;
  }

  /** Passes over null, if it stands here. */
  null(): boolean {
    return this.#bytes[this.#at] === 110 && this.#word('null');
  }

  /** The first byte of what stands here. */
  get ahead(): number {
    return this.#bytes[this.#at] as number;
  }

  /** Passes over any value. */
  skip(depth = 0): void {
    if (depth > deepest) throw odd;
    const { ahead } = this;
    if (ahead === quote) {
      const from = this.#at + 1;
      if (this.#span() < 0) this.#escaped(from);
    } else if (ahead === openObject) {
      if (this.object())
        do {
          this.key();
          this.skip(depth + 1);
        } while (this.nextField());
    } else if (ahead === openList) {
      if (this.list())
        do {
          this.skip(depth + 1);
        } while (this.nextItem());
    } else if (!this.null()) {
      if (isOfNumber(ahead)) this.number();
      else this.boolean();
    }
  }

  #enter(open: number, close: number): boolean {
    if (this.#bytes[this.#at] !== open) throw odd;
    this.#at++;
    this.#skipSpace();
    if (this.#bytes[this.#at] !== close) return true;
    this.#at++;
    return false;
  }

  #next(close: number): boolean {
    this.#skipSpace();
    const byte = this.#bytes[this.#at++];
    if (byte === close) return false;
    if (byte !== comma) throw odd;
    this.#skipSpace();
    return true;
  }

  #colon(): void {
    this.#skipSpace();
    if (this.#bytes[this.#at++] !== colon) throw odd;
    this.#skipSpace();
  }

  #skipSpace(): void {
    for (let byte = this.#bytes[this.#at]; byte === space || byte === 9 || byte === 13; )
      byte = this.#bytes[++this.#at];
  }

  #word(word: string): boolean {
    for (let index = 0; index < word.length; index++)
      if (this.#bytes[this.#at + index] !== word.charCodeAt(index)) return false;
    this.#at += word.length;
    return true;
  }

  /** Passes over a text without escapes; its highest byte. -1 and nothing passed if it has escapes. */
  #span(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    if (bytes[at] !== quote) throw odd;
    const from = ++at;
    let all = 0;
    for (let byte = bytes[at] as number; byte !== quote; byte = bytes[++at] as number) {
      // No control characters, and after the last byte `undefined`, which is not at least anything.
      if (!(byte >= space)) throw odd;
      if (byte === backslash) return -1;
      all |= byte;
    }
    this.#at = at + 1;
    if (all > 127 && !isUtf8(bytes.subarray(from, at))) throw odd;
    return all;
  }

  /** A text with escapes, that begins at `from`. */
  #escaped(from: number): string {
    const bytes = this.#bytes;
    let at = from;
    for (let byte = bytes[at] as number; byte !== quote; byte = bytes[++at] as number) {
      if (!(byte >= space)) throw odd;
      if (byte === backslash) at++;
    }
    this.#at = at + 1;
    if (!isUtf8(bytes.subarray(from, at))) throw odd;
    let text: string;
    try {
      text = JSON.parse(bytes.toString('utf8', from - 1, at + 1));
    } catch {
      throw odd;
    }
    // Half a pair of surrogates has no bytes.
    if (!text.isWellFormed()) throw odd;
    return text;
  }

  #known(bytes: Uint8Array): number {
    let hash = 0;
    for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
    return this.#room(this.#texts.find(bytes, 0, bytes.length, hash));
  }

  #room(text: number): number {
    if (text < 0) throw odd;
    return text;
  }
}

/** Digits, point, signs and `e`. */
function isOfNumber(byte: number): boolean {
  return (byte >= zero && byte <= 57) || byte === 46 || byte === minus || byte === 43 || byte === 101 || byte === 69;
}
