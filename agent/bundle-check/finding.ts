/** What a check of a bundle finds: legal, but surely or probably not what its author wants. */
import { pointer } from '../offers/fault.ts';

/**
 * `error`: it cannot do what it says, whoever shops. `warning`: most likely a mistake, or soon one. `hint`: worth a look.
 */
export type Severity = 'error' | 'warning' | 'hint';

/** Stable codes, each with what it means; documented in docs/offers.md and `tillside bundle check --help`. */
export const findingCodes = {
  'name-twice': 'a name that stands twice in one object: JSON keeps the last',
  'never-matches': 'no sale whatever can meet the conditions',
  'never-redeemable': 'the coupon can be printed, but nobody can ever redeem it',
  'code-of-store': 'a store that may redeem the coupon will never know its linear code',
  'always-true': 'a condition that every sale meets, so it may be left out',
  unreachable: 'an exclusive offer before it in its phase always applies first',
  'group-always-lost': 'another offer of its group always wins',
  'chain-circle': 'the offers wait for each other in a circle, nobody can enter',
  'chain-without-coupon': 'it waits for a coupon that no offer ever prints',
  'no-effect': 'the benefit gives nothing',
  'selection-zero': 'the limits of the selection or of a contact policy leave no room for any coupon',
  'cap-zero': 'a global cap of 0: no lease can ever be granted',
  'cap-needs-lease': 'a global cap: tills print it only while they hold a lease from HQ',
  'held-out-all': 'the experiment keeps every member in the control group',
  'variant-never': 'a variant that nobody gets',
  'no-limit': 'a percentage on everything without a limit in money',
  'free-without-limit': 'everything selected is free, however much is bought',
  'bundle-over': 'the bundle is no longer good',
  'bundle-ends-soon': 'the bundle ends soon',
  'bundle-not-yet': 'the bundle was made in the future',
  'schedule-over': 'the schedule lies in the past',
  'text-too-wide': 'a word is wider than the paper and would be cut',
  'text-too-long': 'a text takes too many lines on the paper',
  'text-unprintable': 'a character that the printer cannot print as it is',
  'code-too-wide': 'a code that gives way to the QR code on narrow paper',
  'picture-unprintable': 'a picture that is left out on paper',
  'language-missing': 'a text is missing in a language',
  'gtin-check-digit': 'a GTIN whose check digit is wrong',
  'gtin-unknown': 'a GTIN that the catalogue does not have',
  'category-unknown': 'a category in which the catalogue has nothing',
  'brand-unknown': 'a brand that the catalogue does not have',
  'selects-nothing': 'a selector that takes no product of the catalogue',
  'segment-nobody': 'a segment in which nobody is',
  'attribute-nobody': 'an attribute that nobody has',
  'attribute-value-nobody': 'a value of an attribute that nobody has',
  'consent-nobody': 'a consent that nobody gave',
  'tier-nobody': 'a tier in which nobody is',
} as const;

export type FindingCode = keyof typeof findingCodes;

export interface Finding {
  /** JSON Pointer into the bundle. */
  readonly pointer: string;
  readonly severity: Severity;
  readonly code: FindingCode;
  /** One sentence: where and why. */
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** Findings beyond this number are not listed: a hostile bundle must not fill the memory. */
const mostFindings = 10_000;

/** Collects findings in the order of the document. */
export class Findings {
  readonly list: Finding[] = [];

  add(severity: Severity, code: FindingCode, path: Path, message: string): void {
    if (this.list.length < mostFindings) this.list.push({ pointer: pointer(path), severity, code, message });
  }
}
