/**
 * The same test over another range of seeds in each file, so that each core plays some and none is long. MODEL_RUNS and MODEL_SEED set
 * how many and which; without them it is always the same, so that a red run means a change.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { testSeed } from '../../support/test-seed.ts';
import { playMany, tellBroken } from './run-model.ts';

const files = 4;
const runs = Math.ceil(Number(process.env.MODEL_RUNS ?? 80) / files);
const first = testSeed('MODEL_SEED', 1000);
const commands = 200;

export function modelTest(part: number): void {
  const seed = first + part * runs;
  test(`${runs} stores under a fake clock, ${commands} drawn commands each, part ${part + 1}: exactly once, to the cent, no coupon paid twice, no cap passed`, async t => {
    t.diagnostic(`seeds from ${seed}; npm run test:faults -- model --seed S --runs 1 plays one again`);
    const { broken, sales, payments } = await playMany(runs, seed, commands);
    t.diagnostic(`${sales} sales, ${payments} coupons paid`);
    assert(broken === null, broken === null ? '' : tellBroken(broken).join('\n'));
    assert(
      sales >= 5 * runs && payments >= runs,
      'on the whole a store sells and is paid with coupons, else this shows nothing',
    );
  });
}
