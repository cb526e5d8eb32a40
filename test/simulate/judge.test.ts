/** The simulation's quick ways against the plain ones, on random worlds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileBundle, decide, validateSale } from '../../agent/offers/index.ts';
import type { Sale } from '../../agent/offers/types.ts';
import { Judge, reasonNames } from '../../agent/simulate/judge.ts';
import { readSale } from '../../agent/simulate/quick-sale.ts';
import { addTo, countIn, hashOf, mergeInto, noRegisters } from '../../agent/simulate/reach.ts';
import { anySmallWorld } from '../conformance/reference/generate.ts';
import { bundleOf, offers, salesOf } from './support/shop.ts';

const runs = Number(process.env.RUNS ?? 600);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test('reasons are those of a decision, offer by offer', t => {
  let quick = 0;
  const result = fc.check(
    fc.property(anySmallWorld, fc.boolean(), ({ bundle, sale: full }, withCoupons) => {
      const { coupons: _, ...rest } = full;
      const sale: Sale = withCoupons ? full : rest;
      const compiled = compileBundle(bundle);
      const judge = new Judge(compiled);
      // A sale before leaves nothing behind.
      judge.judge({ ...sale, storeId: '0099' });
      const judged = judge.judge(sale);
      const decision = decide(compiled, sale);
      for (const name of ['applied', 'points', 'issue', 'suppressed'] as const)
        assert.deepEqual(judged[name], decision[name]);
      assert.equal(judged.discount, decision.total.discount);
      const plain = decision.rejected.map(({ offer, reason }) => `${offer} ${reason}`).sort();
      if (judged.reasons === null)
        return assert.deepEqual(judged.refused.map(({ offer, finding }) => `${offer} ${finding.reason}`).sort(), plain);
      quick++;
      const found = compiled.offers.flatMap(({ id, rank }) => {
        const code = judged.reasons?.[rank] ?? 0;
        return code === 0 ? [] : [`${id} ${reasonNames[code - 1]}`];
      });
      assert.deepEqual(found.sort(), plain);
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  );
  t.diagnostic(`seed ${seed}, ${result.numRuns} worlds, ${quick} without coupons`);
  if (result.failed) assert.fail(fc.defaultReportMessage(result));
  assert.ok(quick > 0);
});

test('many sales through one judge come out as one by one', () => {
  const compiled = compileBundle(bundleOf(offers));
  const judge = new Judge(compiled);
  for (const sale of salesOf(300)) {
    const { reasons } = judge.judge(sale);
    for (const { offer, reason } of decide(compiled, sale).rejected) {
      const rank = compiled.byId.get(offer)?.rank ?? -1;
      assert.equal(reasonNames[(reasons?.[rank] ?? 0) - 1], reason, offer);
    }
  }
});

test('a sale that is read quickly is one that the validator accepts, and is decided alike', () => {
  const result = fc.check(
    fc.property(anySmallWorld, ({ bundle, sale }) => {
      const { history: _history, counters: _counters, coupons: _coupons, ...rest } = sale;
      for (const each of [sale, rest]) {
        const [quick, full] = [readSale(structuredClone(each)), validateSale(structuredClone(each))];
        assert.ok(quick.ok && full.ok);
        const compiled = compileBundle(bundle);
        assert.deepEqual(decide(compiled, quick.sale), decide(compiled, full.sale));
      }
    }),
    { seed, numRuns: Math.ceil(runs / 2), includeErrorInReport: true },
  );
  if (result.failed) assert.fail(`seed ${seed}: ${fc.defaultReportMessage(result)}`);
});

test('what the validator refuses is refused, whatever is wrong', () => {
  const [sale] = salesOf(1);
  const odd: fc.Arbitrary<unknown> = fc.oneof(
    fc.constantFrom(null, -0, '', '0', '0.00', '00', '1e3', '-1', '1.2345', 'a b', 1e300, Number.NaN, true, [], {}),
    fc.string(),
    fc.jsonValue(),
  );
  const path = fc.constantFrom(
    ...['saleId', 'storeId', 'tillId', 'at', 'lines', 'member', 'history', 'counters', 'coupons'].map(name => [name]),
    ...['lineId', 'gtin', 'quantity', 'unit', 'amount', 'category', 'brand', 'discountable'].map(name => [
      'lines',
      0,
      name,
    ]),
    ...['id', 'household', 'points', 'tier', 'joined', 'birthday', 'segments', 'attributes', 'consents'].map(name => [
      'member',
      name,
    ]),
    ['member', 'attributes', 'x'],
    ['member', 'segments', 0],
  );
  fc.assert(
    fc.property(path, odd, (place, value) => {
      const broken = structuredClone({ ...sale, member: { id: 'm', segments: ['s'], attributes: { x: 1 } } });
      let at = broken as unknown as Record<string | number, unknown>;
      for (const part of place.slice(0, -1)) at = at[part] as Record<string | number, unknown>;
      at[place.at(-1) ?? ''] = value;
      const [quick, full] = [readSale(structuredClone(broken)), validateSale(structuredClone(broken))];
      assert.equal(quick.ok, full.ok, JSON.stringify(broken));
    }),
    { seed, numRuns: runs },
  );
});

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
    { seed, numRuns: 25 },
  );
});
