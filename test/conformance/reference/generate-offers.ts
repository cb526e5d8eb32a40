/** Small worlds to try the offer rules on, part 3: benefits, coupons, offers. Dates are days from the sale's. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { Benefit, Cap, CouponTerms, Phase, Predicate, Selector } from '../../../agent/offers/types.ts';
import { audience, condition, days, selector } from './generate-predicates.ts';
import { date, maybe, money, offerIds, type Scene, time } from './scene.ts';

const limits = {
  maxItems: maybe(50, fc.integer({ min: 1, max: 3 })),
  pick: maybe(50, fc.constantFrom('dearest', 'cheapest')),
};
const percent = fc.constantFrom(10_000, 0, 1, 500, 1000, 3333, 5000, 9999, 6667);
const of = maybe(75, selector);

/** What takes money off; with `of` for those that may go without it as well. */
const discount: fc.Arbitrary<Benefit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      percent: fc.record({
        permyriad: percent,
        of,
        base: maybe(40, fc.constantFrom('initial', 'running')),
        maxAmount: maybe(20, money),
        ...limits,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ amount: fc.record({ off: money, of, each: maybe(40, fc.constant(true)), ...limits }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      price: fc.record({ unitPrice: fc.oneof(fc.constant(0), money), of: selector, ...limits }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 1, max: 3 }), selector)
      .map(([take, less, s]) => ({ nForM: { take, pay: Math.max(1, take - less), of: s } })),
  },
) as fc.Arbitrary<Benefit>;

const text: fc.Arbitrary<Benefit> = fc.constant({ text: {} });
const earn: fc.Arbitrary<Benefit> = fc.record({
  points: fc.oneof(
    fc.record({ fixed: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ per: fc.constantFrom(100, 1, 7), earn: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ multiply: fc.constantFrom(15_000, 20_000, 10_001, 33_333, 5000, 0) }),
  ),
});

function benefitOf(phase: Phase): fc.Arbitrary<Benefit> {
  if (phase === 'points') return earn;
  const money_ = fc.oneof({ weight: 12, arbitrary: discount }, { weight: 1, arbitrary: text });
  return phase === 'issue' ? fc.oneof({ weight: 6, arbitrary: money_ }, { weight: 1, arbitrary: earn }) : money_;
}

/** Where a condition on the benefit's own products stands in `when` or `redeem`: a trigger in the first three places. */
const trigger = fc.record({
  atLeast: maybe(94, fc.integer({ min: 1, max: 4 })),
  place: fc.constantFrom('top', 'all', 'deep', 'twice', 'any', 'not'),
  atMost: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, 4, 6),
  turned: fc.integer({ min: 0, max: 9 }).map(n => n === 9),
  rest: condition,
});
type Trigger = typeof trigger extends fc.Arbitrary<infer T> ? T : never;

function withTrigger(t: Trigger, benefit: Benefit): Predicate {
  const terms = Object.values(benefit)[0] as { of?: Selector };
  const of = t.turned && terms.of !== undefined ? turned(terms.of) : terms.of;
  const bounds = t.atLeast === undefined ? { atMost: t.atMost ?? 5 } : { atLeast: t.atLeast, atMost: t.atMost };
  const items = { items: { ...(of === undefined ? {} : { of }), ...bounds } } as const;
  if (t.place === 'top') return items;
  if (t.place === 'all') return { all: [t.rest, items] };
  if (t.place === 'deep') return { all: [{ all: [items] }] };
  if (t.place === 'twice') return { all: [items, { items: { ...items.items, atLeast: (t.atLeast ?? 0) + 1 } }] };
  if (t.place === 'any') return { any: [items, t.rest] };
  return { not: { not: items } };
}

/** The same products in another order: is it the benefit's own selector? Only word for word, says the reference. */
function turned(selector: Selector): Selector {
  return 'gtin' in selector ? { gtin: [...selector.gtin].reverse() } : selector;
}

