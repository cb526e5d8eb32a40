/** What a printer would put on its lines, read from the bytes: text and how it looks, without dots. Spacing and blank lines are left out. */
import { pageCharacter } from '../../../drivers/printer/escpos/code-pages.ts';
import type { CodePage, PrinterProfile } from '../../../drivers/printer/profiles.ts';
import { takeCommand } from '../../../drivers/virtual/escpos-parser.ts';

export interface PrintedLine {
  readonly text: string;
  readonly across: number;
  readonly down: number;
  readonly bold: boolean;
  readonly inverse: boolean;
  readonly font: 'A' | 'B';
  /** Middle of the text, in characters of font A from the left edge. */
  readonly middle: number;
}

type Look = Omit<PrintedLine, 'text' | 'middle'>;
type Cell = Look & { readonly character: string };

/** @throws Error at a byte that this printer would not understand */
export function printedLines(bytes: Uint8Array, profile: PrinterProfile): readonly PrintedLine[] {
  const lines: PrintedLine[] = [];
  let look: Look = { across: 1, down: 1, bold: false, inverse: false, font: 'A' };
  let page: CodePage | null = 'cp437';
  let align = 0;
  let cells: Cell[] = [];
  const end = () => {
    const line = lineOf(cells, align, profile);
    if (line !== null) lines.push(line);
    cells = [];
  };
  let rest = bytes;
  while (rest.length > 0) {
    const taken = takeCommand(rest, 'ACDEHKLMNk');
    if (taken === null) throw new Error('a command that has no end');
    rest = rest.subarray(taken.length);
    const { command } = taken;
    if (command.kind === 'unknown') throw new Error(`unknown ${Buffer.from(command.bytes).toString('hex')}`);
    if (command.kind === 'line-feed') end();
    if (command.kind === 'text')
      for (const byte of command.bytes)
        cells.push({ ...look, character: (page === null ? null : pageCharacter(page, byte)) ?? '\u25a1' });
    if (command.kind !== 'command') continue;
    const [n = 0] = command.data;
    switch (command.name) {
      case 'ESC @':
        cells = [];
        page = 'cp437';
        align = 0;
        look = { across: 1, down: 1, bold: false, inverse: false, font: 'A' };
        break;
      case 'ESC !':
        look = {
          ...look,
          font: (n & 1) === 1 ? 'B' : 'A',
          bold: (n & 8) !== 0,
          down: (n & 16) !== 0 ? 2 : 1,
          across: (n & 32) !== 0 ? 2 : 1,
        };
        break;
      case 'ESC M':
        look = { ...look, font: (n & 1) === 1 ? 'B' : 'A' };
        break;
      case 'ESC E':
        look = { ...look, bold: (n & 1) === 1 };
        break;
      case 'GS !':
        look = { ...look, across: (n >> 4) + 1, down: (n & 7) + 1 };
        break;
      case 'GS B':
        look = { ...look, inverse: (n & 1) === 1 };
        break;
      case 'ESC a':
        align = n & 3;
        break;
      case 'ESC t':
        page = profile.codePages.find(([, number]) => number === n)?.[0] ?? null;
        break;
      default:
        break;
    }
  }
  return lines;
}

/** Null for a line without a letter: rules and blanks, which every encoder draws in its own way. */
function lineOf(cells: readonly Cell[], align: number, profile: PrinterProfile): PrintedLine | null {
  // A blank that keeps words together looks like any other.
  const text = cells.map(({ character }) => character.replace('\u00a0', ' ')).join('');
  const first = cells.find(({ character }) => character !== ' ');
  if (first === undefined || /^[\s─-]*$/.test(text)) return null;
  const widths = cells.map(({ font, across }) => (font === 'B' ? 9 : 12) * across);
  const all = widths.reduce((sum, width) => sum + width, 0);
  const before = widths.slice(0, text.length - text.trimStart().length).reduce((sum, width) => sum + width, 0);
  const after = widths.slice(text.trimEnd().length).reduce((sum, width) => sum + width, 0);
  const left = align === 0 ? 0 : align === 1 ? (profile.dots - all) / 2 : profile.dots - all;
  const { across, down, bold, inverse, font } = first;
  return { text: text.trim(), across, down, bold, inverse, font, middle: (left + (before + all - after) / 2) / 12 };
}
