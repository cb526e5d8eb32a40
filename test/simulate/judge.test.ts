/** The simulation's quick ways against the plain ones, on random worlds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import { compileBundle, decide, validateSale } from '../../agent/offers/index.ts';
import type { Sale } from '../../agent/offers/types.ts';
import { Judge } from '../../agent/simulate/judge.ts';
import { readSale } from '../../agent/simulate/quick-sale.ts';
import { addTo, countIn, hashOf, mergeInto, noRegisters } from '../../agent/simulate/reach.ts';
import { nameOf } from '../../agent/simulate/reasons.ts';
import { anySmallWorld } from '../conformance/reference/generate.ts';
import { bundleOf, offers, salesOf } from './support/shop.ts';

const runs = Number(process.env.RUNS ?? 600);

/** One bundle, and sales of several worlds in any order, some of them again as a guest's or without their coupons. */
const anyTrade = fc
  .tuple(anySmallWorld, fc.array(fc.tuple(anySmallWorld, fc.nat(3)), { maxLength: 5 }))
  .map(([{ bundle, sale }, more]) => ({
    bundle,
    sales: [
      sale,
      ...more.map(([world, how]): Sale => {
        const { coupons, member, ...rest } = how > 1 ? world.sale : { ...sale, storeId: world.sale.storeId };
        return {
          ...rest,
          ...(how !== 1 && member !== undefined && { member }),
          ...(how !== 2 && coupons !== undefined && { coupons }),
        };
      }),
    ],
  }));

test('what happens and every reason are those of looking at each offer, sale by sale and in sum', t => {
  let [sold, looked] = [0, 0];
  const result = fc.check(
    fc.property(anyTrade, ({ bundle, sales }) => {
      const compiled = compileBundle(bundle);
      const judge = new Judge(compiled);
      const sums = new Map<string, number>();
      const add = (what: string) => sums.set(what, (sums.get(what) ?? 0) + 1);
      for (const sale of sales) {
        const judged = judge.judge(sale);
        const { decision, refused } = decideWithFindings(compiled, sale);
        for (const name of ['applied', 'points', 'issue', 'suppressed'] as const)
          assert.deepEqual(judged[name], decision[name]);
        assert.equal(judged.discount, decision.total.discount);
        const own = refused.filter(({ serial }) => serial === undefined);
        const found = compiled.offers.flatMap(({ id, rank }) => {
          const reason = nameOf(judge.reasonOf(rank));
          return reason === undefined ? [] : [`${id} ${reason}`];
        });
        assert.deepEqual(found.sort(), own.map(({ offer, finding }) => `${offer} ${finding.reason}`).sort());
        for (const { offer, finding } of refused) if (compiled.byId.has(offer)) add(`${offer} ${finding.reason}`);
        sold += compiled.offers.length;
        looked += judged.refused.length;
      }
      const counted = compiled.offers.flatMap(({ id, rank }) =>
        [...judge.countsOf(rank)].flatMap((times, code): [string, number][] => {
          const reason = nameOf(code);
          return reason === undefined || times === 0 ? [] : [[`${id} ${reason}`, times]];
        }),
      );
      assert.deepEqual(new Map(counted.sort()), new Map([...sums].sort()));
    }),
    { numRuns: runs, includeErrorInReport: true },
  );
  t.diagnostic(`seed ${result.seed}, ${result.numRuns} trades, of ${sold} outcomes ${looked} by looking`);
  if (result.failed) assert.fail(fc.defaultReportMessage(result));
});

test('lists that sales share may be let go at any time and are counted once', () => {
  const compiled = compileBundle(bundleOf(offers));
  // A new store, hour and kind of member in nearly every sale, far more than lists are kept.
  const sales = salesOf(3000).map((sale, i) => ({ ...sale, storeId: String(1 + (i % 1500)) }));
  const judge = new Judge(compiled);
  const sums = new Map<string, number>();
  for (const sale of sales) {
    judge.judge(sale);
    for (const { offer, finding } of decideWithFindings(compiled, sale).refused)
      sums.set(`${offer} ${finding.reason}`, (sums.get(`${offer} ${finding.reason}`) ?? 0) + 1);
  }
  for (const { id, rank } of compiled.offers)
    for (const [code, times] of judge.countsOf(rank).entries())
      if (code > 0) assert.equal(times, sums.get(`${id} ${nameOf(code)}`) ?? 0, `${id} ${nameOf(code)}`);
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
    { numRuns: Math.ceil(runs / 2), includeErrorInReport: true },
  );
  if (result.failed) assert.fail(fc.defaultReportMessage(result));
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
    { numRuns: runs },
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
    { numRuns: 25 },
  );
});
