/**
 * GS1 element strings and Digital Links, taken apart into application identifiers (AI).
 * Rules: GS1 General Specifications section 3 (formats), figure 7.8.5-2 (AIs that need no FNC1), GS1 Digital Link Standard: URI Syntax;
 * what the values must look like stands in gs1-rules.ts.
 */
import { type Elements, faultOf, hasForm, mayStandTogether } from './gs1-rules.ts';

export type { Elements } from './gs1-rules.ts';

export type ElementsResult =
  | { readonly ok: true; readonly elements: Elements }
  | { readonly ok: false; readonly why: 'check-digit' | 'unreadable' };

const FNC1 = '\u001d';
/** Code 128 carries 48 characters, but 2D symbols and composites thousands; more than this is no coupon and no product. */
const mostElements = 64;

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
    const fault = put(elements, ai, text.slice(at + length, end));
    if (fault !== null) return { ok: false, why: fault };
    at = text[end] === FNC1 ? end + 1 : end;
  }
  return mayStandTogether(elements) ? { ok: true, elements } : unreadable;
}

const unreadable: ElementsResult = { ok: false, why: 'unreadable' };

/** An AI may come twice only with the same value. */
function put(elements: Record<string, string>, ai: string, value: string): 'check-digit' | 'unreadable' | null {
  const fault = faultOf(ai, value);
  if (fault !== null) return fault;
  if (elements[ai] !== undefined && elements[ai] !== value) return 'unreadable';
  elements[ai] = value;
  return null;
}

function elementEnd(text: string, at: number, two: string): number | null {
  const fixed = predefined[two];
  if (fixed !== undefined) {
    const end = at + fixed;
    return end <= text.length && !text.slice(at, end).includes(FNC1) ? end : null;
  }
  const separator = text.indexOf(FNC1, at);
  return separator === -1 ? text.length : separator;
}

/** Keys of a Digital Link's path that this product acts on, each with the key qualifiers that may follow, in their order. */
const linkKeys: Readonly<Record<string, readonly (readonly string[])[]>> = {
  '01': [['22', '10', '21'], ['235']],
  '255': [[]],
  '8017': [['8019']],
  '8018': [['8019']],
};

/**
 * Takes an uncompressed GS1 Digital Link URL apart: a key with its qualifiers at the end of the path, whatever stands before them, then query
 * parameters that are AIs. Null for a URL that is none. Short GTINs in `/01/` are filled to 14 digits.
 */
export function parseDigitalLink(text: string): ElementsResult | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const path = linkPath(url.pathname);
  if (path === null) return null;
  const elements: Record<string, string> = {};
  const query = [...url.searchParams].filter(([name]) => /^\d{2,4}$/.test(name));
  for (const [ai, value] of [...path, ...query].slice(0, mostElements)) {
    if (aiLength(ai.slice(0, 2)) !== ai.length) return unreadable;
    const fault = put(elements, ai, value);
    if (fault !== null) return { ok: false, why: fault };
  }
  return mayStandTogether(elements) ? { ok: true, elements } : unreadable;
}

/** Key and qualifiers with their values; null where the path's end does not have that form. */
function linkPath(pathname: string): readonly (readonly [ai: string, value: string])[] | null {
  const parts = pathname.replace(/\/$/, '').split('/').map(decoded);
  for (let start = 0; start + 1 < parts.length; start++) {
    const key = parts[start] ?? '';
    if (!Object.hasOwn(linkKeys, key) || (parts.length - start) % 2 !== 0) continue;
    const pairs: [string, string][] = [];
    for (let i = start; i < parts.length; i += 2) {
      const [ai = '', value = ''] = parts.slice(i, i + 2);
      pairs.push([ai, ai === '01' && /^(\d{8}|\d{12}|\d{13})$/.test(value) ? value.padStart(14, '0') : value]);
    }
    const qualifiers = pairs.slice(1).map(([ai]) => ai);
    const inOrder = linkKeys[key]?.some(order => isSubsequence(qualifiers, order)) === true;
    if (inOrder && pairs.every(([ai, value]) => hasForm(ai, value))) return pairs;
  }
  return null;
}

function isSubsequence(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const each of all) if (each === some[at]) at++;
  return at === some.length;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
