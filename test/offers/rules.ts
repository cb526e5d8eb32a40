/** Short words for tests of single rules: a bundle of some offers, a sale of some lines, and what was decided. */
import assert from 'node:assert/strict';
import {
  compileBundle,
  type Decision,
  decide,
  type Offer,
  type Sale,
  validateBundle,
  validateSale,
} from '../../agent/offers/index.ts';

/** An offer with the fields that a test is not about. */
export function offer(id: string, fields: Partial<Offer> & Pick<Offer, 'benefit'>): Offer {
  return { id, version: 1, phase: 'basket', ...fields };
}

/** An `issue` offer whose coupon is good for two weeks. */
export function printing(id: string, fields: Partial<Offer> = {}): Offer {
  return {
    id,
    version: 1,
    phase: 'issue',
    priority: 50,
    benefit: { amount: { off: 100 } },
    coupon: { validDays: 14, barcode: 'qr', offline: 'accept', texts: { de: { title: 'T' } } },
    ...fields,
  };
}

export function bundleOf(offers: readonly Offer[], fields: object = {}): object {
  return {
    format: 'tillside/bundle/1',
    id: 'weekly',
    version: 1,
    createdAt: '2026-11-16T04:00:00+01:00',
    notAfter: '2030-12-31T23:59:59+01:00',
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
    offers,
    ...fields,
  };
}

/** A sale on Saturday 21 November 2026 at 10:15 in store 0042; lines by amount, one piece each of product A. */
export function saleOf(fields: Partial<Sale> & { readonly amounts?: readonly number[] }): object {
  const { amounts = [1000], ...rest } = fields;
  const lines = amounts.map((amount, index) => ({ lineId: String(index + 1), gtin: 'A', quantity: '1', amount }));
  return { saleId: 'S1', storeId: '0042', at: '2026-11-21T10:15:00+01:00', lines, ...rest };
}

export function decisionOf(bundle: object, sale: object): Decision {
  const [checked, read] = [validateBundle(bundle), validateSale(sale)];
  assert.ok(checked.ok && read.ok, JSON.stringify([checked, read]));
  return decide(compileBundle(checked.bundle), read.sale);
}

/** `offer:reason` of each refusal, with the serial where it is a coupon's. */
export function reasons({ rejected }: Decision): string[] {
  return rejected.map(({ offer: id, reason, serial }) => `${id}${serial === undefined ? '' : `/${serial}`}:${reason}`);
}
