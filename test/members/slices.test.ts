import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inSlices } from '../../agent/members/slices.ts';
import type { Job } from '../../agent/store/index.ts';
import type { Clock } from '../../clock.ts';

/** A clock that goes on only while rows are worked on; what waits for it comes in its turn. */
function workClock() {
  const state = { ms: 0, slices: [] as number[], began: 0 };
  const clock: Clock = {
    now: () => state.ms,
    monotonic: () => state.ms,
    after(_, run) {
      state.slices.push(state.ms - state.began);
      setImmediate(() => {
        state.began = state.ms;
        run();
      });
      return () => {};
    },
  };
  return { clock, state };
}

/** Rows of which each takes `costOf` milliseconds, usually a hundred at once. */
function* work(rows: number, state: { ms: number }, steps: number[], costOf: (row: number) => number): Job<number> {
  let share: number | undefined;
  for (let done = 0; done < rows; ) {
    const some = Math.min(rows - done, Math.max(1, Math.round(100 * (share ?? 1))));
    for (let n = 0; n < some; n++) state.ms += costOf(done + n);
    done += some;
    steps.push(some);
    share = yield;
  }
  return rows;
}

test('steps that take too long are followed by shorter ones, and a slice by none that is much longer than it should be', async () => {
  const { clock, state } = workClock();
  const steps: number[] = [];
  const job = work(5000, state, steps, () => 0.125);
  assert.equal(await inSlices(job, clock), 5000);
  // The first ones find out what a row costs: 12.5, 6.25 and 3.125 ms.
  assert.deepEqual(steps.slice(0, 3), [100, 50, 25]);
  assert.deepEqual(state.slices.slice(0, 3), [12.5, 6.25, 3.125]);
  assert.ok(Math.max(...state.slices.slice(3)) < 2, `${Math.max(...state.slices.slice(3))} ms`);
});

test('they grow again when rows are quick again, and never beyond the usual', async () => {
  const { clock, state } = workClock();
  const steps: number[] = [];
  await inSlices(
    work(20_000, state, steps, row => (row < 1000 ? 0.4 : 0.001)),
    clock,
  );
  assert.ok(steps.includes(1), 'down to one row');
  assert.equal(Math.max(...steps), 100);
  assert.equal(steps.at(-2), 100);
});

test('work that is no longer wanted is broken off between two slices, and its end is played', async () => {
  const { clock, state } = workClock();
  let ended = false;
  let wanted = 3;
  function* job(): Job<number> {
    try {
      yield* work(1000, state, [], () => 1);
    } finally {
      ended = true;
    }
    return 1;
  }
  assert.equal(await inSlices(job(), clock, () => wanted-- > 0), null);
  assert.equal(ended, true);
  assert.equal(state.slices.length, 3);
});
