/** Reasons as numbers, so that a sale's reasons are counted in plain arrays. 0: not refused. */
import type { Reason } from '../offers/types.ts';

export const reasonNames: readonly Reason[] = [
  'expired-bundle',
  'schedule',
  'store',
  'trigger',
  'no-member',
  'consent',
  'audience',
  'chain',
  'when',
  'cap-member',
  'cap-household',
  'cap-store',
  'cap-global',
  'contact-policy',
  'exclusive',
  'group',
  'units',
  'not-selected',
  'coupon-unknown',
  'coupon-used',
  'coupon-not-yet',
  'coupon-expired',
  'coupon-bound',
  'coupon-store',
  'coupon-condition',
];

/** Codes run from 0 (not refused) to one less than this. */
export const codeCount = reasonNames.length + 1;
/** They fit into so many bits. */
export const codeBits = 5;

const codes = new Map(reasonNames.map((name, index) => [name, index + 1]));

export const codeOf = (reason: Reason): number => codes.get(reason) ?? 0;
export const nameOf = (code: number): Reason | undefined => reasonNames[code - 1];
