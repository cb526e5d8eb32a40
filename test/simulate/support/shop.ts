/** A few offers of each phase and sales that meet them, for simulations. */
import { validateBundle } from '../../../agent/offers/index.ts';
import type { Bundle, Offer, Sale } from '../../../agent/offers/types.ts';

const coupon = { validDays: 14, barcode: 'qr', offline: 'accept', texts: { de: { title: 'Bon' } } } as const;

export function issue(id: string, more: Partial<Offer>): Offer {
  return { id, version: 1, phase: 'issue', priority: 10, benefit: { amount: { off: 100 } }, coupon, ...more };
}

export const offers: readonly Offer[] = [
  {
    id: 'coffee',
    version: 1,
    phase: 'line',
    benefit: { percent: { permyriad: 1000, of: { category: ['food/coffee'] } } },
  },
  {
    id: 'evening',
    version: 1,
    phase: 'basket',
    schedule: { times: [{ from: '18:00', to: '21:00' }] },
    benefit: { amount: { off: 50 } },
  },
  { id: 'points', version: 1, phase: 'points', benefit: { points: { per: 100, earn: 1 } } },
  issue('with-holdout', { priority: 90, experiment: { salt: 'h', holdout: 2500 }, audience: { segment: 's1' } }),
  issue('big', {
    priority: 50,
    when: { spend: { atLeast: 2000 } },
    caps: [{ scope: 'store', limit: 5, window: { calendar: 'day' } }],
  }),
  issue('one-store', { priority: 40, stores: { include: ['0042'] }, consent: 'coupons' }),
  issue('chained', { after: { offer: 'big', outcome: 'issued', minDays: 1 }, caps: [{ scope: 'member', limit: 1 }] }),
  issue('everyone', { priority: 1, group: 'g' }),
];

export function bundleOf(list: readonly Offer[]): Bundle {
  const answer = validateBundle({
    format: 'tillside/bundle/1',
    id: 'b',
    version: 1,
    createdAt: '2026-11-16T04:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    currency: 'CHF',
    timezone: 'Europe/Zurich',
    defaultLanguage: 'de',
    retiredOffers: ['big'].filter(id => !list.some(offer => offer.id === id)),
    selection: { couponsPerSale: 3 },
    offers: list,
  });
  if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
  return answer.bundle;
}

/** Always the same; hours, stores, members and baskets of many kinds, one guest in seven. */
export function salesOf(count: number): Sale[] {
  return Array.from({ length: count }, (_, i) => ({
    saleId: `S${i}`,
    storeId: i % 3 === 0 ? '0042' : '0017',
    at: `2026-11-21T${String(8 + (i % 12)).padStart(2, '0')}:15:00+01:00`,
    ...(i % 7 === 6
      ? {}
      : {
          member: {
            id: `m${(i * 7919) % 211}`,
            household: `h${((i * 7919) % 211) % 90}`,
            segments: i % 2 === 0 ? ['s1'] : ['s2'],
            consents: i % 5 === 0 ? [] : ['coupons'],
          },
        }),
    lines: Array.from({ length: 1 + (i % 4) }, (_each, line) => ({
      lineId: String(line + 1),
      quantity: line % 2 === 0 ? '1' : '0.354',
      amount: 150 + ((i * 37 + line * 101) % 900),
      category: ['food/coffee', 'food/tea', 'home'][(i + line) % 3] ?? 'home',
    })),
  }));
}
