/** Explanations: a sentence for everything that happened and did not, in four languages, in the shop's own formats. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Bundle, compileBundle, explain, type Sale } from '../../agent/offers/index.ts';
import { bundle, sale } from './arbitrary.ts';
import { bundleOf, decisionOf, offer, printing, saleOf } from './rules.ts';

const languages = ['de', 'fr', 'it', 'en'] as const;

function sentences(document: object, basket: object, language: (typeof languages)[number] = 'en'): string[] {
  return explain(compileBundle(document as Bundle), basket as Sale, language).map(({ sentence }) => sentence);
}

describe('a shop manager reads', () => {
  const coffee = printing('c', { when: { spend: { of: { category: ['food/drinks/coffee'] }, atLeast: 3000 } } });
  const basket = saleOf({ lines: [{ lineId: '1', quantity: '1', amount: 1240, category: 'food/drinks/coffee' }] });
  test('what was asked and what the basket had', () => {
    assert.deepEqual(sentences(bundleOf([coffee]), basket), [
      'Not printed: needs 30.00 of coffee, the basket had 12.40.',
    ]);
    assert.deepEqual(sentences(bundleOf([coffee]), basket, 'de'), [
      'Nicht gedruckt: braucht 30.00 für coffee, im Korb war 12.40.',
    ]);
    assert.deepEqual(sentences(bundleOf([coffee]), basket, 'fr'), [
      'Non imprimé : demande 30.00 de coffee, le panier avait 12.40.',
    ]);
    assert.deepEqual(sentences(bundleOf([coffee]), basket, 'it'), [
      'Non stampato: richiede 30.00 di coffee, nel carrello c’era 12.40.',
    ]);
  });
  test('amounts as the country writes them', () => {
    const big = printing('c', { when: { spend: { atLeast: 12_345_650 } } });
    assert.match(sentences(bundleOf([big]), basket)[0] ?? '', /needs 123.456.50 spent/);
    assert.match(sentences(bundleOf([big], { currency: 'EUR' }), basket, 'de')[0] ?? '', /123\.456,50/);
    assert.match(sentences(bundleOf([big], { currency: 'JPY' }), basket)[0] ?? '', /12,345,650/);
  });
  test('what did happen', () => {
    const offers = [
      offer('a', { benefit: { amount: { off: 150 } } }),
      printing('p'),
      offer('e', { phase: 'points', benefit: { points: { fixed: 7 } } }),
    ];
    assert.deepEqual(sentences(bundleOf(offers), saleOf({ member: { id: 'm' } })), [
      'Takes 1.50 off.',
      'Gives 7 points.',
      'Prints the coupon “T”, valid from 21 November 2026 to 4 December 2026.',
    ]);
  });
  test('which part of a schedule does not fit', () => {
    const cause = (schedule: object) => sentences(bundleOf([printing('c', { schedule })]), basket)[0];
    assert.equal(cause({ from: '2026-12-01' }), 'Not printed: starts on 1 December 2026.');
    assert.equal(cause({ to: '2026-11-20' }), 'Not printed: ended on 20 November 2026.');
    assert.equal(cause({ days: ['mon', 'tue'] }), 'Not printed: runs only on Monday, Tuesday.');
    assert.equal(cause({ times: [{ from: '08:00', to: '10:00' }] }), 'Not printed: runs only 08:00–10:00.');
  });
});

test('every outcome has its sentence in every language, without a gap', () => {
  fc.assert(
    fc.property(bundle(), sale, fc.constantFrom(...languages), (document, basket, language) => {
      const compiled = compileBundle(document);
      const decision = decisionOf(document, basket);
      const explained = explain(compiled, basket, language);
      assert.equal(
        explained.length,
        decision.applied.length +
          (decision.points?.offers.length ?? 0) +
          decision.issue.length +
          decision.suppressed.length +
          decision.rejected.length,
      );
      for (const { sentence } of explained) assert.match(sentence, /^\p{Lu}.{8,}[.]$/u, sentence);
      for (const { sentence } of explained) assert.doesNotMatch(sentence, /undefined|\bnull\b|NaN|\[object|\$\{/);
      assert.deepEqual(
        explained.filter(({ outcome }) => outcome === 'rejected').map(({ offer: id, reason }) => [id, reason]),
        decision.rejected.map(({ offer: id, reason }) => [id, reason]),
      );
    }),
    { numRuns: 150 },
  );
});
