/** The keys of a product are the same by its row and by its names, whatever was sold before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Keys } from '../../agent/offers/keys.ts';
import type { Product } from '../../agent/offers/selector.ts';

/** Few of each, so that a number comes back with another brand; with zeros in front, and some that are no plain numbers. */
const product = fc.record(
  {
    gtin: fc.oneof(
      fc.constantFrom('7', '07', '0', '00', '12345678', '76102003374501', '761020033745011', 'A1', '', '１２'),
      fc.integer({ min: 0, max: 30 }).map(String),
    ),
    brand: fc.constantFrom('x', 'y', ''),
    category: fc.constantFrom('food', 'food/tea', 'food/tea/green', 'toys', ''),
  },
  { requiredKeys: [] },
);

/** Null: it has no row. */
function byRow({ products }: Keys, each: Product): number[] | null {
  const first = products.keysOf(each);
  return first < 0 ? null : [...products.cells.subarray(first, first + (products.cells[first - 1] ?? 0))];
}

test('a row has the keys that the names have, also when a number returns with another brand and when conditions are added', () => {
  const asked = fc.tuple(fc.constantFrom('gtin' as const, 'brand' as const, 'category' as const), product);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(asked), fc.array(product)), { minLength: 1, maxLength: 4 }), rounds => {
      const keys = new Keys();
      for (const [added, sold] of rounds) {
        for (const [by, each] of added) if (each[by] !== undefined) keys[by](each[by]);
        for (const each of [...sold, ...sold]) {
          const found = byRow(keys, each);
          if (found !== null) assert.deepEqual(found, keys.ofProduct(each));
          else assert(each.gtin === undefined || !/^[0-9]{1,14}$/.test(each.gtin));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('more products than there are rows push each other out and are found again', () => {
  const keys = new Keys();
  const products = Array.from({ length: 150_000 }, (_, index) => ({ gtin: String(index * 7), brand: `b${index % 5}` }));
  for (const { gtin } of products) if (gtin.endsWith('3')) keys.gtin(gtin);
  for (let brand = 0; brand < 5; brand++) keys.brand(`b${brand}`);
  for (const each of [...products, ...products.slice(0, 1000)])
    assert.deepEqual(byRow(keys, each), keys.ofProduct(each));
});

test('a product under more keys than a row holds has none', () => {
  const keys = new Keys();
  const levels = Array.from({ length: 20 }, (_, index) => `l${index}`);
  for (let depth = 1; depth <= levels.length; depth++) keys.category(levels.slice(0, depth).join('/'));
  assert.equal(byRow(keys, { gtin: '1', category: levels.join('/') }), null);
  assert.equal(byRow(keys, { gtin: '1', category: levels.slice(0, 5).join('/') })?.length, 5);
});
