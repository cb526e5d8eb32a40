/** How a person in this country reads amounts, numbers and times. The currency says the country, the language the words. */

export type Language = 'de' | 'fr' | 'it' | 'en';

export function isLanguage(text: string): text is Language {
  return text === 'de' || text === 'fr' || text === 'it' || text === 'en';
}

export type Formats = {
  readonly currency: string;
  /** `1'234.50`; minor units in. A minus is the typographic one. */
  amount(minor: number): string;
  /** `2'340` */
  count(value: number): string;
  /** `2` or `0.254 kg`; the unit `ea` stays silent. */
  quantity(quantity: string, unit: string): string;
  /** `22.11.` of a local date `2026-11-22` */
  dayMonth(date: string): string;
  /** `Tuesday 14:10`, within a week; else with the date. */
  since(instant: string, now?: number): string;
  /** `14:10:05` */
  time(instant: string): string;
  /** `21.11.2026, 14:10` */
  dateTime(instant: string): string;
  /** Decimal mark of this place. */
  readonly decimal: string;
  /** Minor units in one unit of the currency. */
  readonly minor: number;
};

const known = new Map<string, Formats>();

export function formatsFor(language: Language, currency: string): Formats {
  const key = `${language} ${currency}`;
  let formats = known.get(key);
  if (formats === undefined) {
    formats = make(language, currency);
    known.set(key, formats);
  }
  return formats;
}

/** The time zone is the browser's: it stands beside the till. */
function make(language: Language, currency: string): Formats {
  const swiss = currency === 'CHF';
  const locale =
    swiss && language !== 'en' ? `${language}-CH` : { de: 'de-DE', fr: 'fr-FR', it: 'it-IT', en: 'en-GB' }[language];
  // Tills in Switzerland write 1'234.50 in every language; the locale data of fr-CH and it-CH would not.
  const numbers = swiss ? 'de-CH' : locale;
  const digits =
    new Intl.NumberFormat(numbers, { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const money = new Intl.NumberFormat(numbers, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const whole = new Intl.NumberFormat(numbers, { maximumFractionDigits: 0 });
  const exact = new Intl.NumberFormat(numbers, { maximumFractionDigits: 3 });
  const plain = (text: string) =>
    text
      .replace(/[’]/g, "'")
      .replace(/[\u202f\u00a0]/g, '\u00a0')
      .replace('-', '−');
  const minor = 10 ** digits;
  const date = (instant: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { hourCycle: 'h23', ...options }).format(Date.parse(instant));
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  return {
    currency,
    decimal: money.formatToParts(0.5).find(part => part.type === 'decimal')?.value ?? '.',
    minor,
    amount: value => plain(money.format(value / minor)),
    count: value => plain(whole.format(value)),
    quantity: (quantity, unit) =>
      unit === 'ea' ? plain(exact.format(Number(quantity))) : `${plain(exact.format(Number(quantity)))} ${unit}`,
    dayMonth(text) {
      const [, month, day] = text.slice(0, 10).split('-');
      return language === 'de' || swiss ? `${day}.${month}.` : `${day}/${month}`;
    },
    since(instant, now = Date.now()) {
      const near = Math.abs(now - Date.parse(instant)) < 6 * 86_400_000;
      const today =
        date(instant, { dateStyle: 'short' }) === new Intl.DateTimeFormat(locale, { dateStyle: 'short' }).format(now);
      if (today) return date(instant, clock);
      return date(instant, near ? { weekday: 'long', ...clock } : { day: 'numeric', month: 'long', ...clock }).replace(
        ',',
        '',
      );
    },
    time: instant => date(instant, { ...clock, second: '2-digit' }),
    dateTime: instant => date(instant, { day: '2-digit', month: '2-digit', year: 'numeric', ...clock }),
  };
}
