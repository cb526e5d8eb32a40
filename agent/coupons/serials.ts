/**
 * Serials of coupons: 16 characters of Crockford's base 32, 75 random bits and a check character. Nobody guesses one, and a
 * slip of the finger is seen: the check is a polynomial over GF(32) that catches every single wrong character and every swap of two.
 */
import type { Random } from '../store/ids.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 16;

/** A new serial, without dashes. It always has a letter, so that no row of digits (a card) is taken for one. */
export function newSerial(random: Random): string {
  for (;;) {
    const symbols = [...random(LENGTH - 1)].map(byte => byte & 31);
    const serial = [...symbols, checkSymbol(symbols)].map(symbol => ALPHABET.charAt(symbol)).join('');
    if (/[A-Z]/.test(serial)) return serial;
  }
}

/** A serial's random bits as a number below 2⁷⁵, without its check character. */
export function bitsOfSerial(serial: string): bigint {
  return [...serial.slice(0, LENGTH - 1)].reduce(
    (bits, character) => bits * 32n + BigInt(ALPHABET.indexOf(character)),
    0n,
  );
}

/** The serial with these bits, which are less than 2⁷⁵; without its check character where only its place among serials counts. */
export function serialOfBits(bits: bigint, check = true): string {
  const symbols = Array.from({ length: LENGTH - 1 }, (_, at) => Number((bits >> BigInt(5 * (LENGTH - 2 - at))) & 31n));
  return [...symbols, ...(check ? [checkSymbol(symbols)] : [])].map(symbol => ALPHABET.charAt(symbol)).join('');
}

/** For people: `7K3M-9QAB-…`. */
export function formatSerial(serial: string): string {
  return serial.replaceAll(/(.{4})(?=.)/g, '$1-');
}

/** A serial as someone typed or scanned it, without dashes and in capitals; null if it is none or mistyped. */
export function parseSerial(text: string): string | null {
  const serial = text.replaceAll(/[\s-]/g, '').toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (serial.length !== LENGTH || !/[A-Z]/.test(serial)) return null;
  const symbols = [...serial].map(character => ALPHABET.indexOf(character));
  if (symbols.includes(-1)) return null;
  const check = symbols.pop();
  return checkSymbol(symbols) === check ? serial : null;
}

/** Base 32 of any bytes, in the alphabet of serials; the last character is filled with zero bits. */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
}

/** Null unless `text` is what `toBase32` gives for some bytes. */
export function fromBase32(text: string): Uint8Array | null {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text) {
    const symbol = ALPHABET.indexOf(character);
    if (symbol < 0) return null;
    held = (held << 5) | symbol;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
      held &= (1 << bits) - 1;
    }
  }
  return bits < 5 && held === 0 ? Uint8Array.from(bytes) : null;
}

/** Horner's rule at the primitive element 2 of GF(32), x⁵ + x² + 1; the whole serial then evaluates to 0. */
function checkSymbol(symbols: readonly number[]): number {
  return doubled(symbols.reduce((sum, symbol) => doubled(sum) ^ symbol, 0));
}

function doubled(value: number): number {
  return value & 16 ? ((value << 1) & 31) ^ 5 : value << 1;
}
