/**
 * The store's `peer` topic: tills tell each other what HQ would tell them too late. Facts come from the outbox and can be
 * asked for again, so that a till that was away learns what it missed from the others, whatever the broker has kept.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { readEvent } from './batch.ts';
import { isCount, isInstant, isMatch, isRecord, isText, parseObject, topicId } from './fields.ts';
import { accept, type Result, refuse } from './result.ts';
import type { EventType, PeerMessage, TillEvent } from './types.ts';

/** How far a till has heard another one. */
export type Heard = Readonly<Record<string, { readonly epoch: number; readonly seq: number }>>;

export type PeerEnvelope =
  | Exclude<PeerMessage, { readonly kind: 'fact' }>
  /** All facts of `till` with a number above `after` and up to `upTo`; the receiver sees by it whether it missed some. */
  | {
      readonly kind: 'facts';
      readonly till: string;
      readonly epoch: number;
      readonly after: number;
      readonly upTo: number;
      readonly events: readonly TillEvent[];
    }
  /** "I am back; tell me what I do not know." */
  | { readonly kind: 'tell-again'; readonly till: string; readonly heard: Heard };

const maxPeerBytes = 256 * 1024;
/** A till reads it between two articles of a sale. */
const maxPeerJsonBytes = 1024 * 1024;
const maxPeerEvents = 1000;

/** The events that matter to the other tills of a store. */
export const isPeerFact = (type: EventType): boolean => peerFacts.has(type);

const peerFacts: ReadonlySet<EventType> = new Set([
  'coupon.issued',
  'coupon.redeemed',
  'coupon.voided',
  'points.changed',
  'sale.completed',
  'sale.voided',
  'return.completed',
]);

/** Refuses what would be above the limits at the other end. */
export function encodePeer(message: PeerEnvelope): Result<Uint8Array> {
  const json = Buffer.from(JSON.stringify(message));
  if (json.byteLength > maxPeerJsonBytes) return refuse(`${json.byteLength} bytes of JSON for the other tills`);
  const bytes = gzipSync(json, { level: 6 });
  return bytes.byteLength > maxPeerBytes ? refuse(`${bytes.byteLength} bytes for the other tills`) : accept(bytes);
}

export function decodePeer(payload: Uint8Array): Result<PeerEnvelope> {
  if (payload.byteLength > maxPeerBytes) return refuse(`${payload.byteLength} bytes from a till`);
  let json: Uint8Array;
  try {
    json = gunzipSync(payload, { maxOutputLength: maxPeerJsonBytes });
  } catch {
    return refuse('is not gzip, is cut off, or inflates to too much');
  }
  const parsed = parseObject(json, maxPeerJsonBytes);
  if (!parsed.ok) return parsed;
  const { kind, till, serial, saleId, at, epoch, after, upTo, events, heard } = parsed.value;
  if (!isMatch(till, topicId)) return refuse('till is no id');
  if (kind === 'coupon.reserved' || kind === 'coupon.released') {
    if (!isText(serial, 128) || !isText(saleId, 128) || !isInstant(at))
      return refuse('serial, saleId or at is missing');
    return accept({ kind, till, serial, saleId, at });
  }
  if (kind === 'facts') {
    if (!isCount(epoch) || !isCount(after) || !isCount(upTo) || upTo < after)
      return refuse('epoch, after or upTo is missing');
    if (!Array.isArray(events) || events.length > maxPeerEvents) return refuse('events is missing');
    const read: TillEvent[] = [];
    for (const event of events) {
      const one = readEvent(event);
      // What a newer till tells and this one cannot read is left out; HQ has it all the same.
      if (one.ok) read.push(one.value);
    }
    return accept({ kind, till, epoch, after, upTo, events: read });
  }
  if (kind === 'tell-again') {
    if (!isRecord(heard)) return refuse('heard is no object');
    const known: Record<string, { epoch: number; seq: number }> = Object.create(null);
    for (const [of, value] of Object.entries(heard).slice(0, 1000))
      if (isMatch(of, topicId) && isRecord(value) && isCount(value.epoch) && isCount(value.seq))
        known[of] = { epoch: value.epoch, seq: value.seq };
    return accept({ kind, till, heard: known });
  }
  return refuse('kind is not known here');
}
