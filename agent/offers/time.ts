/**
 * Time rules of the offer contract: instants (RFC 3339), local dates and times in the bundle's time zone, validity.
 * Local days are day numbers since 1970-01-01, so that days are counted by subtraction whatever the clock change.
 */

import type { Instant, LocalDate, Weekday } from './types.ts';
import { type Zone, zoneOf } from './zone.ts';

const dayMs = 86_400_000;
const firstDay = Date.parse('0000-01-01T00:00:00Z') / dayMs;
const lastDay = Date.parse('9999-12-31T00:00:00Z') / dayMs;

/** Days since 1970-01-01 of a local date. */
export type LocalDay = number;

const weekdays: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

const instantGrammar =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
const dateGrammar = /^(\d{4})-(\d{2})-(\d{2})$/;
const timeGrammar = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Milliseconds since 1970 UTC of an RFC 3339 instant with offset; null if it is none, or its date does not exist. */
export function parseInstant(text: string): number | null {
  const match = instantGrammar.exec(text);
  if (match === null) return null;
  const day = dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (day === null || hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return null;
  const offset = (offsetHour * 60 + offsetMinute) * (match[8] === '-' ? -1 : 1);
  const fraction = match[7] === undefined ? 0 : Number(`0.${match[7]}`) * 1000;
  return day * dayMs + (hour * 60 + minute - offset) * 60_000 + second * 1000 + fraction;
}

/** Day number of `YYYY-MM-DD`; null if it is none, or the date does not exist. */
export function parseDate(text: string): LocalDay | null {
  const match = dateGrammar.exec(text);
  return match === null ? null : dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Minutes since midnight of `HH:MM` (00:00 to 23:59); null if it is none. */
export function parseTime(text: string): number | null {
  const match = timeGrammar.exec(text);
  return match === null ? null : Number(match[1]) * 60 + Number(match[2]);
}

/** `YYYY-MM-DD`; days before the year 0 and after 9999 have no such form and are held at these ends. */
export function formatDate(day: LocalDay): LocalDate {
  return new Date(Math.min(Math.max(day, firstDay), lastDay) * dayMs).toISOString().slice(0, 10);
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
  const [, month, date] = parts(birthday);
  const [year] = parts(today);
  let nearest = Number.POSITIVE_INFINITY;
  for (const candidate of [year - 1, year, year + 1]) {
    const day = dayOf(candidate, month, date) ?? dayOf(candidate, month, 28);
    if (day !== null) nearest = Math.min(nearest, Math.abs(day - today));
  }
  return nearest;
}

/** First day of the calendar window that `today` lies in; weeks start on Monday. */
export function startOfCalendar(today: LocalDay, calendar: 'day' | 'week' | 'month'): LocalDay {
  if (calendar === 'day') return today;
  if (calendar === 'week') return today - ((((today + 3) % 7) + 7) % 7);
  const [, , date] = parts(today);
  return today - (date - 1);
}

function dayNumber(date: LocalDate): LocalDay {
  const day = parseDate(date);
  if (day === null) throw new RangeError(`not a date: ${date}`);
  return day;
}

function dayOf(year: number, month: number, date: number): LocalDay | null {
  if (month < 1 || month > 12 || date < 1 || date > 31) return null;
  const instant = new Date(0);
  instant.setUTCFullYear(year, month - 1, date);
  return instant.getUTCMonth() === month - 1 ? Math.round(instant.getTime() / dayMs) : null;
}

function parts(day: LocalDay): [year: number, month: number, date: number] {
  const date = new Date(day * dayMs);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}
