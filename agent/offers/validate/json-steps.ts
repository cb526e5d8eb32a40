/**
 * The JSON of a bundle in short steps: the offers, which are nearly all of it, are cut apart and parsed a few at a time. What is short
 * and out of the ordinary is left to `parseJson` as a whole, so that both always say the same.
 */
import { pointer } from '../fault.ts';
import { finish } from '../steps.ts';
import { fieldsOf } from './checks.ts';
import { type JsonResult, parseJson } from './json.ts';
import { afterBlanks, Entries, findingOffers } from './json-cut.ts';
import { mostBytesAtOnce } from './limits.ts';

/** Bytes parsed between two pauses: a fraction of a millisecond. */
const parsed = 24 * 1024;
/** How far the end of an offer is looked for after that. */
const nearby = 24 * 1024;
const mostWrong = 10;
const closeList = 93;

/** `parsingJson` without a pause. */
export function parseBundleJson(source: Uint8Array | string): JsonResult {
  if (source.length <= mostBytesAtOnce) return parseJson(source);
  return finish(parsingJson(typeof source === 'string' ? Buffer.from(source) : source));
}

/** Reads the bytes of a bundle. One that has no parts of at most `mostBytesAtOnce` is refused. */
export function* parsingJson(source: Uint8Array): Generator<undefined, JsonResult> {
  const whole = source.length <= mostBytesAtOnce;
  const parts = new Parts(source);
  try {
    const read = yield* parts.reading();
    // Of a short document the parser of the whole says where and why.
    if (read !== null && (read.ok || !whole)) return read;
  } catch (error) {
    if (!whole) return refused('', `is not JSON in UTF-8, after byte ${parts.start}: ${String(error).slice(0, 200)}`);
  }
  if (whole) return parseJson(source);
  return refused('', `must have "offers" once, as a list: ${source.length} bytes can only be read in parts`);
}

function refused(place: string, message: string): JsonResult {
  return { ok: false, fault: { pointer: place, message } };
}

class Parts {
  /** Where the part at hand begins. */
  start = 0;
  readonly #source: Uint8Array;
  readonly #bytes: Buffer;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  /** A part between the brackets of a list; serves the next again. */
  readonly #list = Buffer.alloc(2 * (parsed + nearby), '[');
  readonly #offers: unknown[] = [];
  /** What stands between two offers, with their last and first characters: where it stands again, an offer probably ends. */
  #between: Uint8Array | null = null;
  /** Times that it did not. */
  #wrong = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
    this.#bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
  }

  /** @returns null where there is not exactly one plain list `offers` at the top; throws where a part is not JSON in UTF-8 */
  *reading(): Generator<undefined, JsonResult | null> {
    const source = this.#source;
    const from = yield* findingOffers(source, 0, 0);
    if (from === null || from < 0) return null;
    this.start = from;
    for (let over = false; !over; yield) {
      if (this.#readLikely()) continue;
      const entries = new Entries(source, this.start);
      while (!entries.read(this.start + parsed) && entries.at - entries.begun <= mostBytesAtOnce) yield;
      if (entries.at - entries.begun > mostBytesAtOnce)
        return refused(
          pointer(['offers', this.#offers.length + entries.ended]),
          `is longer than ${mostBytesAtOnce} bytes`,
        );
      const isOnly = entries.over && this.start === from;
      this.#read(entries.at, isOnly ? 0 : 1);
      over = entries.over;
      if (!over) this.#between ??= source.slice(entries.at - 2, afterBlanks(source, this.start) + 6);
    }
    // Now after the list's own bracket.
    const to = this.start - 1;
    if ((yield* findingOffers(source, this.start, 1)) !== -1) return null;
    const around = new Uint8Array(from + source.length - to);
    if (around.length > mostBytesAtOnce)
      return refused('', `is longer than ${mostBytesAtOnce} bytes beside its offers`);
    around.set(source.subarray(0, from));
    around.set(source.subarray(to), from);
    const rest = parseJson(around);
    if (!rest.ok) return rest;
    const root = fieldsOf(rest.value);
    return root === null ? null : { ok: true, value: Object.assign(root, { offers: this.#offers }) };
  }

  /** Parses the offers of a part, which ends at a comma or at the end of the list. */
  #read(end: number, least: number): void {
    const { start } = this;
    const list = end - start + 2 <= this.#list.length ? this.#list : Buffer.alloc(end - start + 2, '[');
    list.set(this.#source.subarray(start, end), 1);
    list[end - start + 1] = closeList;
    // Several at once, as each shows the parser the shape of the next.
    const offers = JSON.parse(this.#decoder.decode(list.subarray(0, end - start + 2))) as unknown[];
    if (offers.length < least) throw new SyntaxError('an offer is missing');
    for (const offer of offers) this.#offers.push(offer);
    this.start = end + 1;
  }

  /** Parses a part that ends where an offer probably does: at a wrong place it would be no JSON. */
  #readLikely(): boolean {
    const between = this.#between;
    if (between === null || this.#wrong > mostWrong) return false;
    const from = this.start + parsed;
    const found = this.#bytes.subarray(from, from + nearby).indexOf(between);
    if (found < 0) return false;
    try {
      this.#read(from + found + 2, 1);
      return true;
    } catch {
      this.#wrong++;
      return false;
    }
  }
}
