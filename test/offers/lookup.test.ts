/** The index leaves out only offers that surely fail: with it and without it, decisions are the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import { compileBundle, decide, prepareBundle, prepareMember, validateBundle } from '../../agent/offers/index.ts';
import { bundle, sale } from './arbitrary.ts';
import { bundleOf } from './rules.ts';

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
      const prepared = prepareMember(compiled, basket.member, basket.history);
      assert.equal(JSON.stringify(decide(compiled, basket, prepared)), JSON.stringify(decide(compiled, basket)));
      const without = prepareMember(compiled, basket.member);
      assert.equal(JSON.stringify(decide(compiled, basket, without)), JSON.stringify(decide(compiled, basket)));
      // Prepared for another member it is not used.
      assert.equal(JSON.stringify(decide(compiled, other, prepared)), JSON.stringify(decide(compiled, other)));
    }),
    { numRuns: 150 },
  );
});

test('a decision that fails half way leaves nothing to the next', () => {
  fc.assert(
    fc.property(bundle(), sale, sale, (document, basket, other) => {
      const compiled = compileBundle(document);
      const broken = new Proxy(basket, {
        get(target, name) {
          if (name === 'counters' || name === 'history') throw new Error('cannot be read');
          return Reflect.get(target, name) as unknown;
        },
      });
      try {
        decide(compiled, broken);
      } catch {}
      const fresh = decide(compileBundle(document), other);
      assert.equal(JSON.stringify(decide(compiled, other)), JSON.stringify(fresh));
    }),
    { numRuns: 100 },
  );
});

test('why presented coupons do not count is known without looking at all offers', () => {
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      const decision = decide(compileBundle(document), basket);
      assert.deepEqual(
        decision.refusedCoupons,
        decision.rejected.filter(({ serial }) => serial !== undefined),
      );
    }),
    { numRuns: 300 },
  );
});

test('lists of segments beside each other narrow the index, and one of none is never met', () => {
  const listed = fc.array(fc.constantFrom('s', 't', 'u'), { maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(listed, { minLength: 1, maxLength: 5 }),
      fc.array(fc.constantFrom('s', 't', 'u')),
      (lists, own) => {
        const any = lists.map(list => ({ any: list.map(segment => ({ segment })) }));
        const offer = { version: 1, phase: 'line' as const, benefit: { text: {} } };
        const document = validateBundle(
          bundleOf([
            { ...offer, id: 'a', audience: { all: any } },
            { ...offer, id: 'b', audience: { segment: 's' } },
          ]),
        );
        assert(document.ok);
        const basket = {
          saleId: 'S',
          storeId: '1',
          at: '2026-11-21T10:15:00+01:00',
          lines: [],
          member: { id: 'm', segments: own },
        };
        const decision = decide(compileBundle(document.bundle), basket);
        const given = decision.applied.some(({ offer }) => offer === 'a');
        assert.equal(
          given,
          lists.every(list => list.some(segment => own.includes(segment))),
        );
        assert.equal(
          decision.rejected.some(({ offer }) => offer === 'a'),
          !given,
        );
      },
    ),
    { numRuns: 200 },
  );
});

test('what the index decides of a condition is all that it asks: an upper bound beside the lower one counts too', () => {
  const bound = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });
  const of = fc.constantFrom(
    { gtin: ['A'] },
    { brand: ['b'] },
    { category: ['food'] },
    { gtin: ['Z', 'A'] },
    undefined,
  );
  const kind = fc.constantFrom('spend', 'items');
  fc.assert(
    fc.property(
      kind,
      of,
      bound,
      bound,
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      fc.boolean(),
      (asked, selector, atLeast, atMost, pieces, guest, listed) => {
        const bounds = { ...(atLeast !== undefined && { atLeast }), ...(atMost !== undefined && { atMost }) };
        const test = { ...bounds, ...(selector !== undefined && { of: selector }) };
        const when = asked === 'spend' ? { spend: test } : { items: test };
        // One for a few members is found by their segment, another by the products.
        const audience = listed ? { audience: { segment: 's' } } : {};
        const offer = { id: 'a', version: 1, phase: 'line' as const, benefit: { text: {} }, ...audience, when };
        const document = validateBundle(bundleOf([offer]));
        if (!document.ok) return;
        const basket = {
          saleId: 'S',
          storeId: '1',
          at: '2026-11-21T10:15:00+01:00',
          lines: [
            { lineId: '1', gtin: 'A', brand: 'b', category: 'food/tea', quantity: String(pieces), amount: pieces },
          ],
          ...(!guest && { member: { id: 'm', segments: ['s'] } }),
        };
        const decision = decide(compileBundle(document.bundle), basket);
        const fits = pieces >= (atLeast ?? 0) && pieces <= (atMost ?? pieces);
        assert.equal(decision.applied.length === 1, fits && !(guest && listed));
      },
    ),
    { numRuns: 400 },
  );
});

test('an amount or number too large for the index is asked for all the same', () => {
  const least = 2 ** 31 + 100;
  const conditions = [
    { spend: { atLeast: least } },
    { spend: { of: { gtin: ['1'] }, atLeast: least } },
    { items: { of: { gtin: ['1'] }, atLeast: least } },
  ];
  const audience = { segment: 's' };
  const offers = conditions.flatMap((when, index) =>
    [{ audience }, {}].map((asked, kind) => ({
      ...asked,
      id: `o${index}${kind}`,
      version: 1,
      phase: 'line' as const,
      when,
      benefit: { text: {} },
    })),
  );
  const document = validateBundle(bundleOf(offers));
  assert(document.ok);
  const compiled = compileBundle(document.bundle);
  for (const [amount, spent] of [
    [least - 1, []],
    [least, ['o00', 'o01', 'o10', 'o11']],
  ] as const) {
    const decision = decide(compiled, {
      saleId: 'S',
      storeId: '1',
      at: '2026-11-21T10:15:00+01:00',
      lines: [{ lineId: '1', gtin: '1', quantity: '1', amount }],
      member: { id: 'm', segments: ['s'] },
    });
    assert.deepEqual(
      decision.applied.map(({ offer }) => offer),
      spent,
    );
  }
});
