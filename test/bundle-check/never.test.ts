/** An offer that the check calls never-matching is never eligible, in any of many random worlds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkBundle } from '../../agent/bundle-check/check.ts';
import { implies } from '../../agent/bundle-check/contradiction.ts';
import { compileBundle, decide, validateBundle } from '../../agent/offers/index.ts';
import type { Bundle, Decision, Offer, Predicate } from '../../agent/offers/types.ts';
import { anySmallWorld } from '../conformance/reference/generate.ts';
import { testSeed } from '../support/test-seed.ts';

const runs = Number(process.env.RUNS ?? 1500);
const seed = testSeed();
const options = { at: null, columns: 42, languages: null, catalogue: null, members: null, text: null };

/** Offers that passed every condition of their own phase; a coupon redeemed is another matter. */
function eligible(decision: Decision): Set<string> {
  const ids = new Set<string>();
  for (const { offer, phase, reason } of decision.rejected)
    if (phase === 'issue' && reason === 'not-selected') ids.add(offer);
  for (const { offer } of [...decision.issue, ...decision.suppressed]) ids.add(offer);
  return ids;
}

test('a never-matching offer is neither eligible nor applied', t => {
  let judged = 0;
  const result = fc.check(
    fc.property(anySmallWorld, ({ bundle, sale }) => {
      const codes = checkBundle(bundle, options).filter(({ code }) => code === 'never-matches');
      if (codes.length === 0) return;
      const decision = decide(compileBundle(bundle), sale);
      const passed = eligible(decision);
      const points = new Set(decision.points?.offers.map(({ offer }) => offer));
      for (const { pointer, message } of codes) {
        const offer = bundle.offers[Number(pointer.split('/')[2])];
        assert.ok(offer !== undefined);
        judged++;
        const applied = decision.applied.some(({ offer: id }) => id === offer.id);
        const came = passed.has(offer.id) || (offer.phase !== 'issue' && (applied || points.has(offer.id)));
        assert.ok(!came, `${message} But it came.`);
      }
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  );
  t.diagnostic(`seed ${seed}, ${judged} never-matching offers in ${result.numRuns} worlds`);
  if (result.failed) assert.fail(fc.defaultReportMessage(result));
  assert.ok(runs < 1000 || judged > runs / 20, `only ${judged} offers were judged`);
});

test('what two conditions of a world are said to imply holds in its sale', t => {
  let said = 0;
  const result = fc.check(
    fc.property(anySmallWorld, fc.nat(), fc.nat(), ({ bundle, sale }, a, b) => {
      const conditions = bundle.offers.flatMap(offer => [offer.when, offer.audience].flatMap(found => found ?? []));
      const [one, other] = [conditions[a % conditions.length], conditions[b % conditions.length]];
      if (one === undefined || other === undefined || one === other) return;
      if (!implies([one], other, bundle.loyalty?.tiers ?? [])) return;
      said++;
      if (holds(bundle, sale, one)) assert.ok(holds(bundle, sale, other), JSON.stringify([one, other]));
    }),
    { seed, numRuns: runs, includeErrorInReport: true },
  );
  t.diagnostic(`seed ${seed}, ${said} implications`);
  if (result.failed) assert.fail(fc.defaultReportMessage(result));
});

/** Asked of the evaluator: a message whose only condition it is. */
function holds(bundle: Bundle, sale: Parameters<typeof decide>[1], when: Predicate): boolean {
  const offer: Offer = { id: 'probe', version: 1, phase: 'basket', when, benefit: { text: {} } };
  const retired = [...(bundle.retiredOffers ?? []), ...bundle.offers.map(({ id }) => id)];
  const answer = validateBundle({ ...bundle, retiredOffers: retired, offers: [offer] });
  assert.ok(answer.ok, JSON.stringify(answer));
  return decide(compileBundle(answer.bundle), sale).applied.some(({ offer: id }) => id === 'probe');
}
