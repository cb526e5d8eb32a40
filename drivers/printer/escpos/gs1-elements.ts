/**
 * GS1 element strings in brackets, `(255)7612345678900004711(17)261205`: taken apart and checked before they become a symbol.
 * Rules: GS1 General Specifications 7.8 (FNC1) and figure 7.11-1 (character set 82); forms from the rows of the GS1 Barcode Syntax Dictionary that
 * coupons use. AIs without a row are taken as they are, within the general form.
 */
import { gs1CheckDigit } from '../../scanner/check-digit.ts';
import { refuseBarcode } from './barcode-refusal.ts';

export interface Gs1Element {
  readonly ai: string;
  readonly value: string;
}

/**
 * @throws TillsideError `print-content` for a wrong check digit, a wrong form or no element string at all
 */
export function parseElements(data: string): readonly Gs1Element[] {
  const elements: Gs1Element[] = [];
  const pattern = /\((\d{2,4})\)([^()]+)/y;
  for (let match = pattern.exec(data); match !== null; match = pattern.exec(data)) {
    const [, ai = '', value = ''] = match;
    checkElement(ai, value);
    elements.push({ ai, value });
    if (pattern.lastIndex === data.length) return elements;
  }
  return refuseBarcode(
    'form',
    `a GS1 code is written as element string in brackets, like (255)7612345678900, not "${data}"`,
  );
}

/** As they were given. */
export function bracketed(elements: readonly Gs1Element[]): string {
  return elements.map(({ ai, value }) => `(${ai})${value}`).join('');
}

/** As people read it; it breaks into lines between elements. */
export function elementsHuman(elements: readonly Gs1Element[]): string {
  return elements.map(({ ai, value }) => `(${ai})${value}`).join(' ');
}

/** Runs of characters between which FNC1 stands: after each value without predefined length, not after the last. */
export function elementRuns(elements: readonly Gs1Element[]): readonly string[] {
  const runs: string[] = [''];
  elements.forEach(({ ai, value }, index) => {
    runs[runs.length - 1] += ai + value;
    if (!isPredefinedLength(ai) && index < elements.length - 1) runs.push('');
  });
  return runs;
}

function checkElement(ai: string, value: string): void {
  if (!/^[!"%-?A-Z_a-z]{1,90}$/.test(value))
    refuseBarcode('characters', `AI ${ai} has a character that GS1 does not allow`);
  const rule = rules.find(([pattern]) => pattern.test(ai));
  if (rule === undefined) return;
  const [, shape, checked] = rule;
  if (!shape.test(value)) refuseBarcode('form', `AI ${ai} does not have the form that GS1 gives it: "${value}"`);
  if (checked > 0 && value[checked - 1] !== gs1CheckDigit(value.slice(0, checked - 1)))
    refuseBarcode('check-digit', `the check digit in AI ${ai} is wrong: "${value}"`);
}

/** AI, form, and the place of its check digit (0: none). */
const rules: readonly (readonly [ai: RegExp, shape: RegExp, checked: number])[] = [
  [/^00$/, /^\d{18}$/, 18],
  [/^0[1-3]$/, /^\d{14}$/, 14],
  [/^1[1-7]$/, /^\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])$/, 0],
  [/^20$/, /^\d{2}$/, 0],
  [/^(10|21)$/, /^.{1,20}$/, 0],
  [/^255$/, /^\d{13,25}$/, 13],
  [/^3[0-7]$/, /^\d{1,8}$/, 0],
  [/^39[0-3]\d$/, /^\d{1,18}$/, 0],
  [/^394[0-3]$/, /^\d{4}$/, 0],
  [/^41[0-7]$/, /^\d{13}$/, 13],
  [/^801[78]$/, /^\d{18}$/, 18],
  [/^8019$/, /^\d{1,10}$/, 0],
  [/^(8110|8112)$/, /^.{1,70}$/, 0],
  [/^8111$/, /^\d{4}$/, 0],
];

/** AIs of predefined length by their first two digits: no FNC1 after them (GS1 General Specifications, figure 7.8.5-2). */
function isPredefinedLength(ai: string): boolean {
  return /^(0[0-4]|1[1-9]|20|3[1-6]|41)/.test(ai);
}
