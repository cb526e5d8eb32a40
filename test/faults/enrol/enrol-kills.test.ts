/** Enrolment and renewal killed between any two writes. ENROL_KILLS and ENROL_SEED set how often and how. */
import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { testSeed } from '../../support/test-seed.ts';
import { enrolUnderKills } from './enrol-under-kills.ts';

const kills = Number(process.env.ENROL_KILLS ?? 12);
const seed = testSeed('ENROL_SEED');

test(`after ${kills} kills of tills and HQ within enrolments and renewals each till has the one certificate that counts`, async t => {
  t.diagnostic(`seed ${seed}`);
  const found = await enrolUnderKills({ kills, seed, tell: text => t.diagnostic(text) });
  assert.deepEqual(found.broken, [], `seed ${seed}`);
});
