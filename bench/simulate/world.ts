/**
 * A chain's month for the simulation: 1,000 offers of every phase and sales whose members bring their history along, the same in
 * every run. 30,000 products in 300 categories by Zipf, baskets of 1 to 150 lines (mean 20), three sales in four with a member.
 */
import { type Bundle, type Offer, type Predicate, type Selector, validateBundle } from '../../agent/offers/index.ts';

/** Numbers from 0 to 1 that are the same in every run. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const products = 30_000;
const categories = 300;
const segments = 400;
const stores = 40;
const members = 60_000;

const categoryOf = (product: number) => pathOf(product % categories);
const pathOf = (category: number) => `food/d${category % 12}/s${category % 60}/c${category}`;
const gtinOf = (product: number) => String(7_610_000_000_000 + product * 7);
const storeOf = (store: number) => String(1000 + store);

/** @param version another one differs from the first in every twentieth offer's threshold */
export function bundleOf(size: number, version: number): Bundle {
  const next = sequence(7);
  const checked = validateBundle({
    format: 'tillside/bundle/1',
    id: 'month',
    version,
    createdAt: '2026-10-30T04:00:00+01:00',
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
    contactPolicies: [
      { id: 'week', class: 'coupon', per: 'member', limit: 6, window: { days: 7 } },
      { id: 'month', class: 'mail', per: 'household', limit: 10, window: { calendar: 'month' } },
    ],
    selection: { couponsPerSale: 3, perCategory: 1 },
    offers: Array.from({ length: size }, (_, index) => offerOf(index, next, version)),
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults.slice(0, 5)));
  return checked.bundle;
}

function offerOf(index: number, next: () => number, version: number): Offer {
  const below = (most: number) => Math.floor(next() * most);
  const category = below(categories);
  const kind = next();
  const of: Selector =
    kind < 0.6
      ? { category: [pathOf(category)] }
      : kind < 0.9
        ? { gtin: [gtinOf(below(products)), gtinOf(below(products))] }
        : { category: [pathOf(category).split('/').slice(0, 3).join('/')] };
  const more = version > 1 && index % 20 === 0 ? 1000 : 0;
  const conditions: Predicate[] = [
    next() < 0.03
      ? { spend: { atLeast: 8000 + below(20_000) + more } }
      : next() < 0.6
        ? { spend: { of, atLeast: 1500 + below(6000) + more } }
        : { items: { of, atLeast: 2 + below(5) } },
  ];
  if (next() < 0.1) conditions.push({ not: { bought: { of, withinDays: 30 } } });
  const audience: Predicate[] = [];
  if (next() < 0.8) audience.push({ segment: `s${below(segments)}` });
  if (next() < 0.3) audience.push({ tier: { atLeast: next() < 0.5 ? 'silver' : 'gold' } });
  if (next() < 0.2) audience.push({ not: { segment: `s${below(segments)}` } });
  if (next() < 0.1) audience.push({ attribute: { name: 'children', atLeast: 1 } });
  const phase = pick(next(), [0.1, 'line'], [0.05, 'basket'], [0.05, 'points'], [0.8, 'issue']);
  const shared = {
    id: `o${index}`,
    version,
    ...(next() < 0.3 && {
      schedule: { days: ['mon', 'tue', 'sat'] as const, times: [{ from: '08:00', to: '12:00' }] },
    }),
    ...(next() < 0.2 && { stores: { include: Array.from({ length: 8 }, () => storeOf(below(stores))) } }),
    ...(next() < 0.2 && { group: `g${below(40)}` }),
    ...(next() < 0.03 && { trigger: 'digital' as const }),
    ...(audience.length > 0 && { audience: { all: audience } }),
    when: { all: conditions },
  };
  if (phase === 'points') return { ...shared, phase, benefit: { points: { fixed: 50 + below(200) } } };
  if (phase === 'basket') return { ...shared, phase, benefit: { percent: { permyriad: 100 + below(900) } } };
  if (phase === 'line') return { ...shared, phase, benefit: { percent: { permyriad: 1000, of } } };
  return {
    ...shared,
    phase: 'issue',
    priority: 1 + below(1000),
    consent: 'coupons',
    ...(index > 50 && next() < 0.05 && { after: { offer: `o${below(50)}`, outcome: 'issued' as const, maxDays: 30 } }),
    ...(next() < 0.1 && { experiment: { salt: `x${index}`, holdout: 1000 } }),
    ...(next() < 0.8 && { contact: { class: next() < 0.8 ? 'coupon' : 'mail' } }),
    caps: [{ scope: 'member', limit: 1, window: { days: 30 } }],
    benefit: next() < 0.5 ? { amount: { off: 100 + below(400) } } : { percent: { permyriad: 1000, of } },
    coupon: {
      category: `c${category % 30}`,
      validDays: 14,
      barcode: 'qr',
      offline: 'accept',
      texts: { de: { title: `Bon ${index} für Sie` } },
    },
  };
}

