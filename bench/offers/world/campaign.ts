/**
 * A bundle of running check-out coupons as a grocer's marketing writes them: suppliers' coupons by product and brand,
 * personal ones by segments and attributes, thresholds, win-back, chains. All are of phase `issue`, trigger `auto`.
 */
import { type Bundle, type Offer, type Predicate, type Selector, validateBundle } from '../../../agent/offers/index.ts';
import { type Chance, chanceOf } from './chance.ts';
import {
  aisles,
  brands,
  categories,
  channels,
  departments,
  diets,
  products,
  productsOf,
  regions,
  segments,
  stores,
  tiers,
} from './shop.ts';

/** The store of the till that is measured. */
export const ownStore = '0042';

/** The same offers for the same size. */
export function bundleOf(size: number): Bundle {
  const chance = chanceOf(size);
  return bundleWith(Array.from({ length: size }, (_, index) => offerOf(index, size, chance)));
}

/** The grocer's bundle with these offers. */
export function bundleWith(offers: readonly Offer[]): Bundle {
  const bundle = {
    format: 'tillside/bundle/1',
    id: 'bench',
    version: 1,
    createdAt: '2026-11-16T04:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    loyalty: { tiers: tiers.map((id, index) => ({ id, from: [0, 1000, 5000][index] })) },
    contactPolicies: [
      { id: 'coupons-a-week', class: 'coupon', per: 'member', limit: 4, window: { days: 7 } },
      { id: 'suppliers-a-month', class: 'supplier', per: 'household', limit: 6, window: { calendar: 'month' } },
      { id: 'service', class: 'service', per: 'member', limit: 1, window: { days: 28 } },
    ],
    selection: { couponsPerSale: 3, perCategory: 1 },
    offers,
  };
  const checked = validateBundle(bundle);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults.slice(0, 5)));
  return checked.bundle;
}

/** Offers are issued by Zipf: the first of a bundle are those that many members have had. */
export const offerId = (index: number) => `offer-${String(index).padStart(5, '0')}`;

function offerOf(index: number, size: number, chance: Chance): Offer {
  const supplier = chance.share() < 0.5;
  const audience = audienceOf(supplier, chance);
  const { of, basket } = chance.happens(supplier ? 1 : 0.6) ? basketOf(supplier, chance) : { of: null, basket: [] };
  const when = [...basket, ...pastOf(supplier, size, chance)];
  const contact = supplier ? 'supplier' : chance.happens(0.15) ? 'service' : 'coupon';
  return {
    id: offerId(index),
    version: 1,
    campaign: `campaign-${index % 150}`,
    phase: 'issue',
    priority: chance.between(1, 1000),
    ...(chance.happens(0.85) && { consent: supplier && chance.happens(0.3) ? 'partners' : 'coupons' }),
    schedule: scheduleOf(chance),
    ...(chance.happens(0.25) && { stores: storesOf(chance) }),
    ...(audience.length > 0 && { audience: allOf(audience) }),
    ...(chance.happens(0.04) && index > 0 && { after: chainOf(size, chance) }),
    ...(when.length > 0 && { when: allOf(when) }),
    caps: capsOf(chance),
    ...(chance.happens(0.05) && { experiment: { salt: `x${index}`, holdout: 1000 } }),
    ...(chance.happens(0.2) && { group: `group-${chance.below(60)}` }),
    contact: { class: contact },
    ...couponFor(of, index, chance),
  };
}

/** @param of the products that it is for; null: the whole basket */
export function couponFor(of: Selector | null, index: number, chance: Chance): Pick<Offer, 'benefit' | 'coupon'> {
  return {
    benefit:
      of === null
        ? { amount: { off: chance.between(1, 10) * 100 } }
        : { percent: { permyriad: chance.between(1, 5) * 500, of } },
    coupon: {
      category: `shelf-${chance.below(40)}`,
      validFromDays: 1,
      validDays: 14,
      barcode: 'qr',
      offline: 'accept',
      texts: { de: { title: `Angebot ${index}` }, fr: { title: `Offre ${index}` } },
    },
  };
}

