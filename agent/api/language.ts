/** The language of an answer's sentences, from `Accept-Language` (RFC 9110 section 12.5.4). */
import type { Language } from './till-service.ts';

const known: readonly Language[] = ['de', 'fr', 'it', 'en'];

/** The known language with the highest weight, first named on a tie; `usual` where none is asked for. */
export function languageOf(header: string | undefined, usual: Language): Language {
  let best = usual;
  let weight = 0;
  for (const range of (header ?? '').slice(0, 1000).split(',')) {
    const [tag = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase());
    const language = known.find(name => tag === name || tag.startsWith(`${name}-`)) ?? (tag === '*' ? usual : null);
    const asked = parameters.map(part => /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(part)?.[1]).find(Boolean);
    const quality = asked === undefined ? 1 : Number(asked);
    if (language === null || quality <= weight) continue;
    best = language;
    weight = quality;
  }
  return best;
}