function pick<T>(at: number, ...choices: readonly (readonly [share: number, choice: T])[]): T {
  let rest = at;
  for (const [share, choice] of choices) {
    if (rest < share) return choice;
    rest -= share;
  }
  const [, last] = choices.at(-1) ?? [];
  if (last === undefined) throw new RangeError('nothing to choose');
  return last;
}

/** Sales in order of time as lines of JSON; two in a hundred with a presented coupon. */
export function* saleLines(count: number, offers: number): Iterable<string> {
  const next = sequence(99);
  const below = (most: number) => Math.floor(next() * most);
  // Zipf by the inverse of its sum: rank = products^u.
  const product = () => Math.min(products - 1, Math.floor(products ** next()));
  const from = Date.parse('2026-11-01T07:00:00Z');
  const instant = (day: number, second: number) =>
    `${new Date(from + day * 86_400_000 + second * 1000).toISOString().slice(0, 19)}Z`;
  for (let index = 0; index < count; index++) {
    const at = (index / count) * 28;
    const day = Math.floor(at);
    const lines = Math.min(150, 1 + Math.floor(-Math.log(1 - next()) * 19));
    const member = below(members);
    yield JSON.stringify({
      saleId: `S${index}`,
      storeId: storeOf(below(stores)),
      tillId: String(1 + below(12)),
      at: instant(day, Math.floor((at - day) * 13 * 3600)),
      lines: Array.from({ length: lines }, (_each, position) => {
        const each = product();
        return {
          lineId: String(position + 1),
          gtin: gtinOf(each),
          quantity: next() < 0.1 ? `0.${100 + below(900)}` : String(1 + below(3)),
          amount: 100 + below(1500),
          category: categoryOf(each),
        };
      }),
      ...(next() < 0.75 && {
        member: {
          id: `m${member}`,
          household: `h${member >> 1}`,
          segments: Array.from({ length: 8 + (member % 10) }, (_, i) => `s${(member * 31 + i * 17) % segments}`),
          tier: ['basic', 'silver', 'gold'][member % 3],
          points: below(6000),
          language: 'de',
          consents: member % 9 === 0 ? [] : ['coupons'],
          attributes: { children: member % 4, town: 'Zürich' },
        },
        history: {
          bought: Array.from({ length: below(16) }, (_, i) => {
            const each = product();
            return {
              saleId: `P${index}-${i >> 2}`,
              at: instant(day - 1 - (i >> 2) * 4, i * 60),
              gtin: gtinOf(each),
              category: categoryOf(each),
            };
          }),
          coupons: Array.from({ length: below(6) }, (_, i) => ({
            offer: `o${below(offers)}`,
            serial: `C${index}-${i}`,
            issuedAt: instant(day - 1 - i * 5, i * 60),
            expiresAt: instant(day + 13 - i * 5, 0),
            redeemedAt: i % 3 === 0 ? instant(day - 1 - i, 0) : null,
            class: 'coupon',
          })),
        },
      }),
      ...(next() < 0.02 && { coupons: [{ offer: `o${below(offers)}`, serial: `B${index}` }] }),
    });
  }
}
