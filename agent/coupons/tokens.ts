/**
 * What a coupon's QR code says: everything a till that never heard of the coupon has to know, and a seal that only the
 * retailer's tills can make. Layout and reasons: docs/decisions/coupon-token.md.
 *
 *   TS1. base32( flags · key id · serial 10 · valid from 2 · days 2 · [binding 5] · offer · variant · HMAC-SHA-256/80 )
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { formatSerial, fromBase32, parseSerial, toBase32 } from './serials.ts';

export type TokenContent = {
  readonly serial: string;
  readonly offer: string;
  readonly variant: string | null;
  /** Local dates, both included. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Keyed hash of what the coupon is bound to, as `bindingOf` gives it; null: bearer. */
  readonly binding: string | null;
};

export interface Tokens {
  /** The text for the QR code: capitals, digits and a dot, so that the code stays in its dense mode. */
  write(content: TokenContent): string;
  /** Null for anything that was not made with one of the keys, to the last bit. Never throws. */
  read(token: string): TokenContent | null;
  /** Hash of a household (or, without one, a member) as it stands in tokens; 10 hex digits. */
  bindingOf(holder: string): string;
  /** Whether a token's binding, made with whichever of the keys, is this holder's. */
  binds(binding: string, holder: string): boolean;
}

export const TOKEN_PREFIX = 'TS1.';

const BOUND = 1;
const MAC_BYTES = 10;
const BINDING_BYTES = 5;
const SERIAL_BYTES = 10;
const DAY = 86_400_000;
const FIRST_DAY = Date.UTC(2020, 0, 1) / DAY;
const MAX_LENGTH = 400;

/**
 * @param keys the tenant's coupon keys, 32 bytes each: the first one seals, all are accepted
 */
export function createTokens(keys: readonly [Uint8Array, ...Uint8Array[]]): Tokens {
  const [sealing] = keys;
  const byId = new Map(keys.map(key => [keyId(key), key]));
  return {
    write(content) {
      const body = encode(content, keyId(sealing));
      return TOKEN_PREFIX + toBase32(Buffer.concat([body, seal(sealing, body)]));
    },
    read(token) {
      const upper = token.toUpperCase();
      if (!upper.startsWith(TOKEN_PREFIX) || upper.length > MAX_LENGTH) return null;
      const bytes = fromBase32(upper.slice(TOKEN_PREFIX.length));
      if (bytes === null || bytes.length < MAC_BYTES + 2) return null;
      const body = Buffer.from(bytes.subarray(0, -MAC_BYTES));
      const key = byId.get(body.readUInt8(1));
      if (key === undefined || !timingSafeEqual(seal(key, body), bytes.subarray(-MAC_BYTES))) return null;
      return decode(body);
    },
    bindingOf: holder => bindingOf(sealing, holder),
    binds: (binding, holder) => keys.some(key => bindingOf(key, holder) === binding),
  };
}

/** Whether a token has room for these days: from 2020 on, 65535 days from there. A POS's clock may say anything. */
export function canSay(validFrom: string, validTo: string): boolean {
  const from = dayNumber(validFrom) - FIRST_DAY;
  const days = dayNumber(validTo) - FIRST_DAY - from;
  return [from, days].every(part => Number.isInteger(part) && part >= 0 && part <= 65_535);
}

function bindingOf(key: Uint8Array, holder: string): string {
  const hash = createHmac('sha256', key).update(`tillside coupon holder 1:${holder}`).digest();
  return hash.subarray(0, BINDING_BYTES).toString('hex');
}

function seal(key: Uint8Array, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update('tillside coupon 1:').update(body).digest().subarray(0, MAC_BYTES);
}

function keyId(key: Uint8Array): number {
  return createHash('sha256').update('tillside coupon key 1:').update(key).digest().readUInt8(0);
}

function encode(content: TokenContent, key: number): Buffer {
  const serial = fromBase32(content.serial);
  const from = dayNumber(content.validFrom);
  const days = dayNumber(content.validTo) - from;
  const sized = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
  if (serial?.length !== SERIAL_BYTES || !canSay(content.validFrom, content.validTo))
    throw new RangeError(`no coupon can say this: ${content.serial}, ${content.validFrom} to ${content.validTo}`);
  const dates = Buffer.alloc(4);
  dates.writeUInt16BE(from - FIRST_DAY, 0);
  dates.writeUInt16BE(days, 2);
  return Buffer.concat([
    Buffer.from([content.binding === null ? 0 : BOUND, key]),
    serial,
    dates,
    Buffer.from(content.binding ?? '', 'hex'),
    sized(content.offer),
    sized(content.variant ?? ''),
  ]);
}

/** Only called for sealed bytes; still reads nothing that is not there. */
function decode(body: Buffer): TokenContent | null {
  let at = 2;
  const take = (length: number) => {
    const part = body.subarray(at, at + length);
    at += length;
    return part;
  };
  const flags = body.readUInt8(0);
  const serial = parseSerial(formatSerial(toBase32(take(SERIAL_BYTES))));
  const dates = take(4);
  const binding = flags & BOUND ? take(BINDING_BYTES) : null;
  const offer = take(take(1)[0] ?? 0).toString('utf8');
  const variant = take(take(1)[0] ?? 0).toString('utf8');
  if (at !== body.length || flags > BOUND || serial === null || offer === '') return null;
  const from = FIRST_DAY + dates.readUInt16BE(0);
  return {
    serial,
    offer,
    variant: variant === '' ? null : variant,
    validFrom: date(from),
    validTo: date(from + dates.readUInt16BE(2)),
    binding: binding === null ? null : binding.toString('hex'),
  };
}

function dayNumber(localDate: string): number {
  return Date.parse(`${localDate}T00:00:00Z`) / DAY;
}

function date(day: number): string {
  return new Date(day * DAY).toISOString().slice(0, 10);
}
