/** Text for one printer: cleaned, replaced where declared, and turned into bytes of its code pages with the page selected before use. */
import { TillsideError } from '../../../errors.ts';
import type { CodePage, PrinterProfile } from '../profiles.ts';
import { baseLetter, isAscii, pageTable, printable, standIn } from './code-pages.ts';
import { bytes, codePage, join } from './commands.ts';
import { transliterate } from './transliteration.ts';

const noBreak = '\u00a0';

export interface Replacement {
  readonly character: string;
  /** Empty: left out (control and formatting characters). */
  readonly by: string;
}

export class TextEncoder {
  readonly #profile: PrinterProfile;
  readonly #replaced = new Map<string, string>();
  #page: CodePage | null = null;

  constructor(profile: PrinterProfile) {
    this.#profile = profile;
  }

  replacements(): readonly Replacement[] {
    return [...this.#replaced].map(([character, by]) => ({ character, by }));
  }

  /**
   * Text with only characters that this printer prints, and line feeds. Control and formatting characters are left out and noted, so that no text
   * becomes a command.
   * @throws TillsideError `print-content` for a character without replacement
   */
  prepare(text: string): string {
    let out = '';
    const lines = text.normalize('NFC').replaceAll(/\r\n?|\u2028|\u2029/g, '\n');
    for (const character of lines.replaceAll(/[\p{Script=Greek}\p{Script=Cyrillic}]+/gu, word => this.#word(word))) {
      if (character === '\n' || character === noBreak || isAscii(character)) out += character;
      else if (character === '\t') out += ' ';
      else if (/\p{Cc}|\p{Cf}|\p{Variation_Selector}/u.test(character)) this.#replaced.set(character, '');
      else if (printable(character, this.#profile)) out += character;
      else out += this.#replace(character);
    }
    return out;
  }

  /** Bytes of prepared text; the code page is selected where a character needs another one. */
  encode(prepared: string): Uint8Array {
    const characters = [...prepared];
    const parts: Uint8Array[] = [];
    let run: number[] = [];
    characters.forEach((character, at) => {
      if (isAscii(character) || character === noBreak) {
        // A blank that keeps words together prints as any other.
        run.push(character === noBreak ? 0x20 : character.charCodeAt(0));
        return;
      }
      let byte = this.#page === null ? undefined : pageTable(this.#page).get(character);
      if (byte === undefined) {
        const [page, number] = this.#bestPage(characters.slice(at));
        parts.push(bytes(...run), codePage(number, this.#profile.selectPage));
        run = [];
        this.#page = page;
        byte = pageTable(page).get(character);
      }
      if (byte === undefined) throw unprintable(character);
      run.push(byte);
    });
    return join(...parts, bytes(...run));
  }

  /** A line across the paper; drawn where a page has the sign for it, else of dashes. */
  rule(columns: number): string {
    return (printable('─', this.#profile) ? '─' : '-').repeat(columns);
  }

  /** A word is printed in one alphabet: one letter that the printer lacks, and all of it is transliterated. */
  #word(word: string): string {
    const letters = [...word];
    if (letters.every(letter => printable(letter, this.#profile))) return word;
    return letters
      .map(letter => (transliterate(baseLetter(letter)) === null ? letter : this.#replace(letter)))
      .join('');
  }

  #replace(character: string): string {
    const out = this.#standIn(character, 0);
    this.#replaced.set(character, out);
    return out;
  }

  /** A stand-in that the printer lacks too (ş for ș) has one of its own. */
  #standIn(character: string, depth: number): string {
    const stand = depth > 3 ? null : standIn(character);
    if (stand === null) throw unprintable(character);
    let out = '';
    for (const part of stand) {
      const has = isAscii(part) || part === noBreak || printable(part, this.#profile);
      out += has ? part : this.#standIn(part, depth + 1);
    }
    return out;
  }

  /** The page that prints the first of these characters and the longest run after it; the profile's order decides a tie. */
  #bestPage(characters: readonly string[]): readonly [CodePage, number] {
    let best: readonly [CodePage, number] | null = null;
    let longest = 0;
    for (const entry of this.#profile.codePages) {
      const table = pageTable(entry[0]);
      const end = characters.findIndex(
        character => !isAscii(character) && character !== noBreak && !table.has(character),
      );
      const length = end === -1 ? characters.length : end;
      if (length > longest) {
        longest = length;
        best = entry;
      }
    }
    if (best === null) throw unprintable(characters[0] ?? '');
    return best;
  }
}

function unprintable(character: string): TillsideError {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return new TillsideError(
    'print-content',
    `the printer has no character U+${code} and no replacement is declared for it`,
    {
      context: { codePoint: `U+${code}` },
    },
  );
}
