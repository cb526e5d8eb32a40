/** Small worlds to try the offer rules on, part 4: a valid bundle and a sale that fits it, with everything near a border. */
import fc from 'fast-check';
import type { Bundle, Sale } from '../../../agent/offers/types.ts';
import { offerAt, rawOffers } from './generate-offers.ts';
import {
  type Away,
  anyAway,
  anyScene,
  date,
  future,
  instant,
  maybe,
  money,
  offerIds,
  past,
  plain,
  products,
  type Scene,
} from './scene.ts';

export interface SmallWorld {
  readonly bundle: Bundle;
  readonly sale: Sale;
}

const tierLists = [
  {
    tiers: [
      { id: 'basic', from: 0 },
      { id: 'silver', from: 100 },
      { id: 'gold', from: 1000 },
    ],
  },
  {
    tiers: [
      { id: 'silver', from: 50 },
      { id: 'basic', from: 110 },
      { id: 'gold', from: 120 },
    ],
  },
] as const;

const rawBundle = fc.record({
  version: fc.integer({ min: 1, max: 99 }),
  notAfter: fc.oneof(
    { weight: 12, arbitrary: fc.constant({ days: 30, seconds: 0, offset: 60 }) },
    {
      weight: 1,
      arbitrary: fc.record({ days: fc.constant(0), seconds: fc.constantFrom(0, -1), offset: fc.constant(0) }),
    },
  ),
  loyalty: maybe(85, fc.constantFrom(...tierLists)),
  contactPolicies: maybe(
    55,
    fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('p', 'q', 'r'),
        class: fc.constantFrom('coupon', 'mail'),
        per: fc.constantFrom('member', 'household'),
        limit: fc.constantFrom(1, 2, 3, 0),
        window: fc.oneof(
          fc.record({ days: fc.constantFrom(7, 1, 30) }),
          fc.record({ calendar: fc.constantFrom('day', 'week', 'month') }),
        ),
      }),
      { selector: policy => policy.id, minLength: 1, maxLength: 3 },
    ),
  ),
  selection: maybe(
    70,
    fc.record({
      couponsPerSale: maybe(60, fc.constantFrom(1, 2, 3, 0)),
      perCategory: maybe(60, fc.constantFrom(1, 2, 0)),
    }),
  ),
  offers: rawOffers,
});

const line = fc.record({
  product: fc.constantFrom(products[0], products[0], products[1], ...products, {}),
  pieces: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('1', '2', '3', '4') },
    { weight: 1, arbitrary: fc.constantFrom('5', '2.0', '1.000') },
    { weight: 2, arbitrary: fc.constantFrom('0.254', '1.5', '0.001', '2.75') },
  ),
  unit: maybe(55, fc.constantFrom('ea', 'ea', 'ea', 'kg')),
  amount: fc.oneof({ weight: 15, arbitrary: money }, { weight: 1, arbitrary: fc.constant(0) }),
  sign: fc.oneof(
    { weight: 15, arbitrary: fc.constant('sold' as const) },
    { weight: 1, arbitrary: fc.constantFrom('taken back' as const, 'minus pieces' as const, 'minus amount' as const) },
  ),
  discountable: maybe(25, fc.constantFrom(true, true, false)),
});
type RawLine = typeof line extends fc.Arbitrary<infer T> ? T : never;

const member = fc.record({
  id: fc.constantFrom('m1', 'm1', 'm1', 'm2', 'm3', 'm4', 'm5'),
  household: maybe(75, fc.constantFrom('h1', 'h2')),
  segments: maybe(60, fc.subarray(['s', 't'])),
  tier: maybe(60, fc.constantFrom('basic', 'silver', 'gold', 'platinum')),
  points: maybe(85, fc.constantFrom(0, 5, 95, 100, 99, 120, 1000, 990, 4999)),
  joined: maybe(80, fc.constantFrom(0, -1, -7, -20, -400, 1)),
  birthday: maybe(80, fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant('1992-02-29'))),
  language: maybe(70, fc.constantFrom('de', 'fr', 'en', 'constructor')),
  consents: maybe(60, fc.subarray(['coupons', 'mail'])),
  attributes: maybe(
    60,
    fc.record({
      diet: maybe(70, fc.constantFrom<unknown[]>('vegan', ['vegan', 'meat'], ['meat'], [], [1, 4], 2, '2', [true])),
      kids: maybe(70, fc.constantFrom<unknown[]>(0, 2, 4, true, [0, 9], '2')),
    }),
  ),
  activated: maybe(60, fc.subarray([...offerIds])),
});

/** A number that becomes an offer's id: mostly one of the bundle's that takes a coupon. */
const someOffer = fc.nat({ max: 19 });
const number = fc.constantFrom('1', '2', '3');

const couponHistory = fc.record({
  offer: someOffer,
  number: maybe(85, number),
  issued: anyAway(past),
  expires: maybe(80, fc.option(anyAway(fc.oneof(past, fc.constant(0), future)))),
  redeemed: maybe(60, fc.option(anyAway(past))),
  class: maybe(40, fc.constantFrom('coupon', 'mail', 'other')),
});
type RawCouponHistory = typeof couponHistory extends fc.Arbitrary<infer T> ? T : never;

