/** Everything that runs in a store is killed with -9 while it sells; HQ keeps its facts in SQLite. Then two stores that are wrong on purpose. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { killEverything } from './kill-everything.ts';
import { killTest, liveSeed } from './kill-test.ts';

killTest('sqlite');

const control = (name: string) => fileURLToPath(new URL(`./control-${name}.ts`, import.meta.url));
const short = { kills: 3, seed: liveSeed, tills: 1, database: 'sqlite', only: ['HQ'] } as const;

test('the same harness finds tills that delete on PUBACK: what the broker took while HQ was down is lost', async t => {
  t.diagnostic(`seed ${liveSeed} (LIVE_SEED=${liveSeed})`);
  const { broken } = await killEverything({ ...short, tillPreload: control('delete-on-puback'), signal: t.signal });
  t.diagnostic(broken[0] ?? 'nothing found');
  assert(broken.some(text => /was answered and is not at HQ/.test(text)));
});

test('the same harness finds an HQ that acknowledges before its commit', async t => {
  t.diagnostic(`seed ${liveSeed} (LIVE_SEED=${liveSeed})`);
  const { broken } = await killEverything({ ...short, hqPreload: control('early-acknowledgement'), signal: t.signal });
  t.diagnostic(broken[0] ?? 'nothing found');
  assert(broken.some(text => /HQ acknowledged \d+ events of till 1 and its database has \d+/.test(text)));
});
