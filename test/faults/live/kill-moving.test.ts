/** Tills and HQ killed in the middle of what moves: members, erasures, rollouts. MOVING_ROUNDS and LIVE_SEED set how often and how. */
import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { killMoving } from './kill-moving.ts';
import { liveSeed } from './kill-test.ts';

const rounds = Number(process.env.MOVING_ROUNDS ?? 3);

test(`in ${rounds} rounds of kills within changes of members, erasures and rollouts nothing is half, and everything goes on`, async t => {
  t.diagnostic(`seed ${liveSeed} (LIVE_SEED=${liveSeed})`);
  const { broken, answered, kills, withinChange } = await killMoving({ rounds, seed: liveSeed, signal: t.signal });
  t.diagnostic(`${kills} kills, ${withinChange} within a change of members; ${answered} sales`);
  assert.deepEqual(broken, []);
});
