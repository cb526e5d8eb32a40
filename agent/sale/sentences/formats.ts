/** How dates, times and amounts are said in each language at a till. */
import type { Language } from '../../api/till-service.ts';

const locales: Readonly<Record<Language, string>> = { de: 'de-CH', fr: 'fr-CH', it: 'it-CH', en: 'en-GB' };

export interface Formats {
  /** `12. November`; with the year where it is another one than that of `nowMs`. */
  day(ms: number, nowMs: number): string;
  /** A local date `YYYY-MM-DD` said like `day`. */
  localDate(date: string, nowMs: number): string;
  /** `14:10` */
  time(ms: number): string;
  isToday(ms: number, nowMs: number): boolean;
  /** `Dienstag 14:10` within six days, else day and time. */
  weekdayTime(ms: number, nowMs: number): string;
  count(n: number): string;
  /** Minor units: `CHF 1'234.50`. */
  money(minor: number, currency: string): string;
}

const known = new Map<string, Formats>();

/** @param timeZone IANA zone of the store */
export function formatsOf(language: Language, timeZone: string): Formats {
  const key = `${language} ${timeZone}`;
  let formats = known.get(key);
  if (formats === undefined) {
    formats = createFormats(locales[language], timeZone);
    known.set(key, formats);
  }
  return formats;
}

function createFormats(locale: string, timeZone: string): Formats {
  const dayOf = (zone: string, year: boolean) =>
    new Intl.DateTimeFormat(locale, {
      day: 'numeric',
      month: 'long',
      ...(year ? { year: 'numeric' } : {}),
      timeZone: zone,
    });
  const day = dayOf(timeZone, false);
  const dayAndYear = dayOf(timeZone, true);
  const dateDay = dayOf('UTC', false);
  const dateDayAndYear = dayOf('UTC', true);
  const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone });
  const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone });
  const isoDate = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone });
  const number = new Intl.NumberFormat(locale);
  const local = (ms: number) => isoDate.format(ms);
  const formats: Formats = {
    day: (ms, nowMs) => (local(ms).slice(0, 4) === local(nowMs).slice(0, 4) ? day : dayAndYear).format(ms),
    localDate(date, nowMs) {
      const ms = Date.parse(`${date}T00:00:00Z`);
      if (Number.isNaN(ms)) return date;
      return (date.slice(0, 4) === local(nowMs).slice(0, 4) ? dateDay : dateDayAndYear).format(ms);
    },
    time: ms => clock.format(ms),
    isToday: (ms, nowMs) => local(ms) === local(nowMs),
    weekdayTime(ms, nowMs) {
      const name = nowMs - ms < 6 * 86_400_000 && nowMs >= ms ? weekday.format(ms) : formats.day(ms, nowMs);
      return `${name} ${clock.format(ms)}`;
    },
    count: n => number.format(n),
    money: (minor, currency) =>
      new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'code' })
        .format(minor / 10 ** digitsOf(currency))
        .replaceAll('\u00a0', ' '),
  };
  return formats;
}

function digitsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}
