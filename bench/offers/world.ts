/** Offers, members and baskets of a measured size, the same in every run: 30,000 products in 300 categories, by Zipf. */
import { type Bundle, type Offer, type Predicate, type Sale, validateBundle } from '../../agent/offers/index.ts';

/** Numbers from 0 to 1 that are the same in every run. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const products = 30_000;
const categories = 300;
const segments = 400;

const categoryOf = (product: number) => pathOf(product % categories);
const pathOf = (category: number) => `d${category % 12}/s${category % 60}/c${category}`;

export function bundleOf(size: number): Bundle {
  const next = sequence(size);
  const below = (most: number) => Math.floor(next() * most);
  const bundle = {
    format: 'tillside/bundle/1',
    id: 'bench',
    version: 1,
    createdAt: '2026-11-16T04:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    loyalty: {
      tiers: [
        { id: 'basic', from: 0 },
        { id: 'silver', from: 1000 },
        { id: 'gold', from: 5000 },
      ],
    },
    contactPolicies: [{ id: 'week', class: 'coupon', per: 'member', limit: 6, window: { days: 7 } }],
    selection: { couponsPerSale: 3, perCategory: 1 },
    offers: Array.from({ length: size }, (_, index) => offerOf(index, next, below)),
  };
  const checked = validateBundle(bundle);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults.slice(0, 5)));
  return checked.bundle;
}

function offerOf(index: number, next: () => number, below: (most: number) => number): Offer {
  const category = below(categories);
  const kind = next();
  const of =
    kind < 0.6
      ? { category: [pathOf(category)] }
      : kind < 0.9
        ? { gtin: [String(below(products)), String(below(products))] }
        : { category: [`d${category % 12}/s${category % 60}`] };
  const basket: Predicate =
    next() < 0.03
      ? { spend: { atLeast: 8000 + below(20_000) } }
      : next() < 0.6
        ? { spend: { of, atLeast: 1500 + below(6000) } }
        : { items: { of, atLeast: 2 + below(5) } };
  const audience: Predicate[] = [];
  if (next() < 0.9) audience.push({ segment: `s${below(segments)}` });
  if (next() < 0.3) audience.push({ tier: { atLeast: next() < 0.5 ? 'silver' : 'gold' } });
  if (next() < 0.2) audience.push({ not: { segment: `s${below(segments)}` } });
  return {
    id: `o${index}`,
    version: 1,
    phase: 'issue',
    priority: 1 + below(1000),
    consent: 'coupons',
    ...(audience.length > 0 && { audience: { all: audience } }),
    when: basket,
    ...(next() < 0.3 && { schedule: { days: ['mon', 'tue', 'sat'], times: [{ from: '08:00', to: '12:00' }] } }),
    ...(next() < 0.2 && { stores: { include: ['0042', '0043'] } }),
    ...(next() < 0.2 && { group: `g${below(40)}` }),
    contact: { class: 'coupon' },
    caps: [{ scope: 'member', limit: 1, window: { days: 30 } }],
    benefit: { percent: { permyriad: 1000, of } },
    coupon: {
      category: `c${category % 30}`,
      validDays: 14,
      barcode: 'qr',
      offline: 'accept',
      texts: { de: { title: `Offer ${index}` } },
    },
  };
}

export function salesOf(count: number): Sale[] {
  const next = sequence(99);
  const below = (most: number) => Math.floor(next() * most);
  // Zipf by the inverse of its sum: rank = products^u.
  const product = () => Math.min(products - 1, Math.floor(products ** next()));
  return Array.from({ length: count }, (_, index) => {
    const lines = Math.min(150, 1 + Math.floor(-Math.log(1 - next()) * 19));
    return {
      saleId: `S${index}`,
      storeId: '0042',
      at: '2026-11-21T10:15:00+01:00',
      member: {
        id: `m${index}`,
        segments: Array.from({ length: 8 + below(10) }, () => `s${below(segments)}`),
        tier: ['basic', 'silver', 'gold'][below(3)] ?? 'basic',
        points: below(6000),
        language: 'de',
        consents: ['coupons'],
      },
      lines: Array.from({ length: lines }, (_each, position) => {
        const each = product();
        return {
          lineId: String(position + 1),
          gtin: String(each),
          quantity: String(1 + below(3)),
          amount: 100 + below(1500),
          category: categoryOf(each),
        };
      }),
    };
  });
}
