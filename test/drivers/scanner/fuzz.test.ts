import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testSeed } from '../../support/test-seed.ts';
import { fuzz } from './fuzz.ts';
import { targets } from './fuzz-targets.ts';

test('the coverage-guided fuzzer of all parsers of device bytes runs and finds nothing in a short while', async t => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed}`);
  const { runs, kept } = await fuzz({ seed, targets, goOn: done => done < targets.length * 200 });
  assert.equal(runs, targets.length * 200);
  for (const { name, seeds } of targets) assert.ok((kept[name] ?? 0) > seeds.length, `${name} reached new code`);
});
