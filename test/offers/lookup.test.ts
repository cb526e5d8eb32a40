/** The index leaves out only offers that surely fail: with it and without it, decisions are the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import { compileBundle, decide, prepareBundle, prepareMember } from '../../agent/offers/index.ts';
import { bundle, sale } from './arbitrary.ts';

test('a decision by the index is that of the evaluator on all offers', () => {
  fc.assert(
    fc.property(bundle(), fc.array(sale, { minLength: 1, maxLength: 4 }), (document, baskets) => {
      // One compiled bundle for all sales: what the index keeps from one must not show in the next.
      const compiled = compileBundle(document);
      for (const basket of baskets) {
        const { rejected, ...decision } = decide(compiled, basket);
        const full = decideWithFindings(compileBundle(document), basket);
        assert.deepEqual(decision, full.decision);
        assert.deepEqual(
          rejected.map(({ offer, phase, reason }) => [offer, phase, reason]),
          full.refused.map(({ offer, phase, finding }) => [offer, phase, finding.reason]),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('a member prepared at the card scan changes nothing at the total', () => {
  fc.assert(
    fc.property(bundle(), sale, sale, (document, basket, other) => {
      const compiled = compileBundle(document);
      prepareBundle(compiled);
      if (basket.member === undefined) return;
      const prepared = prepareMember(compiled, basket.member);
      assert.equal(JSON.stringify(decide(compiled, basket, prepared)), JSON.stringify(decide(compiled, basket)));
      // Prepared for another member it is not used.
      assert.equal(JSON.stringify(decide(compiled, other, prepared)), JSON.stringify(decide(compiled, other)));
    }),
    { numRuns: 150 },
  );
});