export function capsOf(chance: Chance): NonNullable<Offer['caps']> {
  return [
    { scope: 'member', limit: chance.between(1, 3), window: windowOf(chance) },
    ...(chance.happens(0.02) ? [{ scope: 'global' as const, limit: 10_000 }] : []),
  ];
}

export function scheduleOf(chance: Chance): NonNullable<Offer['schedule']> {
  return {
    from: `2026-11-${chance.one(['02', '09', '16', '19'])}`,
    to: `2026-1${chance.one(['1-30', '2-06', '2-13', '2-31'])}`,
    ...(chance.happens(0.25) && {
      days: chance.some(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, chance.between(2, 6)),
    }),
    ...(chance.happens(0.15) && {
      times: [
        chance.one([
          { from: '06:00', to: '11:00' },
          { from: '11:00', to: '14:00' },
          { from: '16:00', to: '20:00' },
          { from: '18:00', to: '06:00' },
        ]),
      ],
    }),
  };
}

export function storesOf(chance: Chance): NonNullable<Offer['stores']> {
  const others = chance.some(stores, chance.between(5, 120)).filter(store => store !== ownStore);
  if (chance.happens(0.25)) return { exclude: chance.happens(0.1) ? [...others, ownStore] : others };
  return { include: chance.happens(0.5) ? [...others, ownStore] : others };
}

function windowOf(chance: Chance): { readonly days: number } | { readonly calendar: 'day' | 'week' | 'month' } {
  if (chance.happens(0.3)) return { calendar: chance.one(['week', 'month'] as const) };
  return { days: chance.one([7, 14, 30, 60]) };
}

// --- the member -----------------------------------------------------------------------------------------------------

function audienceOf(supplier: boolean, chance: Chance): Predicate[] {
  const asked: Predicate[] = [];
  const add = (share: number, predicate: () => Predicate) => {
    if (chance.happens(share)) asked.push(predicate());
  };
  add(supplier ? 0.8 : 0.95, () => oneOfSegments(chance));
  add(supplier ? 0.25 : 0.6, () => oneOfSegments(chance));
  add(supplier ? 0.15 : 0.25, () => ({ not: { segment: chance.one(segments) } }));
  add(supplier ? 0.1 : 0.25, () => tierOf(chance));
  add(supplier ? 0.2 : 0.4, () => attributeOf(chance));
  add(supplier ? 0.05 : 0.2, () => attributeOf(chance));
  add(supplier ? 0.02 : 0.08, () =>
    chance.happens(0.5) ? { memberDays: { atMost: chance.one([30, 90, 365]) } } : { memberDays: { atLeast: 180 } },
  );
  add(supplier ? 0 : 0.08, () => ({ points: { atLeast: chance.between(1, 30) * 100 } }));
  add(supplier ? 0 : 0.02, () => ({ birthday: { within: chance.one([3, 7, 14]) } }));
  add(0.06, () => ({
    any: [{ all: [oneOfSegments(chance), tierOf(chance)] }, attributeOf(chance), { points: { atLeast: 4000 } }],
  }));
  // Authors write conditions as they come to mind, not the rarest first.
  return chance.shuffled(asked);
}

export function oneOfSegments(chance: Chance): Predicate {
  const named = chance.some(segments, chance.between(1, 5)).map(segment => ({ segment }));
  return named.length === 1 && named[0] !== undefined ? named[0] : { any: named };
}

export function tierOf(chance: Chance): Predicate {
  const tier = chance.one(['silver', 'silver', 'gold'] as const);
  return chance.happens(0.2) ? { tier: { is: chance.one(tiers) } } : { tier: { atLeast: tier } };
}

export function attributeOf(chance: Chance): Predicate {
  const kind = chance.below(9);
  if (kind === 0) return { attribute: { name: 'diet', in: chance.some(diets, chance.between(1, 2)) } };
  if (kind === 1) return { attribute: { name: 'region', in: chance.some(regions, chance.between(1, 8)) } };
  if (kind === 2) return { attribute: { name: 'channel', in: chance.some(channels, chance.between(1, 2)) } };
  if (kind === 3) return { attribute: { name: 'children', atLeast: chance.between(1, 3) } };
  if (kind === 4) return { attribute: { name: 'car', in: [true] } };
  if (kind === 5) return { attribute: { name: 'visits-90d', atMost: chance.between(1, 10) } };
  if (kind === 6) return { attribute: { name: 'churn', atLeast: chance.between(50, 95) } };
  if (kind === 7) {
    const least = chance.between(10, 60) * 1000;
    return { attribute: { name: 'spend-90d', atLeast: least, atMost: least + 40_000 } };
  }
  const from = chance.between(10, 90) * 100;
  return { attribute: { name: 'postcode', atLeast: from, atMost: from + 999 } };
}

