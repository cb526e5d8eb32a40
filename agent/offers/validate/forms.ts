/** Forms that stand in bundles and sales alike: instants, dates, categories, windows, bounds. */
import { parseDate, parseInstant, parseTime } from '../time.ts';
import { isTimeZone } from '../zone.ts';
import { anyInteger, type Check, id, integer, list, matching, object, oneOf, oneWordOf } from './checks.ts';

export const instant = matching(
  value => parseInstant(value) !== null,
  'an instant with offset that exists (RFC 3339, like 2026-11-21T10:15:00+01:00)',
);
export const date = matching(value => parseDate(value) !== null, 'a date that exists (like 2026-11-21)');
export const time = matching(value => parseTime(value) !== null, 'a time from 00:00 to 23:59');
export const timezone = matching(isTimeZone, 'an IANA time zone (like Europe/Zurich)');
export const currency = matching(value => /^[A-Z]{3}$/.test(value), 'a currency code (like CHF)');
export const language = matching(isLanguage, 'a language code (like de or de-CH)');
/** No empty level; what a level is made of is the shop's. */
export const category = matching(
  value => value !== '' && value.length <= 1024 && value.split('/').every(level => level !== ''),
  'a category path (levels between single slashes)',
);

/** No window, distance or validity is longer than this: a hundred years. */
export const mostDays = 36_525;
export const days: Check = integer(0, mostDays);
export const count: Check = integer(0);

export const window: Check = oneOf(
  { days: integer(1, mostDays), calendar: oneWordOf('day', 'week', 'month') },
  'a window',
);

export const bounds = { atLeast: anyInteger, atMost: anyInteger };

export const storeFilter: Check = object({ optional: { include: list(id), exclude: list(id) } });

export function isLanguage(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$/.test(value);
}
