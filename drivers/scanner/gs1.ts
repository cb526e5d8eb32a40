/**
 * GS1 element strings and Digital Links, taken apart into application identifiers (AI).
 * Rules: GS1 General Specifications section 3 (formats), figure 7.8.5-2 (AIs that need no FNC1), GS1 Barcode Syntax
 * Dictionary for the rows that this product acts on; all others are carried along with their general form checked.
 */
import { gs1CheckOk } from './check-digit.ts';

/** AI → value. */
export type Elements = Readonly<Record<string, string>>;

export type ElementsResult =
  | { readonly ok: true; readonly elements: Elements }
  | { readonly ok: false; readonly why: 'check-digit' | 'unreadable' };

const FNC1 = '\u001d';
/** Code 128 carries 48 characters, but 2D symbols and composites thousands; more than this is no coupon and no product. */
const mostElements = 64;

type Rule = {
  readonly form: RegExp;
  /** Digits at the value's start whose last one is a GS1 check digit. */
  readonly checked?: number;
};

const gs1Set82 = `[!"%-?A-Z_a-z]`;

/** Rows of the syntax dictionary whose content this product acts on. */
const rules: Readonly<Record<string, Rule>> = {
  '00': { form: /^\d{18}$/, checked: 18 },
  '01': { form: /^\d{14}$/, checked: 14 },
  '02': { form: /^\d{14}$/, checked: 14 },
  '03': { form: /^\d{14}$/, checked: 14 },
  '17': { form: /^\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])$/ },
  '21': { form: new RegExp(`^${gs1Set82}{1,20}$`) },
  '255': { form: /^\d{13,25}$/, checked: 13 },
  '8017': { form: /^\d{18}$/, checked: 18 },
  '8018': { form: /^\d{18}$/, checked: 18 },
  '8019': { form: /^\d{1,10}$/ },
  '8110': { form: new RegExp(`^${gs1Set82}{1,70}$`) },
  '8111': { form: /^\d{4}$/ },
  '8112': { form: new RegExp(`^${gs1Set82}{1,70}$`) },
};

/** AIs 3900–3909: amount, up to 15 digits; 3940–3943: percentage, 4 digits; the AI's last digit is the number of decimals. */
const valueRules: readonly { readonly ai: RegExp; readonly rule: Rule }[] = [
  { ai: /^390\d$/, rule: { form: /^\d{1,15}$/ } },
  { ai: /^394[0-3]$/, rule: { form: /^\d{4}$/ } },
];

/** Lengths of AI plus value, by the first two digits, that are fixed for ever and need no FNC1 behind them. */
const predefined: Readonly<Record<string, number>> = {
  '00': 20,
  '01': 16,
  '02': 16,
  '03': 16,
  '04': 18,
  '11': 8,
  '12': 8,
  '13': 8,
  '14': 8,
  '15': 8,
  '16': 8,
  '17': 8,
  '18': 8,
  '19': 8,
  '20': 4,
  '31': 10,
  '32': 10,
  '33': 10,
  '34': 10,
  '35': 10,
  '36': 10,
  '41': 16,
};

/** Digits of an AI by its first two. */
function aiLength(two: string): number | null {
  if (/^(0[0-4]|1\d|2[0-2]|30|37|9\d)$/.test(two)) return 2;
  if (/^(23|24|25|40|41|42|71)$/.test(two)) return 3;
  if (/^(3[1-6]|39|43|70|72|80|81|82)$/.test(two)) return 4;
  return null;
}

/** Takes an element string apart; a leading FNC1 is allowed. Never throws. */
export function parseElements(text: string): ElementsResult {
  const elements: Record<string, string> = {};
  let at = text.startsWith(FNC1) ? 1 : 0;
  if (at === text.length) return unreadable;
  for (let count = 0; at < text.length; count++) {
    if (count === mostElements) return unreadable;
    const two = text.slice(at, at + 2);
    const length = aiLength(two);
    if (length === null) return unreadable;
    const ai = text.slice(at, at + length);
    if (ai.length < length || !/^\d+$/.test(ai)) return unreadable;
    const end = elementEnd(text, at, two);
    if (end === null) return unreadable;
    const value = text.slice(at + length, end);
    const fault = check(ai, value);
    if (fault !== null) return { ok: false, why: fault };
    if (elements[ai] !== undefined && elements[ai] !== value) return unreadable;
    elements[ai] = value;
    at = text[end] === FNC1 ? end + 1 : end;
  }
  return { ok: true, elements };
}

const unreadable: ElementsResult = { ok: false, why: 'unreadable' };

function elementEnd(text: string, at: number, two: string): number | null {
  const fixed = predefined[two];
  if (fixed !== undefined) {
    const end = at + fixed;
    return end <= text.length && !text.slice(at, end).includes(FNC1) ? end : null;
  }
  const separator = text.indexOf(FNC1, at);
  return separator === -1 ? text.length : separator;
}

function check(ai: string, value: string): 'check-digit' | 'unreadable' | null {
  const rule = rules[ai] ?? valueRules.find(row => row.ai.test(ai))?.rule;
  if (rule === undefined) return value.length >= 1 && value.length <= 90 && printable.test(value) ? null : 'unreadable';
  if (!rule.form.test(value)) return 'unreadable';
  if (rule.checked !== undefined && !gs1CheckOk(value.slice(0, rule.checked))) return 'check-digit';
  return null;
}

const printable = /^[ -~]+$/;

/** Keys of a Digital Link's path that this product acts on; the first one found is the link's subject. */
const linkKeys = ['8018', '8017', '255', '01'];

/**
 * Takes a GS1 Digital Link URL apart (GS1 Digital Link Standard: URI Syntax): path pairs from the first known key on,
 * then query parameters that are AIs. Null for a URL that is none. Short GTINs in `/01/` are filled to 14 digits.
 */
export function parseDigitalLink(text: string): ElementsResult | null {
  if (!/^https?:\/\//i.test(text)) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return null;
  const parts = url.pathname.split('/').map(decoded);
  const start = parts.findIndex((part, i) => linkKeys.includes(part) && parts[i + 1] !== undefined);
  if (start === -1) return null;
  const elements: Record<string, string> = {};
  const pairs: [string, string][] = [];
  for (let i = start; i + 1 < parts.length; i += 2) pairs.push([parts[i] ?? '', parts[i + 1] ?? '']);
  for (const [name, value] of url.searchParams) if (/^\d{2,4}$/.test(name)) pairs.push([name, value]);
  for (const [ai, given] of pairs.slice(0, mostElements)) {
    if (!/^\d{2,4}$/.test(ai) || aiLength(ai.slice(0, 2)) !== ai.length) return unreadable;
    const value = ai === '01' && /^(\d{8}|\d{12}|\d{13})$/.test(given) ? given.padStart(14, '0') : given;
    const fault = check(ai, value);
    if (fault !== null) return { ok: false, why: fault };
    elements[ai] = value;
  }
  return { ok: true, elements };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
