/** Small worlds to try the offer rules on, part 5: many coupons that want to be printed in one sale, with few places. */
import fc from 'fast-check';
import type { SmallWorld } from './generate.ts';
import { maybe, plain } from './scene.ts';

const rival = fc.record({
  id: fc.integer({ min: 0, max: 30 }).map(n => `i${n}`),
  priority: fc.oneof(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 900, max: 1000 }),
  ),
  group: maybe(50, fc.constantFrom('g', 'h', 'i')),
  category: maybe(60, fc.constantFrom('x', 'y', 'z')),
  class: maybe(60, fc.constantFrom('coupon', 'mail')),
  heldOut: fc.integer({ min: 0, max: 9 }).map(n => n === 9),
});

const policy = fc.record({
  id: fc.constantFrom('p', 'q', 'r'),
  class: fc.constantFrom('coupon', 'mail'),
  per: fc.constantFrom('member', 'household'),
  limit: fc.constantFrom(2, 1, 3, 4, 6),
  window: fc.constant({ days: 7 }),
});

const used = fc.array(fc.constantFrom('coupon', 'mail'), { maxLength: 2 });

/** A bundle of nothing but check-out coupons, up to `most` of them, and a sale of a member who could get each. */
export function rivals(most: number): fc.Arbitrary<SmallWorld> {
  return fc
    .record({
      offers: fc.uniqueArray(rival, { selector: offer => offer.id, minLength: 4, maxLength: most }),
      policies: maybe(80, fc.uniqueArray(policy, { selector: p => p.id, maxLength: 3 })),
      couponsPerSale: maybe(70, fc.constantFrom(3, 1, 2, 4, 6)),
      perCategory: maybe(70, fc.constantFrom(1, 2, 3)),
      own: used,
      household: used,
    })
    .map(raw => plain(worldOf(raw)) as unknown as SmallWorld);
}

type Raw = {
  readonly offers: readonly (typeof rival extends fc.Arbitrary<infer T> ? T : never)[];
  readonly policies: readonly object[] | undefined;
  readonly couponsPerSale: number | undefined;
  readonly perCategory: number | undefined;
  readonly own: readonly string[];
  readonly household: readonly string[];
};

function worldOf(raw: Raw): object {
  const issued = (classes: readonly string[]): object[] =>
    classes.map(c => ({ offer: 'z', issuedAt: '2026-11-20T10:00:00+01:00', class: c }));
  return {
    bundle: {
      format: 'tillside/bundle/1',
      id: 'weekly',
      version: 1,
      createdAt: '2026-01-02T04:00:00+01:00',
      notAfter: '2026-12-31T23:59:59+01:00',
      currency: 'CHF',
      timezone: 'Europe/Zurich',
      defaultLanguage: 'de',
      contactPolicies: raw.policies,
      selection: { couponsPerSale: raw.couponsPerSale, perCategory: raw.perCategory },
      offers: raw.offers.map(({ id, priority, group, category, class: contact, heldOut }) => ({
        id,
        version: 1,
        phase: 'issue',
        priority,
        group,
        contact: contact && { class: contact },
        experiment: heldOut ? { salt: 's', holdout: 10_000 } : undefined,
        benefit: { amount: { off: 100 } },
        coupon: { category, validDays: 14, barcode: 'qr', offline: 'accept', texts: { de: { title: 'T' } } },
      })),
    },
    sale: {
      saleId: 'S1',
      storeId: '0042',
      at: '2026-11-21T10:15:00+01:00',
      lines: [{ lineId: '1', quantity: '1', amount: 100 }],
      member: { id: 'm1', household: 'h1' },
      history: { coupons: issued(raw.own), householdCoupons: issued(raw.household) },
    },
  };
}
