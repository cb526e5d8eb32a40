/**
 * The file of a store's members as HQ publishes it, whole or as the change from the version before (docs/members.md):
 *
 *   "TSM1" · header · segments of about 64 KiB · end            each of them: u32 BE plain size · u32 BE packed size · deflate
 *
 * A segment holds records in ascending order of key: the difference to the key before (the first of a segment: from 0), the
 * length of the row + 1, the row; length 0 takes the member out. Segments are read one by one, so that a till stops after each.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isCount, isMatch, isRecord, isText, sha256Hex, topicId } from './fields.ts';
import { longestWord } from './members-facts.ts';
import { maxRowBytes } from './members-row.ts';
import { accept, type Result, refuse } from './result.ts';

/** More words than that are written out in the rows. */
export const mostWords = 65_536;

export interface MemberFileHeader {
  readonly tenant: string;
  /** `all`, or `store/0042`. */
  readonly scope: string;
  readonly version: number;
  /** Content hash of what it changes; null: it is whole. */
  readonly base: string | null;
  /** Words of the dictionary from this number on. */
  readonly wordsFrom: number;
  readonly words: readonly string[];
}

export interface MemberRecord {
  readonly key: number;
  /** Null: the member is taken out. */
  readonly row: Uint8Array | null;
}

export interface MemberFile {
  readonly header: MemberFileHeader;
  /** Where the first segment begins. */
  readonly first: number;
  /** The records of the segment at `offset` and where the next one begins; no records: it was the end. */
  segment(offset: number): Result<{ readonly records: readonly MemberRecord[]; readonly next: number }>;
}

export interface MemberFileWriter {
  add(key: number, row: Uint8Array | null): void;
  /** The end; size and SHA-256 of all that was written. */
  end(): { readonly size: number; readonly sha256: string };
}

const magic = Buffer.from('TSM1');
const format = 'tillside/members/1';
const segmentBytes = 64 * 1024;
/** A segment is closed by the record that fills it. */
const maxSegmentBytes = segmentBytes + maxRowBytes + 32;
const maxHeaderBytes = 16 * 1024 * 1024;
const scopeForm = /^(all|store\/[a-z0-9-]{1,64})$/;

export const isScope = (value: unknown): value is string => isMatch(value, scopeForm);

/** @param write takes the bytes in their order */
export function writeMemberFile(header: MemberFileHeader, write: (bytes: Uint8Array) => void): MemberFileWriter {
  const hash = createHash('sha256');
  let size = 0;
  const out = (bytes: Uint8Array) => {
    hash.update(bytes);
    size += bytes.byteLength;
    write(bytes);
  };
  const pack = (plain: Uint8Array) => {
    const packed = deflateRawSync(plain, { level: 6 });
    const head = Buffer.allocUnsafe(8);
    head.writeUInt32BE(plain.byteLength, 0);
    head.writeUInt32BE(packed.byteLength, 4);
    out(head);
    out(packed);
  };
  out(magic);
  pack(Buffer.from(JSON.stringify({ format, ...header })));
  const segment = Buffer.allocUnsafe(maxSegmentBytes);
  let end = 0;
  let last = 0;
  const whole = (value: number) => {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) segment[end++] = (rest % 0x80) + 0x80;
    segment[end++] = rest;
  };
  const flush = () => {
    if (end > 0) pack(segment.subarray(0, end));
    end = 0;
    last = 0;
  };
  let before = -1;
  return {
    add(key, row) {
      if (key <= before) throw new RangeError('members come in ascending order of their keys');
      before = key;
      whole(key - last);
      last = key;
      whole(row === null ? 0 : row.byteLength + 1);
      if (row !== null) {
        segment.set(row, end);
        end += row.byteLength;
      }
      if (end >= segmentBytes) flush();
    },
    end() {
      flush();
      out(Buffer.alloc(8));
      return { size, sha256: hash.digest('hex') };
    },
  };
}

/** @param read `length` bytes at `offset`, or fewer where the file ends before */
export function openMemberFile(read: (offset: number, length: number) => Uint8Array): Result<MemberFile> {
  const start = Buffer.from(read(0, 12));
  if (start.byteLength < 12 || !start.subarray(0, 4).equals(magic)) return refuse('is no file of members');
  const head = unpacked(read, 4, maxHeaderBytes);
  if (!head.ok) return head;
  const header = readHeader(head.value.plain);
  if (!header.ok) return header;
  return accept({
    header: header.value,
    first: head.value.next,
    segment(offset) {
      const found = unpacked(read, offset, maxSegmentBytes);
      if (!found.ok) return found;
      const { plain, next } = found.value;
      if (plain.byteLength === 0) return accept({ records: [], next });
      const records = readRecords(plain);
      return records.ok ? accept({ records: records.value, next }) : records;
    },
  });
}

