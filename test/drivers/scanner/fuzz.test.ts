import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';

test('the coverage-guided fuzzer of the scanner parsers runs and finds nothing in a short while', async t => {
  const seed = Date.now() & 0xffff;
  t.diagnostic(`seed ${seed}`);
  const { runs, kept } = await fuzz(seed, done => done < 1000);
  assert.equal(runs, 1000);
  assert.ok(kept > 30, `${kept} inputs reached new code`);
});
