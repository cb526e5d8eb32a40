/**
 * `parseJson` of a bundle in short steps: the offers, which are nearly all of it, are cut apart by their brackets and parsed a few at
 * a time. Whatever is out of the ordinary is left to `parseJson` as a whole, so that both always say the same.
 */
import { fieldsOf } from './checks.ts';
import { type JsonResult, parseJson } from './json.ts';

const [quote, backslash, comma] = [34, 92, 44];
const [openList, closeList, openObject, closeObject] = [91, 93, 123, 125];

/** Bytes looked at, or parsed, between two pauses. */
const stepBytes = 64 * 1024;

export function* parsingJson(source: Uint8Array): Generator<undefined, JsonResult> {
  const cut = yield* cutting(source);
  if (cut === null) return parseJson(source);
  const around = new Uint8Array(cut.from + source.length - cut.to);
  around.set(source.subarray(0, cut.from));
  around.set(source.subarray(cut.to), cut.from);
  const whole = parseJson(around);
  const root = whole.ok ? fieldsOf(whole.value) : null;
  if (root === null || !Array.isArray(root.offers)) return parseJson(source);
  const offers = root.offers as unknown[];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let since = 0;
  try {
    for (let index = 0; index + 1 < cut.pieces.length; index++) {
      const piece = source.subarray((cut.pieces[index] ?? 0) + 1, cut.pieces[index + 1]);
      offers.push(JSON.parse(decoder.decode(piece)));
      since += piece.length;
      if (since < stepBytes) continue;
      since = 0;
      yield;
    }
  } catch {
    return parseJson(source);
  }
  return { ok: true, value: root };
}

/** The list of offers: what stands between `from` and `to`, and where its brackets and commas are. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly pieces: readonly number[];
}

/** Null if there is not exactly one plain list `offers` at the top. */
function* cutting(source: Uint8Array): Generator<undefined, Cut | null> {
  const pieces: number[] = [];
  let depth = 0;
  let inOffers = false;
  let end = -1;
  /** Where the last text at the top began; -1 after anything else but its colon. */
  let name = -1;
  let nameEnd = -1;
  let pause = stepBytes;
  for (let at = 0; at < source.length; at++) {
    if (at >= pause) {
      pause = at + stepBytes;
      yield;
    }
    const byte = source[at];
    if (byte === quote) {
      const start = at;
      for (at++; at < source.length && source[at] !== quote; at++) if (source[at] === backslash) at++;
      if (depth === 1) [name, nameEnd] = [start, at];
    } else if (byte === openList || byte === openObject) {
      if (depth === 1 && byte === openList && isOffers(source, name, nameEnd, at)) {
        if (pieces.length > 0) return null;
        inOffers = true;
        pieces.push(at);
      }
      depth++;
    } else if (byte === closeList || byte === closeObject) {
      depth--;
      if (inOffers && depth === 1) {
        if (byte !== closeList) return null;
        inOffers = false;
        end = at;
        pieces.push(at);
      }
    } else if (byte === comma && inOffers && depth === 2) pieces.push(at);
  }
  const [from] = pieces;
  if (from === undefined || end < 0) return null;
  // An empty list has one piece of nothing but blanks.
  if (pieces.length === 2 && isBlank(source, from + 1, end)) pieces.pop();
  return hasOneOffers(source, from, end) ? { from: from + 1, to: end, pieces } : null;
}

const word = Buffer.from('"offers"');

/** Whether the text before this place is the name `offers`, with nothing but a colon between. */
function isOffers(source: Uint8Array, name: number, nameEnd: number, at: number): boolean {
  if (name < 0 || nameEnd - name + 1 !== word.length) return false;
  for (let index = 0; index < word.length; index++) if (source[name + index] !== word[index]) return false;
  let colons = 0;
  for (let index = nameEnd + 1; index < at; index++) {
    if (source[index] === 58) colons++;
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
