/** The bundle as a whole: its own fields, ids that may stand once, references that must lead somewhere (sections 1 and 2). */
import { type Fault, pointer } from '../fault.ts';
import { finish } from '../steps.ts';
import type { Bundle, Offer } from '../types.ts';
import { Acceptance } from './accept.ts';
import {
  type Check,
  checkAt,
  checkUnique,
  field,
  fieldsOf,
  id,
  integer,
  isId,
  kindOf,
  list,
  listUniqueBy,
  matching,
  object,
  oneWordOf,
  Report,
  someText,
} from './checks.ts';
import { count, currency, instant, isLanguage, language, timezone, window } from './forms.ts';
import { parseBundleJson, parsingJson } from './json-steps.ts';
import { offerCheck } from './offer.ts';
import type { Reference } from './predicate.ts';

export type BundleResult =
  | { readonly ok: true; readonly bundle: Bundle }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads a bundle from its bytes or text: JSON, then `validateBundle`. Never throws. */
export function parseBundle(source: Uint8Array | string): BundleResult {
  const read = parseBundleJson(source);
  return read.ok ? validateBundle(read.value) : { ok: false, faults: [read.fault] };
}

/**
 * Checks a parsed document against the contract: every fault with its JSON Pointer (at most 10,000). A fault that only
 * follows from another, such as a reference to an offer whose id is not valid, is not named.
 */
export function validateBundle(document: unknown): BundleResult {
  try {
    return finish(checking(document));
  } catch (error) {
    // Only a document that is not plain JSON (a throwing getter) comes here.
    return { ok: false, faults: [{ pointer: '', message: `cannot be read: ${String(error)}` }] };
  }
}

/** Offers looked at between two pauses. */
const stepSize = 100;
/** Entries of their lists. */
const entryStep = 20_000;

/** `parseBundle` in short steps. A bundle with faults is looked at once more for their list. */
export function* parsingBundle(source: Uint8Array): Generator<undefined, BundleResult> {
  const read = yield* parsingJson(source);
  if (!read.ok) return { ok: false, faults: [read.fault] };
  const accepted = yield* accepting(read.value);
  return accepted ? { ok: true, bundle: read.value as Bundle } : yield* checking(read.value);
}

/** Whether a document is a valid bundle, of which only the offers are many. */
function* accepting(document: unknown): Generator<undefined, boolean> {
  const root = fieldsOf(document);
  const offers = root === null ? undefined : field(root, 'offers');
  if (root === null || !Array.isArray(offers)) return false;
  const report = new Report();
  bundleCheck(() => {})(root, report);
  if (report.faults.length > 0) return false;
  // Checked with the rest of the bundle.
  const { defaultLanguage, loyalty, retiredOffers } = root as unknown as Bundle;
  const tiers = new Set<string>(loyalty?.tiers.map(tier => tier.id));
  const acceptance = new Acceptance(defaultLanguage, tiers);
  const ids = new Set<string>();
  let pause = entryStep;
  for (let index = 0; index < offers.length; index++) {
    const offer: unknown = offers[index];
    if (!acceptance.accepts(offer)) return false;
    ids.add((offer as Offer).id);
    if (index % stepSize < stepSize - 1 && acceptance.entries < pause) continue;
    pause = acceptance.entries + entryStep;
    yield;
  }
  if (ids.size !== offers.length) return false;
  yield;
  for (const id of retiredOffers ?? []) ids.add(id);
  for (const id of acceptance.named) if (!ids.has(id)) return false;
  return true;
}

/** Walks the whole document and lists its faults in its own order. */
function* checking(document: unknown): Generator<undefined, BundleResult> {
  const report = new Report();
  const references: Reference[] = [];
  const root = fieldsOf(document);
  const wished = root === null ? undefined : field(root, 'defaultLanguage');
  let before = -1;
  const laterOffers: Check = (value, within) => {
    if (Array.isArray(value)) before = within.faults.length;
    else within.fault(`must be a list, is ${kindOf(value)}`);
  };
  bundleCheck(laterOffers)(document, report);
  if (root !== null && before >= 0) {
    const after = report.faults.splice(before);
    yield* checkingOffers(root.offers as readonly unknown[], isLanguage(wished) ? wished : null, references, report);
    for (const fault of after) if (!report.full) report.faults.push(fault);
  }
  if (root !== null) checkReferences(root, references, report);
  return report.faults.length === 0 ? { ok: true, bundle: document as Bundle } : { ok: false, faults: report.faults };
}

function* checkingOffers(
  offers: readonly unknown[],
  defaultLanguage: string | null,
  references: Reference[],
  report: Report,
): Generator<undefined, void> {
  const check = offerCheck(references, defaultLanguage);
  report.path.push('offers');
  for (let index = 0; index < offers.length && !report.full; index++) {
    checkAt(check, offers[index], index, report);
    if (index % stepSize === stepSize - 1) yield;
  }
  checkUnique(offers, 'id', report);
  report.path.pop();
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
      golden: listUniqueBy(goldenBasket, 'name'),
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

const document: Check = (value, report) => {
  if (fieldsOf(value) === null) report.fault(`must be an object, is ${kindOf(value)}`);
};

/** Whether the sale is one, and what comes of it, is seen when it is decided. */
const goldenBasket = object({ required: { name: someText, sale: document, expect: document } });

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
): void {
  if (references.length === 0) return;
  const offers = idsOf(field(root, 'offers'));
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
