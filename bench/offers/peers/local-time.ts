/** Local days and minutes of Zurich in the summer and winter of 2026, by hand: the peers know no other time zone. */
import type { Window } from '../../../agent/offers/index.ts';

export const dayMs = 86_400_000;
const hourMs = 3_600_000;
const winterFrom = Date.UTC(2026, 9, 25, 1);

export const weekdays = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'] as const;

/** Milliseconds since 1970 by the local clock. */
const local = (ms: number) => ms + (ms < winterFrom ? 2 * hourMs : hourMs);

/** Days since 1970-01-01, a Thursday. */
export const localDay = (ms: number) => Math.floor(local(ms) / dayMs);

export const localMinute = (ms: number) => Math.floor((local(ms) % dayMs) / 60_000);

/** Of `YYYY-MM-DD`. */
export const dayOf = (date: string) => Date.parse(date) / dayMs;

/** Of `HH:MM`. */
export const minuteOf = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

export const dateOf = (day: number) => new Date(day * dayMs).toISOString().slice(0, 10);

/** Whether an instant lies in the window that ends at `now`. */
export function isWithin(at: number, now: number, window: Window | undefined): boolean {
  if (window === undefined) return true;
  if (at > now) return false;
  if ('days' in window) return at >= now - window.days * dayMs;
  const today = localDay(now);
  if (window.calendar === 'day') return localDay(at) >= today;
  if (window.calendar === 'week') return localDay(at) >= today - ((today + 3) % 7);
  return localDay(at) >= dayOf(`${dateOf(today).slice(0, 7)}-01`);
}

/** Days to the next or from the last birthday; the world has none on 29 February. */
export function daysToBirthday(birthday: string, today: number): number {
  const year = Number(dateOf(today).slice(0, 4));
  return Math.min(...[year - 1, year, year + 1].map(each => Math.abs(dayOf(`${each}${birthday.slice(4)}`) - today)));
}