// --- the basket and the past ----------------------------------------------------------------------------------------

function basketOf(supplier: boolean, chance: Chance): { readonly of: Selector | null; readonly basket: Predicate[] } {
  if (!supplier && chance.happens(0.15))
    return { of: null, basket: [{ spend: { atLeast: chance.between(8, 60) * 500 } }] };
  const of = selectorOf(supplier, chance);
  const few = 'gtin' in of;
  const main: Predicate =
    chance.happens(0.5) || few
      ? { items: { of, atLeast: few ? chance.between(1, 2) : chance.between(1, 6) } }
      : { spend: { of, atLeast: chance.between(2, 16) * 250 } };
  return { of, basket: chance.happens(0.1) ? [main, { spend: { atLeast: chance.between(4, 40) * 500 } }] : [main] };
}

export function selectorOf(supplier: boolean, chance: Chance): Selector {
  const kind = chance.share();
  if (kind < (supplier ? 0.4 : 0.15)) {
    const category = chance.one(categories);
    // Half are of one category, a supplier's range; the others are single products, popular ones more often.
    if (chance.happens(0.5))
      return { gtin: chance.some(productsOf.get(category) ?? [], chance.between(2, 25)).map(({ gtin }) => gtin) };
    return {
      gtin: [
        ...new Set(
          Array.from({ length: chance.between(1, 4) }, () => products[chance.zipf(products.length)]?.gtin ?? ''),
        ),
      ],
    };
  }
  if (kind < (supplier ? 0.6 : 0.25)) return { brand: chance.some(brands, chance.between(1, 2)) };
  if (kind < (supplier ? 0.7 : 0.3)) {
    const category = chance.one(categories);
    const product = chance.one(productsOf.get(category) ?? products);
    return { all: [{ brand: [product.brand] }, { category: [category] }] };
  }
  if (kind < 0.88) return { category: chance.some(categories, chance.between(1, 3)) };
  if (kind < 0.97) return { category: chance.some(aisles, chance.between(1, 2)) };
  return { category: [chance.one(departments)] };
}

export function pastOf(supplier: boolean, size: number, chance: Chance): Predicate[] {
  const asked: Predicate[] = [];
  const popular = () => offerId(chance.zipf(size));
  if (chance.happens(supplier ? 0.08 : 0.3)) {
    const of = selectorOf(supplier, chance);
    const withinDays = chance.one([14, 28, 56]);
    asked.push(
      chance.happens(0.4)
        ? { not: { bought: { of, withinDays } } }
        : { bought: { of, withinDays, atLeast: chance.between(1, 3) } },
    );
  }
  if (chance.happens(supplier ? 0.02 : 0.1))
    asked.push({ not: { received: { offer: popular(), withinDays: chance.one([7, 28]) } } });
  if (chance.happens(supplier ? 0.01 : 0.03)) asked.push({ received: { offer: popular(), withinDays: 28 } });
  if (chance.happens(supplier ? 0.01 : 0.03)) asked.push({ redeemed: { offer: popular(), withinDays: 56 } });
  return asked;
}

function chainOf(size: number, chance: Chance): NonNullable<Offer['after']> {
  const minDays = chance.between(1, 7);
  return {
    offer: offerId(chance.zipf(size)),
    outcome: chance.one(['issued', 'redeemed', 'expired', 'unredeemed'] as const),
    minDays,
    ...(chance.happens(0.7) && { maxDays: minDays + chance.between(7, 28) }),
  };
}

export function allOf(predicates: readonly Predicate[]): Predicate {
  const [only] = predicates;
  return predicates.length === 1 && only !== undefined ? only : { all: predicates };
}