const stores = fc.oneof(
  fc.record({ include: fc.subarray(['0042', '0099'], { minLength: 1 }) }),
  fc.record({ exclude: fc.subarray(['0042', '0099'], { minLength: 1 }) }),
  fc.constant({ include: [] }),
  fc.record({ include: fc.constant(['0042']), exclude: fc.subarray(['0042', '0099']) }),
);

const window = fc.oneof(
  fc.record({ days }),
  fc.record({ calendar: fc.constantFrom('day', 'week', 'month') }),
) as fc.Arbitrary<NonNullable<Cap['window']>>;

function capsOf(phase: Phase): fc.Arbitrary<Cap[]> {
  const cap = fc.record({
    scope: fc.constantFrom('member', 'household', 'store', 'global'),
    limit: fc.constantFrom(2, 1, 3, 0),
    window: maybe(60, window),
    counts: maybe(phase === 'issue' ? 60 : 20, fc.constantFrom('redeemed', 'issued')),
  }) as fc.Arbitrary<Cap>;
  return fc.uniqueArray(cap, { selector: c => c.scope, minLength: 1, maxLength: 3 });
}

const couponTerms = fc.record({
  category: maybe(50, fc.constantFrom('x', 'y')),
  validFromDays: maybe(30, fc.integer({ min: 0, max: 3 })),
  validDays: fc.constantFrom(14, 1, 30),
  redeem: maybe(15, condition),
  redeemTrigger: maybe(20, trigger),
  redeemStores: maybe(12, stores),
  barcode: fc.constantFrom('qr', 'code128'),
  bearer: maybe(20, fc.boolean()),
  offline: fc.constantFrom('accept' as const, 'decline' as const, { upTo: 500 }),
  texts: fc.record({
    fr: maybe(50, fc.constant({ title: 'F' })),
    de: fc.constant({ title: 'D', legal: 'L' }),
    it: maybe(20, fc.constant({ title: 'I', body: 'B' })),
  }),
});
type RawCoupon = typeof couponTerms extends fc.Arbitrary<infer T> ? T : never;

function couponFor({ redeemTrigger, ...terms }: RawCoupon, benefit: Benefit): CouponTerms {
  const redeem = redeemTrigger === undefined ? terms.redeem : withTrigger(redeemTrigger, benefit);
  return { ...terms, redeem } as CouponTerms;
}

/** Stand for the bucket of member m1 and the one after it: just outside and just inside the holdout. */
const edges = ['out', 'in'] as const;

function holdoutAt(salt: string, holdout: number | (typeof edges)[number] | undefined): number | undefined {
  if (typeof holdout !== 'string') return holdout;
  const bucket = createHash('sha256').update(`${salt}:m1`).digest().readUInt32BE(0) % 10_000;
  return holdout === 'in' ? bucket + 1 : bucket;
}

function experimentOf(phase: Phase) {
  const variant = fc.record({
    id: fc.constantFrom('x', 'y', 'z'),
    weight: fc.constantFrom(1, 2, 3),
    benefit: maybe(60, benefitOf(phase)),
    coupon: phase === 'issue' ? maybe(40, couponTerms) : fc.constant(undefined),
  });
  return fc.record({
    salt: fc.integer({ min: 0, max: 30 }).map(n => (n === 0 ? 'é' : `s${n}`)),
    holdout: maybe(70, fc.constantFrom(5000, 10_000, 0, 2000, ...edges)),
    variants: maybe(60, fc.uniqueArray(variant, { selector: v => v.id, minLength: 1, maxLength: 3 })),
  });
}

const schedule = fc.record({
  from: maybe(60, fc.constantFrom(-3, -1, 0, 1)),
  to: maybe(60, fc.constantFrom(4, 1, 0, -1)),
  days: maybe(40, fc.subarray(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, { maxLength: 6 })),
  times: maybe(
    60,
    fc.array(
      fc.record({
        from: fc.constantFrom(-60, -1, 0, 1, 60, 600, -1200),
        to: fc.constantFrom(60, 1, 0, -1, -60, 720),
      }),
      { maxLength: 2 },
    ),
  ),
});

