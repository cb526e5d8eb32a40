/** Rounding and sharing of money, against BigInt. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { multiplyFloor, multiplyRound, percentOf, shareOut } from '../../agent/offers/money.ts';
import { parseQuantity, wholePieces } from '../../agent/offers/quantity.ts';

const amount = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.maxSafeNat());

test('products are floored and rounded half away from zero, exactly, at any size', () => {
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.oneof(
        fc.integer({ min: 1, max: 10_000 }),
        fc.maxSafeNat().filter(n => n > 0),
      ),
      (a, b, c) => {
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        const cap = (n: bigint) => Number(n > most ? most : n);
        assert.equal(multiplyFloor(a, b, c), cap((BigInt(a) * BigInt(b)) / BigInt(c)));
        assert.equal(multiplyRound(a, b, c), cap((BigInt(a) * BigInt(b) * 2n + BigInt(c)) / (2n * BigInt(c))));
      },
    ),
    { numRuns: 2000 },
  );
  assert.equal(percentOf(50, 500), 3);
  assert.equal(percentOf(49, 500), 2);
});

test('shares add up, keep the proportion to within a cent, and none is more than its weight', () => {
  const weights = fc.array(fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 2 ** 45 })), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (list, part) => {
      const sum = list.reduce((a, b) => a + b, 0);
      const total = Math.floor(sum * part);
      const shares = shareOut(total, list);
      assert.equal(
        shares.reduce((a, b) => a + b, 0),
        total,
      );
      shares.forEach((share, index) => {
        const weight = list[index] ?? 0;
        assert.ok(share >= 0 && share <= weight);
        if (sum > 0) {
          const floor = Number((BigInt(total) * BigInt(weight)) / BigInt(sum));
          assert.ok(share === floor || share === floor + 1);
        }
      });
    }),
    { numRuns: 1000 },
  );
});

test('all of it shared out leaves nothing; of equal remainders the earlier goes first', () => {
  assert.deepEqual(shareOut(30, [10, 0, 20]), [10, 0, 20]);
  assert.deepEqual(shareOut(100, [100, 100, 100]), [34, 33, 33]);
  assert.deepEqual(shareOut(2, [1, 1, 1, 1]), [1, 1, 0, 0]);
  assert.deepEqual(shareOut(0, [0, 0]), [0, 0]);
});

test('quantities are decimals of at most three places', () => {
  assert.equal(parseQuantity('0.254'), 254);
  assert.equal(parseQuantity('-1.5'), -1500);
  assert.ok(Object.is(parseQuantity('-0'), 0));
  for (const text of ['', '-', '1.', '.5', '1,5', '1e3', '+1', ' 1', '0.1234', '1234567890123', '0x1', '１'])
    assert.equal(parseQuantity(text), null, text);
  assert.equal(wholePieces(2000, undefined), 2);
  assert.equal(wholePieces(2500, 'ea'), null);
  assert.equal(wholePieces(2000, 'kg'), null);
});