/** The plain bytes of what is packed at `offset`: never more than `most`, whatever the packed bytes claim. */
function unpacked(
  read: (offset: number, length: number) => Uint8Array,
  offset: number,
  most: number,
): Result<{ readonly plain: Buffer; readonly next: number }> {
  const head = Buffer.from(read(offset, 8));
  if (head.byteLength < 8) return refuse('is cut off');
  const size = head.readUInt32BE(0);
  const packed = head.readUInt32BE(4);
  const next = offset + 8 + packed;
  if (size > most || packed > most + 1024) return refuse(`a part of ${size} bytes is larger than allowed`);
  if (size === 0) return packed === 0 ? accept({ plain: Buffer.alloc(0), next }) : refuse('has an empty part');
  const bytes = read(offset + 8, packed);
  if (bytes.byteLength < packed) return refuse('is cut off');
  try {
    const plain = inflateRawSync(bytes, { maxOutputLength: size });
    return plain.byteLength === size ? accept({ plain, next }) : refuse('a part has another size than it says');
  } catch {
    return refuse('a part can’t be unpacked');
  }
}

function readHeader(plain: Buffer): Result<MemberFileHeader> {
  let value: unknown;
  try {
    value = JSON.parse(plain.toString('utf8'));
  } catch {
    return refuse('has a header that is no JSON');
  }
  if (!isRecord(value) || value.format !== format) return refuse('has a header of another format');
  const { tenant, scope, version, base, wordsFrom, words } = value;
  if (!isMatch(tenant, topicId) || !isScope(scope)) return refuse('names no tenant or scope');
  if (!isCount(version) || version === 0) return refuse('has no version');
  if (base !== null && !isMatch(base, sha256Hex)) return refuse('has no base');
  if (!isCount(wordsFrom) || !Array.isArray(words) || wordsFrom + words.length > mostWords)
    return refuse('has too many words');
  if (!words.every(word => isText(word, longestWord))) return refuse('has a word that is none');
  return accept({ tenant, scope, version, base, wordsFrom, words });
}

function readRecords(plain: Buffer): Result<readonly MemberRecord[]> {
  const records: MemberRecord[] = [];
  let at = 0;
  const whole = (): number => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 0x80) {
      const byte = plain[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte % 0x80) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  let key = 0;
  while (at < plain.length) {
    const step = whole();
    const length = whole();
    key += step;
    if (!Number.isSafeInteger(key) || !(length <= maxRowBytes + 1)) return refuse('has a record that is none');
    if (records.length > 0 && step === 0) return refuse('has a key twice');
    if (length === 0) records.push({ key, row: null });
    else {
      const end = at + length - 1;
      if (end > plain.length) return refuse('has a record that is cut off');
      records.push({ key, row: plain.subarray(at, end) });
      at = end;
    }
  }
  return accept(records);
}

/**
 * What a version consists of, as one hash: the dictionary and every row in order of key. So a till can tell that the rows
 * which it ended up with, by whatever way, are those that HQ meant.
 */
export class ContentHash {
  readonly #hash = createHash('sha256');
  /** Many small pieces cost more than what is in them. */
  readonly #piece = Buffer.allocUnsafe(32 * 1024);
  #end = 0;

  constructor(words: readonly string[]) {
    this.#hash.update(createHash('sha256').update(JSON.stringify(words)).digest());
  }

  add(key: number, row: Uint8Array): void {
    if (this.#end + 12 + row.byteLength > this.#piece.length) this.#flush();
    this.#end = this.#piece.writeUInt32BE(Math.floor(key / 0x1_0000_0000), this.#end);
    this.#end = this.#piece.writeUInt32BE(key % 0x1_0000_0000, this.#end);
    this.#end = this.#piece.writeUInt32BE(row.byteLength, this.#end);
    this.#piece.set(row, this.#end);
    this.#end += row.byteLength;
  }

  /** Hex; at the end, once. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush() {
    this.#hash.update(this.#piece.subarray(0, this.#end));
    this.#end = 0;
  }
}
