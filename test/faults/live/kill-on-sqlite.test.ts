/** Everything that runs in a store is killed with -9 while it sells; HQ keeps its facts in SQLite. Then two stores that are wrong on purpose. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { killEverything } from './kill-everything.ts';
import { killTest, liveSeed } from './kill-test.ts';

killTest('sqlite');

const control = (name: string) => fileURLToPath(new URL(`./control-${name}.ts`, import.meta.url));
const short = { kills: 4, tills: 1, database: 'sqlite', only: ['HQ'] } as const;

/** Whether a kill falls where the fault shows is chance: seed after seed, until it does or all are played. */
async function isFound(preload: { tillPreload: string } | { hqPreload: string }, what: RegExp, t: TestContext) {
  for (let seed = liveSeed; seed < liveSeed + 8; seed++) {
    t.diagnostic(`seed ${seed} (LIVE_SEED=${seed})`);
    const { broken } = await killEverything({ ...short, ...preload, seed, signal: t.signal });
    const found = broken.find(text => what.test(text));
    t.diagnostic(found ?? 'nothing found');
    if (found !== undefined) return true;
  }
  return false;
}

test('the same harness finds tills that delete on PUBACK: what the broker took while HQ was down is lost', async t => {
  assert(await isFound({ tillPreload: control('delete-on-puback') }, /was answered and is not at HQ/, t));
});

test('the same harness finds an HQ that acknowledges before its commit', async t => {
  const what = /HQ acknowledged \d+ events of till 1 and its database has \d+/;
  assert(await isFound({ hqPreload: control('early-acknowledgement') }, what, t));
});
