/** Random valid bundles and sales in a small world, so that offers, sales and histories really meet (fast-check). */
import fc from 'fast-check';
import type { Benefit, Bundle, Cap, CouponTerms, Offer, Predicate, Sale, Selector } from '../../agent/offers/index.ts';

const gtins = ['A', 'B', 'C', 'D'];
const categories = ['food', 'food/drinks', 'food/drinks/coffee', 'food/drinksx', 'home'];
const brands = ['x', 'y'];
const segments = ['s1', 's2', 's3'];
const tiers = ['basic', 'silver', 'gold'];
const offerIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const retired = ['r1', 'r2'];
const instants = fc
  .integer({ min: Date.UTC(2026, 8, 15), max: Date.UTC(2026, 10, 24) })
  .map(ms => new Date(ms - (ms % 60_000)).toISOString().replace('.000Z', 'Z'));
const dates = fc.integer({ min: 0, max: 60 }).map(day => new Date(Date.UTC(2026, 9, day)).toISOString().slice(0, 10));

const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const bounds = (most: number) =>
  fc
    .record(
      { atLeast: fc.integer({ min: 0, max: most }), atMost: fc.integer({ min: 0, max: most * 2 }) },
      { requiredKeys: [] },
    )
    .map(({ atLeast, atMost }) =>
      atLeast !== undefined && atMost !== undefined && atLeast > atMost
        ? { atLeast }
        : { ...defined({ atLeast, atMost }) },
    );

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>;
}

export const selector: fc.Arbitrary<Selector> = fc.letrec<{ selector: Selector }>(tie => ({
  selector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    some(gtins).map(gtin => ({ gtin })),
    some(categories).map(category => ({ category })),
    some(brands).map(brand => ({ brand })),
    fc.array(tie('selector'), { maxLength: 2 }).map(all => ({ all })),
    fc.array(tie('selector'), { maxLength: 2 }).map(any => ({ any })),
    tie('selector').map(not => ({ not })),
  ),
})).selector;

const maybeSelector = fc.option(selector, { nil: undefined });
const withinDays = fc.integer({ min: 0, max: 40 });
const knownOffer = fc.constantFrom(...offerIds, ...retired);

export const predicate: fc.Arbitrary<Predicate> = fc.letrec<{ predicate: Predicate }>(tie => ({
  predicate: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...segments).map(segment => ({ segment })),
    fc.constantFrom(...tiers).map(atLeast => ({ tier: { atLeast } })),
    fc.constantFrom(...tiers).map(is => ({ tier: { is } })),
    some(['vegan', 'x', 3, true]).map(listed => ({ attribute: { name: 'diet', in: listed } })),
    fc.integer({ min: 0, max: 9 }).map(atLeast => ({ attribute: { name: 'children', atLeast } })),
    bounds(60).map(memberDays => ({ memberDays })),
    fc.integer({ min: 0, max: 40 }).map(within => ({ birthday: { within } })),
    bounds(2000).map(points => ({ points })),
    fc.tuple(maybeSelector, bounds(1500)).map(([of, range]) => ({ spend: { ...defined({ of }), ...range } })),
    fc.tuple(maybeSelector, bounds(4)).map(([of, range]) => ({ items: { ...defined({ of }), ...range } })),
    fc
      .tuple(selector, withinDays, bounds(2))
      .map(([of, days, range]) => ({ bought: { of, withinDays: days, ...range } })),
    fc
      .tuple(knownOffer, withinDays, bounds(2))
      .map(([offer, days, range]) => ({ received: { offer, withinDays: days, ...range } })),
    fc
      .tuple(knownOffer, withinDays, bounds(2))
      .map(([offer, days, range]) => ({ redeemed: { offer, withinDays: days, ...range } })),
    fc.array(tie('predicate'), { maxLength: 3 }).map(all => ({ all })),
    fc.array(tie('predicate'), { maxLength: 3 }).map(any => ({ any })),
    tie('predicate').map(not => ({ not })),
  ),
})).predicate;

