/** Counts what small worlds exercise, so that a rule which no world ever reaches shows up as a missing row. */
import type { Benefit, Decision, Offer, Predicate } from '../../../agent/offers/types.ts';
import type { SmallWorld } from './generate.ts';

export type Tally = Map<string, number>;

/** Every row that has to be there after enough worlds. */
export const rowsToReach: readonly string[] = [
  ...[
    'schedule store trigger no-member consent audience chain when cap-member cap-household cap-store cap-global',
    'exclusive group units coupon-used coupon-not-yet coupon-expired coupon-bound',
  ]
    .join(' ')
    .split(' ')
    .flatMap(reason => [`reason ${reason} in line`, `reason ${reason} in basket`]),
  ...'schedule store trigger no-member consent audience chain when cap-member cap-household cap-store cap-global'
    .split(' ')
    .flatMap(reason => [`reason ${reason} in points`, `reason ${reason} in issue`]),
  ...['expired-bundle', 'contact-policy', 'not-selected', 'coupon-unknown'].map(reason => `reason ${reason} in issue`),
  ...['line', 'basket', 'points'].flatMap(phase =>
    'coupon-used coupon-not-yet coupon-expired coupon-bound coupon-store coupon-condition'
      .split(' ')
      .map(reason => `reason ${reason} of a redeemed coupon in ${phase}`),
  ),
  ...'cap-member cap-household cap-store cap-global exclusive group units no-member'
    .split(' ')
    .flatMap(reason => ['line', 'basket'].map(phase => `reason ${reason} of a redeemed coupon in ${phase}`)),
  ...['line', 'basket'].flatMap(phase =>
    ['percent', 'amount', 'price', 'nForM', 'text'].flatMap(benefit => [`applied ${benefit} in ${phase}`]),
  ),
  ...['percent', 'amount', 'price', 'nForM'].map(benefit => `redeemed ${benefit} in line`),
  ...['percent', 'amount', 'text'].map(benefit => `redeemed ${benefit} in basket`),
  ...['fixed', 'per', 'multiply'].flatMap(kind => [`points ${kind}`, `points ${kind} of a coupon`]),
  ...['line', 'basket', 'points', 'issue'].map(phase => `suppressed in ${phase}`),
  ...['line', 'basket', 'points'].map(phase => `suppressed with a serial in ${phase}`),
  'applied with a variant',
  'issued with a variant',
  'issued 0',
  'issued 1',
  'issued 2',
  'issued 3',
  'issued more',
  'issued beside a suppressed one',
  'tier goes up',
  'tier unknown to the bundle',
  'no tier',
  'no member',
];

export function tally(counts: Tally, { bundle, sale }: SmallWorld, decision: Decision): void {
  const count = (row: string): void => {
    counts.set(row, (counts.get(row) ?? 0) + 1);
  };
  const offers = new Map(bundle.offers.map(offer => [offer.id, offer]));
  const redeems = (id: string, serial: string | undefined): boolean =>
    serial !== undefined && offers.get(id)?.phase === 'issue';
  const benefitOf = (id: string, variant: string | null): Benefit | undefined => {
    const offer = offers.get(id);
    return offer?.experiment?.variants?.find(v => v.id === variant)?.benefit ?? offer?.benefit;
  };
  count('worlds');
  for (const { offer, reason, phase, serial } of decision.rejected)
    count(`reason ${reason}${redeems(offer, serial) ? ' of a redeemed coupon' : ''} in ${phase}`);
  for (const { offer, phase, variant, serial } of decision.applied) {
    const kind = Object.keys(benefitOf(offer, variant) ?? {})[0];
    count(`${redeems(offer, serial) ? 'redeemed' : 'applied'} ${kind} in ${phase}`);
    if (variant !== null) count('applied with a variant');
  }
  for (const { phase, serial } of decision.suppressed)
    count(`suppressed ${serial === undefined ? '' : 'with a serial '}in ${phase}`);
  for (const { variant } of decision.issue) if (variant !== null) count('issued with a variant');
  if (decision.issue.length > 0 && decision.suppressed.some(s => s.phase === 'issue'))
    count('issued beside a suppressed one');
  count(`issued ${decision.issue.length > 3 ? 'more' : decision.issue.length}`);
  if (decision.points === null) count('no member');
  else {
    for (const entry of decision.points.offers) {
      const benefit = benefitOf(entry.offer, null);
      const kind = benefit && 'points' in benefit ? Object.keys(benefit.points)[0] : 'by variant';
      count(`points ${kind}${entry.serial === undefined ? '' : ' of a coupon'}`);
    }
    const { tierBefore, tierAfter } = decision.points;
    if (tierBefore === null) count('no tier');
    else if (!bundle.loyalty?.tiers.some(tier => tier.id === tierBefore)) count('tier unknown to the bundle');
    else if (tierBefore !== tierAfter) count('tier goes up');
  }
  for (const offer of bundle.offers) {
    for (const name of predicateNames(offer)) count(`predicate ${name}`);
    for (const field of ['exclusive', 'stackable', 'group', 'experiment', 'caps', 'after', 'schedule'] as const)
      if (offer[field] !== undefined) count(`field ${field}`);
  }
  for (const line of sale.lines) {
    if (line.discountable === false) count('line not discountable');
    if (line.amount < 0 || line.quantity.startsWith('-')) count('line negative');
    if (line.unit === 'kg') count('line by weight');
  }
}

function predicateNames(offer: Offer): string[] {
  const names: string[] = [];
  const walk = (predicate: Predicate | undefined): void => {
    if (predicate === undefined) return;
    names.push(...Object.keys(predicate));
    if ('all' in predicate) predicate.all.forEach(walk);
    if ('any' in predicate) predicate.any.forEach(walk);
    if ('not' in predicate) walk(predicate.not);
  };
  walk(offer.audience);
  walk(offer.when);
  walk(offer.coupon?.redeem);
  return names;
}

export function printed(counts: Tally): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([row, count]) => `${String(count).padStart(9)}  ${row}`)
    .join('\n');
}
