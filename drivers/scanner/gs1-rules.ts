/**
 * What the values of GS1 application identifiers (AI) must look like and which may stand together: the rows of the GS1 Barcode Syntax
 * Dictionary (gs1/gs1-syntax-dictionary, release of July 2026) that this product acts on. All other AIs are carried along with their general
 * form checked.
 */
import { gs1CheckOk } from './check-digit.ts';
import { isCouponCode, isPositiveOffer } from './coupon-code.ts';

/** AI → value. */
export type Elements = Readonly<Record<string, string>>;

type Rule = {
  readonly form: RegExp;
  /** Digits at the value's start whose last one is a GS1 check digit (`csum`). */
  readonly checked?: number;
  readonly also?: (value: string) => boolean;
  /** One of these must be in the same message (`req`). */
  readonly needs?: RegExp;
  /** None of these may (`ex`). */
  readonly excludes?: RegExp;
};

/** Character set 82. */
const x = '[!"%-?A-Z_a-z]';

const rules: Readonly<Record<string, Rule>> = {
  '00': { form: /^\d{18}$/, checked: 18 },
  '01': { form: /^\d{14}$/, checked: 14, excludes: /^255$/ },
  '02': { form: /^\d{14}$/, checked: 14, excludes: /^0[13]$/ },
  '03': { form: /^\d{14}$/, checked: 14, excludes: /^0[12]$/ },
  '17': { form: /^\d{6}$/, also: isDate, needs: /^(0[123]|255|8006|8026)$/ },
  '21': { form: new RegExp(`^${x}{1,20}$`), needs: /^(0[13]|8006)$/, excludes: /^235$/ },
  '255': { form: /^\d{13,25}$/, checked: 13, excludes: /^(0[12]|415|8006|8020|8026)$/ },
  '8017': { form: /^\d{18}$/, checked: 18, excludes: /^8018$/ },
  '8018': { form: /^\d{18}$/, checked: 18, excludes: /^8017$/ },
  '8019': { form: /^\d{1,10}$/, needs: /^801[78]$/ },
  '8110': { form: /^\d{1,70}$/, also: isCouponCode },
  '8111': { form: /^\d{4}$/, needs: /^255$/ },
  '8112': { form: /^\d{1,70}$/, also: isPositiveOffer },
};

/** 390n: an amount of up to 15 digits; 394n: a percentage. The AI's last digit is the number of decimals. */
const valueRules: readonly { readonly ai: RegExp; readonly rule: Rule }[] = [
  { ai: /^390\d$/, rule: { form: /^\d{1,15}$/, needs: /^(255|8020)$/, excludes: /^(39[014]\d|8111)$/ } },
  { ai: /^394[0-3]$/, rule: { form: /^\d{4}$/, needs: /^255$/, excludes: /^(394\d|8111)$/ } },
  { ai: /^394[4-9]$/, rule: { form: /^(?!)/ } }, // no such AI
];

function ruleOf(ai: string): Rule | null {
  return (Object.hasOwn(rules, ai) ? rules[ai] : null) ?? valueRules.find(row => row.ai.test(ai))?.rule ?? null;
}

/** Whether this value is possible for this AI; null when it is. */
export function faultOf(ai: string, value: string): 'check-digit' | 'unreadable' | null {
  const rule = ruleOf(ai);
  if (rule === null) return /^[ -~]{1,90}$/.test(value) ? null : 'unreadable';
  if (!rule.form.test(value) || rule.also?.(value) === false) return 'unreadable';
  return rule.checked === undefined || gs1CheckOk(value.slice(0, rule.checked)) ? null : 'check-digit';
}

/** Whether the value has the AI's form, its check digit aside. */
export function hasForm(ai: string, value: string): boolean {
  return faultOf(ai, value) !== 'unreadable';
}

/** Whether these AIs may stand in one message. */
export function mayStandTogether(elements: Elements): boolean {
  const ais = Object.keys(elements);
  return ais.every(ai => {
    const rule = ruleOf(ai);
    const others = ais.filter(other => other !== ai);
    if (rule?.needs !== undefined && !others.some(other => rule.needs?.test(other))) return false;
    return rule?.excludes === undefined || !others.some(other => rule.excludes?.test(other));
  });
}

/** YYMMDD with a day that the month has, or 00 for its last. Years of two digits: 1949 behind to 50 ahead, all of which end alike here. */
function isDate(value: string): boolean {
  const [year, month, day] = [value.slice(0, 2), value.slice(2, 4), value.slice(4)].map(Number);
  if (year === undefined || month === undefined || day === undefined || month < 1 || month > 12) return false;
  // The year 2000 is a leap year as 1996 and 2004 are: two digits suffice.
  return day <= new Date(Date.UTC(2000 + year, month, 0)).getUTCDate();
}
