/** Predicates and selectors against a naive interpreter of the contract's table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Facts } from '../../agent/offers/facts.ts';
import { failureOf } from '../../agent/offers/failure.ts';
import { compilePredicate, Scope } from '../../agent/offers/predicate.ts';
import { compileSelector } from '../../agent/offers/selector.ts';
import type { Bounds, Predicate, Sale, Selector } from '../../agent/offers/types.ts';
import { zoneOf } from '../../agent/offers/zone.ts';
import { predicate, sale, selector } from './arbitrary.ts';

const tiers = [
  { id: 'basic', from: 0 },
  { id: 'silver', from: 1000 },
  { id: 'gold', from: 5000 },
];
const names = tiers.map(tier => tier.id);
const day = 86_400_000;
type Product = { gtin?: string; category?: string; brand?: string };

function selects(s: Selector, product: Product): boolean {
  if ('all' in s) return s.all.every(part => selects(part, product));
  if ('any' in s) return s.any.some(part => selects(part, product));
  if ('not' in s) return !selects(s.not, product);
  if ('gtin' in s) return s.gtin.some(gtin => gtin === product.gtin);
  if ('brand' in s) return s.brand.some(brand => brand === product.brand);
  return s.category.some(node => `${product.category}/`.startsWith(`${node}/`));
}

function inside(value: number, { atLeast, atMost }: Bounds): boolean {
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
}

/** Days since 1970 in Zurich, by Intl. */
function dayIn(instant: string): number {
  return Date.parse(new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Zurich' }).format(new Date(instant))) / day;
}

function holds(p: Predicate, basket: Sale): boolean {
  const { member } = basket;
  const today = dayIn(basket.at);
  const ago = (instant: string | null | undefined, days: number) => {
    const ms = Date.parse(basket.at) - Date.parse(instant ?? '');
    return ms >= 0 && ms <= days * day;
  };
  const lines = (of: Selector | undefined) =>
    basket.lines.filter(
      line =>
        line.discountable !== false &&
        !line.quantity.startsWith('-') &&
        line.amount >= 0 &&
        (of === undefined || selects(of, line)),
    );
  const past = member === undefined ? undefined : basket.history;
  const orOne = (bounds: Bounds) =>
    bounds.atLeast === undefined && bounds.atMost === undefined ? { atLeast: 1 } : bounds;
  if ('all' in p) return p.all.every(part => holds(part, basket));
  if ('any' in p) return p.any.some(part => holds(part, basket));
  if ('not' in p) return !holds(p.not, basket);
  if ('spend' in p)
    return inside(
      lines(p.spend.of).reduce((sum, line) => sum + line.amount, 0),
      p.spend,
    );
  if ('items' in p)
    return inside(
      lines(p.items.of).reduce(
        (sum, { quantity, unit }) =>
          sum + ((unit ?? 'ea') === 'ea' && Number.isInteger(Number(quantity)) ? Number(quantity) : 1),
        0,
      ),
      p.items,
    );
  if ('bought' in p) {
    const { of, withinDays } = p.bought;
    const matching = (past?.bought ?? []).filter(
      each => each.saleId !== basket.saleId && ago(each.at, withinDays) && selects(of, each),
    );
    return inside(new Set(matching.map(each => each.saleId ?? Date.parse(each.at))).size, orOne(p.bought));
  }
  if ('received' in p)
    return inside(
      (past?.coupons ?? []).filter(each => each.offer === p.received.offer && ago(each.issuedAt, p.received.withinDays))
        .length,
      orOne(p.received),
    );
  if ('redeemed' in p)
    return inside(
      (past?.coupons ?? []).filter(
        each => each.offer === p.redeemed.offer && ago(each.redeemedAt, p.redeemed.withinDays),
      ).length,
      orOne(p.redeemed),
    );
  if (member === undefined) return false;
  if ('segment' in p) return (member.segments ?? []).some(segment => segment === p.segment);
  if ('tier' in p) {
    if ('is' in p.tier) return member.tier === p.tier.is;
    return names.slice(names.indexOf(p.tier.atLeast)).some(name => name === member.tier);
  }
  if ('points' in p) return inside(member.points ?? 0, p.points);
  if ('memberDays' in p)
    return member.joined !== undefined && inside(today - Date.parse(member.joined) / day, p.memberDays);
  if ('birthday' in p) {
    if (member.birthday === undefined) return false;
    for (let step = -p.birthday.within; step <= p.birthday.within; step++) {
      const date = new Date((today + step) * day).toISOString().slice(0, 10);
      const leap = new Date(Date.UTC(Number(date.slice(0, 4)), 1, 29)).getUTCMonth() === 1;
      const born = member.birthday.slice(5) === '02-29' && !leap ? '02-28' : member.birthday.slice(5);
      if (date.slice(5) === born) return true;
    }
    return false;
  }
  const { name, in: listed } = p.attribute;
  const value = member.attributes?.[name];
  if (value === undefined) return false;
  return [value]
    .flat()
    .some(each =>
      listed === undefined ? typeof each === 'number' && inside(each, p.attribute) : listed.includes(each as string),
    );
}

test('compiled predicates say what the contract says', () => {
  fc.assert(
    fc.property(predicate, sale, (source, basket) => {
      const facts = new Facts(basket, zoneOf('Europe/Zurich'));
      assert.equal(compilePredicate(source, new Scope(tiers)).test(facts), holds(source, basket));
    }),
    { numRuns: 1000 },
  );
});

test('compiled selectors say what the contract says', () => {
  const product = fc.record(
    {
      gtin: fc.constantFrom('A', 'B', 'E'),
      category: fc.constantFrom('food', 'food/drinks', 'food/drinks/coffee/beans', 'food/drinksx', 'foo', 'home'),
      brand: fc.constantFrom('x', 'z'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(selector, product, (source, each) =>
      assert.equal(compileSelector(source)(each), selects(source, each)),
    ),
    { numRuns: 1000 },
  );
});

test('the part that is blamed for a failure really decided it', () => {
  fc.assert(
    fc.property(predicate, sale, (source, basket) => {
      const facts = new Facts(basket, zoneOf('Europe/Zurich'));
      const compiled = compilePredicate(source, new Scope(tiers));
      if (compiled.test(facts)) return;
      const { predicate: blamed, negated } = failureOf(compiled, facts);
      assert.equal(blamed.test(facts), negated);
      assert.equal(blamed.parts.length, 0);
    }),
    { numRuns: 1000 },
  );
});
