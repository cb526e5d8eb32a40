/** The offers bench compares like with like: every peer and the product find the same eligible offers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import { compileBundle, decide, prepareMember } from '../../agent/offers/index.ts';
import { peers } from '../../bench/offers/peers/index.ts';
import { copierOf } from '../../bench/offers/timing.ts';
import { touchOf } from '../../bench/offers/touch.ts';
import { bundleOf } from '../../bench/offers/world/campaign.ts';
import { salesOf } from '../../bench/offers/world/sales.ts';

// 200 offers: with 50 most baskets would have none that is eligible, and agreement would say little.
const bundle = bundleOf(200);
const sales = salesOf(20, bundle);
const compiled = compileBundle(bundle);
const eligible = sales.map(sale => {
  const { decision, refused } = decideWithFindings(compiled, sale);
  const passed = [
    ...decision.issue,
    ...decision.suppressed.filter(({ phase }) => phase === 'issue'),
    ...refused.filter(({ finding }) => finding.reason === 'not-selected'),
  ];
  return passed.map(({ offer }) => offer).sort();
});

test('the world is the same in every run, and its baskets have one to 150 lines', () => {
  assert.deepEqual(bundleOf(50), bundleOf(50));
  assert.deepEqual(salesOf(5, bundle), salesOf(5, bundle));
  assert.deepEqual([sales[0]?.lines.length, sales[1]?.lines.length], [1, 150]);
  assert.ok(eligible.flat().length >= 10, 'some offers are eligible');
});

for (const [name, peer] of Object.entries(peers))
  test(`${name} finds the offers that the product finds, basket by basket`, async () => {
    const find = await peer(bundle);
    for (const [index, sale] of sales.entries())
      assert.deepEqual([...(await find(sale))].sort(), eligible[index], sale.saleId);
  });

test('a copy of a sale is decided as the sale, and the touch limit writes the answer that it was given', () => {
  const touch = touchOf(bundle);
  copierOf(sales)().forEach((copy, index) => {
    const sale = sales[index];
    assert.deepEqual(copy, sale);
    assert.notEqual(copy, sale);
    const prepared = copy.member === undefined ? null : prepareMember(compiled, copy.member, copy.history);
    const answer = decide(compiled, copy, prepared);
    assert.deepEqual(answer.issue, sale && decide(compiled, sale).issue);
    assert.deepEqual(touch(copy, answer).issue, answer.issue);
  });
});
