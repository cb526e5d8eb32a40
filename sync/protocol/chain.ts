/** The chain through a till's events: each carries the hash of the one before it, so that a gap or an edit is seen. */
import { hash } from 'node:crypto';
import type { TillEvent } from './types.ts';

/** `prev` of the first event of an epoch. */
export const chainStart = '0'.repeat(64);

/**
 * Hex SHA-256 of the event's JSON as sent. JSON.stringify of what JSON.parse gave is that very text again (keys keep
 * their order, numbers and strings their one form), so both ends hash the same bytes without keeping them.
 */
export function hashOf(event: TillEvent): string {
  return hashOfJson(JSON.stringify(event));
}

export const hashOfJson = (json: string): string => hash('sha256', json);

/** First event whose `prev` is not the hash of the one before it, or null. `before` is the hash that the first must name. */
export function firstBreak(events: readonly TillEvent[], before: string): TillEvent | null {
  let expected = before;
  for (const event of events) {
    if (event.prev !== expected) return event;
    expected = hashOf(event);
  }
  return null;
}
