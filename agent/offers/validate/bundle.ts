/** The bundle as a whole: its own fields, ids that may stand once, references that must lead somewhere (sections 1 and 2). */
import { type Fault, pointer } from '../fault.ts';
import type { Bundle } from '../types.ts';
import {
  type Check,
  field,
  fieldsOf,
  id,
  integer,
  isId,
  list,
  listUniqueBy,
  matching,
  object,
  oneWordOf,
  Report,
  someText,
} from './checks.ts';
import { count, currency, instant, isLanguage, language, timezone, window } from './forms.ts';
import { parseJson } from './json.ts';
import { parsingJson } from './json-steps.ts';
import { offerCheck } from './offer.ts';
import type { Reference } from './predicate.ts';

export type BundleResult =
  | { readonly ok: true; readonly bundle: Bundle }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads a bundle from its bytes or text: JSON, then `validateBundle`. Never throws. */
export function parseBundle(source: Uint8Array | string): BundleResult {
  const read = parseJson(source);
  return read.ok ? validateBundle(read.value) : { ok: false, faults: [read.fault] };
}

/**
 * Checks a parsed document against the contract: every fault with its JSON Pointer (at most 10,000). A fault that only
 * follows from another, such as a reference to an offer whose id is not valid, is not named.
 */
export function validateBundle(document: unknown): BundleResult {
  try {
    const report = new Report();
    checkBundle(document, report);
    return report.faults.length === 0 ? { ok: true, bundle: document as Bundle } : { ok: false, faults: report.faults };
  } catch (error) {
    // Only a document that is not plain JSON (a throwing getter) comes here.
    return { ok: false, faults: [{ pointer: '', message: `cannot be read: ${String(error)}` }] };
  }
}

/** Offers checked between two pauses. */
const stepSize = 25;

/** `parseBundle` in short steps. A bundle with faults is looked at once more, as a whole, for their list. */
export function* parsingBundle(source: Uint8Array): Generator<undefined, BundleResult> {
  const read = yield* parsingJson(source);
  if (!read.ok) return { ok: false, faults: [read.fault] };
  const root = fieldsOf(read.value);
  const offers = root === null ? undefined : field(root, 'offers');
  if (root === null || !Array.isArray(offers)) return validateBundle(read.value);
  const report = new Report();
  const references: Reference[] = [];
  const wished = field(root, 'defaultLanguage');
  bundleCheck(() => {})(root, report);
  const check = offerCheck(references, isLanguage(wished) ? wished : null);
  const ids = new Set<unknown>();
  for (const [index, offer] of offers.entries()) {
    check(offer, report);
    ids.add(fieldsOf(offer)?.id);
    if (report.faults.length > 0) return validateBundle(read.value);
    if (index % stepSize === stepSize - 1) yield;
  }
  if (ids.size !== offers.length) return validateBundle(read.value);
  yield;
  checkReferences(root, references, report, ids as Set<string>);
  return report.faults.length > 0 ? validateBundle(read.value) : { ok: true, bundle: read.value as Bundle };
}

function checkBundle(document: unknown, report: Report): void {
  const references: Reference[] = [];
  const root = fieldsOf(document);
  const wished = root === null ? undefined : field(root, 'defaultLanguage');
  const offers = listUniqueBy(offerCheck(references, isLanguage(wished) ? wished : null), 'id');
  bundleCheck(offers)(document, report);
  if (root === null) return;
  checkReferences(root, references, report);
}

function bundleCheck(offers: Check): Check {
  return object({
    required: {
      format: oneWordOf('tillside/bundle/1'),
      id,
      version: count,
      createdAt: instant,
      notAfter: instant,
      currency,
      timezone,
      defaultLanguage: language,
      offers,
    },
    optional: {
      cardSchemes: listUniqueBy(cardScheme, 'id'),
      loyalty: object({ required: { tiers: listUniqueBy(tier, 'id') } }, checkTierOrder),
      contactPolicies: listUniqueBy(contactPolicy, 'id'),
      selection: object({ optional: { couponsPerSale: count, perCategory: count } }),
      retiredOffers: list(id),
    },
  });
}

const cardScheme = object(
  {
    required: {
      id,
      prefix: matching(value => value.length <= 64, 'a prefix of at most 64 characters'),
      length: integer(1, 64),
      check: oneWordOf('gs1-mod10', 'luhn', 'none'),
    },
    optional: { symbologies: list(someText) },
  },
  (scheme, report) => {
    const { prefix, length } = scheme;
    const comparable = typeof prefix === 'string' && prefix.length <= 64 && Number.isSafeInteger(length);
    if (comparable && Number(length) >= 1 && prefix.length > Number(length))
      report.fault(`is longer than the code's length (${length})`, 'prefix');
  },
);

const tier = object({ required: { id, from: count } });

const contactPolicy = object({
  required: { id, class: id, per: oneWordOf('member', 'household'), limit: count, window },
});

/** The order of the list is the order of the tiers; thresholds that go down would contradict it. */
function checkTierOrder(loyalty: Readonly<Record<string, unknown>>, report: Report): void {
  const tiers = field(loyalty, 'tiers');
  if (!Array.isArray(tiers)) return;
  let before = Number.NEGATIVE_INFINITY;
  tiers.forEach((item: unknown, index) => {
    const fields = fieldsOf(item);
    const from = fields === null ? undefined : field(fields, 'from');
    if (typeof from !== 'number' || !Number.isSafeInteger(from)) return;
    if (from <= before)
      report.fault(`must be more than the tier before it (${before}), is ${from}`, 'tiers', index, 'from');
    before = Math.max(before, from);
  });
}

function checkReferences(
  root: Readonly<Record<string, unknown>>,
  references: readonly Reference[],
  report: Report,
  offers: Set<string> | null = idsOf(field(root, 'offers')),
): void {
  if (references.length === 0) return;
  const misspelt = report.faults.some(fault => /^\/[^/]*$/.test(fault.pointer) && fault.message.startsWith('unknown'));
  const retired = field(root, 'retiredOffers');
  const offersKnown = offers !== null && !report.touches('/retiredOffers') && !(misspelt && retired === undefined);
  const loyalty = fieldsOf(field(root, 'loyalty'));
  const tiers = loyalty === null ? new Set<string>() : idsOf(field(loyalty, 'tiers'));
  const tiersKnown = tiers !== null && !report.touches('/loyalty') && !(misspelt && loyalty === null);
  if (offers !== null && Array.isArray(retired)) for (const name of retired) if (isId(name)) offers.add(name);
  for (const reference of references) {
    const exists = reference.to === 'offer' ? offers?.has(reference.id) : tiers?.has(reference.id);
    if (exists || !(reference.to === 'offer' ? offersKnown : tiersKnown)) continue;
    const where = reference.to === 'offer' ? 'in offers or retiredOffers' : 'in loyalty.tiers';
    if (!report.full)
      report.faults.push({ pointer: pointer(reference.path), message: `"${reference.id}" does not exist ${where}` });
  }
}

/** The ids of a list of objects; null if one of them has none that is valid. */
function idsOf(items: unknown): Set<string> | null {
  if (!Array.isArray(items)) return null;
  const ids = new Set<string>();
  for (const item of items) {
    const fields = fieldsOf(item);
    const name = fields === null ? undefined : field(fields, 'id');
    if (!isId(name)) return null;
    ids.add(name);
  }
  return ids;
}
