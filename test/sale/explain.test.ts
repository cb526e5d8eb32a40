/** "Why did this customer get that?", asked of an open sale and of one long past, whatever became of its bundle. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { endIssue, withdrawn } from '../../agent/offers/index.ts';
import type { Decision, Offer } from '../../agent/offers/types.ts';
import { bundleOf, type CoreTill, coffee, coffeeTenth, coreTill, discard, earn, milk, nextVisit } from './core-till.ts';

const gold: Offer = { ...nextVisit, id: 'gold', audience: { tier: { atLeast: 'silver' } } };
const offers = [coffeeTenth, earn, gold, nextVisit];

const told = (till: CoreTill, saleId: string, language: 'de' | 'en' = 'en') => {
  const { bundle, offers: all } = till.sales.explain(saleId, language);
  return { version: bundle?.version, sentences: Object.fromEntries(all.map(({ offer, detail }) => [offer, detail])) };
};

const past = {
  'coffee-10': 'Takes 0.90 off.',
  earn: 'Gives 8 points.',
  'next-visit': 'Prints the coupon “20 % beim nächsten Einkauf”, valid from 21 November 2026 to 4 December 2026.',
};

test('a sale is explained as it was decided, after its bundle was replaced once and twice', async () => {
  const till = await coreTill({ bundle: bundleOf(offers) });
  await till.sell('S1', [coffee], '2501000000017');
  assert.deepEqual(told(till, 'S1'), {
    version: 1,
    sentences: { ...past, gold: 'Not printed: only for the tier “silver” or higher, the customer has basic.' },
  });
  const written = 'Not printed: needs tier "silver" or higher; found basic.';
  for (const version of [2, 3]) {
    await till.activate(bundleOf([nextVisit], { version }));
    assert.deepEqual(told(till, 'S1'), { version: 1, sentences: { ...past, gold: written } });
  }
  assert.equal(told(till, 'S1', 'de').sentences['coffee-10'], 'Gibt 0.90 Rabatt.');
  assert.match(told(till, 'S1', 'de').sentences.gold ?? '', /^Nicht gedruckt: needs tier/);
  await discard(till);
});

test('a sale is explained by what it got, though head office takes its bundle back afterwards', async () => {
  const till = await coreTill({ bundle: bundleOf(offers) });
  await till.sell('S1', [coffee], '2501000000017');
  const active = till.bundles.active();
  assert.ok(active);
  endIssue(active.compiled, withdrawn);
  assert.equal(told(till, 'S1').sentences['next-visit'], past['next-visit']);
  till.sales.putSale('S2', { startedAt: till.now(), lines: [coffee] }, 'en');
  assert.equal(
    told(till, 'S2').sentences['next-visit'],
    'Not printed: head office has withdrawn these offers and has to send new ones.',
  );
  await discard(till);
});

test('a bundle that comes in the middle of a sale decides it from then on: quote, completion and explanation agree', async () => {
  const till = await coreTill({ bundle: bundleOf(offers) });
  await till.sales.scan('S1', { code: '2501000000017' }, 'en');
  const before = till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  assert.deepEqual([before.bundle?.version, before.total.net], [1, 810]);
  const half: Offer = { ...coffeeTenth, benefit: { percent: { permyriad: 5000 } } };
  await till.activate(bundleOf([half, earn], { version: 2 }));
  const after = till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee, milk] }, 'en');
  assert.deepEqual([after.bundle?.version, after.total.net, after.willPrint], [2, 530, []]);
  const done = till.sales.complete('S1', { completedAt: till.now(), total: 530 }, 'en');
  const decision = done.decision as Decision;
  assert.deepEqual([decision.bundle.version, decision.total.net, done.serials], [2, 530, []]);
  assert.deepEqual(told(till, 'S1'), {
    version: 2,
    sentences: { 'coffee-10': 'Takes 5.30 off.', earn: 'Gives 5 points.' },
  });
  await discard(till);
});
