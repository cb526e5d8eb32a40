/** Which byte prints which character: code page tables, and the replacements that are declared for what no page of the printer has. */
import iconv from 'iconv-lite';
import type { CodePage, PrinterProfile } from '../profiles.ts';
import { transliterate } from './transliteration.ts';

const tables = new Map<CodePage, ReadonlyMap<string, number>>();

/** Bytes 80–FF of a page by character. ASCII is the same in all of them. */
export function pageTable(page: CodePage): ReadonlyMap<string, number> {
  let table = tables.get(page);
  if (table === undefined) {
    const made = new Map<string, number>();
    for (let byte = 0x80; byte <= 0xff; byte++) {
      const character = iconv.decode(Buffer.of(byte), page);
      // A byte without a character decodes to U+FFFD or to a C1 control.
      if (/^[^\u0080-\u009f\ufffd]$/u.test(character) && !made.has(character)) made.set(character, byte);
    }
    table = made;
    tables.set(page, table);
  }
  return table;
}

/** The character that a byte of a page prints; null where it has none. */
export function pageCharacter(page: CodePage, byte: number): string | null {
  if (byte < 0x80) return byte < 0x20 || byte === 0x7f ? null : String.fromCharCode(byte);
  for (const [character, code] of pageTable(page)) if (code === byte) return character;
  return null;
}

/** True if some page of the profile prints the character as it is. */
export function printable(character: string, profile: PrinterProfile): boolean {
  if (isAscii(character)) return true;
  return profile.codePages.some(([page]) => pageTable(page).has(character));
}

export function isAscii(character: string): boolean {
  return character >= ' ' && character <= '~';
}

/**
 * What stands in for a character that the printer has in no page. Only where a reader loses nothing; anything else is refused.
 * Typographic signs and Latin letters here, letters with marks by their base letter, other alphabets by `transliteration.ts`.
 */
const standIns: Readonly<Record<string, string>> = {
  '\u202f': '\u00a0',
  '\u2007': '\u00a0',
  '\u2009': ' ',
  '\u200a': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201b': "'",
  '\u2032': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u201f': '"',
  '\u2033': '"',
  '\u2039': '<',
  '\u203a': '>',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u2026': '...',
  '\u2022': '*',
  '\u00b7': '*',
  '\u2122': '(TM)',
  '\u00ae': '(R)',
  '\u00a9': '(C)',
  '\u00d7': 'x',
  '\u2044': '/',
  '\u2116': 'No.',
  '\u2190': '<-',
  '\u2192': '->',
  '\u2264': '<=',
  '\u2265': '>=',
  '\u2248': '~',
  '\u2605': '*',
  '\u2606': '*',
  '\u25cf': '*',
  '\u25aa': '*',
  '\u20ac': 'EUR',
  '\u0152': 'OE',
  '\u0153': 'oe',
  '\u00c6': 'AE',
  '\u00e6': 'ae',
  '\u1e9e': 'SS',
  '\u00df': 'ss',
  '\u00d8': 'O',
  '\u00f8': 'o',
  '\u0141': 'L',
  '\u0142': 'l',
  '\u0110': 'D',
  '\u0111': 'd',
  '\u0131': 'i',
  // Romanian with comma below: code pages have it with a cedilla.
  '\u0218': '\u015e',
  '\u0219': '\u015f',
  '\u021a': '\u0162',
  '\u021b': '\u0163',
  '\u00fe': 'th',
  '\u00de': 'Th',
  '\u00f0': 'd',
  '\u00d0': 'D',
  '\u02bc': "'",
};

/** The declared replacement of a character that no page has; null if there is none. */
export function standIn(character: string): string | null {
  const given = standIns[character];
  if (given !== undefined) return given;
  const base = baseLetter(character);
  return transliterate(base) ?? (base === character ? null : base);
}

/** Without its marks; as it is where nothing would be left. */
export function baseLetter(character: string): string {
  return character.normalize('NFKD').replaceAll(/\p{M}/gu, '') || character;
}
