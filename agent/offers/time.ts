/**
 * Time rules of the offer contract: instants (RFC 3339), local dates and times in the bundle's time zone, validity.
 * Local days are day numbers since 1970-01-01, so that days are counted by subtraction whatever the clock change.
 */

import type { Instant, LocalDate, Weekday } from './types.ts';
import { type Zone, zoneOf } from './zone.ts';

const dayMs = 86_400_000;
const firstDay = Date.parse('0000-01-01T00:00:00Z') / dayMs;
const lastDay = Date.parse('9999-12-31T00:00:00Z') / dayMs;

/** The texts of the days asked last: a decision writes the same few over and over. */
const texts = 512;
const textDays = new Float64Array(texts).fill(Number.NaN);
const dayTexts: string[] = Array.from({ length: texts }, () => '');

/** Days since 1970-01-01 of a local date. */
export type LocalDay = number;

const weekdays: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Milliseconds since 1970 UTC of an RFC 3339 instant with offset; null if it is none, or its date does not exist. */
export function parseInstant(text: string): number | null {
  readInstant(text, scratch, 0);
  const [ms = Number.NaN] = scratch;
  return Number.isNaN(ms) ? null : ms;
}

const scratch = new Float64Array(1);

/** `parseInstant` into a column; NaN if it is none. A number that is answered would have to be collected again. */
export function readInstant(text: string, into: Float64Array, index: number): void {
  into[index] = Number.NaN;
  // By hand and not by a regular expression: a history has many instants, and this leaves nothing to collect.
  const { length } = text;
  if (length < 20 || length > 35) return;
  const day = dayAt(text);
  const t = text.charCodeAt(10);
  const dot = text.charCodeAt(19);
  if (Number.isNaN(day) || (t !== 84 && t !== 116) || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return;
  let at = 19;
  let fraction = 0;
  if (dot === 46) {
    let unit = 100;
    for (at = 20; at < length; at++, unit /= 10) {
      const digit = text.charCodeAt(at) - 48;
      if (digit < 0 || digit > 9) break;
      fraction += digit * unit;
    }
    if (at === 20 || at > 29) return;
    // Below the millisecond sums of tenths are not exact; the text says it better.
    if (at > 23) fraction = Number(`0${text.slice(19, at)}`) * 1000;
  }
  let offset = 0;
  const sign = text.charCodeAt(at);
  if (sign === 90 || sign === 122) {
    if (length !== at + 1) return;
  } else {
    const offsetHour = twoDigits(text, at + 1);
    const offsetMinute = twoDigits(text, at + 4);
    if ((sign !== 43 && sign !== 45) || length !== at + 6 || text.charCodeAt(at + 3) !== 58) return;
    if (!(offsetHour <= 23 && offsetMinute <= 59)) return;
    offset = (offsetHour * 60 + offsetMinute) * (sign === 45 ? -1 : 1);
  }
  into[index] = day * dayMs + (hour * 60 + minute - offset) * 60_000 + second * 1000 + fraction;
}

/** Day number of `YYYY-MM-DD`; null if it is none, or the date does not exist. */
export function parseDate(text: string): LocalDay | null {
  const day = text.length === 10 ? dayAt(text) : Number.NaN;
  return Number.isNaN(day) ? null : day;
}

/** Day number of the ten characters `YYYY-MM-DD` that a text begins with; NaN if they are none. */
function dayAt(text: string): number {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return Number.NaN;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const day = dayOf(year, twoDigits(text, 5), twoDigits(text, 8));
  return day ?? Number.NaN;
}

/** NaN if there are not two digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Minutes since midnight of `HH:MM` (00:00 to 23:59); null if it is none. */
export function parseTime(text: string): number | null {
  const hour = twoDigits(text, 0);
  const minute = twoDigits(text, 3);
  if (text.length !== 5 || text.charCodeAt(2) !== 58 || !(hour <= 23 && minute <= 59)) return null;
  return hour * 60 + minute;
}

/** `YYYY-MM-DD`; days before the year 0 and after 9999 have no such form and are held at these ends. */
export function formatDate(day: LocalDay): LocalDate {
  const held = Math.min(Math.max(day, firstDay), lastDay);
  const slot = ((held % texts) + texts) % texts;
  if (textDays[slot] !== held) {
    textDays[slot] = held;
    dayTexts[slot] = new Date(held * dayMs).toISOString().slice(0, 10);
  }
  return dayTexts[slot] ?? '';
}

export function weekdayOf(day: LocalDay): Weekday {
  return weekdays[(((day % 7) + 7) % 7) as number] ?? 'thu';
}

/** Local day of an instant. */
export function localDay(ms: number, zone: Zone): LocalDay {
  return Math.floor((ms + zone.offset(ms)) / dayMs);
}

/** Whole minutes since local midnight. */
export function localMinute(ms: number, zone: Zone): number {
  const local = ms + zone.offset(ms);
  return Math.floor((local - Math.floor(local / dayMs) * dayMs) / 60_000);
}

/**
 * Local date of an instant in a time zone.
 * @param instant RFC 3339 with offset, or milliseconds since 1970 UTC
 * @throws RangeError if the instant or the time zone is none
 */
export function localDateOf(instant: Instant | number, timezone: string): LocalDate {
  const ms = typeof instant === 'number' ? instant : parseInstant(instant);
  if (ms === null || !Number.isFinite(ms)) throw new RangeError(`not an RFC 3339 instant: ${instant}`);
  return formatDate(localDay(ms, zoneOf(timezone)));
}

/** The local date `days` after `date` (before it, if negative). @throws RangeError if the date is none */
export function addDays(date: LocalDate, days: number): LocalDate {
  return formatDate(dayNumber(date) + days);
}

/** Local days from `from` to `to`; negative if `to` is earlier. @throws RangeError if a date is none */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return dayNumber(to) - dayNumber(from);
}

