/** Makes the Scan out of a device's bytes: suffix and padding off, AIM identifier apart, text decoded. */
import { splitAim, symbologyOf } from './aim.ts';
import type { Scan } from './types.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');

/**
 * Null where nothing but padding and terminators arrived.
 * @param aim as sent apart from the data; null: looked for in front of the text
 * @param at monotonic milliseconds of the last byte
 */
export function scanOf(bytes: Uint8Array, aim: string | null, source: string, at: number): Scan | null {
  const raw = trimmed(bytes);
  if (raw.length === 0) return null;
  const split = aim === null ? splitAim(decoded(raw)) : { aim, text: decoded(raw) };
  if (split.text.length === 0) return null;
  return { raw, text: split.text, aim: split.aim, symbology: symbologyOf(split.aim), source, at };
}

/** Zero padding, CR, LF, TAB and ETX at the end, STX in front: none is ever part of a code. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && isTrailing(bytes[end - 1])) end--;
  const start = bytes[0] === 0x02 ? 1 : 0;
  return bytes.slice(Math.min(start, end), end);
}

function isTrailing(byte: number | undefined): boolean {
  return byte === 0x00 || byte === 0x0d || byte === 0x0a || byte === 0x09 || byte === 0x03;
}

/** Scanners send UTF-8 or Latin 1 as the code holds it and don't say which. */
function decoded(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}
