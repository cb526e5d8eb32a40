/**
 * CODE128 in the fewest symbols, as `GS k 73` wants it: sets A, B and C chosen by shortest path, shifts where a change of set would cost more
 * (ISO/IEC 15417, annex on choosing code sets, gives rules of thumb; the path below is never longer).
 */

/** One ASCII character as its code, or the function character that GS1 puts at the start and between elements. */
export type Code128Token = number | 'fnc1';

const brace = 0x7b;
const setLetters = { A: 0x41, B: 0x42, C: 0x43 } as const;
const shiftLetter = 0x53;
const fnc1Letter = 0x31;

type CodeSet = keyof typeof setLetters;
// In order of preference: set B is what scanners and people meet most.
const sets = ['B', 'C', 'A'] as const;

/** A way to the place reached: what it cost, and the bytes it sends. */
interface Way {
  readonly symbols: number;
  readonly bytes: readonly number[];
  readonly set: CodeSet;
}

/**
 * Data bytes of `GS k 73`, beginning with the code set; `{` doubled, FNC1 as `{1`. In sets A and C a byte may be below 20h, so that DLE before EOT, ENQ or
 * DC4 would be a real-time command: such a pair is never adjacent, a change of set stands between.
 * @param tokens ASCII codes 0–127
 */
export function encodeCode128(tokens: readonly Code128Token[]): readonly number[] {
  // ways[at]: the best ones that have encoded `at` tokens, by set and by whether DLE was the last byte
  const ways: Map<string, Way>[] = Array.from({ length: tokens.length + 1 }, () => new Map());
  for (const set of sets) offer(ways[0], { symbols: 1, bytes: [brace, setLetters[set]], set });
  for (let at = 0; at < tokens.length; at++) {
    for (const way of changes(ways[at])) {
      for (const [taken, bytes, symbols] of steps(tokens, at, way.set)) {
        if (isRealTime(way.bytes.at(-1), bytes[0])) continue;
        offer(ways[at + taken], { symbols: way.symbols + symbols, bytes: [...way.bytes, ...bytes], set: way.set });
      }
    }
  }
  return best([...(ways.at(-1)?.values() ?? [])])?.bytes ?? [];
}

/** Symbols of such data, the code set at its start included, check and stop symbol not. */
export function code128Symbols(encoded: Uint8Array): number {
  let symbols = 0;
  for (let at = 0; at < encoded.length; at++) {
    if (encoded[at] === brace) at++;
    symbols++;
  }
  return symbols;
}

/** The ways of a place, and each with one change of set more. */
function changes(here: Map<string, Way> | undefined): readonly Way[] {
  if (here === undefined) return [];
  for (const way of [...here.values()])
    for (const set of sets)
      if (set !== way.set)
        offer(here, { symbols: way.symbols + 1, bytes: [...way.bytes, brace, setLetters[set]], set });
  return [...here.values()];
}

/** What can be done in a set with the next token: tokens taken, bytes, symbols. */
function* steps(
  tokens: readonly Code128Token[],
  at: number,
  set: CodeSet,
): Generator<readonly [taken: number, bytes: readonly number[], symbols: number]> {
  const token = tokens[at];
  const next = tokens[at + 1];
  if (token === undefined) return;
  if (token === 'fnc1') {
    yield [1, [brace, fnc1Letter], 1];
    return;
  }
  if (set === 'C') {
    if (isDigit(token) && isDigit(next)) yield [2, [(token - 0x30) * 10 + (next - 0x30)], 1];
    return;
  }
  const own = set === 'A' ? token < 0x60 : token >= 0x20;
  if (own) yield [1, token === brace ? [brace, brace] : [token], 1];
  else yield [1, token === brace ? [brace, shiftLetter, brace, brace] : [brace, shiftLetter, token], 2];
}

function offer(place: Map<string, Way> | undefined, way: Way): void {
  const key = `${way.set}${way.bytes.at(-1) === 0x10 ? 'd' : ''}`;
  const known = place?.get(key);
  if (known === undefined || best([known, way]) === way) place?.set(key, way);
}

/** Fewest symbols, then fewest bytes, then the first. */
function best(ways: readonly Way[]): Way | undefined {
  return ways.reduce<Way | undefined>((least, way) => {
    if (least === undefined || way.symbols < least.symbols) return way;
    return way.symbols === least.symbols && way.bytes.length < least.bytes.length ? way : least;
  }, undefined);
}

function isDigit(token: Code128Token | undefined): token is number {
  return typeof token === 'number' && token >= 0x30 && token <= 0x39;
}

function isRealTime(last: number | undefined, next: number | undefined): boolean {
  return last === 0x10 && (next === 0x04 || next === 0x05 || next === 0x14);
}