const choice = fc.record(
  { maxItems: fc.integer({ min: 1, max: 3 }), pick: fc.constantFrom('dearest' as const, 'cheapest' as const) },
  { requiredKeys: [] },
);

export const money: fc.Arbitrary<Benefit> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(0, 1, 333, 1000, 5000, 9999, 10_000),
      maybeSelector,
      choice,
      fc.record(
        { base: fc.constantFrom('initial' as const, 'running' as const), maxAmount: fc.integer({ min: 0, max: 300 }) },
        { requiredKeys: [] },
      ),
    )
    .map(([permyriad, of, chosen, more]) => ({ percent: { permyriad, ...defined({ of }), ...chosen, ...more } })),
  fc.tuple(fc.integer({ min: 0, max: 400 }), maybeSelector, choice, fc.boolean()).map(([off, of, chosen, each]) => ({
    amount: { off, ...defined({ of }), ...chosen, ...(each && { each: true as const }) },
  })),
  fc
    .tuple(fc.constantFrom(0, 50, 100, 500), selector, choice)
    .map(([unitPrice, of, chosen]) => ({ price: { unitPrice, of, ...chosen } })),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }), selector)
    .map(([take, pay, of]) => ({ nForM: { take, pay: pay % take, of } })),
);

const points: fc.Arbitrary<Benefit> = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(fixed => ({ points: { fixed } })),
  fc
    .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 3 }))
    .map(([per, earn]) => ({ points: { per, earn } })),
  fc.constantFrom(0, 5000, 15_000, 20_000).map(multiply => ({ points: { multiply } })),
);

const text: fc.Arbitrary<Benefit> = fc.constant({ text: {} });
const stores = fc.record({ include: some(['0042', '7']), exclude: some(['0042', '9']) }, { requiredKeys: [] });

const coupon: fc.Arbitrary<CouponTerms> = fc.record(
  {
    category: fc.constantFrom('food', 'home', 'food/drinks'),
    validFromDays: fc.integer({ min: 0, max: 3 }),
    validDays: fc.integer({ min: 1, max: 30 }),
    redeem: predicate,
    redeemStores: stores,
    barcode: fc.constantFrom('qr' as const, 'gs1-128' as const),
    bearer: fc.boolean(),
    offline: fc.oneof(fc.constant('accept' as const), fc.constant({ upTo: 500 })),
    texts: fc.constantFrom<CouponTerms['texts'][]>(
      { de: { title: 'Titel' } },
      { de: { title: 'Titel' }, fr: { title: 'Titre', body: 'x' } },
    ),
  },
  { requiredKeys: ['validDays', 'barcode', 'offline', 'texts'] },
);

const window = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map(days => ({ days })),
  fc.constantFrom('day' as const, 'week' as const, 'month' as const).map(calendar => ({ calendar })),
);

const caps = fc.uniqueArray(
  fc.record(
    {
      scope: fc.constantFrom<Cap['scope'][]>('member', 'household', 'store', 'global'),
      limit: fc.integer({ min: 0, max: 3 }),
      window,
    },
    { requiredKeys: ['scope', 'limit'] },
  ),
  { selector: cap => cap.scope, maxLength: 2 },
);

