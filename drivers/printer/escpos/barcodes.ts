/** Contents of barcodes: checked, then put as the printer's barcode commands want them. Wrong check digits and characters are refused. */
import { gs1CheckDigit } from '../../scanner/check-digit.ts';
import { refuseBarcode } from './barcode-refusal.ts';
import { type Code128Token, code128Symbols, encodeCode128 } from './code128.ts';
import { elementRuns, elementsHuman, type Gs1Element, parseElements } from './gs1-elements.ts';

/** Twelve digits get their check digit; thirteen must have the right one. */
export function ean13Data(data: string): Uint8Array {
  return latin(checked('an EAN-13', data, 13));
}

/** Seven digits get their check digit; eight must have the right one. */
export function ean8Data(data: string): Uint8Array {
  return latin(checked('an EAN-8', data, 8));
}

/** Eleven digits get their check digit; twelve must have the right one. */
export function upcAData(data: string): Uint8Array {
  return latin(checked('a UPC-A', data, 12));
}

/** Interleaved 2 of 5, digits in pairs. It has no check digit of its own: `itf14Data` has. */
export function itfData(data: string): Uint8Array {
  if (!/^(\d\d){1,40}$/.test(data)) refuseBarcode('form', `an ITF has an even number of digits, not "${data}"`);
  return latin(data);
}

/** Thirteen digits get their check digit; fourteen must have the right one. */
export function itf14Data(data: string): Uint8Array {
  return latin(checked('an ITF-14', data, 14));
}

/** The thirteen digits of a GTIN-14 before its check digit, from `(01)…` or 13 or 14 digits: what DataBar commands take. */
export function dataBarDigits(data: string): string {
  const digits = data.replace(/^\(01\)/, '');
  return checked('a GS1 DataBar', digits, 14).slice(0, 13);
}

/** Data of `GS k 73` for plain CODE128: ASCII in the fewest symbols, `{` doubled. */
export function code128Data(data: string): Uint8Array {
  if (data === '') refuseBarcode('length', 'a barcode needs data');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: set A holds control characters, and this is the check of them.
  if (!/^[\x00-\x7f]+$/.test(data))
    refuseBarcode('characters', 'CODE128 holds letters, digits and signs of ASCII only');
  return lengthChecked(encodeCode128([...data].map(character => character.charCodeAt(0))), data);
}

/** Data of `GS k 73` for GS1-128: FNC1 first, and after each value that has no predefined length. */
export function gs1128Data(data: string): { readonly bytes: Uint8Array; readonly human: string } {
  const elements = parseElements(data);
  const tokens: Code128Token[] = [];
  for (const run of elementRuns(elements)) tokens.push('fnc1', ...[...run].map(character => character.charCodeAt(0)));
  return { bytes: lengthChecked(encodeCode128(tokens), data), human: elementsHuman(elements) };
}

/**
 * Data of `GS k 78` and `GS ( k` 51 80 76, GS1 DataBar Expanded: no brackets, FNC1 as `{1`.
 * Null where a value holds `*`, which these commands take for a mark of their own: such a code is drawn.
 */
export function dataBarExpandedData(elements: readonly Gs1Element[]): Uint8Array | null {
  const text = elementRuns(elements).join('{1');
  return text.includes('*') ? null : latin(text);
}

/** Modules across, quiet zones of ten modules on both sides included. */
export function code128Modules(encoded: Uint8Array): number {
  // check symbol 11, stop 13
  return code128Symbols(encoded) * 11 + 24 + 20;
}

export const ean13Modules = 95 + 18;
export const ean8Modules = 67 + 14;
export const upcAModules = 95 + 18;
/** Wide elements of 8⁄3 of a narrow one, the widest that Epson's table for GS w gives. */
export function itfModules(digits: number): number {
  return Math.ceil(digits * (3 + (2 * 8) / 3) + 4 + 2 + 8 / 3) + 20;
}

function checked(what: string, data: string, length: number): string {
  if (!new RegExp(`^\\d{${length - 1},${length}}$`).test(data))
    refuseBarcode('form', `${what} has ${length - 1} or ${length} digits, not "${data}"`);
  const check = gs1CheckDigit(data.slice(0, length - 1));
  if (data.length === length && data[length - 1] !== check)
    refuseBarcode(
      'check-digit',
      `the check digit of ${what.replace(/^an? /, '')} ${data} is wrong, it would be ${check}`,
    );
  return data.slice(0, length - 1) + check;
}

function lengthChecked(encoded: readonly number[], data: string): Uint8Array {
  if (encoded.length > 255) refuseBarcode('length', `the barcode has too much data (${data.length} characters)`);
  return Uint8Array.from(encoded);
}

function latin(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}
