/** What was noted last of each key, as a plain table would tell it, however many keys there are and whatever was noted before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Latest } from '../../agent/offers/latest.ts';

test('of each key the latest time is kept until all is forgotten', () => {
  const notes = fc.array(fc.tuple(fc.oneof(fc.nat(20), fc.nat(100_000)), fc.integer()), { maxLength: 300 });
  fc.assert(
    fc.property(fc.array(notes, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(100_000)), (rounds, others) => {
      const latest = new Latest();
      for (const round of rounds) {
        latest.clear();
        const known = new Map<number, number>();
        for (const [key, at] of round) {
          latest.note(key, at);
          known.set(key, Math.max(at, known.get(key) ?? Number.NEGATIVE_INFINITY));
        }
        for (const key of [...known.keys(), ...others])
          assert.equal(latest.of(key), known.get(key) ?? Number.NEGATIVE_INFINITY);
      }
    }),
  );
});

test('thousands of keys find room, and leave it again', () => {
  const latest = new Latest();
  for (let key = 0; key < 20_000; key++) latest.note(key, key);
  for (let key = 0; key < 20_000; key++) assert.equal(latest.of(key), key);
  latest.clear();
  for (let key = 0; key < 20_000; key++) assert.equal(latest.of(key), Number.NEGATIVE_INFINITY);
});
