/** Amounts, numbers and dates as the language writes them in the country of the currency; each text made once. */
import type { LocalDate, Minor } from '../types.ts';

export interface Formats {
  readonly amount: (amount: Minor) => string;
  readonly number: (value: number) => string;
  readonly date: (date: LocalDate) => string;
}

/** Formats are kept: making them costs more than explaining a thousand offers. Languages and currencies are few. */
const known = new Map<string, Formats>();
const mostKnown = 64;
/** Texts kept of one kind. */
const mostTexts = 5000;

export function formatsFor(language: string, currency: string): Formats {
  const name = `${language} ${currency}`;
  let formats = known.get(name);
  if (formats === undefined) {
    formats = makeFormats(language, currency);
    if (known.size >= mostKnown) known.clear();
    known.set(name, formats);
  }
  return formats;
}

function makeFormats(language: string, currency: string): Formats {
  // Swiss tills write 1'234.50 in each of the country's languages.
  const numbers = currency === 'CHF' ? 'de-CH' : language;
  const locale = currency === 'CHF' ? `${language}-CH` : language;
  const digits = new Intl.NumberFormat(numbers, { style: 'currency', currency }).resolvedOptions()
    .maximumFractionDigits;
  const fraction = digits ?? 2;
  const money = new Intl.NumberFormat(numbers, { minimumFractionDigits: fraction, maximumFractionDigits: fraction });
  const plain = new Intl.NumberFormat(numbers, { maximumFractionDigits: 3 });
  const day = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', day: 'numeric', month: 'long', year: 'numeric' });
  return {
    amount: once(amount => money.format(amount / 10 ** fraction)),
    number: once(value => plain.format(value)),
    // The French first of a month is an ordinal.
    date: once(date => day.format(new Date(`${date}T00:00:00Z`)).replace(/^1 /, language === 'fr' ? '1er ' : '1 ')),
  };
}

function once<T>(make: (value: T) => string): (value: T) => string {
  const made = new Map<T, string>();
  return value => {
    let text = made.get(value);
    if (text === undefined) {
      text = make(value);
      if (made.size >= mostTexts) made.clear();
      made.set(value, text);
    }
    return text;
  };
}
