/** Benefits (contract section 5) and which phase may have which. */
import { type Check, fieldsOf, integer, object, oneOf, oneWordOf, type Report } from './checks.ts';
import { count } from './forms.ts';
import { mostFactor, mostPoints } from './limits.ts';

export function benefitCheck(selector: Check): Check {
  const choice = { maxItems: integer(1), pick: oneWordOf('dearest', 'cheapest') };
  const points = oneOf(
    { fixed: integer(0, mostPoints), per: integer(1), multiply: integer(0, mostFactor) },
    'points benefit',
  );
  const perEarn = object({ required: { per: integer(1), earn: integer(0, mostPoints) } });
  return oneOf(
    {
      percent: object({
        required: { permyriad: integer(0, 10_000) },
        optional: { of: selector, base: oneWordOf('initial', 'running'), maxAmount: count, ...choice },
      }),
      amount: object({ required: { off: count }, optional: { of: selector, each: onlyTrue, ...choice } }),
      price: object({ required: { unitPrice: count, of: selector }, optional: choice }),
      nForM: object({ required: { take: integer(1), pay: count, of: selector } }, (value, report) => {
        const { take, pay } = value;
        if (Number.isSafeInteger(take) && Number.isSafeInteger(pay) && Number(pay) >= Number(take))
          report.fault(`must be less than "take" (${take}), is ${pay}`, 'pay');
      }),
      points: (value, report) => {
        const fields = fieldsOf(value);
        const paired = fields !== null && (Object.hasOwn(fields, 'per') || Object.hasOwn(fields, 'earn'));
        (paired ? perEarn : points)(value, report);
      },
      text: object({}),
    },
    'benefit',
  );
}

const allowed: Readonly<Record<string, readonly string[]>> = {
  line: ['percent', 'amount', 'price', 'nForM', 'text'],
  basket: ['percent', 'amount', 'price', 'nForM', 'text'],
  points: ['points'],
};

/** Reports a benefit that its phase cannot give. An `issue` offer may promise any. */
export function checkBenefitFits(phase: unknown, benefit: unknown, place: readonly string[], report: Report): void {
  const fields = fieldsOf(benefit);
  const kinds = typeof phase === 'string' && Object.hasOwn(allowed, phase) ? allowed[phase] : undefined;
  if (fields === null || kinds === undefined) return;
  const known = ['percent', 'amount', 'price', 'nForM', 'points', 'text'];
  for (const kind of Object.keys(fields))
    if (known.includes(kind) && !kinds.includes(kind))
      report.fault(`is no benefit of phase ${phase}; possible are ${kinds.join(', ')}`, ...place, kind);
}

const onlyTrue: Check = (value, report) => {
  if (value !== true) report.fault('must be true, or absent');
};
