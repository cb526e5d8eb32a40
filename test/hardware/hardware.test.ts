import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { hidScenarios } from './hid-scenarios.ts';
import { lineScenarios } from './line-scenarios.ts';
import { tillScenarios } from './till-scenarios.ts';
import { type GuestRun, runInGuest, whyNoMachine } from './vm.ts';
import { wedgeScenarios } from './wedge-scenarios.ts';

const missing = whyNoMachine();
/** Scenarios that build on each other. */
const chain = tillScenarios.map(({ name }) => name);
const all = [...[...hidScenarios, ...lineScenarios, ...wedgeScenarios].map(({ name }) => name), ...chain];

describe('on real kernel drivers', { skip: missing ?? false, timeout: 2_400_000 }, () => {
  let run: GuestRun | null = null;
  before(async () => {
    const first = await runInGuest();
    run = first;
    if (first.exit === 0) return;
    // Without hardware virtualisation a guest is now and then starved beyond any time limit: what failed or was not reached is tried
    // in a second one, and this says so.
    const well = (name: string) => first.results.some(result => result.name === name && result.ok);
    const chainIsWell = chain.every(well);
    const again = all.filter(name => (chain.includes(name) ? !chainIsWell : !well(name)));
    const failed = first.results
      .filter(result => !result.ok)
      .map(({ name, detail }) => `${name}: ${detail.split('\n')[0]}`);
    console.log(`# booted a second time, because in the first one failed: ${failed.join(' · ') || 'the guest itself'}`);
    const only = again.map(name => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    const second = await runInGuest({ only: only === '' ? '' : `^(${only})$` });
    run = { ...second, results: [...second.results, ...first.results] };
  });

  for (const name of all) {
    test(name, t => {
      const result = run?.results.find(each => each.name === name);
      assert.ok(result !== undefined, `the guest did not get there:\n${run?.log}`);
      t.diagnostic(`${(result.ms / 1000).toFixed(1)} s`);
      assert.ok(result.ok, `${result.detail}\n${run?.log}`);
    });
  }

  test('the process that used all these devices was the same one to the end', () => {
    assert.equal(run?.exit, 0, run?.log);
  });
});
