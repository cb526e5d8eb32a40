/** Local days and times, at both ends of clock changes and in zones that skip or repeat midnight. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileBundle } from '../../agent/offers/compile.ts';
import { addDays, daysBetween, expiresAt, localDateOf } from '../../agent/offers/index.ts';
import { isScheduled } from '../../agent/offers/schedule.ts';
import {
  daysToBirthday,
  formatDate,
  localDay,
  localMinute,
  parseDate,
  parseInstant,
  parseTime,
  startOfCalendar,
  weekdayOf,
} from '../../agent/offers/time.ts';
import type { Schedule } from '../../agent/offers/types.ts';
import { isTimeZone, zoneOf } from '../../agent/offers/zone.ts';

const zones = [
  'Europe/Zurich',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Havana',
  'Asia/Beirut',
  'Pacific/Apia',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'UTC',
];

test('local date and minute are those that Intl tells, in any zone at any moment', () => {
  const moment = fc.integer({ min: Date.UTC(1975, 0, 1) / 1000, max: Date.UTC(2105, 0, 1) / 1000 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), moment, (zone, second) => {
      const parts = new Intl.DateTimeFormat('sv-SE', {
        timeZone: zone,
        dateStyle: 'short',
        timeStyle: 'medium',
      }).format(second * 1000);
      const minute = localMinute(second * 1000, zoneOf(zone));
      const two = (n: number) => String(n).padStart(2, '0');
      assert.equal(
        `${localDateOf(second * 1000, zone)} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`,
        parts.slice(0, 16),
      );
    }),
    { numRuns: 200 },
  );
});

test('a coupon expires at the last second of its local day', () => {
  const day = fc.integer({ min: parseDate('1975-01-01') ?? 0, max: parseDate('2100-01-01') ?? 0 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), day, (zone, number) => {
      const date = formatDate(number);
      const last = parseInstant(expiresAt(date, zone)) ?? 0;
      // Apia had no 30 December 2011.
      if (zone === 'Pacific/Apia' && date === '2011-12-30') return;
      assert.equal(localDateOf(last, zone), date);
      for (let hour = 1; hour <= 3; hour++)
        assert.ok(localDay(last + 1000 + (hour - 1) * 3_600_000, zoneOf(zone)) > number, `${zone} ${date}`);
    }),
    { numRuns: 200 },
  );
});

test('expiry carries the offset of that moment', () => {
  assert.equal(expiresAt('2026-12-05', 'Europe/Zurich'), '2026-12-05T23:59:59+01:00');
  assert.equal(expiresAt('2026-07-05', 'Europe/Zurich'), '2026-07-05T23:59:59+02:00');
  // The clock goes back at 03:00 and forward at 02:00 of the very day.
  assert.equal(expiresAt('2026-10-25', 'Europe/Zurich'), '2026-10-25T23:59:59+01:00');
  assert.equal(expiresAt('2026-03-29', 'Europe/Zurich'), '2026-03-29T23:59:59+02:00');
  // Midnight of 17 February 2019 came twice in São Paulo: at 24:00 the clock went back to 23:00.
  assert.equal(expiresAt('2019-02-16', 'America/Sao_Paulo'), '2019-02-16T23:59:59-03:00');
  // A day that was skipped ends where the day before it did.
  assert.equal(expiresAt('2011-12-30', 'Pacific/Apia'), '2011-12-29T23:59:59-10:00');
  assert.equal(expiresAt('2026-11-21', 'Asia/Kathmandu'), '2026-11-21T23:59:59+05:45');
});

test('instants need an offset and must exist', () => {
  assert.equal(parseInstant('2026-11-21T10:15:00+01:00'), Date.UTC(2026, 10, 21, 9, 15));
  assert.equal(parseInstant('2026-11-21t09:15:00z'), Date.UTC(2026, 10, 21, 9, 15));
  assert.equal(parseInstant('2026-11-21T09:15:00.250Z'), Date.UTC(2026, 10, 21, 9, 15) + 250);
  assert.equal(parseInstant('2026-11-21T00:15:00-09:30'), Date.UTC(2026, 10, 21, 9, 45));
  for (const text of [
    '2026-11-21T10:15:00',
    '2026-11-21 10:15:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T10:15Z',
    '2026-11-21T10:15:00+24:00',
    '2026-11-21',
    '',
  ])
    assert.equal(parseInstant(text), null, text);
});

test('dates are counted by the calendar, not by hours', () => {
  assert.equal(addDays('2026-10-24', 2), '2026-10-26');
  assert.equal(daysBetween('2026-10-24', '2026-10-26'), 2);
  assert.equal(addDays('2028-02-28', 1), '2028-02-29');
  assert.equal(parseDate('2026-02-29'), null);
  assert.equal(parseTime('24:00'), null);
  assert.equal(weekdayOf(parseDate('2026-11-21') ?? 0), 'sat');
  assert.equal(weekdayOf(parseDate('1969-12-31') ?? 0), 'wed');
  assert.throws(() => addDays('2026-02-30', 1), RangeError);
  assert.throws(() => localDateOf('yesterday', 'UTC'), RangeError);
});

test('calendar windows begin at the local day, Monday, and the first', () => {
  const start = (date: string, calendar: 'day' | 'week' | 'month') =>
    formatDate(startOfCalendar(parseDate(date) ?? 0, calendar));
  assert.equal(start('2026-11-21', 'day'), '2026-11-21');
  assert.equal(start('2026-11-21', 'week'), '2026-11-16');
  assert.equal(start('2026-11-16', 'week'), '2026-11-16');
  assert.equal(start('2026-11-22', 'week'), '2026-11-16');
  assert.equal(start('2026-11-01', 'month'), '2026-11-01');
});

test('birthdays are looked for on both sides, over the new year, and on 28 February in short years', () => {
  const days = (birthday: string, today: string) => daysToBirthday(parseDate(birthday) ?? 0, parseDate(today) ?? 0);
  assert.equal(days('1990-11-21', '2026-11-21'), 0);
  assert.equal(days('1990-12-31', '2027-01-02'), 2);
  assert.equal(days('1990-01-02', '2026-12-31'), 2);
  assert.equal(days('1992-02-29', '2026-02-28'), 0);
  assert.equal(days('1992-02-29', '2028-02-28'), 1);
  assert.equal(days('1990-05-21', '2026-11-21'), 181);
});

describe('a daily window', () => {
  const runs = (schedule: Schedule, at: string) => {
    const compiled = compileBundle({
      format: 'tillside/bundle/1',
      id: 'b',
      version: 1,
      createdAt: at,
      notAfter: at,
      currency: 'CHF',
      timezone: 'Europe/Zurich',
      defaultLanguage: 'de',
      offers: [{ id: 'a', version: 1, phase: 'line', benefit: { text: {} }, schedule }],
    });
    const ms = parseInstant(at) ?? 0;
    const own = compiled.offers[0]?.schedule;
    assert.ok(own);
    return isScheduled(own, localDay(ms, compiled.zone), localMinute(ms, compiled.zone));
  };
  const night: Schedule = { from: '2026-11-20', to: '2026-11-20', times: [{ from: '22:00', to: '02:00' }] };
  test('includes its first minute and excludes its last', () => {
    const day: Schedule = { times: [{ from: '08:00', to: '12:00' }] };
    assert.ok(runs(day, '2026-11-20T08:00:00+01:00'));
    assert.ok(runs(day, '2026-11-20T11:59:59+01:00'));
    assert.ok(!runs(day, '2026-11-20T12:00:00+01:00'));
    assert.ok(!runs(day, '2026-11-20T07:59:59+01:00'));
  });
  test('past midnight belongs to the day on which it starts', () => {
    assert.ok(runs(night, '2026-11-20T22:00:00+01:00'));
    assert.ok(runs(night, '2026-11-21T01:59:00+01:00'));
    assert.ok(!runs(night, '2026-11-21T02:00:00+01:00'));
    assert.ok(!runs(night, '2026-11-20T01:00:00+01:00'));
    assert.ok(!runs(night, '2026-11-21T22:00:00+01:00'));
  });
  test('from a time to the same time is a whole day from there', () => {
    const round: Schedule = { days: ['fri'], times: [{ from: '06:00', to: '06:00' }] };
    assert.ok(runs(round, '2026-11-20T06:00:00+01:00'));
    assert.ok(runs(round, '2026-11-21T05:59:00+01:00'));
    assert.ok(!runs(round, '2026-11-20T05:59:00+01:00'));
  });
  test('is read on the clock of the shop, whatever the offset of the instant', () => {
    assert.ok(runs(night, '2026-11-20T21:00:00Z'));
    assert.ok(!runs(night, '2026-11-20T22:00:00+09:00'));
  });
  test('of no day and of no hour never runs', () => {
    assert.ok(!runs({ days: [] }, '2026-11-20T06:00:00+01:00'));
    assert.ok(!runs({ times: [] }, '2026-11-20T06:00:00+01:00'));
  });
  test('the hour that comes twice counts twice, the one that is skipped never', () => {
    const hour: Schedule = { times: [{ from: '02:00', to: '03:00' }] };
    assert.ok(runs(hour, '2026-10-25T02:30:00+02:00') && runs(hour, '2026-10-25T02:30:00+01:00'));
    assert.ok(!runs(hour, '2026-03-29T01:59:59+01:00') && !runs(hour, '2026-03-29T03:00:00+02:00'));
  });
});

test('only names of time zones are time zones', () => {
  assert.ok(isTimeZone('Europe/Zurich'));
  for (const name of ['+01:00', '', 'Mars/Base', 'x'.repeat(100)]) assert.ok(!isTimeZone(name), name);
});

test('instants read by hand are those of the grammar and the calendar', () => {
  const grammar = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;
  const expected = (text: string): number | null => {
    const match = grammar.exec(text);
    if (match === null) return null;
    const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
    const day = new Date(0);
    day.setUTCFullYear(year, month - 1, date);
    if (month < 1 || day.getUTCMonth() !== month - 1 || day.getUTCDate() !== date) return null;
    const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
    if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return null;
    const offset = (offsetHour * 60 + offsetMinute) * (match[8] === '-' ? -1 : 1);
    const fraction = match[7] === undefined ? 0 : Number(`0.${match[7]}`) * 1000;
    return day.getTime() + (hour * 60 + minute - offset) * 60_000 + second * 1000 + fraction;
  };
  const two = (most: number) => fc.integer({ min: 0, max: most }).map(value => String(value).padStart(2, '0'));
  const instant = fc
    .tuple(
      fc.oneof(fc.constantFrom('1900', '2000', '2026', '2028'), fc.integer({ min: 1000, max: 9999 }).map(String)),
      two(13),
      two(32),
      fc.constantFrom('T', 't', ' '),
      two(24),
      two(60),
      two(60),
      fc.constantFrom('', '.5', '.123', '.123456789', '.', '.1234567890'),
      fc.constantFrom('Z', 'z', '+01:00', '-09:30', '+24:00', '', '+0100'),
    )
    .map(([y, m, d, t, h, i, s, f, z]) => `${y}-${m}-${d}${t}${h}:${i}:${s}${f}${z}`);
  fc.assert(
    fc.property(instant, fc.nat(40), fc.constantFrom('', '0', ':', 'x'), (text, at, character) => {
      const changed = character === '' ? text : text.slice(0, at) + character + text.slice(at + 1);
      assert.equal(parseInstant(changed), expected(changed));
    }),
    { numRuns: 5000 },
  );
});
