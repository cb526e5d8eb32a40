/** A bundle and a sale that use every field of the contract, for tests that break them one place at a time. */

export function fullBundle() {
  const coupon = () => ({
    category: 'food/coffee',
    validFromDays: 1,
    validDays: 14,
    redeem: { items: { of: { gtin: ['A'] }, atLeast: 1 } },
    redeemStores: { include: ['0042'], exclude: ['9'] },
    barcode: 'qr',
    bearer: false,
    offline: { upTo: 500 },
    texts: { de: { title: 'Kaffee', body: 'x', legal: 'y' }, fr: { title: 'Café' } },
    image: 'coffee.png',
  });
  return {
    format: 'tillside/bundle/1',
    id: 'weekly',
    version: 47,
    createdAt: '2026-11-16T04:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    cardSchemes: [{ id: 'club', prefix: '2501', length: 13, check: 'gs1-mod10', symbologies: ['EAN13'] }],
    loyalty: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'gold', from: 5000 },
      ],
    },
    contactPolicies: [{ id: 'p', class: 'coupon', per: 'member', limit: 6, window: { days: 7 } }],
    selection: { couponsPerSale: 3, perCategory: 1 },
    retiredOffers: ['old'],
    offers: [
      {
        id: 'next-visit',
        version: 1,
        phase: 'issue',
        name: 'Next visit',
        campaign: 'autumn',
        sequence: 10,
        trigger: 'digital',
        schedule: { from: '2026-11-01', to: '2026-12-31', days: ['fri'], times: [{ from: '22:00', to: '02:00' }] },
        stores: { include: ['0042'], exclude: ['9'] },
        consent: 'coupons',
        audience: {
          all: [
            { segment: 's' },
            { tier: { atLeast: 'gold' } },
            { tier: { is: 'basic' } },
            { attribute: { name: 'diet', in: ['vegan', 3, true] } },
            { attribute: { name: 'children', atLeast: 1, atMost: 3 } },
            { memberDays: { atLeast: 30 } },
            { birthday: { within: 7 } },
            { points: { atMost: 100 } },
          ],
        },
        after: { offer: 'old', outcome: 'redeemed', minDays: 1, maxDays: 30 },
        when: {
          any: [
            { spend: { of: { category: ['food'] }, atLeast: 3000 } },
            { not: { items: { of: { not: { brand: ['x'] } }, atMost: 2 } } },
            { bought: { of: { all: [{ gtin: ['A'] }, { any: [{ brand: ['x'] }] }] }, withinDays: 30, atLeast: 1 } },
            { received: { offer: 'old', withinDays: 30, atMost: 0 } },
            { redeemed: { offer: 'coffee', withinDays: 30 } },
          ],
        },
        caps: [
          { scope: 'member', limit: 2, window: { calendar: 'week' }, counts: 'redeemed' },
          { scope: 'global', limit: 100 },
        ],
        experiment: {
          salt: 'x',
          holdout: 1000,
          variants: [
            { id: 'v', weight: 1, benefit: { amount: { off: 100, each: true, of: { gtin: ['A'] } } } },
            { id: 'w', weight: 2, coupon: coupon() },
          ],
        },
        group: 'g',
        exclusive: true,
        stackable: true,
        priority: 70,
        contact: { class: 'coupon' },
        benefit: {
          percent: {
            permyriad: 1000,
            of: { gtin: ['A'] },
            base: 'initial',
            maxAmount: 500,
            maxItems: 2,
            pick: 'cheapest',
          },
        },
        coupon: coupon(),
      },
      {
        id: 'coffee',
        version: 1,
        phase: 'line',
        benefit: { price: { unitPrice: 100, of: { gtin: ['A'] }, maxItems: 1 } },
      },
      { id: 'three', version: 1, phase: 'line', benefit: { nForM: { take: 3, pay: 2, of: { brand: ['x'] } } } },
      { id: 'off', version: 1, phase: 'basket', benefit: { amount: { off: 100 } } },
      { id: 'hello', version: 1, phase: 'basket', benefit: { text: {} } },
      { id: 'earn', version: 1, phase: 'points', benefit: { points: { per: 100, earn: 1 } } },
      { id: 'bonus', version: 1, phase: 'points', benefit: { points: { fixed: 10 } } },
      { id: 'double', version: 1, phase: 'points', benefit: { points: { multiply: 20_000 } } },
    ],
  };
}

export function fullSale() {
  return {
    saleId: 'S1',
    storeId: '0042',
    tillId: '3',
    at: '2026-11-21T10:15:00+01:00',
    lines: [
      {
        lineId: '1',
        gtin: 'A',
        quantity: '2',
        unit: 'ea',
        amount: 900,
        category: 'food/coffee',
        brand: 'x',
        discountable: true,
      },
      { lineId: '2', quantity: '0.254', unit: 'kg', amount: 404 },
    ],
    member: {
      id: 'm1',
      household: 'h1',
      segments: ['s'],
      tier: 'basic',
      points: 120,
      joined: '2026-11-01',
      birthday: '1990-02-28',
      language: 'de',
      consents: ['coupons'],
      attributes: { diet: ['vegan'], children: 2 },
      activated: ['next-visit'],
    },
    history: {
      bought: [{ saleId: 'S0', at: '2026-11-10T09:00:00+01:00', gtin: 'A', category: 'food/coffee', brand: 'x' }],
      coupons: [
        {
          offer: 'old',
          serial: 'A1',
          issuedAt: '2026-11-02T09:00:00+01:00',
          expiresAt: '2026-11-16T23:59:59+01:00',
          redeemedAt: null,
          class: 'coupon',
        },
      ],
      householdCoupons: [{ offer: 'old', issuedAt: '2026-11-02T09:00:00+01:00' }],
    },
    counters: { coffee: { member: 1, household: 2, store: 12, lease: 5 } },
    coupons: [
      {
        offer: 'next-visit',
        serial: 'B7',
        variant: null,
        validFrom: '2026-11-10',
        validTo: '2026-11-30',
        household: 'h1',
      },
    ],
  };
}

/** Every place of a document: the path to each object, list and value. */
export function placesOf(document: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  const below =
    typeof document !== 'object' || document === null
      ? []
      : Object.entries(document).flatMap(([key, value]) =>
          placesOf(value, [...path, Array.isArray(document) ? Number(key) : key]),
        );
  return [[...path], ...below];
}

export function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Readonly<Record<string | number, unknown>>)[key], document);
}

/** The document with another value at a place; `undefined` takes the field away. */
export function withValue<T>(document: T, path: readonly (string | number)[], value: unknown): T {
  const copy = structuredClone(document);
  const last = path.at(-1);
  if (last === undefined) return value as T;
  const parent = valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  if (value === undefined) delete parent[last];
  else Object.defineProperty(parent, last, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}
