/** One offer (contract section 3): its fields, and which of them its phase requires or does not know. */
import { benefitCheck, checkBenefitFits } from './benefit.ts';
import {
  anyInteger,
  boolean,
  type Check,
  checkAt,
  field,
  fieldsOf,
  id,
  integer,
  list,
  listUniqueBy,
  object,
  oneWordOf,
  type Report,
  someText,
  text,
} from './checks.ts';
import { category, count, date, days, isLanguage, mostDays, storeFilter, time, window } from './forms.ts';
import { mostWeight } from './limits.ts';
import { predicateChecks, type Reference } from './predicate.ts';

const phases = ['line', 'basket', 'points', 'issue'];

/**
 * @param references collects ids that must exist elsewhere in the bundle
 * @param defaultLanguage every coupon's texts must have it; null if the bundle names none that is valid
 */
export function offerCheck(references: Reference[], defaultLanguage: string | null): Check {
  const { predicate, selector, reference } = predicateChecks(references);
  const benefit = benefitCheck(selector);
  const coupon = couponCheck(predicate, defaultLanguage);
  const experiment = object({
    required: { salt: text },
    optional: {
      holdout: integer(0, 10_000),
      variants: list(
        object({ required: { id, weight: integer(0, mostWeight) }, optional: { benefit, coupon } }),
        checkVariants,
      ),
    },
  });
  const cap = object({
    required: { scope: oneWordOf('member', 'household', 'store', 'global'), limit: count },
    optional: { window, counts: oneWordOf('issued', 'redeemed') },
  });
  return object(
    {
      required: { id, version: count, phase: oneWordOf(...phases), benefit },
      optional: {
        name: text,
        campaign: text,
        sequence: anyInteger,
        trigger: oneWordOf('auto', 'coupon', 'digital'),
        schedule,
        stores: storeFilter,
        consent: id,
        audience: predicate,
        after: object({
          required: { offer: reference('offer'), outcome: oneWordOf('issued', 'redeemed', 'expired', 'unredeemed') },
          optional: { minDays: days, maxDays: days },
        }),
        when: predicate,
        caps: listUniqueBy(cap, 'scope'),
        experiment,
        group: id,
        exclusive: boolean,
        stackable: boolean,
        priority: integer(1, 1000),
        contact: object({ required: { class: id } }),
        coupon,
      },
    },
    checkPhase,
  );
}

const schedule = object({
  optional: {
    from: date,
    to: date,
    days: list(oneWordOf('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')),
    times: list(object({ required: { from: time, to: time } })),
  },
});

const couponTexts = object({ required: { title: someText }, optional: { body: text, legal: text } });

function couponCheck(predicate: Check, defaultLanguage: string | null): Check {
  const texts: Check = (value, report) => {
    const fields = fieldsOf(value);
    if (fields === null) return report.fault('must be an object of texts by language');
    for (const language of Object.keys(fields))
      if (isLanguage(language)) checkAt(couponTexts, fields[language], language, report);
      else report.fault('is no language code (like de or de-CH)', language);
    if (defaultLanguage !== null && !Object.hasOwn(fields, defaultLanguage))
      report.fault("is missing: the bundle's defaultLanguage", defaultLanguage);
  };
  const upTo = object({ required: { upTo: count } });
  const offline: Check = (value, report) => {
    if (fieldsOf(value) !== null) return upTo(value, report);
    if (value !== 'accept' && value !== 'decline') report.fault('must be accept, decline or {"upTo": amount}');
  };
  return object({
    required: {
      validDays: integer(1, mostDays),
      barcode: oneWordOf('qr', 'gs1-128', 'ean13', 'code128'),
      offline,
      texts,
    },
    optional: {
      category,
      validFromDays: days,
      redeem: predicate,
      redeemStores: storeFilter,
      bearer: boolean,
      image: someText,
    },
  });
}

function checkVariants(variants: readonly unknown[], report: Report): void {
  const seen = new Set<string>();
  let sum = 0;
  let readable = true;
  variants.forEach((variant, index) => {
    const fields = fieldsOf(variant);
    const name = fields === null ? undefined : field(fields, 'id');
    const weight = fields === null ? undefined : field(fields, 'weight');
    if (typeof name === 'string') {
      if (seen.has(name)) report.fault('stands here a second time', index, 'id');
      seen.add(name);
    }
    if (typeof weight === 'number' && weight >= 0) sum += weight;
    else readable = false;
  });
  if (readable && variants.length > 0 && sum === 0)
    report.fault('the weights of all variants are 0; one must be more', 0, 'weight');
}

/** What a phase requires, and what it does not have. */
function checkPhase(offer: Readonly<Record<string, unknown>>, report: Report): void {
  const phase = field(offer, 'phase');
  if (typeof phase !== 'string' || !phases.includes(phase)) return;
  for (const name of ['priority', 'coupon', 'contact']) {
    const present = Object.hasOwn(offer, name);
    if (phase === 'issue' && !present && name !== 'contact') report.fault('is missing: phase issue needs it', name);
    if (phase !== 'issue' && present) report.fault(`stands only in phase issue, not in ${phase}`, name);
  }
  checkBenefitFits(phase, field(offer, 'benefit'), ['benefit'], report);
  const experiment = fieldsOf(field(offer, 'experiment'));
  const variants = experiment === null ? undefined : field(experiment, 'variants');
  if (!Array.isArray(variants)) return;
  variants.forEach((variant, index) => {
    const fields = fieldsOf(variant);
    if (fields === null) return;
    report.path.push('experiment', 'variants', index);
    checkBenefitFits(phase, field(fields, 'benefit'), ['benefit'], report);
    if (phase !== 'issue' && Object.hasOwn(fields, 'coupon'))
      report.fault(`stands only in phase issue, not in ${phase}`, 'coupon');
    report.path.length -= 3;
  });
}
