/** Contents of barcodes: checked, then put as the printer's barcode commands want them. Wrong check digits and characters are refused. */
import { TillsideError } from '../../../errors.ts';

/** GS1 modulo-10 check digit of the digits before it. */
export function gs1CheckDigit(digits: string): number {
  let sum = 0;
  for (let place = 0; place < digits.length; place++)
    sum += Number(digits[digits.length - 1 - place]) * (place % 2 === 0 ? 3 : 1);
  return (10 - (sum % 10)) % 10;
}

/** Twelve digits get their check digit; thirteen must have the right one. */
export function ean13Data(data: string): Uint8Array {
  if (!/^\d{12,13}$/.test(data)) refuse(`an EAN-13 has 12 or 13 digits, not "${data}"`);
  const check = gs1CheckDigit(data.slice(0, 12));
  if (data.length === 13 && Number(data[12]) !== check)
    refuse(`the check digit of EAN-13 ${data} is wrong, it would be ${check}`);
  return Buffer.from(data.slice(0, 12) + check, 'latin1');
}

/** Data of `GS k 73` for plain CODE128: sets B and C chosen for shortness, `{` doubled. */
export function code128Data(data: string): Uint8Array {
  if (data === '') refuse('a barcode needs data');
  if (!/^[\x20-\x7e]+$/.test(data))
    refuse('CODE128 holds letters, digits and signs of ASCII only, and no control characters');
  return lengthChecked(encodeSets([data]), data);
}

/**
 * Data of `GS k 73` for GS1-128 from an element string in brackets, `(255)7612345678900123(17)261205`. Check digits of the numbers that have one
 * are verified; FNC1 separates what has no fixed length (GS1 General Specifications 7.8).
 */
export function gs1128Data(data: string): { readonly bytes: Uint8Array; readonly human: string } {
  const elements = parseElements(data);
  const runs: string[] = [''];
  elements.forEach(({ ai, value }, index) => {
    runs[runs.length - 1] += ai + value;
    if (!isFixedLength(ai) && index < elements.length - 1) runs.push('');
  });
  return {
    bytes: lengthChecked(encodeSets(runs, true), data),
    human: elements.map(({ ai, value }) => `(${ai})${value}`).join(''),
  };
}

/** Modules across, quiet zones of ten modules on both sides included. */
export function code128Modules(encoded: Uint8Array): number {
  let symbols = 0;
  for (let at = 0; at < encoded.length; at++) {
    if (encoded[at] === 0x7b) at++;
    symbols++;
  }
  // check symbol 11, stop 13
  return symbols * 11 + 24 + 20;
}

export const ean13Modules = 95 + 18;

interface Element {
  readonly ai: string;
  readonly value: string;
}

function parseElements(data: string): readonly Element[] {
  const elements: Element[] = [];
  const pattern = /\((\d{2,4})\)([^()]+)/y;
  for (let match = pattern.exec(data); match !== null; match = pattern.exec(data)) {
    const [, ai = '', value = ''] = match;
    checkElement(ai, value);
    elements.push({ ai, value });
    if (pattern.lastIndex === data.length) return elements;
  }
  return refuse(`GS1-128 is written as element string in brackets, like (255)7612345678900123, not "${data}"`);
}

function checkElement(ai: string, value: string): void {
  // Character set 82 of the GS1 General Specifications, figure 7.11-1.
  if (!/^[!"%-?A-Z_a-z]{1,90}$/.test(value)) refuse(`AI ${ai} has a character that GS1 does not allow`);
  const rule = elementRules.find(([pattern]) => pattern.test(ai));
  if (rule === undefined) return;
  const [, shape, checked] = rule;
  if (!shape.test(value)) refuse(`AI ${ai} does not have the form that GS1 gives it: "${value}"`);
  if (checked > 0 && Number(value[checked - 1]) !== gs1CheckDigit(value.slice(0, checked - 1)))
    refuse(`the check digit in AI ${ai} is wrong: "${value}"`);
}

/** AI, form, and the place of its check digit (0: none). Rows of the GS1 syntax dictionary that coupons use. */
const elementRules: readonly (readonly [ai: RegExp, shape: RegExp, checked: number])[] = [
  [/^00$/, /^\d{18}$/, 18],
  [/^0[12]$/, /^\d{14}$/, 14],
  [/^1[1-7]$/, /^\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])$/, 0],
  [/^(10|21)$/, /^.{1,20}$/, 0],
  [/^255$/, /^\d{13,25}$/, 13],
  [/^390\d$/, /^\d{1,15}$/, 0],
  [/^394\d$/, /^\d{4}$/, 0],
  [/^801[78]$/, /^\d{18}$/, 18],
];

/** AIs of predefined length by their first two digits: no FNC1 after them (GS1 General Specifications, figure 7.8.5-2). */
function isFixedLength(ai: string): boolean {
  return /^(0[0-4]|1[1-9]|20|3[1-6]|41)/.test(ai);
}

const shift = 0x7b;

/**
 * Runs of text in sets B and C; between runs, and before the first if asked, FNC1. In set C two digits are one byte 0–99, so a pair of numbers could
 * read as a real-time command of the printer (10h 04h, 10h 05h, 10h 14h): such a run of digits stays in B.
 */
function encodeSets(runs: readonly string[], leadingFnc1 = false): readonly number[] {
  const out: number[] = [];
  let set: 'B' | 'C' | null = null;
  const use = (wanted: 'B' | 'C') => {
    if (set !== wanted) out.push(shift, wanted.charCodeAt(0));
    set = wanted;
  };
  runs.forEach((run, index) => {
    if (index > 0 || leadingFnc1) {
      if (set === null) use(/^\d\d/.test(run) ? 'C' : 'B');
      out.push(shift, 0x31);
    }
    for (const part of splitDigits(run, set === 'C')) {
      const pairs = part.match(/\d\d/g) ?? [];
      if (/^(\d\d)+$/.test(part) && worthSetC(part, run, set === 'C') && !likeRealTime(pairs)) {
        use('C');
        out.push(...pairs.map(Number));
      } else {
        use('B');
        for (const character of part) {
          if (character === '{') out.push(shift, shift);
          else out.push(character.charCodeAt(0));
        }
      }
    }
  });
  return out;
}

/** Digits in pairs apart from the rest; of an odd number the first goes with what stands before (unless set C is on: then the last). */
function splitDigits(run: string, inC: boolean): readonly string[] {
  const parts: string[] = [];
  for (const part of run.match(/\d+|\D+/g) ?? []) {
    if (!/^\d/.test(part) || part.length % 2 === 0) parts.push(part);
    else if (inC && parts.length === 0) parts.push(part.slice(0, -1), part.slice(-1));
    else parts.push(part.slice(0, 1), part.slice(1));
  }
  return parts.filter(part => part !== '');
}

/** A change to C and back costs two symbols: four digits at an end pay, six in the middle. */
function worthSetC(part: string, run: string, inC: boolean): boolean {
  return part.length >= (inC ? 2 : run.startsWith(part) || run.endsWith(part) ? 4 : 6);
}

function likeRealTime(pairs: readonly string[]): boolean {
  return pairs.some((pair, at) => pair === '16' && ['04', '05', '20'].includes(pairs[at + 1] ?? ''));
}

function lengthChecked(encoded: readonly number[], data: string): Uint8Array {
  if (encoded.length > 255) refuse(`the barcode has too much data (${data.length} characters)`);
  return Uint8Array.from(encoded);
}

function refuse(message: string): never {
  throw new TillsideError('print-content', message);
}
