/** Where the list of offers stands in the bytes of a bundle, and where its entries end: by brackets and quotes alone. */

const [quote, backslash, comma, colon] = [34, 92, 44, 58];
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];

/** Bytes looked at between two pauses: a fraction of a millisecond. */
const lookedAt = 128 * 1024;

/**
 * Looks for the list by the name `offers` among the fields at the top of a document.
 * @param from at this depth
 * @returns the place after its bracket; -1 where there is no such name; null where it may be understood in more than one way
 */
export function* findingOffers(source: Uint8Array, from: number, depth: 0 | 1): Generator<undefined, number | null> {
  let level: number = depth;
  let pause = from + lookedAt;
  for (let at = from; at < source.length; at++) {
    if (at >= pause) {
      pause = at + lookedAt;
      yield;
    }
    const kind = kinds[source[at] ?? 0];
    if (kind === 2) level++;
    else if (kind === 3) level--;
    if (kind !== 1) continue;
    const start = at;
    at = endOfText(source, at + 1, source.length);
    if (level !== 1) continue;
    const next = afterBlanks(source, at + 1);
    if (source[next] !== colon) continue;
    if (source.subarray(start, at).includes(backslash)) return null;
    if (!isOffers(source, start, at)) continue;
    const list = afterBlanks(source, next + 1);
    return source[list] === openList ? list + 1 : null;
  }
  return -1;
}

/** Walks from an entry of a list to the end of one a little further on. */
export class Entries {
  /** The next byte to read; in the end that of the comma, or of the bracket that closes the list. */
  at: number;
  /** Where the entry at hand begins, */
  begun: number;
  /** and how many ended before it. */
  ended = 0;
  /** The list's end, or the document's, is reached. */
  over = false;
  readonly #source: Uint8Array;
  #depth = 0;
  #inText = false;

  constructor(source: Uint8Array, from: number) {
    this.#source = source;
    this.at = from;
    this.begun = from;
  }

  /**
   * Reads on for a moment, and no further than the first end of an entry at a place or after it.
   * @returns whether that, or the list's end, is reached
   */
  read(place: number): boolean {
    const source = this.#source;
    const stop = Math.min(this.at + lookedAt, source.length);
    let { at } = this;
    let depth = this.#depth;
    if (this.#inText) {
      at = endOfText(source, at, stop);
      this.#inText = at >= stop;
      if (!this.#inText) at++;
    }
    for (; at < stop; at++) {
      const kind = kinds[source[at] ?? 0];
      if (kind === 0) continue;
      if (kind === 1) {
        at = endOfText(source, at + 1, stop);
        if (at < stop) continue;
        this.#inText = true;
        break;
      }
      if (kind === 2) depth++;
      else if (kind === 3) {
        if (--depth < 0) break;
      } else if (depth === 0) {
        if (at >= place) break;
        this.begun = at + 1;
        this.ended++;
      }
    }
    this.at = at;
    this.#depth = depth;
    this.over = depth < 0 || at >= source.length;
    return this.over || at < stop;
  }
}

/** 1 quote, 2 opening, 3 closing bracket, 4 comma. */
const kinds = new Uint8Array(256);
kinds[quote] = 1;
kinds[openList] = kinds[openObject] = 2;
kinds[closeList] = kinds[closeObject] = 3;
kinds[comma] = 4;

/** The place of the quote that ends a text; `stop`, or the place after it, where the text goes on. */
function endOfText(source: Uint8Array, from: number, stop: number): number {
  let at = from;
  for (; at < stop; at++) {
    const byte = source[at];
    if (byte === quote) return at;
    if (byte === backslash) at++;
  }
  return at;
}

const word = Buffer.from('offers');

/** Whether a text is that name. */
function isOffers(source: Uint8Array, start: number, end: number): boolean {
  return end - start - 1 === word.length && word.every((byte, index) => source[start + 1 + index] === byte);
}

export function afterBlanks(source: Uint8Array, from: number): number {
  let at = from;
  while (blanks.includes(source[at] ?? 0)) at++;
  return at;
}

const blanks: readonly number[] = [32, 9, 10, 13];
