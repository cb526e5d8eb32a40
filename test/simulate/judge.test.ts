/** Counting reasons from afar against looking at every offer, on random worlds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import { compileBundle } from '../../agent/offers/index.ts';
import type { Sale } from '../../agent/offers/types.ts';
import { Judge } from '../../agent/simulate/judge.ts';
import { nameOf } from '../../agent/simulate/reasons.ts';
import { anySmallWorld } from '../conformance/reference/generate.ts';
import { bundleOf, offers, salesOf } from './support/shop.ts';

const runs = Number(process.env.RUNS ?? 300);

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
        for (const name of ['applied', 'issue', 'suppressed'] as const) assert.deepEqual(judged[name], decision[name]);
        assert.equal(judged.points?.earned ?? 0, decision.points?.earned ?? 0);
        assert.deepEqual(judged.points?.offers ?? [], decision.points?.offers ?? []);
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
