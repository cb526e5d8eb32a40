/** The proof in its quick form: every personality and trouble at some bytes, shifts of random trouble, real kills. `npm run test:faults` visits every byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PersonalityName, printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { testSeed } from '../../support/test-seed.ts';
import { sweepEveryByte, sweepPaper } from './every-byte.ts';
import { runShift } from './long-run.ts';
import { createNaivePrinter } from './naive-printer.ts';
import { killForReal } from './real-kills.ts';
import { troubles } from './troubles.ts';

const seed = testSeed('PRINTER_SEED');
const again = `PRINTER_SEED=${seed}`;
/** Prime, and each trouble begins at another byte. */
const stride = 41;
const shifts = 10;
const kills = 6;

for (const personality of Object.keys(printerPersonalities) as PersonalityName[]) {
  test(`${personality}: no trouble at any byte doubles a coupon, loses one unnoticed or makes the evidence too strong`, async t => {
    const broken: string[] = [];
    let places = 0;
    for (const [index, trouble] of troubles.entries()) {
      const from = (index * 37) % stride;
      const found = await sweepEveryByte({ personality, trouble, seed: seed + index, stride, from });
      broken.push(...found.broken);
      places += found.places;
    }
    const paper = await sweepPaper({ personality, seed, stride: 7 });
    t.diagnostic(`${places + paper.places} places, ${again}`);
    assert.deepEqual([...broken, ...paper.broken], []);
  });
}

test('whatever happens in a shift, every coupon is out once, or the till knows', async t => {
  t.diagnostic(again);
  const broken: string[] = [];
  for (let shift = 0; shift < shifts; shift++) broken.push(...(await runShift(seed + shift)).broken);
  assert.deepEqual(broken, []);
});

test('a till that is really killed at any byte doubles nothing and loses nothing', async t => {
  t.diagnostic(again);
  const found = await killForReal(kills, seed, 'TM-T88VI', t.signal);
  t.diagnostic(`${kills} kills, ${found.sold} coupons, ${found.slips} slips`);
  assert.deepEqual(found.broken, []);
});

test('the same harness finds a naive driver out: it prints twice, calls printed what is not, and loses coupons', async t => {
  const broken: string[] = [];
  for (const name of ['cable pulled', 'paper out, cured with the power off', 'cover opened']) {
    const trouble = troubles.find(known => known.name === name);
    assert.ok(trouble !== undefined, name);
    // The bytes between the code and the end of the job are where it prints twice: they must not be missed.
    const sweep = { personality: 'TM-T88VI', trouble, seed, stride: 17, driver: createNaivePrinter } as const;
    broken.push(...(await sweepEveryByte(sweep)).broken);
  }
  const count = (pattern: RegExp) => broken.filter(text => pattern.test(text)).length;
  const found = {
    twice: count(/: twice: /),
    twoRedeemable: count(/: two redeemable: /),
    tooStrong: count(/is confirmed, but not printed and cut/),
    lost: count(/: lost: /),
  };
  t.diagnostic(JSON.stringify(found));
  for (const [promise, times] of Object.entries(found)) assert.ok(times > 0, `it never breaks: ${promise}`);
});
