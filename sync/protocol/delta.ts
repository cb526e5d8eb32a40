/**
 * A patch that makes a new file of an old one, so that a bundle of megabytes in which one offer changed travels as a few
 * hundred bytes. It needs no trust: whoever applies it verifies the result.
 *
 *   "TSD1" · raw deflate of: size of the result (varint) · steps
 *   step: length × 2 + 1 (varint), offset in the old file (varint): copies · length × 2 (varint), bytes: adds
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { accept, type Result, refuse } from './result.ts';

const magic = Buffer.from('TSD1');
/** Parts of the old file are found by blocks of this size, on its multiples. */
const grain = 32;

/** @returns the patch; it is of use only where it is much smaller than `target` */
export function makeDelta(base: Uint8Array, target: Uint8Array): Uint8Array {
  const [from, to] = [view(base), view(target)];
  const places = new Map<string, number>();
  for (let at = 0; at + grain <= from.length; at += grain) {
    const part = from.toString('latin1', at, at + grain);
    if (!places.has(part)) places.set(part, at);
  }
  const steps: Uint8Array[] = [varint(to.length)];
  let added = 0;
  const add = (end: number) => {
    if (end > added) steps.push(varint((end - added) * 2), to.subarray(added, end));
  };
  for (let at = 0; at + grain <= to.length; ) {
    const found = places.get(to.toString('latin1', at, at + grain));
    if (found === undefined) {
      at += 1;
      continue;
    }
    let [start, source, length] = [at, found, grain];
    while (at + length < to.length && found + length < from.length && to[at + length] === from[found + length])
      length += 1;
    while (start > added && source > 0 && to[start - 1] === from[source - 1]) {
      start -= 1;
      source -= 1;
      length += 1;
    }
    add(start);
    steps.push(varint(length * 2 + 1), varint(source));
    added = start + length;
    at = added;
  }
  add(to.length);
  return Buffer.concat([magic, deflateRawSync(Buffer.concat(steps))]);
}

/** @param maxBytes a larger result is refused before it is made */
export function applyDelta(base: Uint8Array, patch: Uint8Array, maxBytes: number): Result<Uint8Array> {
  const bytes = view(patch);
  if (!bytes.subarray(0, magic.length).equals(magic)) return refuse('is no patch');
  let steps: Buffer;
  try {
    // Copies take a few bytes each: a patch that is right is never much longer than what it makes.
    steps = inflateRawSync(bytes.subarray(magic.length), { maxOutputLength: maxBytes * 2 + 1024 });
  } catch {
    return refuse('can’t be inflated');
  }
  const reader = { bytes: steps, at: 0 };
  const size = readVarint(reader);
  if (size === null || size > maxBytes) return refuse('makes more than is allowed');
  const from = view(base);
  const result = Buffer.alloc(size);
  let made = 0;
  while (reader.at < steps.length) {
    const head = readVarint(reader);
    if (head === null) return refuse('is cut off');
    const length = Math.floor(head / 2);
    if (length === 0 || made + length > size) return refuse('makes more than it says');
    if (head % 2 === 1) {
      const source = readVarint(reader);
      if (source === null || source + length > from.length) return refuse('copies from beyond the old file');
      from.copy(result, made, source, source + length);
    } else {
      if (reader.at + length > steps.length) return refuse('is cut off');
      steps.copy(result, made, reader.at, reader.at + length);
      reader.at += length;
    }
    made += length;
  }
  return made === size ? accept(result) : refuse('makes less than it says');
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}

/** Null where the bytes end within it, or it is longer than any size here. */
function readVarint(reader: { readonly bytes: Uint8Array; at: number }): number | null {
  let value = 0;
  for (let scale = 1; scale <= 0x80 ** 5; scale *= 0x80) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) return null;
    reader.at += 1;
    value += (byte % 0x80) * scale;
    if (byte < 0x80) return value;
  }
  return null;
}
