/** What holds for every decision, whatever the offers: money adds up, nothing is below zero, order of input is nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Bundle,
  compileBundle,
  type Decision,
  decide,
  type Sale,
  validateBundle,
  validateSale,
} from '../../agent/offers/index.ts';
import { bundle, sale } from './arbitrary.ts';

/** The decision of a bundle and a sale that must both be valid. */
function decided(document: Bundle, basket: Sale): Decision {
  const [checked, read] = [validateBundle(document), validateSale(basket)];
  assert.ok(checked.ok && read.ok, JSON.stringify([checked, read]));
  return decide(compileBundle(checked.bundle), read.sale);
}

test('discounts lie on lines, add up, and never take a line below zero', () => {
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      const { applied, total } = decided(document, basket);
      const left = new Map(basket.lines.map(line => [line.lineId, line.amount]));
      for (const { lines, amount } of applied) {
        assert.equal(
          lines.reduce((sum, line) => sum + line.amount, 0),
          amount,
        );
        for (const line of lines) {
          assert.ok(line.amount > 0 && Number.isSafeInteger(line.amount));
          left.set(line.lineId, (left.get(line.lineId) ?? 0) - line.amount);
        }
      }
      for (const line of basket.lines) {
        const rest = left.get(line.lineId) ?? 0;
        const seen = line.discountable !== false && line.amount >= 0 && !line.quantity.startsWith('-');
        if (seen) assert.ok(rest >= 0 && rest <= line.amount);
        else assert.equal(rest, line.amount);
      }
      assert.equal(
        total.initial,
        basket.lines.reduce((sum, line) => sum + line.amount, 0),
      );
      assert.equal(
        total.discount,
        applied.reduce((sum, application) => sum + application.amount, 0),
      );
      assert.equal(total.net, total.initial - total.discount);
      assert.equal(
        total.net,
        [...left.values()].reduce((sum, amount) => sum + amount, 0),
      );
    }),
    { numRuns: 120 },
  );
});

test('every offer and every presented coupon is accounted for exactly once', () => {
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      const decision = decided(document, basket);
      const named = [
        ...decision.applied,
        ...(decision.points?.offers ?? []),
        ...decision.issue,
        ...decision.suppressed,
        ...decision.rejected,
      ].map(entry => `${entry.offer} ${'serial' in entry ? entry.serial : 'own'}`);
      const coupons = basket.coupons ?? [];
      const expected = [
        ...coupons.map(coupon => `${coupon.offer} ${coupon.serial}`),
        ...document.offers
          .filter(
            offer =>
              offer.phase === 'issue' ||
              offer.trigger !== 'coupon' ||
              !coupons.some(coupon => coupon.offer === offer.id),
          )
          .map(offer => `${offer.id} own`),
      ];
      assert.deepEqual(named.sort(), expected.sort());
    }),
    { numRuns: 120 },
  );
});

test('the order of offers in the bundle is nothing', () => {
  fc.assert(
    fc.property(bundle(), sale, fc.func(fc.integer()), (document, basket, key) => {
      const shuffled = [...document.offers].sort((a, b) => key(a.id) - key(b.id));
      assert.deepEqual(decided({ ...document, offers: shuffled }, basket), decided(document, basket));
    }),
    { numRuns: 80 },
  );
});

test('the order of history, segments and consents is nothing', () => {
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      const { member, history } = basket;
      const turned: Sale = {
        ...basket,
        ...(member && {
          member: {
            ...member,
            ...(member.segments && { segments: member.segments.toReversed() }),
            ...(member.consents && { consents: member.consents.toReversed() }),
          },
        }),
        ...(history && {
          history: {
            ...history,
            ...(history.bought && { bought: history.bought.toReversed() }),
            ...(history.coupons && { coupons: history.coupons.toReversed() }),
          },
        }),
      };
      const outcome = ({ rejected, ...rest }: Decision) => ({
        ...rest,
        rejected: rejected.map(({ detail: _detail, ...entry }) => entry),
      });
      // Two entries of one serial could contradict each other; then their order is all there is to go by.
      const serials = (history?.coupons ?? []).map(coupon => coupon.serial);
      fc.pre(new Set(serials).size === serials.length);
      assert.deepEqual(outcome(decided(document, turned)), outcome(decided(document, basket)));
    }),
    { numRuns: 80 },
  );
});

test('a decision does not depend on what was decided before, nor change its input', () => {
  fc.assert(
    fc.property(bundle(), sale, sale, (document, first, second) => {
      const compiled = compileBundle(document);
      const before = JSON.stringify([document, first]);
      const alone = JSON.stringify(decide(compileBundle(document), first));
      JSON.stringify(decide(compiled, second));
      assert.equal(JSON.stringify(decide(compiled, first)), alone);
      assert.equal(JSON.stringify([document, first]), before);
    }),
    { numRuns: 80 },
  );
});

test('the limits of choice hold for what is printed, and rejections come in order', () => {
  const phases = ['line', 'basket', 'points', 'issue'];
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      const { issue, rejected } = decided(document, basket);
      const offers = new Map(document.offers.map(offer => [offer.id, offer]));
      assert.ok(issue.length <= (document.selection?.couponsPerSale ?? Number.POSITIVE_INFINITY));
      const groups = issue.map(({ offer }) => offers.get(offer)?.group).filter(group => group !== undefined);
      assert.equal(new Set(groups).size, groups.length);
      for (let index = 1; index < issue.length; index++)
        assert.ok((issue[index - 1]?.priority ?? 0) >= (issue[index]?.priority ?? 0));
      const places = rejected.map(
        ({ phase, offer }) => [phases.indexOf(phase), offers.get(offer)?.sequence ?? 0, offer] as const,
      );
      const sorted = [...places].sort((a, b) => a[0] - b[0] || a[1] - b[1] || (a[2] < b[2] ? -1 : a[2] > b[2] ? 1 : 0));
      assert.deepEqual(places, sorted);
      for (const { detail } of rejected) assert.ok(detail.length > 0);
    }),
    { numRuns: 100 },
  );
});

test('100 % off everything is exactly zero, whatever came before', () => {
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      const discounts = document.offers.filter(offer => offer.phase === 'line' || offer.phase === 'basket');
      const free = {
        id: 'z',
        version: 1,
        phase: 'basket',
        sequence: 99,
        benefit: { percent: { permyriad: 10_000 } },
      } as const;
      const open = discounts.map(({ exclusive: _exclusive, ...offer }) => offer);
      const { total } = decided(
        {
          ...document,
          retiredOffers: [...(document.retiredOffers ?? []), ...document.offers.map(offer => offer.id)],
          offers: [...open, free],
        },
        { ...basket, coupons: [] },
      );
      const unseen = basket.lines.filter(
        line => line.discountable === false || line.amount < 0 || line.quantity.startsWith('-'),
      );
      assert.equal(
        total.net,
        unseen.reduce((sum, line) => sum + line.amount, 0),
      );
    }),
    { numRuns: 80 },
  );
});
