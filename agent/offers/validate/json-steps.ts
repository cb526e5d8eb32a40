/**
 * `parseJson` of a bundle in short steps: the offers, which are nearly all of it, are cut apart by their brackets and parsed a few at
 * a time. Whatever is out of the ordinary is left to `parseJson` as a whole, so that both always say the same.
 */
import { fieldsOf } from './checks.ts';
import { type JsonResult, parseJson } from './json.ts';

const [quote, backslash, comma, colon] = [34, 92, 44, 58];
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];

/** Bytes looked at between two pauses, and parsed: a fraction of a millisecond each. */
const lookedAt = 256 * 1024;
const parsed = 32 * 1024;

export function* parsingJson(source: Uint8Array): Generator<undefined, JsonResult> {
  const cut = yield* cutting(source);
  if (cut === null) return parseJson(source);
  const { from, to, ends } = cut;
  const around = new Uint8Array(from + source.length - to);
  around.set(source.subarray(0, from));
  around.set(source.subarray(to), from);
  const whole = parseJson(around);
  const root = whole.ok ? fieldsOf(whole.value) : null;
  if (root === null || !Array.isArray(root.offers)) return parseJson(source);
  const offers = root.offers as unknown[];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let pause = from + parsed;
  let start = from;
  try {
    for (const end of ends) {
      offers.push(JSON.parse(decoder.decode(source.subarray(start, end))));
      start = end + 1;
      if (start < pause) continue;
      pause = start + parsed;
      yield;
    }
  } catch {
    return parseJson(source);
  }
  return { ok: true, value: root };
}

/** The list of offers: what stands between `from` and `to`, and where each of its entries ends. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly ends: readonly number[];
}

/** Null if there is not exactly one plain list `offers` at the top. */
function* cutting(source: Uint8Array): Generator<undefined, Cut | null> {
  let list: Entries | null = null;
  let depth = 0;
  /** Where the last text at the top began; -1 after anything else but its colon. */
  let name = -1;
  let nameEnd = -1;
  let pause = lookedAt;
  for (let at = 0; at < source.length; at++) {
    if (at >= pause) {
      pause = at + lookedAt;
      yield;
    }
    const byte = source[at];
    if (byte === quote) {
      const start = at;
      at = endOfText(source, at + 1);
      if (depth !== 1) continue;
      name = start;
      nameEnd = at;
    } else if (byte === openList || byte === openObject) {
      depth++;
      if (depth !== 2 || byte !== openList || !isOffers(source, name, nameEnd, at)) continue;
      if (list !== null) return null;
      list = new Entries(at + 1);
      while (!list.read(source, lookedAt)) yield;
      at = list.at;
      pause = at + lookedAt;
      if (source[at] !== closeList) return null;
      depth--;
    } else if (byte === closeList || byte === closeObject) depth--;
  }
  if (list === null) return null;
  const { from, at: to, ends } = list;
  if (ends.length > 0 || !isBlank(source, from, to)) ends.push(to);
  return hasOneOffers(source, from, to) ? { from, to, ends } : null;
}

/** Finds where the entries of a list end. */
class Entries {
  readonly from: number;
  readonly ends: number[] = [];
  /** Of the next byte; in the end of the bracket that closes the list. */
  at: number;
  #depth = 0;

  constructor(from: number) {
    this.from = from;
    this.at = from;
  }

  /** Reads about as many bytes. @returns whether the end of the list, or of the document, is reached */
  read(source: Uint8Array, most: number): boolean {
    const { ends } = this;
    const { length } = source;
    const stop = Math.min(this.at + most, length);
    let depth = this.#depth;
    let at = this.at;
    for (; at < stop; at++) {
      const kind = kinds[source[at] ?? 0];
      if (kind === 0) continue;
      if (kind === 1) at = endOfText(source, at + 1);
      else if (kind === 2) depth++;
      else if (kind === 4) {
        if (depth === 0) ends.push(at);
      } else if (--depth < 0) break;
    }
    this.at = at;
    this.#depth = depth;
    return depth < 0 || at >= length;
  }
}

/** 1 quote, 2 opening, 3 closing bracket, 4 comma. */
const kinds = new Uint8Array(256);
kinds[quote] = 1;
kinds[openList] = kinds[openObject] = 2;
kinds[closeList] = kinds[closeObject] = 3;
kinds[comma] = 4;

/** The place of the quote that ends a text, or the end of the document. */
function endOfText(source: Uint8Array, from: number): number {
  let at = from;
  for (; at < source.length; at++) {
    const byte = source[at];
    if (byte === quote) return at;
    if (byte === backslash) at++;
  }
  return at;
}

const word = Buffer.from('"offers"');

/** Whether the text before this place is the name `offers`, with nothing but a colon between. */
function isOffers(source: Uint8Array, name: number, nameEnd: number, at: number): boolean {
  if (name < 0 || nameEnd - name + 1 !== word.length) return false;
  for (let index = 0; index < word.length; index++) if (source[name + index] !== word[index]) return false;
  let colons = 0;
  for (let index = nameEnd + 1; index < at; index++) {
    if (source[index] === colon) colons++;
    else if (!isBlank(source, index, index + 1)) return false;
  }
  return colons === 1;
}

/** Whether the rest of the document has no second name that could mean the same list: none with `offers` or an escape in it. */
function hasOneOffers(source: Uint8Array, from: number, to: number): boolean {
  const before = Buffer.from(source.buffer, source.byteOffset, from);
  const after = Buffer.from(source.buffer, source.byteOffset + to, source.length - to);
  if (before.indexOf(word) !== before.lastIndexOf(word) || after.includes(word)) return false;
  return !before.includes(backslash) && !after.includes(backslash);
}

function isBlank(source: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = source[at];
    if (byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  }
  return true;
}
