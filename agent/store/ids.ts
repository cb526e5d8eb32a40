/** Ids of events: UUID version 7, so that they sort by time (RFC 9562 section 5.7). Randomness is passed in. */
import { randomBytes } from 'node:crypto';

/** Returns `length` random bytes. */
export type Random = (length: number) => Uint8Array;

export const systemRandom: Random = length => randomBytes(length);

/** @param ms milliseconds since 1970 UTC */
export function uuidV7(ms: number, random: Random): string {
  const bytes = Buffer.alloc(16);
  bytes.set(random(10), 6);
  bytes.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
