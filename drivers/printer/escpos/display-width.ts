/** How many columns text takes, and how it breaks into lines. */

/** Columns of one character: 0 combining, 2 wide (East Asian), else 1. */
export function characterWidth(character: string): 0 | 1 | 2 {
  if (/^[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) return 0;
  if (/^\p{Emoji_Presentation}/u.test(character)) return 2;
  const code = character.codePointAt(0) ?? 0;
  return wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** What must stay on one line: signs that stand apart from their word (French), percent and money with their number. */
export function glued(text: string): string {
  return text
    .replaceAll(/ (?=[:;!?»%‰€])/g, '\u00a0')
    .replaceAll(/(?<=[«„]) /g, '\u00a0')
    .replaceAll(/\b(CHF|EUR|Fr\.|€) (?=\d)/g, '$1\u00a0');
}

/**
 * Breaks at blanks and after hyphens; a word longer than the line is cut where the line ends. Blanks at a break vanish.
 * @param columns width of a line, at least 1
 */
export function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) lines.push(...wrapParagraph(paragraph, columns));
  return lines;
}

function wrapParagraph(paragraph: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  const take = (part: string) => {
    for (const character of part) {
      if (displayWidth(line) + characterWidth(character) > columns) {
        lines.push(line.trimEnd());
        line = '';
      }
      line += character;
    }
  };
  for (const part of glued(paragraph).match(/ +|[^ -]*-+|[^ -]+/g) ?? []) {
    if (part.startsWith(' ')) {
      // Blanks that begin a line of the text itself are kept: they indent.
      if (line !== '' || lines.length === 0) line += part;
      continue;
    }
    if (displayWidth(line) + displayWidth(part) > columns && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    take(part);
  }
  lines.push(line.trimEnd());
  return lines;
}

/** Wide and full-width blocks of Unicode's EastAsianWidth, joined where what lies between is unassigned; emoji have a property of their own. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2329, 0x232a],
  [0x2e80, 0x303e],
  [0x3041, 0x3247],
  [0x3250, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x1b2fb],
  [0x1f200, 0x1f265],
  [0x20000, 0x3fffd],
];
