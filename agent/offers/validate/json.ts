/** Bytes or text to a JSON value, with a fault instead of an exception. */
import type { Fault } from '../fault.ts';

export type JsonResult = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: Fault };

export function parseJson(source: Uint8Array | string): JsonResult {
  try {
    const text =
      typeof source === 'string'
        ? source.replace(/^\uFEFF/, '')
        : new TextDecoder('utf-8', { fatal: true }).decode(source);
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, fault: { pointer: '', message: `is not JSON in UTF-8: ${message.slice(0, 200)}` } };
  }
}