const schedule = fc.record(
  {
    from: dates,
    to: dates,
    days: some(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const),
    times: fc.array(
      fc.record({
        from: fc.constantFrom('00:00', '08:00', '22:00'),
        to: fc.constantFrom('00:00', '02:00', '12:00', '22:00'),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });

function offer(id: string): fc.Arbitrary<Offer> {
  return fc
    .constantFrom('line' as const, 'basket' as const, 'points' as const, 'issue' as const, 'issue' as const)
    .chain(phase => {
      const benefit =
        phase === 'points'
          ? points
          : phase === 'issue'
            ? fc.oneof(money, points, text)
            : fc.oneof(money, money, money, text);
      const variants = fc.array(
        fc.record(
          { weight: fc.integer({ min: 1, max: 3 }), benefit, ...(phase === 'issue' && { coupon }) },
          { requiredKeys: ['weight'] },
        ),
        { maxLength: 3 },
      );
      const rest = fc.record({
        sequence: rarely(fc.integer({ min: -1, max: 2 })),
        trigger: rarely(fc.constantFrom('auto' as const, 'coupon' as const, 'digital' as const)),
        schedule: fc.option(schedule, { nil: undefined, freq: 1 }),
        stores: rarely(stores),
        consent: rarely(fc.constantFrom('coupons', 'mail')),
        audience: rarely(predicate),
        when: rarely(predicate),
        caps: rarely(caps),
        group: rarely(fc.constantFrom('g1', 'g2')),
        exclusive: rarely(fc.boolean()),
        stackable: rarely(fc.boolean()),
        after: rarely(
          fc.record(
            {
              offer: fc.constantFrom(...retired),
              outcome: fc.constantFrom(
                'issued' as const,
                'redeemed' as const,
                'expired' as const,
                'unredeemed' as const,
              ),
              minDays: fc.integer({ min: 0, max: 20 }),
              maxDays: fc.integer({ min: 0, max: 40 }),
            },
            { requiredKeys: ['offer', 'outcome'] },
          ),
        ),
        experiment: rarely(
          fc.record(
            {
              salt: fc.constantFrom('s', 't', id),
              holdout: fc.constantFrom(0, 3000, 10_000),
              variants: variants.map(list => list.map((variant, index) => ({ id: `v${index}`, ...variant }))),
            },
            { requiredKeys: ['salt'] },
          ),
        ),
      });
      return fc
        .tuple(benefit, rest, fc.integer({ min: 1, max: 5 }), coupon, rarely(fc.constant({ class: 'coupon' })))
        .map(([given, others, priority, terms, contact]) => ({
          id,
          version: 1,
          phase,
          benefit: given,
          ...defined(others),
          ...(phase === 'issue' && { priority: priority * 10, coupon: terms, ...defined({ contact }) }),
        })) as fc.Arbitrary<Offer>;
    });
}

/** @param most offers at most; ids `a`, `b`, … */
export function bundle(most = offerIds.length): fc.Arbitrary<Bundle> {
  const offers = fc
    .integer({ min: 0, max: Math.min(most, offerIds.length) })
    .chain(count => fc.tuple(...offerIds.slice(0, count).map(offer)));
  return fc
    .record({
      notAfter: fc.constantFrom('2026-11-20T00:00:00+01:00', '2030-01-01T00:00:00Z', '2030-01-01T00:00:00Z'),
      timezone: fc.constantFrom('Europe/Zurich', 'America/New_York', 'Pacific/Apia'),
      policies: fc.array(
        fc.tuple(fc.constantFrom('member' as const, 'household' as const), fc.integer({ min: 0, max: 3 }), window),
        { maxLength: 2 },
      ),
      selection: fc.record(
        { couponsPerSale: fc.integer({ min: 0, max: 4 }), perCategory: fc.integer({ min: 0, max: 2 }) },
        { requiredKeys: [] },
      ),
      offers,
    })
    .map(({ notAfter, timezone, policies, selection, offers: list }) => ({
      format: 'tillside/bundle/1' as const,
      id: 'weekly',
      version: 1,
      createdAt: '2026-11-16T04:00:00+01:00',
      notAfter,
      currency: 'CHF',
      timezone,
      defaultLanguage: 'de',
      loyalty: {
        tiers: [
          { id: 'basic', from: 0 },
          { id: 'silver', from: 1000 },
          { id: 'gold', from: 5000 },
        ],
      },
      contactPolicies: policies.map(([per, limit, each], index) => ({
        id: `p${index}`,
        class: 'coupon',
        per,
        limit,
        window: each,
      })),
      selection,
      // Predicates may name every id of the small world.
      retiredOffers: [...retired, ...offerIds.slice(list.length)],
      offers: list,
    }));
}

const history = fc.record({
  bought: fc.array(
    fc.record(
      {
        saleId: fc.constantFrom('S1', 'H1', 'H2'),
        at: instants,
        gtin: fc.constantFrom(...gtins),
        category: fc.constantFrom(...categories),
        brand: fc.constantFrom(...brands),
      },
      { requiredKeys: ['at'] },
    ),
    { maxLength: 5 },
  ),
  coupons: fc.array(pastCoupon(), { maxLength: 5 }),
  householdCoupons: fc.array(pastCoupon(), { maxLength: 3 }),
});

function pastCoupon() {
  return fc.record(
    {
      offer: knownOffer,
      serial: fc.constantFrom('1', '2', '3', '4', '5'),
      issuedAt: instants,
      expiresAt: fc.option(instants),
      redeemedAt: fc.option(instants),
      class: fc.constantFrom('coupon', 'mail'),
    },
    { requiredKeys: ['offer', 'issuedAt'] },
  );
}

const member = fc.record(
  {
    id: fc.constantFrom('m1', 'm2', 'm3', 'm4'),
    household: fc.constantFrom('h1', 'h2'),
    segments: fc.subarray(segments),
    tier: fc.constantFrom(...tiers, 'platinum'),
    points: fc.integer({ min: 0, max: 6000 }),
    joined: dates,
    birthday: fc.constantFrom('1990-02-28', '1992-02-29', '1980-11-20', '1970-12-24', '2000-10-15'),
    language: fc.constantFrom('de', 'fr', 'it'),
    consents: fc.subarray(['coupons', 'mail']),
    attributes: fc.constantFrom({}, { diet: ['vegan', 'x'] }, { diet: 'y', children: 2 }, { children: [1, 5] }),
    activated: fc.subarray(offerIds),
  },
  { requiredKeys: ['id'] },
);

const line = fc.record(
  {
    gtin: fc.constantFrom(...gtins),
    category: fc.constantFrom(...categories),
    brand: fc.constantFrom(...brands),
    quantity: fc.constantFrom('1', '1', '1', '2', '3', '0.254', '2.5', '-1', '4.000'),
    unit: fc.constantFrom('ea', 'ea', 'ea', 'kg'),
    amount: fc.oneof(fc.integer({ min: 0, max: 1500 }), fc.constantFrom(100, 100, 200, 0, -300)),
    discountable: fc.constantFrom(true, true, true, false),
  },
  { requiredKeys: ['quantity', 'amount', 'gtin', 'category'] },
);

const counters = fc.dictionary(
  fc.constantFrom(...offerIds),
  fc.record(
    {
      member: fc.integer({ min: 0, max: 3 }),
      household: fc.integer({ min: 0, max: 3 }),
      store: fc.integer({ min: 0, max: 3 }),
      lease: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: [] },
  ),
  { noNullPrototype: true },
);

const presented = fc.record(
  {
    offer: fc.constantFrom(...offerIds, ...retired),
    serial: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
    variant: fc.constantFrom('v0', 'v1', 'v9', null),
    validFrom: dates,
    validTo: dates,
    household: fc.constantFrom('h1', 'm1'),
  },
  { requiredKeys: ['offer', 'serial'] },
);

export const sale: fc.Arbitrary<Sale> = fc
  .record(
    {
      at: instants,
      lines: fc.array(line, { maxLength: 6 }),
      member,
      history,
      counters,
      coupons: fc.array(presented, { maxLength: 4 }),
    },
    { requiredKeys: ['at', 'lines'] },
  )
  .map(({ lines, ...others }) => ({
    saleId: 'S1',
    storeId: '0042',
    ...others,
    lines: lines.map((each, index) => ({ lineId: String(index + 1), ...each })),
  })) as fc.Arbitrary<Sale>;
