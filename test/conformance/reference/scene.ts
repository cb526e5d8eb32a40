/** Small worlds to try the offer rules on, part 1: the moments, names and numbers from which they are made. */
import fc from 'fast-check';
import { plusDays, wall } from './calendar.ts';

export const offerIds = ['a', 'b', 'c', 'B', 'a-1', '9', '10', 'constructor'] as const;
export const products = [
  { gtin: 'A', category: 'food/drinks/coffee', brand: 'x' },
  { gtin: 'B', category: 'food/drinks', brand: 'x' },
  { gtin: 'C', category: 'food/drinksx', brand: 'y' },
  { gtin: 'D', category: 'food' },
  { gtin: 'E', brand: 'y' },
] as const;

/** When and where a sale happens: a time zone and an instant, many of them near something (midnight, DST, leap day). */
export interface Scene {
  readonly timezone: string;
  readonly at: string;
}

const moments: readonly Scene[] = [
  { timezone: 'Europe/Zurich', at: '2026-11-21T10:15:00+01:00' },
  { timezone: 'Europe/Zurich', at: '2026-11-21T01:30:00+01:00' }, // Saturday night
  { timezone: 'Europe/Zurich', at: '2026-11-22T23:00:00Z' }, // Monday 00:00 local
  { timezone: 'Europe/Zurich', at: '2026-11-30T23:59:59+01:00' },
  { timezone: 'Europe/Zurich', at: '2026-03-29T03:10:30+02:00' }, // clocks went forward
  { timezone: 'Europe/Zurich', at: '2026-03-30T00:30:00+02:00' },
  { timezone: 'Europe/Zurich', at: '2026-10-25T00:30:00Z' }, // 02:30 the first time
  { timezone: 'Europe/Zurich', at: '2026-10-25T01:30:00Z' }, // 02:30 the second time
  { timezone: 'Europe/Zurich', at: '2026-10-26T08:00:00+01:00' },
  { timezone: 'Europe/Zurich', at: '2026-12-31T23:30:00Z' }, // already 2027 in Zürich
  { timezone: 'Europe/Zurich', at: '2027-02-28T12:00:00+01:00' },
  { timezone: 'Europe/Zurich', at: '2028-02-29T12:00:00+01:00' },
  { timezone: 'Europe/Zurich', at: '2028-03-01T00:00:00+01:00' },
  { timezone: 'America/New_York', at: '2026-11-01T06:30:00Z' },
  { timezone: 'America/New_York', at: '2026-11-21T23:30:00-05:00' },
  { timezone: 'Asia/Kolkata', at: '2026-11-21T18:45:00Z' },
  { timezone: 'Australia/Lord_Howe', at: '2026-10-03T15:45:00Z' }, // half an hour forward
  { timezone: 'Pacific/Kiritimati', at: '2026-11-21T10:00:00Z' },
  { timezone: 'UTC', at: '2026-11-21T00:00:00Z' },
];

export const anyScene: fc.Arbitrary<Scene> = fc.constantFrom(...moments);

/** An instant some days and seconds away from the sale's; written with one of several offsets. */
export interface Away {
  readonly days: number;
  readonly seconds: number;
  readonly offset: number;
}

const near = fc.constantFrom(0, 0, 1, -1, 3600, -3600);

export function anyAway(days: fc.Arbitrary<number>): fc.Arbitrary<Away> {
  return fc.record({ days, seconds: near, offset: fc.constantFrom(0, 60, 120, -300, 330) });
}

export const past = fc.constantFrom(-1, -7, -2, -3, -6, -8, -14, -20, -21, -30, -31, -60, 0, 1);
export const future = fc.constantFrom(1, 3, 10, 30);

export function instant(scene: Scene, away: Away): string {
  return written(Date.parse(scene.at) + away.days * 86_400_000 + away.seconds * 1000, away.offset);
}

function written(ms: number, offset: number): string {
  const local = new Date(ms + offset * 60_000).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.abs(offset);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** The local date some days away from the sale's. */
export function date(scene: Scene, days: number): string {
  return plusDays(wall(scene.at, scene.timezone).date, days);
}

/** The local time some minutes away from the sale's, `HH:MM`. */
export function time(scene: Scene, minutes: number): string {
  const minute = (((wall(scene.at, scene.timezone).minute + minutes) % 1440) + 1440) % 1440;
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** Absent, or with this chance in per cent from `arbitrary`. */
export function maybe<T>(percent: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 100 - percent, arbitrary: fc.constant(undefined) },
    { weight: percent, arbitrary },
  );
}

/** Amounts: mostly tight ones, where ties and rounding happen; now and then large ones, where floats would fail. */
export const money: fc.Arbitrary<number> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 4, arbitrary: fc.constantFrom(50, 100, 200, 300) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 999 }) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 2_000_000_000 }) },
);

/** Drops what is `undefined`, as JSON would. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
