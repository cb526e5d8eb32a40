/** A name has one number, and no other name has it: short ones and long, ASCII or not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Names } from '../../agent/offers/names.ts';

test('names are numbered from 0 as they come, and each keeps its number', () => {
  const name = fc.oneof(
    // Alike but for their length, order, or a character that is none.
    fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\u007f', '\u0080', 'ā'), maxLength: 14 }),
    fc.string({ unit: 'binary' }),
    fc.nat(300).map(number => `offer-${number}`),
  );
  fc.assert(
    fc.property(fc.array(name, { maxLength: 200 }), fc.array(name), (given, others) => {
      const names = new Names();
      const known = new Map<string, number>();
      for (const each of given) {
        if (!known.has(each)) known.set(each, known.size);
        assert.equal(names.number(each), known.get(each));
      }
      assert.equal(names.size, known.size);
      for (const each of [...known.keys(), ...others]) assert.equal(names.of(each), known.get(each) ?? -1);
    }),
    { numRuns: 300 },
  );
});
