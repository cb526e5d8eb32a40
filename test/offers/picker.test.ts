/** The quick choice of coupons against the exact search, which is itself tested against trying every set. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Picker } from '../../agent/offers/picker.ts';
import { choose } from '../../agent/offers/selection.ts';

const small = fc.integer({ min: -1, max: 3 });
const candidate = fc.record({
  // Few priorities: ties are the hard part.
  priority: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 1000 })),
  group: small,
  category: small,
  class: small,
});
/** Few limits, all tight, many coupons: those behind enough others are passed over, and one too early would be missed. */
const rival = fc.record({
  priority: fc.integer({ min: 1, max: 12 }),
  group: fc.integer({ min: -1, max: 1 }),
  category: fc.integer({ min: 0, max: 3 }),
  class: fc.integer({ min: 0, max: 1 }),
});
const tight = fc.record({
  total: fc.integer({ min: 2, max: 3 }),
  perCategory: fc.constant(1),
  rooms: fc.constant([1, 1, 0, 0]),
});
const limits = fc.record({
  total: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Number.POSITIVE_INFINITY)),
  perCategory: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(Number.POSITIVE_INFINITY)),
  rooms: fc.tuple(...[0, 1, 2, 3].map(() => fc.oneof(fc.integer({ min: -1, max: 4 }), fc.constant(Infinity)))),
});

test('the quick choice is the exact one, whether candidates come in order or not, and passes over only what could not be chosen', () => {
  // One picker for all: what one choice leaves must not show in the next.
  const picker = new Picker(4, 4, 4);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(fc.array(candidate, { maxLength: 40 }), limits),
        fc.tuple(fc.array(rival, { minLength: 4, maxLength: 12 }), tight),
      ),
      fc.boolean(),
      ([found, { total, perCategory, rooms }], inOrder) => {
        const left = (class_: number) => rooms[class_] ?? 0;
        const named = found.map((each, id) => ({ ...each, id })).filter(each => each.class < 0 || left(each.class) > 0);
        const name = (id: number) => String(id).padStart(3, '0');
        const key = (number: number) => (number < 0 ? undefined : `k${number}`);
        const exact = choose(
          named.map(({ id, priority, group, category, class: class_ }) => ({
            id: name(id),
            priority,
            group: key(group),
            category: key(category),
            class: key(class_),
          })),
          { total, perCategory, classes: new Map([0, 1, 2, 3].map(each => [`k${each}`, left(each)])) },
        ).map(({ id }) => Number(id));
        picker.begin({ total, perCategory, left });
        const added: number[] = [];
        if (inOrder) {
          named.sort((a, b) => b.priority - a.priority || a.id - b.id);
          for (const { id, priority, group, category, class: class_ } of named) {
            if (picker.isSettled(priority)) break;
            if (picker.hasBetter(class_)) continue;
            added.push(id);
            picker.addNext(priority, id, group, category, class_);
          }
        } else
          for (const { id, priority, group, category, class: class_ } of named) {
            added.push(id);
            picker.add(priority, id, group, category, class_);
          }
        const count = picker.choose();
        if (count === null) return;
        assert.deepEqual(
          Array.from({ length: count }, (_, index) => added[picker.chosen(index)]),
          exact,
        );
      },
    ),
    { numRuns: 3000 },
  );
});
