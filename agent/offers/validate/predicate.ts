/** Predicates and selectors (contract section 4): exactly one key each, nesting bounded. */
import {
  type Check,
  deepest,
  field,
  finite,
  id,
  kindOf,
  list,
  object,
  oneOf,
  type Report,
  someText,
} from './checks.ts';
import { bounds, category, days } from './forms.ts';

/** An id that must exist elsewhere in the bundle; looked up once all of it has been read. */
export interface Reference {
  readonly path: readonly (string | number)[];
  readonly to: 'offer' | 'tier';
  readonly id: string;
}

export interface PredicateChecks {
  readonly predicate: Check;
  readonly selector: Check;
  /** An id of an offer or tier that must exist. */
  readonly reference: (to: Reference['to']) => Check;
}

/** @param references collects what must exist elsewhere */
export function predicateChecks(references: Reference[]): PredicateChecks {
  const reference =
    (to: Reference['to']): Check =>
    (value, report) => {
      const before = report.faults.length;
      id(value, report);
      if (report.faults.length === before && typeof value === 'string')
        references.push({ path: [...report.path], to, id: value });
    };

  const selector = bounded(self =>
    oneOf(
      {
        gtin: list(someText),
        category: list(category),
        brand: list(someText),
        all: list(self),
        any: list(self),
        not: self,
      },
      'selector',
    ),
  );

  const couponCount = object({
    required: { offer: reference('offer'), withinDays: days },
    optional: bounds,
  });

  const predicate = bounded(self =>
    oneOf(
      {
        all: list(self),
        any: list(self),
        not: self,
        segment: id,
        tier: oneOf({ atLeast: reference('tier'), is: reference('tier') }, 'tier test'),
        attribute,
        memberDays: object({ optional: bounds }),
        birthday: object({ required: { within: days } }),
        points: object({ optional: bounds }),
        spend: object({ optional: { of: selector, ...bounds } }),
        items: object({ optional: { of: selector, ...bounds } }),
        bought: object({ required: { of: selector, withinDays: days }, optional: bounds }),
        received: couponCount,
        redeemed: couponCount,
      },
      'predicate',
    ),
  );

  return { predicate, selector, reference };
}

const attributeValue: Check = (value, report) => {
  if (typeof value === 'number') finite(value, report);
  else if (typeof value === 'string' || typeof value === 'boolean') return;
  else report.fault(`must be text, a number, true or false; is ${kindOf(value)}`);
};

/** Either `in`, or one or both bounds. */
const attribute = object(
  { required: { name: someText }, optional: { in: list(attributeValue), atLeast: finite, atMost: finite } },
  (value, report) => {
    const listed = field(value, 'in') !== undefined;
    const bounded = ['atLeast', 'atMost'].filter(name => field(value, name) !== undefined);
    if (listed && bounded.length > 0)
      report.fault('stands beside "in"; only one of them is possible', bounded[0] ?? '');
    // A misspelt field has been named already and is most likely the one that is missing.
    const misspelt = Object.keys(value).some(key => !['name', 'in', 'atLeast', 'atMost'].includes(key));
    if (!listed && bounded.length === 0 && !misspelt) report.fault('needs "in", "atLeast" or "atMost"');
  },
);

/** A check that refers to itself, down to a fixed depth. */
function bounded(make: (self: Check) => Check): Check {
  let depth = 0;
  const guarded: Check = (value: unknown, report: Report) => {
    if (depth >= deepest) return report.fault(`is nested deeper than ${deepest} levels`);
    depth++;
    inner(value, report);
    depth--;
  };
  const inner = make((value, report) => guarded(value, report));
  return guarded;
}
