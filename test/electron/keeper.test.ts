import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keeper, type KeeperState } from '../../agent/electron/keeper.ts';
import { FakeClock } from '../support/fake-clock.ts';

function kept() {
  const clock = new FakeClock();
  const states: KeeperState[] = [];
  let end: ((why: string) => void) | null = null;
  let starts = 0;
  let stops = 0;
  const keeper = new Keeper(
    () => {
      starts++;
      return { onEnd: listener => (end = listener), stop: () => stops++ };
    },
    clock,
    state => states.push(state),
  );
  return { clock, states, keeper, end: (why: string) => end?.(why), starts: () => starts, stops: () => stops };
}

test('a process that ends is started again, each time after a longer pause', async () => {
  const { clock, states, keeper, end, starts } = kept();
  keeper.start();
  end('exit 1');
  await clock.advance(0);
  assert.equal(starts(), 2);
  end('exit 1');
  await clock.advance(999);
  assert.equal(starts(), 2);
  await clock.advance(1);
  assert.equal(starts(), 3);
  assert.deepEqual(
    states.filter(state => state.kind === 'pausing').map(state => state.ms),
    [0, 1000],
  );
});

test('once stopped it is not started again', async () => {
  const { clock, keeper, end, starts, stops } = kept();
  keeper.start();
  keeper.stop();
  assert.equal(stops(), 1);
  end('SIGTERM');
  await clock.advance(120_000);
  assert.equal(starts(), 1);
});

test('a stop during the pause ends it', async () => {
  const { clock, keeper, end, starts } = kept();
  keeper.start();
  end('exit 1');
  await clock.advance(0);
  end('exit 1');
  keeper.stop();
  await clock.advance(120_000);
  assert.equal(starts(), 2);
  assert.equal(clock.waiting, 0);
});
