/**
 * Batches of events on a till's `up` topic: gzipped JSON `{till, store, epoch, boot, events}` (contract sync.md, section
 * 3). One unreadable event does not spoil its batch: it is handed on apart, to be put aside whole and acknowledged.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import {
  documentId,
  isCount,
  isInstant,
  isMatch,
  isRecord,
  isText,
  parseObject,
  sha256Hex,
  topicId,
} from './fields.ts';
import { accept, type Result, refuse } from './result.ts';
import type { Batch, EventType, TillEvent } from './types.ts';

/** Bytes of a batch on the wire, and of its JSON. What is above is refused before it is inflated. */
export const maxBatchBytes = 1024 * 1024;
export const maxBatchJsonBytes = 16 * 1024 * 1024;
export const maxBatchEvents = 5000;

export interface ReadBatch {
  readonly till: string;
  readonly store: string;
  readonly epoch: number;
  readonly boot: number;
  readonly events: readonly TillEvent[];
  /** Events with a number that are otherwise not readable by this version. */
  readonly unreadable: readonly UnreadableEvent[];
}

export interface UnreadableEvent {
  readonly seq: number;
  readonly reason: string;
  /** JSON, whole. */
  readonly json: string;
}

const eventTypes: ReadonlySet<string> = new Set<EventType>([
  'sale.completed',
  'sale.voided',
  'return.completed',
  'coupon.issued',
  'coupon.printed',
  'coupon.voided',
  'coupon.redeemed',
  'coupon.suppressed',
  'points.changed',
  'lease.used',
  'device.changed',
  'bundle.activated',
  'bundle.rejected',
  'member.erased',
  'till.note',
]);

/** Refuses a batch that would be above the limits at the other end. */
export function encodeBatch(batch: Batch): Result<Uint8Array> {
  const json = Buffer.from(JSON.stringify(batch));
  if (json.byteLength > maxBatchJsonBytes) return refuse(`${json.byteLength} bytes of JSON in one batch`);
  const bytes = gzipSync(json, { level: 6 });
  return bytes.byteLength > maxBatchBytes ? refuse(`${bytes.byteLength} bytes in one batch`) : accept(bytes);
}

export function decodeBatch(payload: Uint8Array): Result<ReadBatch> {
  const json = inflate(payload);
  return json.ok ? readBatch(json.value) : json;
}

/** Answers for each payload what `decodeBatch` does, in less time: small ones are inflated in one go. */
export function decodeBatches(payloads: readonly Uint8Array[]): readonly Result<ReadBatch>[] {
  const parts = inflateTogether(payloads);
  return payloads.map((payload, index) => {
    const json = parts?.[index];
    const read = json === undefined ? null : readBatch(json);
    // Where one is not what it says, what stands beside it may have been cut wrongly.
    return read?.ok ? read : decodeBatch(payload);
  });
}

function readBatch(json: Uint8Array): Result<ReadBatch> {
  const parsed = parseObject(json, maxBatchJsonBytes);
  if (!parsed.ok) return parsed;
  const { till, store, epoch, boot, events } = parsed.value;
  if (!isMatch(till, topicId) || !isMatch(store, topicId)) return refuse('till or store is no id');
  if (!isCount(epoch) || !isCount(boot)) return refuse('epoch or boot is no number');
  if (!Array.isArray(events) || events.length > maxBatchEvents)
    return refuse(`events is no list of at most ${maxBatchEvents}`);
  const good: TillEvent[] = [];
  const unreadable: UnreadableEvent[] = [];
  for (const event of events) {
    const read = readEvent(event);
    if (read.ok) good.push(read.value);
    else if (isRecord(event) && isCount(event.seq) && event.seq > 0)
      unreadable.push({ seq: event.seq, reason: read.reason, json: JSON.stringify(event) });
    else return refuse(`an event has no number: ${read.reason}`);
  }
  return accept({ till, store, epoch, boot, events: good, unreadable });
}

/** Checks the envelope of one event; the body's meaning is HQ's business. The object itself is kept: it is what was hashed. */
export function readEvent(value: unknown): Result<TillEvent> {
  if (!isRecord(value)) return refuse('is no object');
  const { v, type, id, seq, at, bundle, body, prev } = value;
  if (v !== 1) return refuse(`version ${String(v).slice(0, 20)} of the event schema is not known here`);
  if (!isText(type, 64) || !eventTypes.has(type)) return refuse(`type ${String(type).slice(0, 64)} is not known here`);
  if (!isText(id, 64) || id === '') return refuse('id is no text of 1 to 64 characters');
  if (!isCount(seq) || seq === 0) return refuse('seq is no number from 1');
  if (!isInstant(at)) return refuse('at is no RFC 3339 instant');
  if (bundle !== null && !(isRecord(bundle) && isMatch(bundle.id, documentId) && isCount(bundle.version)))
    return refuse('bundle is neither null nor {id, version}');
  if (!isRecord(body)) return refuse('body is no object');
  if (!isMatch(prev, sha256Hex)) return refuse('prev is no SHA-256');
  return accept(value as unknown as TillEvent);
}

/** Gunzip with both limits: a bomb ends at the limit, not at the end of memory. */
function inflate(payload: Uint8Array): Result<Uint8Array> {
  if (payload.byteLength > maxBatchBytes)
    return refuse(`${payload.byteLength} bytes where at most ${maxBatchBytes} are allowed`);
  try {
    return accept(gunzipSync(payload, { maxOutputLength: maxBatchJsonBytes, finishFlush: constants.Z_FINISH }));
  } catch (error) {
    const bomb = error instanceof RangeError;
    return refuse(bomb ? `inflates to more than ${maxBatchJsonBytes} bytes` : 'is not gzip, or is cut off');
  }
}

/** Of a gzip member: header and trailer; the trailer ends with the length of what is inside (RFC 1952). */
const leastGzipBytes = 18;
/** What a set of small batches holds; more is better inflated one by one. */
const togetherBytes = 4 * 1024 * 1024;

/**
 * The payloads' contents, cut by the lengths that they give; null where those can't be right. gzip allows one member after
 * another, and making what inflates costs more than inflating a sale.
 */
function inflateTogether(payloads: readonly Uint8Array[]): readonly Uint8Array[] | null {
  const isPossible = ({ byteLength }: Uint8Array) => byteLength >= leastGzipBytes && byteLength <= maxBatchBytes;
  if (payloads.length < 2 || !payloads.every(isPossible)) return null;
  const lengths = payloads.map(({ buffer, byteOffset, byteLength }) =>
    new DataView(buffer, byteOffset, byteLength).getUint32(byteLength - 4, true),
  );
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  if (whole > togetherBytes) return null;
  let json: Buffer;
  try {
    json = gunzipSync(Buffer.concat(payloads), { maxOutputLength: whole, chunkSize: Math.max(whole, smallestChunk) });
  } catch {
    return null;
  }
  if (json.byteLength !== whole) return null;
  let end = 0;
  return lengths.map(length => {
    end += length;
    return json.subarray(end - length, end);
  });
}

/** zlib takes no smaller ones. */
const smallestChunk = 64;
