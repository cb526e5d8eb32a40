/**
 * Keyboard layouts as data: physical key (`KeyboardEvent.code`) → characters plain, with Shift, with AltGr.
 * A scanner in keyboard mode types as if it had the layout it was programmed to; the till's own layout may be another.
 */

export type LayoutName = 'us' | 'de' | 'de-CH' | 'fr' | 'fr-CH';

/** Combining accents mark dead keys; the next character takes them. */
type Key = readonly [plain: string, shift?: string, altGr?: string];
type Layout = Readonly<Record<string, Key>>;

const grave = '\u0300';
const acute = '\u0301';
const circumflex = '\u0302';
const tilde = '\u0303';
const diaeresis = '\u0308';

/** What a dead key followed by a blank types. */
const alone: Readonly<Record<string, string>> = {
  [grave]: '`',
  [acute]: '´',
  [circumflex]: '^',
  [tilde]: '~',
  [diaeresis]: '¨',
};

const us: Layout = {
  ...letters('abcdefghijklmnopqrstuvwxyz'),
  Backquote: ['`', '~'],
  Digit1: ['1', '!'],
  Digit2: ['2', '@'],
  Digit3: ['3', '#'],
  Digit4: ['4', '$'],
  Digit5: ['5', '%'],
  Digit6: ['6', '^'],
  Digit7: ['7', '&'],
  Digit8: ['8', '*'],
  Digit9: ['9', '('],
  Digit0: ['0', ')'],
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  Backslash: ['\\', '|'],
  IntlBackslash: ['\\', '|'],
  Semicolon: [';', ':'],
  Quote: ["'", '"'],
  Comma: [',', '<'],
  Period: ['.', '>'],
  Slash: ['/', '?'],
};

/** QWERTZ: y and z change places. */
const qwertz = letters('abcdefghijklmnopqrstuvwxzy');

const de: Layout = {
  ...qwertz,
  KeyQ: ['q', 'Q', '@'],
  KeyE: ['e', 'E', '€'],
  KeyM: ['m', 'M', 'µ'],
  Backquote: [circumflex, '°'],
  Digit1: ['1', '!'],
  Digit2: ['2', '"', '²'],
  Digit3: ['3', '§', '³'],
  Digit4: ['4', '$'],
  Digit5: ['5', '%'],
  Digit6: ['6', '&'],
  Digit7: ['7', '/', '{'],
  Digit8: ['8', '(', '['],
  Digit9: ['9', ')', ']'],
  Digit0: ['0', '=', '}'],
  Minus: ['ß', '?', '\\'],
  Equal: [acute, grave],
  BracketLeft: ['ü', 'Ü'],
  BracketRight: ['+', '*', '~'],
  Backslash: ['#', "'"],
  IntlBackslash: ['<', '>', '|'],
  Semicolon: ['ö', 'Ö'],
  Quote: ['ä', 'Ä'],
  Comma: [',', ';'],
  Period: ['.', ':'],
  Slash: ['-', '_'],
};

const deCH: Layout = {
  ...qwertz,
  KeyE: ['e', 'E', '€'],
  Backquote: ['§', '°'],
  Digit1: ['1', '+', '¦'],
  Digit2: ['2', '"', '@'],
  Digit3: ['3', '*', '#'],
  Digit4: ['4', 'ç', '°'],
  Digit5: ['5', '%'],
  Digit6: ['6', '&', '¬'],
  Digit7: ['7', '/', '|'],
  Digit8: ['8', '(', '¢'],
  Digit9: ['9', ')'],
  Digit0: ['0', '='],
  Minus: ["'", '?', acute],
  Equal: [circumflex, grave, tilde],
  BracketLeft: ['ü', 'è', '['],
  BracketRight: [diaeresis, '!', ']'],
  Backslash: ['$', '£', '}'],
  IntlBackslash: ['<', '>', '\\'],
  Semicolon: ['ö', 'é'],
  Quote: ['ä', 'à', '{'],
  Comma: [',', ';'],
  Period: ['.', ':'],
  Slash: ['-', '_'],
};

const frCH: Layout = { ...deCH, BracketLeft: ['è', 'ü', '['], Semicolon: ['é', 'ö'], Quote: ['à', 'ä', '{'] };

const fr: Layout = {
  ...letters('qbcdefghijkl?noparstuvzxyw'),
  KeyE: ['e', 'E', '€'],
  KeyM: [',', '?'],
  Backquote: ['²'],
  Digit1: ['&', '1'],
  Digit2: ['é', '2', tilde],
  Digit3: ['"', '3', '#'],
  Digit4: ["'", '4', '{'],
  Digit5: ['(', '5', '['],
  Digit6: ['-', '6', '|'],
  Digit7: ['è', '7', grave],
  Digit8: ['_', '8', '\\'],
  Digit9: ['ç', '9', '^'],
  Digit0: ['à', '0', '@'],
  Minus: [')', '°', ']'],
  Equal: ['=', '+', '}'],
  BracketLeft: [circumflex, diaeresis],
  BracketRight: ['$', '£', '¤'],
  Backslash: ['*', 'µ'],
  IntlBackslash: ['<', '>'],
  Semicolon: ['m', 'M'],
  Quote: ['ù', '%'],
  Comma: [';', '.'],
  Period: [':', '/'],
  Slash: ['!', '§'],
};

const layouts: Readonly<Record<LayoutName, Layout>> = { us, de, 'de-CH': deCH, fr, 'fr-CH': frCH };

export function isLayoutName(name: string): name is LayoutName {
  return Object.hasOwn(layouts, name);
}

/** What the key types in this layout: a character, a combining accent for a dead key, null for a key that types nothing. */
export function typedBy(name: LayoutName, code: string, shift: boolean, altGr: boolean): string | null {
  if (code === 'Space') return ' ';
  const pad = /^Numpad(\d)$/.exec(code)?.[1] ?? numpad[code];
  if (pad !== undefined) return pad;
  const layout = layouts[name];
  const key = Object.hasOwn(layout, code) ? layout[code] : undefined;
  if (key === undefined) return null;
  return (altGr ? key[2] : shift ? key[1] : key[0]) ?? null;
}

const numpad: Readonly<Record<string, string>> = {
  NumpadAdd: '+',
  NumpadSubtract: '-',
  NumpadMultiply: '*',
  NumpadDivide: '/',
  NumpadDecimal: '.',
};

/** Text in which each dead key has met the character behind it. */
export function composed(typed: readonly string[]): string {
  let text = '';
  let dead: string | null = null;
  for (const char of typed) {
    const isDead = alone[char] !== undefined;
    if (dead !== null) {
      if (char === ' ') text += alone[dead];
      else if (isDead) text += alone[dead] ?? '';
      else text += joined(char, dead);
      dead = isDead ? char : null;
    } else if (isDead) dead = char;
    else text += char;
  }
  return dead === null ? text : text + (alone[dead] ?? '');
}

/** A letter that has no form with this accent stands behind the accent, as keyboards do. */
function joined(char: string, accent: string): string {
  const one = (char + accent).normalize('NFC');
  return one.length === 1 ? one : (alone[accent] ?? '') + char;
}

function letters(row: string): Layout {
  const layout: Record<string, Key> = {};
  [...row].forEach((letter, i) => {
    layout[`Key${String.fromCharCode(65 + i)}`] = [letter, letter.toUpperCase()];
  });
  return layout;
}
