/** Reference reading of the contract, part 1: instants, local dates, windows (sections 1 and 3). Naive on purpose. */
import type { Instant, LocalDate, Schedule, Weekday, Window } from '../../../agent/offers/types.ts';

const DAY = 86_400_000;
const weekdays: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const formatters = new Map<string, Intl.DateTimeFormat>();

export function millis(instant: Instant): number {
  return Date.parse(instant);
}

/** What the clock on the wall of the shop shows: date, and minutes since its midnight. */
export function wall(instant: Instant, timezone: string): { date: LocalDate; minute: number } {
  let formatter = formatters.get(timezone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formatters.set(timezone, formatter);
  }
  const part: Record<string, string> = {};
  for (const { type, value } of formatter.formatToParts(new Date(millis(instant)))) part[type] = value;
  return {
    date: `${part.year?.padStart(4, '0')}-${part.month}-${part.day}`,
    minute: Number(part.hour) * 60 + Number(part.minute),
  };
}

function dayNumber(date: LocalDate): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY;
}

/** Local days from one date to another; negative when the second is the earlier one. */
export function daysFrom(earlier: LocalDate, later: LocalDate): number {
  return dayNumber(later) - dayNumber(earlier);
}

export function plusDays(date: LocalDate, days: number): LocalDate {
  return new Date((dayNumber(date) + days) * DAY).toISOString().slice(0, 10);
}

function weekdayOf(date: LocalDate): Weekday {
  return weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? 'sun';
}

/** "the n × 24 h before the sale's `at`, both ends included; calendar windows are local, weeks start on Monday". */
export function inWindow(event: Instant, at: Instant, window: Window | undefined, timezone: string): boolean {
  if (window === undefined) return true;
  if (millis(event) > millis(at)) return false;
  if ('days' in window) return millis(event) >= millis(at) - window.days * 24 * 3_600_000;
  const then = wall(event, timezone).date;
  const now = wall(at, timezone).date;
  if (window.calendar === 'day') return then === now;
  if (window.calendar === 'month') return then.slice(0, 7) === now.slice(0, 7);
  return mondayOf(then) === mondayOf(now);
}

function mondayOf(date: LocalDate): LocalDate {
  for (let back = 0; back < 7; back++) {
    const day = plusDays(date, -back);
    if (weekdayOf(day) === 'mon') return day;
  }
  return date;
}

/** Section 3 `schedule` with the local date and time rule of section 1. */
export function scheduleHolds(schedule: Schedule | undefined, at: Instant, timezone: string): boolean {
  if (schedule === undefined) return true;
  const now = wall(at, timezone);
  const dayFits = (date: LocalDate): boolean =>
    (schedule.from === undefined || date >= schedule.from) &&
    (schedule.to === undefined || date <= schedule.to) &&
    (schedule.days === undefined || schedule.days.includes(weekdayOf(date)));
  if (schedule.times === undefined) return dayFits(now.date);
  for (const window of schedule.times) {
    const from = minuteOf(window.from);
    const to = minuteOf(window.to);
    if (to > from) {
      if (now.minute >= from && now.minute < to && dayFits(now.date)) return true;
    } else {
      // passes midnight: belongs, with its date and weekday, to the day on which it starts
      if (now.minute >= from && dayFits(now.date)) return true;
      if (now.minute < to && dayFits(plusDays(now.date, -1))) return true;
    }
  }
  return false;
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

/** "the next or last birthday is at most n local days away; 29 February counts as 28 in other years". */
export function birthdayWithin(birthday: LocalDate, today: LocalDate, within: number): boolean {
  const year = Number(today.slice(0, 4));
  return [year - 1, year, year + 1].some(y => {
    const day = birthday.slice(5) === '02-29' && !isLeap(y) ? '02-28' : birthday.slice(5);
    return Math.abs(daysFrom(`${String(y).padStart(4, '0')}-${day}`, today)) <= within;
  });
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}