/**
 * The last second of a local day, as an instant with the offset that holds then: when a coupon valid to that day expires.
 * On a day whose midnight is repeated by a clock change it is the second one; a day that the zone skipped ends where the
 * day before it did.
 * @throws RangeError if the date or the time zone is none
 */
export function expiresAt(validTo: LocalDate, timezone: string): Instant {
  const zone = zoneOf(timezone);
  return formatInstant(endOfLocalDay(dayNumber(validTo), zone), zone);
}

/** Milliseconds since 1970 UTC of the last whole second of a local day. */
export function endOfLocalDay(day: LocalDay, zone: Zone): number {
  // Stretches of one offset around the day; in each, the last local second that still belongs to the day.
  let last = Number.NEGATIVE_INFINITY;
  const stretches = zone.stretches((day - 2) * dayMs, (day + 3) * dayMs);
  for (const { from, to, offset } of stretches) {
    const end = Math.min(to + offset, (day + 1) * dayMs) - 1000;
    if (end >= Math.max(from + offset, day * dayMs)) last = Math.max(last, end - offset);
  }
  return last === Number.NEGATIVE_INFINITY ? endOfLocalDay(day - 1, zone) : last;
}

/** RFC 3339 with the zone's offset at that moment, whole seconds: `2026-11-21T10:15:00+01:00`. */
export function formatInstant(ms: number, zone: Zone): Instant {
  const offset = zone.offset(ms);
  const local = new Date(Math.floor((ms + offset) / 1000) * 1000).toISOString().slice(0, 19);
  const minutes = Math.round(offset / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}

/** Days from `today` to the nearest birthday, before or after; 29 February counts as the 28th in other years. */
export function daysToBirthday(birthday: LocalDay, today: LocalDay): number {
  const born = calendarNumber(birthday);
  const month = Math.floor(born / 100) % 100;
  const date = born % 100;
  const year = Math.floor(calendarNumber(today) / 10_000);
  let nearest = Number.POSITIVE_INFINITY;
  for (let candidate = year - 1; candidate <= year + 1; candidate++) {
    const day = dayOf(candidate, month, date) ?? dayOf(candidate, month, 28);
    if (day !== null) nearest = Math.min(nearest, Math.abs(day - today));
  }
  return nearest;
}

/** First day of the calendar window that `today` lies in; weeks start on Monday. */
export function startOfCalendar(today: LocalDay, calendar: 'day' | 'week' | 'month'): LocalDay {
  if (calendar === 'day') return today;
  if (calendar === 'week') return today - ((((today + 3) % 7) + 7) % 7);
  return today - ((calendarNumber(today) % 100) - 1);
}

function dayNumber(date: LocalDate): LocalDay {
  const day = parseDate(date);
  if (day === null) throw new RangeError(`not a date: ${date}`);
  return day;
}

/** Null for a date that does not exist. By the proleptic Gregorian calendar, years from 0. */
function dayOf(year: number, month: number, date: number): LocalDay | null {
  if (!(year >= 0 && month >= 1 && month <= 12 && date >= 1)) return null;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (date > (month === 2 && leap ? 29 : (monthDays[month - 1] ?? 0))) return null;
  // Counted from 1 March, so that the odd day is the year's last.
  const y = month <= 2 ? year - 1 : year;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  const daysBefore = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return y * 365 + leaps + daysBefore + date - 719_469;
}

/** A day as the number YYYYMMDD; of the years from 0. */
function calendarNumber(day: LocalDay): number {
  // Counted from 1 March of the year 0, in eras of 400 years; the odd day is a year's last.
  const since = day + 719_468;
  const era = Math.floor(since / 146_097);
  const inEra = since - era * 146_097;
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const date = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0)) * 10_000 + month * 100 + date;
}
