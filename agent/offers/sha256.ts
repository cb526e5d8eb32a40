/**
 * SHA-256 (FIPS 180-4) of a short text, as much of it as experiments ask for. Node's own leaves 340 bytes to collect for each text, which
 * was most of what a decision left beside its answer; it still does the texts that are longer than one block, or not ASCII.
 */
import { hash } from 'node:crypto';

const rounds = 64;
/** Bytes of a block beside the end mark and the length. */
const mostBytes = 55;

/** The fractions of square and cube roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3). */
const start = new Int32Array(8);
const constants = new Int32Array(rounds);
for (let candidate = 2, count = 0; count < rounds; candidate++) {
  let divisor = 2;
  while (candidate % divisor !== 0) divisor++;
  if (divisor < candidate) continue;
  if (count < start.length) start[count] = fractionOf(Math.sqrt(candidate));
  constants[count++] = fractionOf(Math.cbrt(candidate));
}

/** The block at hand, and what the rounds make of it. */
const words = new Int32Array(rounds);

/** The first four bytes of the SHA-256 of three texts one after the other in UTF-8, as an unsigned big-endian integer. */
export function firstWord(first: string, second: string, third: string): number {
  const length = first.length + second.length + third.length;
  if (length > mostBytes) return firstWordOf(first + second + third);
  words.fill(0, 0, 16);
  const all = put(first, 0) | put(second, first.length) | put(third, first.length + second.length);
  if (all > 127) return firstWordOf(first + second + third);
  putByte(128, length);
  words[15] = length * 8;
  return firstOfBlock();
}

function firstWordOf(text: string): number {
  const bytes = hash('sha256', text, 'binary');
  return (
    ((bytes.charCodeAt(0) << 24) | (bytes.charCodeAt(1) << 16) | (bytes.charCodeAt(2) << 8) | bytes.charCodeAt(3)) >>> 0
  );
}

function fractionOf(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0;
}

/** Puts a text into the block; above 127 if a character is not ASCII. */
function put(text: string, from: number): number {
  let all = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    all |= code;
    putByte(code, from + at);
  }
  return all;
}

function putByte(byte: number, at: number): void {
  words[at >> 2] = (words[at >> 2] ?? 0) | (byte << (24 - (at & 3) * 8));
}

function firstOfBlock(): number {
  for (let index = 16; index < rounds; index++) {
    const before = words[index - 15] ?? 0;
    const last = words[index - 2] ?? 0;
    const first = turned(before, 7) ^ turned(before, 18) ^ (before >>> 3);
    const second = turned(last, 17) ^ turned(last, 19) ^ (last >>> 10);
    words[index] = ((words[index - 16] ?? 0) + first + (words[index - 7] ?? 0) + second) | 0;
  }
  let a = start[0] ?? 0;
  let b = start[1] ?? 0;
  let c = start[2] ?? 0;
  let d = start[3] ?? 0;
  let e = start[4] ?? 0;
  let f = start[5] ?? 0;
  let g = start[6] ?? 0;
  let h = start[7] ?? 0;
  for (let index = 0; index < rounds; index++) {
    const chosen = (e & f) ^ (~e & g);
    const most = (a & b) ^ (a & c) ^ (b & c);
    const one =
      (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + chosen + (constants[index] ?? 0) + (words[index] ?? 0)) | 0;
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + most) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  return ((start[0] ?? 0) + a) >>> 0;
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}
