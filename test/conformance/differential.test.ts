/**
 * The evaluator against the reference reading of the contract, on random small worlds. `RUNS` sets how many (a moderate
 * number by default), `SEED` repeats a run. A difference is shrunk and printed with both answers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { compileBundle, decide, validateBundle, validateSale } from '../../agent/offers/index.ts';
import type { Decision } from '../../agent/offers/types.ts';
import { testSeed } from '../support/test-seed.ts';
import { faultMismatches } from './reference/cases.ts';
import { referenceDecide } from './reference/decide.ts';
import { anySmallWorld, type SmallWorld } from './reference/generate.ts';
import { rivals } from './reference/generate-rivals.ts';
import { mutate, mutateSale } from './reference/mutate.ts';
import { plain } from './reference/scene.ts';
import { printed, rowsToReach, type Tally, tally } from './reference/tally.ts';

const runs = Number(process.env.RUNS ?? 1500);
const seed = testSeed();
/** So many worlds reach every row of the table, whatever the seed. */
const enough = 100_000;

test('the evaluator and the reference reading decide alike', t => {
  const counts: Tally = new Map();
  const result = fc.check(
    fc.property(anySmallWorld, world => {
      const reference = referenceDecide(world.bundle, world.sale);
      tally(counts, world, reference);
      return isDeepStrictEqual(evaluated(world), comparable(reference));
    }),
    { seed, numRuns: runs },
  );
  t.diagnostic(`seed ${seed}, ${result.numRuns} worlds`);
  if (process.env.RUNS !== undefined) t.diagnostic(`\n${printed(counts)}`);
  if (result.failed) assert.fail(report(result.counterexample?.[0], result.counterexamplePath, result.errorInstance));
  if (runs >= enough) {
    assert.deepEqual(
      rowsToReach.filter(row => !counts.has(row)),
      [],
    );
  }
});

test('of many rival coupons the evaluator chooses the set that trying every set finds best', t => {
  const result = fc.check(
    fc.property(rivals(11), world =>
      isDeepStrictEqual(evaluated(world), comparable(referenceDecide(world.bundle, world.sale))),
    ),
    { seed, numRuns: Math.ceil(runs / 20) },
  );
  t.diagnostic(`seed ${seed}, ${result.numRuns} worlds`);
  if (result.failed) assert.fail(report(result.counterexample?.[0], result.counterexamplePath, result.errorInstance));
});

test('a broken bundle has its fault at the place where it was broken', () => {
  const result = fc.check(
    fc.property(anySmallWorld, fc.nat(), fc.nat(), ({ bundle }, where, what) => {
      const broken = mutate(bundle, where, what);
      const answer = validateBundle(broken.bundle);
      if (answer.ok) throw new Error(`accepted although ${broken.what} at ${broken.pointer}`);
      const pointers = answer.faults.map(fault => fault.pointer);
      if (faultMismatches([broken.pointer], pointers).length > 0)
        throw new Error(`${broken.what} at ${broken.pointer}, but the faults are at ${pointers.join(' ')}`);
    }),
    { seed, numRuns: Math.ceil(runs / 2) },
  );
  if (result.failed) assert.fail(`seed ${seed}: ${result.errorInstance}`);
});

test('a broken sale has its fault at the place where it was broken', () => {
  const worlds = anySmallWorld.filter(({ sale }) => sale.lines.length > 0);
  const result = fc.check(
    fc.property(worlds, fc.nat(), fc.nat(), ({ sale }, where, what) => {
      const broken = mutateSale(sale, where, what);
      const answer = validateSale(broken.sale);
      if (answer.ok) throw new Error(`accepted although ${broken.pointer} is ${broken.what}`);
      const pointers = answer.faults.map(fault => fault.pointer);
      if (faultMismatches([broken.pointer], pointers).length > 0)
        throw new Error(`${broken.pointer} is ${broken.what}, but the faults are at ${pointers.join(' ')}`);
    }),
    { seed, numRuns: Math.ceil(runs / 4) },
  );
  if (result.failed) assert.fail(`seed ${seed}: ${result.errorInstance}`);
});

/** The product's answer to a world, in the form that is compared. */
function evaluated(world: SmallWorld): unknown {
  const answer = validateBundle(world.bundle);
  if (!answer.ok) throw new Error(`a valid bundle is refused: ${JSON.stringify(answer.faults)}`);
  const checked = validateSale(world.sale);
  if (!checked.ok) throw new Error(`a valid sale is refused: ${JSON.stringify(checked.faults)}`);
  return comparable(decide(compileBundle(answer.bundle), checked.sale));
}

/** `detail` is free text, but has to be there. */
function comparable(decision: Decision): unknown {
  for (const { detail } of decision.rejected) assert.ok(detail.length > 0, 'a rejection without detail');
  return plain({ ...decision, rejected: decision.rejected.map(entry => ({ ...entry, detail: undefined })) });
}

function report(world: SmallWorld | undefined, path: string | null, error: unknown): string {
  if (world === undefined) return String(error);
  let product: unknown;
  try {
    product = evaluated(world);
  } catch (thrown) {
    product = String(thrown);
  }
  const show = (value: unknown): string => JSON.stringify(value, null, 1);
  const reference = comparable(referenceDecide(world.bundle, world.sale));
  return [
    `seed ${seed}, path ${path}`,
    `bundle ${show(world.bundle)}`,
    `sale ${show(world.sale)}`,
    `evaluator ${show(product)}`,
    `reference ${show(reference)}`,
  ].join('\n');
}
