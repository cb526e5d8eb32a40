/** A basket followed from scan to scan is decided as one that is read at once, however it came to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compileBundle,
  decide,
  prepareMember,
  scanBasket,
  validateBundle,
  validateSale,
} from '../../agent/offers/index.ts';
import type { Sale, SaleLine } from '../../agent/offers/types.ts';
import { anySmallWorld } from '../conformance/reference/generate.ts';
import { bundle, sale } from './arbitrary.ts';
import { bundleOf } from './rules.ts';

/** What a cashier does to a basket: places are taken modulo its length. */
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('add' as const, 'change' as const), place: fc.nat(20), other: fc.nat(20) }),
  fc.record({ kind: fc.constantFrom('remove' as const, 'swap' as const), place: fc.nat(20), other: fc.nat(20) }),
  fc.record({ kind: fc.constant('undo' as const), place: fc.nat(20), other: fc.nat(20) }),
);
type Step = typeof step extends fc.Arbitrary<infer Kind> ? Kind : never;

/** The baskets on the way from the sale's own lines; lines come from the stock. */
function* baskets(start: readonly SaleLine[], stock: readonly SaleLine[], steps: readonly Step[]) {
  const past: (readonly SaleLine[])[] = [start];
  let lines = start;
  yield lines;
  for (const { kind, place, other } of steps) {
    const at = lines.length === 0 ? 0 : place % lines.length;
    const line = stock[other % Math.max(1, stock.length)];
    if (kind === 'undo') lines = past[Math.max(0, past.length - 1 - (place % 3))] ?? start;
    else if (kind === 'add' && line !== undefined) lines = lines.toSpliced(at, 0, line);
    else if (kind === 'change' && line !== undefined) lines = lines.toSpliced(at, 1, line);
    else if (kind === 'remove') lines = lines.toSpliced(at, 1);
    else if (kind === 'swap') lines = [...lines].reverse();
    // Ids of lines are unique in a sale; the till gives new objects at every scan.
    lines = lines.map((each, index) => ({ ...each, lineId: `L${index}` }));
    past.push(lines);
    yield lines;
  }
}

function decidedAlike(compiled: ReturnType<typeof compileBundle>, first: Sale, second: Sale, steps: readonly Step[]) {
  const scanned = scanBasket(compiled);
  const stock = [...first.lines, ...second.lines];
  for (const from of [first, second])
    for (const lines of baskets(from.lines, stock, steps)) {
      const now = { ...from, lines };
      scanned.scan(lines);
      const prepared = now.member === undefined ? null : prepareMember(compiled, now.member, now.history);
      const fresh = JSON.stringify(decide(compiled, now));
      assert.equal(JSON.stringify(decide(compiled, now, prepared, scanned)), fresh);
      // The discounts of the decision before leave nothing behind, and another basket is not taken for this one.
      assert.equal(JSON.stringify(decide(compiled, now, null, scanned)), fresh);
      assert.equal(JSON.stringify(decide(compiled, { ...now, lines: [...lines] }, null, scanned)), fresh);
    }
}

const steps = fc.array(step, { maxLength: 6 });

test('in any order of adding, changing, removing and taking back lines a followed basket is decided as a new one', () => {
  fc.assert(
    fc.property(bundle(), sale, sale, steps, (document, first, second, changes) =>
      decidedAlike(compileBundle(document), first, second, changes),
    ),
    { numRuns: 150 },
  );
});

test('every threshold is passed upwards and downwards alike', () => {
  const selectors = [
    { gtin: ['A'] },
    { gtin: ['A', 'B'] },
    { brand: ['x'] },
    { category: ['food'] },
    { category: ['food/tea', 'home'] },
  ];
  const offers = selectors.flatMap((of, number) =>
    [1, 2, 3, 5].flatMap(atLeast => [
      {
        id: `i${number}-${atLeast}`,
        version: 1,
        phase: 'basket',
        benefit: { text: {} },
        when: { items: { of, atLeast } },
      },
      {
        id: `s${number}-${atLeast}`,
        version: 1,
        phase: 'basket',
        benefit: { text: {} },
        when: { spend: { of, atLeast: atLeast * 100 } },
      },
    ]),
  );
  const document = validateBundle(bundleOf(offers as Parameters<typeof bundleOf>[0]));
  assert.ok(document.ok);
  const compiled = compileBundle(document.bundle);
  const line = fc
    .record({
      gtin: fc.constantFrom('A', 'B', 'C'),
      brand: fc.constantFrom('x', 'y'),
      category: fc.constantFrom('food/tea', 'food', 'home/paper', 'foods'),
      quantity: fc.constantFrom('1', '2', '-1'),
      amount: fc.constantFrom(60, 100, 250),
    })
    .map(each => ({ ...each, lineId: 'L', unit: 'ea' }));
  const basket = fc.array(line, { maxLength: 4 }).map(lines => ({
    saleId: 'S',
    storeId: '1',
    at: '2026-11-21T10:15:00+01:00',
    member: { id: 'm' },
    lines: lines.map((each, index) => ({ ...each, lineId: `L${index}` })),
  }));
  fc.assert(
    fc.property(basket, basket, steps, (first, second, changes) => decidedAlike(compiled, first, second, changes)),
    { numRuns: 100 },
  );
});

test('so it is in the worlds of the conformance tests', () => {
  fc.assert(
    fc.property(anySmallWorld, steps, (world, changes) => {
      const [document, checked] = [validateBundle(world.bundle), validateSale(world.sale)];
      assert.ok(document.ok && checked.ok);
      decidedAlike(compileBundle(document.bundle), checked.sale, checked.sale, changes);
    }),
    { numRuns: 100 },
  );
});

test('a basket or a member prepared for another bundle is not used', () => {
  fc.assert(
    fc.property(bundle(), bundle(), sale, (document, other, basket) => {
      const [compiled, foreign] = [compileBundle(document), compileBundle(other)];
      const scanned = scanBasket(foreign);
      scanned.scan(basket.lines);
      const prepared = basket.member === undefined ? null : prepareMember(foreign, basket.member, basket.history);
      assert.equal(
        JSON.stringify(decide(compiled, basket, prepared, scanned)),
        JSON.stringify(decide(compiled, basket)),
      );
    }),
    { numRuns: 60 },
  );
});
