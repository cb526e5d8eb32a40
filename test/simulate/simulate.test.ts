import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileBundle, decide } from '../../agent/offers/index.ts';
import type { Bundle, Sale } from '../../agent/offers/types.ts';
import { reportJson, reportText } from '../../agent/simulate/report.ts';
import { type Simulation, simulate } from '../../agent/simulate/simulate.ts';
import { bundleOf, issue, offers, salesOf } from './support/shop.ts';

async function* inChunks(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function run(
  lines: readonly string[],
  more: Partial<Parameters<typeof simulate>[0]> = {},
  size = 10_000,
): Promise<Simulation> {
  const source = inChunks(lines.map(line => `${line}\n`).join(''), size);
  return simulate({ bundle: bundleOf(offers), against: null, carry: false, workers: 1, source, ...more });
}

const textsOf = (sales: readonly Sale[]) => sales.map(sale => JSON.stringify(sale));

/** What the simulation has to come to, by the plain way: one decision a sale, every answer counted. */
function naive(bundle: Bundle, sales: readonly Sale[]) {
  const compiled = compileBundle(bundle);
  const counts: Record<string, Record<string, number>> = {};
  const add = (offer: string, what: string) => {
    const own = counts[offer] ?? {};
    counts[offer] = own;
    own[what] = (own[what] ?? 0) + 1;
  };
  let discount = 0;
  for (const sale of sales) {
    const decision = decide(compiled, sale);
    discount += decision.total.discount;
    for (const { offer } of decision.applied) add(offer, 'issued');
    for (const { offer } of decision.points?.offers ?? []) add(offer, 'issued');
    for (const { offer } of decision.issue) add(offer, 'issued');
    for (const { offer } of decision.suppressed) add(offer, 'suppressed');
    for (const { offer, reason } of decision.rejected) add(offer, reason);
  }
  return { counts, discount };
}

test('counts are those of deciding line by line', async () => {
  const sales = salesOf(400);
  const bundle = bundleOf(offers);
  const { counts, discount } = naive(bundle, sales);
  const { tally } = await run(textsOf(sales));
  assert.deepEqual([tally.sales, tally.discount], [sales.length, discount]);
  for (const { id } of offers) {
    const own = tally.offers[id];
    assert.ok(own !== undefined);
    const found: Record<string, number> = { ...own.reasons };
    if (own.issued > 0) found.issued = own.issued;
    if (own.suppressed > 0) found.suppressed = own.suppressed;
    assert.deepEqual(found, counts[id], id);
    assert.equal(own.eligible, own.issued + own.suppressed + (own.reasons['not-selected'] ?? 0));
  }
  assert.ok((counts['with-holdout']?.suppressed ?? 0) > 0, 'the sales reach the holdout');
});

test('one worker and two come to the same, with and without memory, however the file is cut', async () => {
  const lines = textsOf(salesOf(600));
  const against = bundleOf(offers.slice(1));
  for (const carry of [false, true]) {
    const one = await run(lines, { carry, against });
    const two = await run(lines, { carry, against, workers: 2 }, 777);
    assert.deepEqual(two, one);
    assert.ok(one.differences.length > 0);
  }
});

test('with memory a member cap is kept over sales, without it every sale is the first', async () => {
  const capped = issue('capped', { caps: [{ scope: 'member', limit: 2 }] });
  const bundle = bundleOf([capped]);
  const [first] = salesOf(1);
  const sales = Array.from({ length: 5 }, (_, i) => ({
    ...first,
    saleId: `S${i}`,
    at: `2026-11-2${i}T10:00:00+01:00`,
  }));
  const lines = textsOf(sales as Sale[]);
  assert.equal((await run(lines, { bundle })).tally.offers.capped?.issued, 5);
  const { tally } = await run(lines, { bundle, carry: true });
  assert.equal(tally.offers.capped?.issued, 2);
  assert.deepEqual(tally.offers.capped?.reasons, { 'cap-member': 3 });
  assert.deepEqual(tally.offers.capped?.capped, { '2026-11-22': 1, '2026-11-23': 1, '2026-11-24': 1 });
});

test('with memory purchases, chains, policies and household caps see what was before', async () => {
  const bought = issue('bought', {
    when: { bought: { of: { category: ['food'] }, withinDays: 2 } },
    contact: { class: 'x' },
  });
  const chained = issue('chained', { after: { offer: 'bought', outcome: 'expired' } });
  const shared = issue('shared', { caps: [{ scope: 'household', limit: 1, window: { calendar: 'day' } }] });
  const bundle: Bundle = {
    ...bundleOf([bought, chained, shared]),
    contactPolicies: [{ id: 'once', class: 'x', per: 'household', limit: 1, window: { days: 30 } }],
  };
  const [first] = salesOf(1);
  const sale = (saleId: string, id: string, at: string) => ({ ...first, saleId, at, member: { id, household: 'h' } });
  const lines = textsOf([
    sale('1', 'a', '2026-11-01T10:00:00+01:00'),
    sale('2', 'b', '2026-11-01T11:00:00+01:00'),
    sale('3', 'a', '2026-11-02T10:00:00+01:00'),
    sale('4', 'b', '2026-11-02T12:00:00+01:00'),
    // Valid for 14 days from 2 November: until the 15th at 23:59:59 local time.
    sale('5', 'a', '2026-11-15T23:59:59+01:00'),
    sale('6', 'a', '2026-11-16T00:00:00+01:00'),
  ] as Sale[]);
  const { tally } = await run(lines, { bundle, carry: true });
  assert.deepEqual(tally.offers.bought?.reasons, { when: 3, 'contact-policy': 2 });
  assert.equal(tally.offers.bought?.issued, 1);
  assert.deepEqual([tally.offers.chained?.issued, tally.offers.chained?.reasons], [1, { chain: 5 }]);
  assert.deepEqual([tally.offers.shared?.issued, tally.offers.shared?.reasons], [4, { 'cap-household': 2 }]);
});

test('a global cap asks for no lease in a simulation, and the day it would have been passed is told', async () => {
  const bundle = bundleOf([issue('shared', { caps: [{ scope: 'global', limit: 3 }] })]);
  const result = await run(textsOf(salesOf(20)), { bundle, carry: true });
  const { offers: rows } = reportJson(result, bundle, null, 1) as { offers: { overSharedCap: unknown }[] };
  assert.equal(result.tally.offers.shared?.issued, 20);
  assert.deepEqual(rows[0]?.overSharedCap, [{ day: '2026-11-21', wanted: 20, limit: 3, scope: 'global' }]);
});

test('each difference to the other bundle has its first ten sales', async () => {
  const sales = salesOf(70).filter(({ member }) => member !== undefined);
  assert.equal(sales.length, 60);
  const [now, then] = [bundleOf([issue('a', {}), issue('b', {})]), bundleOf([issue('a', { consent: 'nobody' })])];
  const { differences } = await run(textsOf(sales), { bundle: now, against: then, workers: 2 }, 500);
  const examples = sales.slice(0, 10).map(({ saleId }, i) => ({ line: i + 1, saleId }));
  assert.deepEqual(differences, [
    { offer: 'a', from: 'consent', to: 'issued', sales: 60, examples },
    { offer: 'b', from: 'absent', to: 'issued', sales: 60, examples },
  ]);
  const back = await run(textsOf(sales), { bundle: then, against: now });
  assert.deepEqual(
    back.differences.map(({ offer, from, to }) => `${offer} ${from} ${to}`),
    ['a issued consent', 'b issued absent'],
  );
  assert.deepEqual((await run(textsOf(sales), { bundle: now, against: now })).differences, []);
});

test('a line that is no sale is told by its number, and the others go on', async () => {
  const [one, two] = textsOf(salesOf(2));
  const lines = [one ?? '', '', '{"saleId":', two ?? '', '{"saleId":"x"}', `${'['.repeat(100_000)}`, one ?? ''];
  for (const carry of [false, true]) {
    const { tally, bad, badLines } = await run(lines, { workers: 2, carry }, 37);
    assert.deepEqual([tally.sales, badLines], [3, 3]);
    assert.deepEqual(
      bad.map(({ line, code }) => [line, code]),
      [
        [3, 'sale-invalid'],
        [5, 'sale-invalid'],
        [6, 'sale-invalid'],
      ],
    );
  }
});

test('a worker that fails ends the simulation with its error', async () => {
  const unreadable = { ...bundleOf(offers), timezone: 'Nowhere/Land' };
  await assert.rejects(run(textsOf(salesOf(5)), { bundle: unreadable, workers: 2 }));
});

test('the table names each offer with its counts, and the JSON has the same numbers', async () => {
  const bundle = bundleOf(offers);
  const against = bundleOf(offers.slice(1));
  const result = await run(textsOf(salesOf(200)), { against });
  const json = JSON.parse(JSON.stringify(reportJson(result, bundle, against, 2)));
  assert.deepEqual([json.sales, json.salesPerSecond, json.badLines], [200, 100, 0]);
  assert.deepEqual(Object.keys(json.offers[0]).sort(), [
    'cappedByDay',
    'cost',
    'eligible',
    'holdoutShare',
    'issued',
    'membersHeldOut',
    'name',
    'offer',
    'overSharedCap',
    'phase',
    'reach',
    'reasons',
    'redeemed',
    'suppressed',
  ]);
  const text = reportText(result, bundle, against, 2);
  for (const { offer, issued } of json.offers as { offer: string; issued: number }[])
    assert.match(text, new RegExp(`^${offer} .*\\b${issued.toLocaleString('en')}\\b`, 'm'));
  assert.match(text, /^Against /m);
});

test('the share held out is that of the members, however often they come', async () => {
  const bundle = bundleOf([
    issue('tried', { experiment: { salt: 's', holdout: 2000 }, caps: [{ scope: 'member', limit: 1 }] }),
  ]);
  const [first] = salesOf(1);
  const sales = Array.from({ length: 3000 }, (_, i) => ({ ...first, saleId: `S${i}`, member: { id: `m${i % 600}` } }));
  const result = await run(textsOf(sales as Sale[]), { bundle, carry: true, workers: 2 });
  const { offers: rows } = reportJson(result, bundle, null, 1) as {
    offers: { holdoutShare: number; suppressed: number }[];
  };
  // 20 % of 600 members: 120, standard error 9.8; the count itself is within a few percent.
  assert.ok(Math.abs((rows[0]?.holdoutShare ?? 0) - 0.2) < 0.07, `${rows[0]?.holdoutShare}`);
  assert.ok((rows[0]?.suppressed ?? 0) > 450, 'by sales it is far more');
});

test('any way of cutting the bytes gives the same lines', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 900 }), async size => {
      const lines = textsOf(salesOf(8));
      const { tally } = await run([...lines, '', ...lines], {}, size);
      assert.equal(tally.sales, 16);
    }),
    { numRuns: 4 },
  ));
