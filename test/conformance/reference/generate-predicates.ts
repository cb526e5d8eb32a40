/** Small worlds to try the offer rules on, part 2: selectors and predicates. */
import fc from 'fast-check';
import type { Predicate, Selector } from '../../../agent/offers/types.ts';
import { maybe, money, offerIds } from './scene.ts';

const small = fc.integer({ min: 0, max: 4 });
const points = fc.constantFrom(0, 5, 100, 1000, 5000);
export const days = fc.constantFrom(7, 1, 2, 3, 14, 21, 30, 60);

const leafSelector: fc.Arbitrary<Selector> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      gtin: fc.constantFrom(['A'], ['A', 'B'], ['B', 'A'], [], ['A', 'D', 'E'], ['B', 'C'], ['C']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      category: fc.subarray(['food', 'food/drinks', 'food/drinks/coffee'], { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ brand: fc.subarray(['x', 'y'], { minLength: 1 }) }) },
);

export const selector: fc.Arbitrary<Selector> = fc.oneof(
  { weight: 8, arbitrary: leafSelector },
  { weight: 1, arbitrary: fc.record({ all: fc.array(leafSelector, { minLength: 1, maxLength: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ any: fc.array(leafSelector, { minLength: 1, maxLength: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ not: leafSelector }) },
);

function bounds(value: fc.Arbitrary<number>): fc.Arbitrary<{ atLeast?: number; atMost?: number }> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ atLeast: value }) },
    { weight: 2, arbitrary: fc.record({ atMost: value }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(value, value)
        .map(([one, other]) => ({ atLeast: Math.min(one, other), atMost: Math.max(one, other) })),
    },
  );
}

function with_<A extends object, B extends object>(a: fc.Arbitrary<A>, b: fc.Arbitrary<B>): fc.Arbitrary<A & B> {
  return fc.tuple(a, b).map(([left, right]) => ({ ...left, ...right }));
}

const listed = fc.oneof({ weight: 3, arbitrary: bounds(small) }, { weight: 1, arbitrary: fc.constant({}) });

const memberLeaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc.record({ segment: fc.constantFrom('s', 't') }),
  fc.record({ tier: fc.record({ atLeast: fc.constantFrom('basic', 'silver', 'gold') }) }),
  fc.record({ tier: fc.record({ is: fc.constantFrom('basic', 'silver', 'gold') }) }),
  fc.record({
    attribute: fc.record({
      name: fc.constantFrom('diet', 'kids', 'toString'),
      in: fc.subarray(['vegan', 'meat', 2, true], { minLength: 1 }),
    }),
  }),
  fc.record({ attribute: with_(fc.record({ name: fc.constantFrom('diet', 'kids') }), bounds(small)) }),
  fc.record({ memberDays: fc.oneof(bounds(fc.constantFrom(0, 1, 7, 20)), fc.constant({})) }),
  fc.record({ birthday: fc.record({ within: fc.constantFrom(0, 1, 2, 7, 180) }) }),
  fc.record({ points: bounds(points) }),
);

const basketLeaf: fc.Arbitrary<Predicate> = fc.oneof(
  fc.record({ spend: with_(fc.record({ of: maybe(60, selector) }), bounds(money)) }),
  fc.record({ items: with_(fc.record({ of: maybe(60, selector) }), bounds(small)) }),
  fc.record({ bought: with_(fc.record({ of: selector, withinDays: days }), listed) }),
  fc.record({ received: with_(fc.record({ offer: fc.constantFrom(...offerIds), withinDays: days }), listed) }),
  fc.record({ redeemed: with_(fc.record({ offer: fc.constantFrom(...offerIds), withinDays: days }), listed) }),
);

function combined(leaf: fc.Arbitrary<Predicate>): fc.Arbitrary<Predicate> {
  const { predicate } = fc.letrec<{ predicate: Predicate }>(tie => ({
    predicate: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'predicate' },
      { weight: 6, arbitrary: leaf },
      { weight: 1, arbitrary: fc.record({ all: fc.array(tie('predicate'), { maxLength: 2 }) }) },
      { weight: 2, arbitrary: fc.record({ any: fc.array(tie('predicate'), { maxLength: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ not: tie('predicate') }) },
    ),
  }));
  return predicate;
}

export const audience = combined(fc.oneof({ weight: 6, arbitrary: memberLeaf }, { weight: 1, arbitrary: basketLeaf }));
export const condition = combined(fc.oneof({ weight: 3, arbitrary: basketLeaf }, { weight: 1, arbitrary: memberLeaf }));
