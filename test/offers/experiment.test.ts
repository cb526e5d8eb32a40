/** Experiments: the same member in the same place, and shares as asked. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeMember } from '../../agent/offers/experiment.ts';
import { firstWord } from '../../agent/offers/sha256.ts';

test('the hash is the first four bytes of SHA-256, big-endian', () => {
  assert.equal(firstWord('s', ':variant:', 'm1'), 0xf99a7839);
  // Of every length up to the ends of two blocks, and longer; in characters of one byte, and of more.
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'Z', '0', '~', '\u007f', '\0'), maxLength: 45 }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, text, text, (salt, middle, id) => {
      const hex = createHash('sha256')
        .update(Buffer.from(salt + middle + id, 'utf8'))
        .digest('hex');
      assert.equal(firstWord(salt, middle, id), Number.parseInt(hex.slice(0, 8), 16));
    }),
    { numRuns: 1000 },
  );
});

test('a member of the holdout stays in it while it grows', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.integer({ min: 0, max: 10_000 }),
      fc.integer({ min: 0, max: 10_000 }),
      (salt, id, a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        if (placeMember({ salt, holdout: small }, id).holdout)
          assert.ok(placeMember({ salt, holdout: large }, id).holdout);
        assert.ok(!placeMember({ salt, holdout: 0 }, id).holdout);
        assert.ok(placeMember({ salt, holdout: 10_000 }, id).holdout);
      },
    ),
    { numRuns: 300 },
  );
});

test('holdout and variants come out within sampling error of what was asked', () => {
  const members = 20_000;
  const variants = [
    { id: 'a', weight: 1 },
    { id: 'b', weight: 2 },
    { id: 'c', weight: 0 },
    { id: 'd', weight: 1 },
  ];
  const count = new Map<string, number>();
  for (let member = 0; member < members; member++) {
    const place = placeMember({ salt: 'autumn', holdout: 1000, variants }, `m${member}`);
    const name = place.holdout ? 'holdout' : (place.variant?.id ?? 'base');
    count.set(name, (count.get(name) ?? 0) + 1);
  }
  for (const [name, share] of [
    ['holdout', 0.1],
    ['a', 0.225],
    ['b', 0.45],
    ['d', 0.225],
  ] as const) {
    const deviation = Math.abs((count.get(name) ?? 0) - members * share) / Math.sqrt(members * share * (1 - share));
    assert.ok(deviation < 4, `${name}: ${deviation} standard deviations`);
  }
  assert.equal(count.get('c') ?? count.get('base'), undefined);
});
