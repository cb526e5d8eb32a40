/** The few words that tillside itself puts on a coupon, and dates as the customer's language writes them in Switzerland. */

export type SlipLanguage = 'de' | 'fr' | 'it' | 'en';

interface SlipWords {
  readonly valid: string;
  /** One day only. */
  readonly validOn: string;
  readonly yourCoupon: string;
  readonly forName: (name: string) => string;
  readonly reprint: string;
  readonly locale: string;
}

const words: Readonly<Record<SlipLanguage, SlipWords>> = {
  de: {
    valid: 'Gültig',
    validOn: 'Gültig am',
    yourCoupon: 'Ihr Gutschein',
    forName: name => `Für ${name}`,
    reprint: 'Nachdruck – gilt nur einmal',
    locale: 'de-CH',
  },
  fr: {
    valid: 'Valable',
    validOn: 'Valable le',
    yourCoupon: 'Votre bon',
    forName: name => `Pour ${name}`,
    reprint: 'Réimpression – valable une seule fois',
    locale: 'fr-CH',
  },
  it: {
    valid: 'Valido',
    validOn: 'Valido il',
    yourCoupon: 'Il suo buono',
    forName: name => `Per ${name}`,
    reprint: 'Ristampa – valido una sola volta',
    locale: 'it-CH',
  },
  en: {
    valid: 'Valid',
    validOn: 'Valid on',
    yourCoupon: 'Your coupon',
    forName: name => `For ${name}`,
    reprint: 'Reprint – can be used once only',
    locale: 'en-CH',
  },
};

/** The first of the languages that slips are written in; German if none is. */
export function slipLanguage(languages: readonly string[]): SlipLanguage {
  for (const language of languages) {
    const short = language.slice(0, 2).toLowerCase();
    if (short === 'de' || short === 'fr' || short === 'it' || short === 'en') return short;
  }
  return 'de';
}

export function slipWords(language: SlipLanguage): SlipWords {
  return words[language];
}

/** `Gültig 22.11.2026–05.12.2026`, or one date if both days are the same. Dates are `YYYY-MM-DD`. */
export function validity(from: string, to: string, language: SlipLanguage): string {
  const { valid, validOn } = words[language];
  if (from === to) return `${validOn} ${slipDate(from, language)}`;
  return `${valid} ${slipDate(from, language)}–${slipDate(to, language)}`;
}

/** Day, month and year in two, two and four digits, in the order and with the sign of the locale. */
export function slipDate(date: string, language: SlipLanguage): string {
  let format = formats.get(language);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(words[language].locale, {
      day: '2-digit',
      month: '2-digit',
      year: 'numeric',
      timeZone: 'UTC',
    });
    formats.set(language, format);
  }
  return format.format(new Date(`${date}T00:00:00Z`));
}

const formats = new Map<SlipLanguage, Intl.DateTimeFormat>();
