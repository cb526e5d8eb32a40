/** Reading of JSON that someone else wrote: bounded sizes, exact types, nothing coerced. */
import { accept, type Result, refuse } from './result.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Ids that stand in topics: one level each, no wildcard, no separator (contract sync.md, section 2). */
export const topicId = /^[a-z0-9-]{1,64}$/;
/** Ids of bundles and offers (contract offers.md, section 1). */
export const documentId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const sha256Hex = /^[0-9a-f]{64}$/;

const instantForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A whole number of 0 or more that JavaScript holds exactly. */
export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const isMatch = (value: unknown, form: RegExp): value is string => typeof value === 'string' && form.test(value);

/** RFC 3339 with offset, and a moment that exists. */
export const isInstant = (value: unknown): value is string =>
  isMatch(value, instantForm) && !Number.isNaN(Date.parse(value));

export const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' && value.length <= maxLength;

/** JSON text of at most `maxBytes` as an object. */
export function parseObject(payload: Uint8Array, maxBytes: number): Result<Json> {
  if (payload.byteLength > maxBytes) return refuse(`${payload.byteLength} bytes where at most ${maxBytes} are allowed`);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(payload));
  } catch {
    return refuse('is not JSON in UTF-8');
  }
  return isRecord(value) ? accept(value) : refuse('is not a JSON object');
}

const decoder = new TextDecoder('utf-8', { fatal: true });
