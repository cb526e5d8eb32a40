/** The same test for each of HQ's databases. LIVE_KILLS and LIVE_SEED set how often and how. */
import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { testSeed } from '../../support/test-seed.ts';
import { killEverything } from './kill-everything.ts';
import type { HqDatabase } from './live-store.ts';

const kills = Number(process.env.LIVE_KILLS ?? 50);
export const liveSeed = testSeed('LIVE_SEED');

export function killTest(database: HqDatabase, skip: string | false = false): void {
  test(`HQ on ${database}: after ${kills} kills of tills, broker, HQ and database every answered sale is at HQ once, to the cent`, {
    skip,
  }, async t => {
    t.diagnostic(`seed ${liveSeed} (LIVE_SEED=${liveSeed})`);
    const options = { kills, seed: liveSeed, database, signal: t.signal };
    const { broken, answered, bundles, killed } = await killEverything(options);
    t.diagnostic(`${answered} sales, ${bundles} bundles; ${[...killed].map(each => each.join(' ')).join(', ')}`);
    assert.deepEqual(broken, []);
    assert(answered >= kills, 'at least one sale for each kill, else this shows nothing');
  });
}
