/**
 * DER, as much of it as certificates need (X.690): written in one form only, read strictly. Everything has a definite length
 * in its shortest form and a tag of one byte; anything else, and any byte too many, is refused.
 */
import { accept, type Result, refuse } from './result.ts';

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

// --- writing ------------------------------------------------------------------------------------------------------------

/** One value: tag, length, content. */
export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const size = content.reduce((sum, part) => sum + part.byteLength, 0);
  return Buffer.concat([Buffer.from([tag]), lengthOf(size), ...content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(tags.sequence, ...parts);
export const setOf = (...parts: readonly Uint8Array[]): Buffer => tagged(tags.set, ...parts);
export const octets = (content: Uint8Array): Buffer => tagged(tags.octetString, content);
export const text = (value: string): Buffer => tagged(tags.utf8, Buffer.from(value, 'utf8'));
export const yes: Buffer = tagged(tags.boolean, Buffer.from([0xff]));

/** `[n]` around whole values, or in the place of a value's own tag. */
export const explicit = (n: number, ...parts: readonly Uint8Array[]): Buffer => tagged(0xa0 | n, ...parts);
export const implicit = (n: number, content: Uint8Array): Buffer => tagged(0x80 | n, content);

/** A whole number of 0 or more, from its bytes (big endian). */
export function unsigned(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.byteLength - 1 && bytes[start] === 0) start += 1;
  const trimmed = Buffer.from(bytes.subarray(start));
  const first = trimmed[0] ?? 0;
  // A first bit set would mean a negative number.
  return tagged(
    tags.integer,
    trimmed.byteLength === 0 || first >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed,
  );
}

export function bits(content: Uint8Array, unused = 0): Buffer {
  return tagged(tags.bitString, Buffer.from([unused]), content);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap(arc => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) + 128);
    return groups;
  });
  return tagged(tags.oid, Buffer.from(bytes));
}

/** RFC 5280, 4.1.2.5: two digits of the year until 2049, four after. @param ms milliseconds since 1970 UTC */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return digits < '2050'
    ? tagged(tags.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : tagged(tags.generalizedTime, Buffer.from(`${digits}Z`));
}

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

// --- reading ------------------------------------------------------------------------------------------------------------

export interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag and length too: what a signature covers. */
  readonly whole: Uint8Array;
}

/** The one value that `bytes` are. */
export function readValue(bytes: Uint8Array): Result<DerValue> {
  const read = valueAt(bytes, 0);
  if (!read.ok) return read;
  return read.value.whole.byteLength === bytes.byteLength ? read : refuse('has bytes after its end');
}

/** The values inside a sequence, a set or an explicit tag. */
export function readValues(content: Uint8Array): Result<readonly DerValue[]> {
  const values: DerValue[] = [];
  for (let at = 0; at < content.byteLength; ) {
    const read = valueAt(content, at);
    if (!read.ok) return read;
    values.push(read.value);
    at += read.value.whole.byteLength;
  }
  return accept(values);
}

function valueAt(bytes: Uint8Array, at: number): Result<DerValue> {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return refuse('is cut off');
  if ((tag & 0x1f) === 0x1f) return refuse('has a tag of several bytes');
  let size = first;
  let start = at + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 3) return refuse('has no definite length, or one beyond all measure');
    size = 0;
    for (let index = 0; index < count; index++) {
      const byte = bytes[start + index];
      if (byte === undefined) return refuse('is cut off');
      size = size * 256 + byte;
    }
    start += count;
    if (size < 0x80 || size < 256 ** (count - 1)) return refuse('has a length that is not in its shortest form');
  }
  const end = start + size;
  if (end > bytes.byteLength) return refuse('is cut off');
  return accept({ tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) });
}
