import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { hidScenarios } from './hid-scenarios.ts';
import { lineScenarios } from './line-scenarios.ts';
import { tillScenarios } from './till-scenarios.ts';
import { type GuestRun, runInGuest, whyNoMachine } from './vm.ts';

const missing = whyNoMachine();

describe('on real kernel drivers', { skip: missing ?? false, timeout: 3_000_000 }, () => {
  let run: GuestRun | null = null;
  before(async () => {
    run = await runInGuest('guest.sh');
    if (run.exit === 0) return;
    // Without hardware virtualisation a guest is now and then starved beyond any time limit: it is booted once more, and says so.
    const failed = run.results
      .filter(result => !result.ok)
      .map(({ name, detail }) => `${name}: ${detail.split('\n')[0]}`);
    console.log(`# booted a second time, because in the first one failed: ${failed.join(' · ') || 'the guest itself'}`);
    run = await runInGuest('guest.sh');
  });

  for (const { name } of [...hidScenarios, ...lineScenarios, ...tillScenarios]) {
    test(name, () => {
      const result = run?.results.find(each => each.name === name);
      assert.ok(result !== undefined, `the guest did not get there:\n${run?.log}`);
      assert.ok(result.ok, `${result.detail}\n${run?.log}`);
    });
  }

  test('the process that used all these devices was the same one to the end', () => {
    assert.equal(run?.exit, 0, run?.log);
  });
});