const rawSale = fc.record({
  storeId: fc.constantFrom('0042', '0042', '0042', '0099'),
  lines: fc.array(line, { minLength: 0, maxLength: 5 }),
  member: maybe(82, member),
  bought: maybe(
    60,
    fc.array(
      fc.record({
        saleId: maybe(70, fc.constantFrom('H1', 'H2', 'H3', 'S1')),
        away: anyAway(past),
        product: fc.constantFrom(...products, {}),
      }),
      { maxLength: 5 },
    ),
  ),
  coupons: maybe(70, fc.array(couponHistory, { maxLength: 5 })),
  householdCoupons: maybe(40, fc.array(couponHistory, { maxLength: 3 })),
  counters: maybe(
    80,
    fc.dictionary(
      fc.constantFrom(...offerIds),
      fc.record({
        member: maybe(60, fc.constantFrom(0, 1, 2, 3)),
        household: maybe(60, fc.constantFrom(0, 1, 2, 3)),
        store: maybe(60, fc.constantFrom(0, 1, 2, 3)),
        lease: maybe(85, fc.constantFrom(1, 2, 3, 0)),
      }),
      { maxKeys: 8, minKeys: 3 },
    ),
  ),
  presented: maybe(
    75,
    fc.array(
      fc.record({
        offer: someOffer,
        number: fc.constantFrom('1', '2', '3', '4', '5'),
        variant: maybe(50, fc.constantFrom(null, 'x', 'y', 'z', 'w')),
        validFrom: maybe(25, fc.constantFrom(0, -1, -9, 1)),
        validTo: maybe(30, fc.constantFrom(0, 9, 1, -1)),
        household: maybe(20, fc.constantFrom('h1', 'h1', 'h2', 'm1', 'm2')),
        loose: fc.integer({ min: 0, max: 9 }).map(n => n === 9),
      }),
      { maxLength: 5 },
    ),
  ),
});
type RawSale = typeof rawSale extends fc.Arbitrary<infer T> ? T : never;

/** A valid bundle with a valid sale. */
export const anySmallWorld: fc.Arbitrary<SmallWorld> = fc
  .record({ scene: anyScene, bundle: rawBundle, sale: rawSale })
  .map(({ scene, bundle, sale }) =>
    plain({ bundle: bundleAt(scene, bundle), sale: saleAt(scene, sale, bundle.offers) }),
  );

function bundleAt(scene: Scene, raw: typeof rawBundle extends fc.Arbitrary<infer T> ? T : never): Bundle {
  const ids = raw.offers.map(offer => offer.id);
  const offers = raw.offers.map(offer => offerAt(scene, offer));
  // tiers that a predicate names have to exist
  const loyalty = raw.loyalty ?? (JSON.stringify(offers).includes('"tier"') ? tierLists[0] : undefined);
  return {
    ...raw,
    format: 'tillside/bundle/1',
    id: 'weekly',
    createdAt: '2026-01-02T04:00:00+01:00',
    notAfter: instant(scene, raw.notAfter),
    currency: 'CHF',
    timezone: scene.timezone,
    defaultLanguage: 'de',
    // every id that is not offered has been once, so that every reference is good
    retiredOffers: offerIds.filter(id => !ids.includes(id)),
    loyalty,
    offers,
  } as unknown as Bundle;
}

function saleAt(
  scene: Scene,
  raw: RawSale,
  offers: readonly { id: string; phase: string; trigger?: string | undefined }[],
): Sale {
  const takers = offers.filter(offer => offer.phase === 'issue' || offer.trigger === 'coupon').map(offer => offer.id);
  const named = (n: number): string =>
    n === 19 ? 'zz' : ((n < 16 && takers.length > 0 ? takers[n % takers.length] : offerIds[n % 8]) ?? 'zz');

  const at = (away: Away | null | undefined) => (away ? instant(scene, away) : away);
  // a serial is given once, so it stands in history once
  const known = new Set<string>();
  const unlessKnown = (serial: string): string | undefined => {
    if (known.has(serial)) return undefined;
    known.add(serial);
    return serial;
  };
  const coupon = ({ number, offer, issued, expires, redeemed, ...rest }: RawCouponHistory) => ({
    ...rest,
    offer: named(offer),
    serial: number && unlessKnown(`${named(offer)}-${number}`),
    issuedAt: at(issued),
    expiresAt: at(expires),
    redeemedAt: at(redeemed),
  });
  const someday = (days: number | undefined) => (days === undefined ? undefined : date(scene, days));
  return {
    saleId: 'S1',
    storeId: raw.storeId,
    at: scene.at,
    lines: raw.lines.map(lineAt),
    member: raw.member && {
      ...raw.member,
      joined: someday(raw.member.joined),
      birthday:
        typeof raw.member.birthday === 'number'
          ? `1990${date(scene, raw.member.birthday).slice(4)}`.replace('1990-02-29', '1988-02-29')
          : raw.member.birthday,
    },
    history: {
      bought: raw.bought?.map(({ saleId, away, product }) => ({ saleId, at: at(away), ...product })),
      coupons: raw.coupons?.map(coupon),
      householdCoupons: raw.householdCoupons?.map(coupon),
    },
    counters: raw.counters,
    coupons: raw.presented?.map(({ number, offer, validFrom, validTo, loose, ...rest }) => ({
      ...rest,
      offer: named(offer),
      serial: loose ? `${takers[0] ?? 'a'}-${number}` : `${named(offer)}-${number}`,
      validFrom: someday(validFrom),
      validTo: someday(validTo),
    })),
  } as unknown as Sale;
}

function lineAt({ product, pieces, sign, amount, ...rest }: RawLine, index: number): object {
  return {
    ...rest,
    ...product,
    lineId: String(index + 1),
    quantity: sign === 'taken back' || sign === 'minus pieces' ? `-${pieces}` : pieces,
    amount: sign === 'taken back' || sign === 'minus amount' ? -amount : amount,
  };
}
