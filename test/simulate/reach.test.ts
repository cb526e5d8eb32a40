import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTo, countIn, hashOf, mergeInto, noRegisters } from '../../agent/simulate/reach.ts';

test('members are counted within the sampling error, and merged counts are those of the whole', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40_000 }),
      fc.constantFrom('', 'm', '290'),
      fc.nat(999_999),
      (n, prefix, from) => {
        let [one, left, right] = [noRegisters, noRegisters, noRegisters];
        for (let i = 0; i < n; i++) {
          const hash = hashOf(`${prefix}${from + i}`);
          one = addTo(addTo(one, hash), hash);
          if (i % 3 === 0) left = addTo(left, hash);
          else right = addTo(right, hash);
        }
        assert.deepEqual(mergeInto(left, right), one);
        // 1.04 / sqrt(4096) = 1.6 %; five times that, and room for very small numbers.
        assert.ok(Math.abs(countIn(one) - n) <= 3 + n * 0.08, `${countIn(one)} of ${n}`);
      },
    ),
    { numRuns: 25 },
  );
});