/** `bare`: hardly any condition on who, when and where, so that the offers meet each other. */
function offerOf(phase: Phase, bare: boolean) {
  const chance = <T>(percent: number, arbitrary: fc.Arbitrary<T>) => maybe(bare ? 2 : percent, arbitrary);
  const discounts = phase === 'line' || phase === 'basket';
  const issue = phase === 'issue';
  return fc.record({
    id: fc.constantFrom(...offerIds),
    version: fc.integer({ min: 1, max: 3 }),
    phase: fc.constant(phase),
    sequence: maybe(60, fc.integer({ min: -1, max: 2 })),
    trigger: chance(issue ? 12 : 22, fc.constantFrom('coupon', 'coupon', 'coupon', 'digital', 'auto')),
    schedule: chance(10, schedule),
    stores: chance(8, stores),
    consent: chance(5, fc.constantFrom('coupons', 'mail')),
    audience: chance(10, audience),
    after: chance(
      8,
      fc.record({
        offer: fc.constantFrom(...offerIds),
        outcome: fc.constantFrom('issued', 'redeemed', 'expired', 'unredeemed'),
        minDays: maybe(40, fc.constantFrom(1, 2, 7, 14)),
        maxDays: maybe(40, fc.constantFrom(20, 14, 30, 60)),
      }),
    ),
    when: chance(20, condition),
    whenTrigger: maybe(discounts ? 35 : 0, trigger),
    caps: maybe(25, capsOf(phase)),
    experiment: maybe(15, experimentOf(phase)),
    group: maybe(phase === 'points' ? 0 : 35, fc.constantFrom('g', 'h')),
    exclusive: maybe(phase === 'points' ? 0 : 20, fc.constantFrom(true, true, false)),
    stackable: maybe(phase === 'line' || issue ? 45 : 0, fc.constantFrom(true, true, false)),
    priority: issue ? fc.constantFrom(1, 2, 3, 4, 5, 10, 1000) : fc.constant(undefined),
    contact: issue ? maybe(50, fc.record({ class: fc.constantFrom('coupon', 'mail') })) : fc.constant(undefined),
    benefit: benefitOf(phase),
    coupon: issue ? couponTerms : fc.constant(undefined),
    name: maybe(5, fc.constant('Name')),
    campaign: maybe(5, fc.constant('spring')),
  });
}

function someOffers(bare: boolean) {
  return fc.uniqueArray(
    fc.oneof(
      { weight: 5, arbitrary: offerOf('line', bare) },
      { weight: 2, arbitrary: offerOf('basket', bare) },
      { weight: bare ? 1 : 2, arbitrary: offerOf('points', bare) },
      { weight: 5, arbitrary: offerOf('issue', bare) },
    ),
    { selector: offer => offer.id, minLength: 1, maxLength: 8 },
  );
}

export const rawOffers = fc.oneof(someOffers(true), someOffers(false));
type RawOffer = typeof rawOffers extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

/** The offer as it stands in the bundle: triggers put in place, days turned into dates. */
export function offerAt(scene: Scene, { whenTrigger, coupon, ...raw }: RawOffer): object {
  const { benefit, experiment } = raw;
  const s = raw.schedule;
  return {
    ...raw,
    when: whenTrigger === undefined ? raw.when : withTrigger(whenTrigger, benefit),
    coupon: coupon && couponFor(coupon, benefit),
    experiment: experiment && {
      ...experiment,
      holdout: holdoutAt(experiment.salt, experiment.holdout),
      variants: experiment.variants?.map(v => ({
        ...v,
        coupon: v.coupon && couponFor(v.coupon, v.benefit ?? benefit),
      })),
    },
    schedule: s && {
      from: s.from === undefined ? undefined : date(scene, s.from),
      to: s.to === undefined ? undefined : date(scene, s.to),
      days: s.days,
      times: s.times?.map(t => ({ from: time(scene, t.from), to: time(scene, t.to) })),
    },
  };
}
