/** Power cuts on a till's database (docs/faults.md). POWER_CUTS and POWER_SEED set how many and which; without them always the same. */
import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { testSeed } from '../../support/test-seed.ts';
import { seeded } from '../seeded.ts';
import { createDisk } from './disk.ts';
import { cutPower, recordTill } from './power-cuts.ts';
import { noStrace, readTrace } from './trace.ts';

const cuts = Number(process.env.POWER_CUTS ?? 2000);
const seed = testSeed('POWER_SEED');

test(`after ${cuts} power cuts at any write everything that was answered is there once, and the till starts on it`, {
  skip: noStrace,
}, t => {
  t.diagnostic(`seed ${seed} (POWER_SEED=${seed})`);
  const { broken, promised, byLoss } = cutPower(recordTill(seed, 'full'), cuts, seed);
  t.diagnostic(`${promised} promises looked up; ${[...byLoss].map(([loss, times]) => `${loss} ${times}`).join(', ')}`);
  assert.deepEqual(broken, []);
  assert(promised > cuts, 'on the whole more than one promise for each cut, else this shows nothing');
});

test('the same harness finds a till whose commits do not wait for the disk (synchronous=NORMAL)', {
  skip: noStrace,
}, t => {
  t.diagnostic(`seed ${seed} (POWER_SEED=${seed})`);
  const { broken } = cutPower(recordTill(seed, 'normal'), 100, seed);
  t.diagnostic(`${broken.length} found, the first: ${broken[0]}`);
  assert(broken.some(text => /was answered and is lost/.test(text)));
});

test('what a sync covered stays, what came later may be lost, and a name is lost where its folder was not synced', () => {
  const disk = createDisk();
  const write = (file: string, at: number | null, text: string) =>
    disk.take({ kind: 'write', file, at, bytes: Buffer.from(text) });
  const left = (loss: 'lost' | 'kept') =>
    [...disk.afterCut(loss, () => 0.5)].map(([file, bytes]) => [file, bytes.toString()]);
  disk.take({ kind: 'create', file: 'a' });
  write('a', 0, 'one');
  disk.take({ kind: 'sync', file: 'a' });
  write('a', null, ' two');
  assert.deepEqual(left('lost'), []);
  assert.deepEqual(left('kept'), [['a', 'one two']]);
  disk.take({ kind: 'sync', file: '' });
  assert.deepEqual(left('lost'), [['a', 'one']]);
  disk.take({ kind: 'truncate', file: 'a', size: 1 });
  disk.take({ kind: 'unlink', file: 'a' });
  assert.deepEqual(left('lost'), [['a', 'one']]);
  assert.deepEqual(left('kept'), []);
});

test('a torn write leaves whole sectors only', () => {
  const disk = createDisk();
  disk.take({ kind: 'create', file: 'a' });
  disk.take({ kind: 'sync', file: '' });
  disk.take({ kind: 'write', file: 'a', at: 100, bytes: Buffer.alloc(8000, 1) });
  const sizes = new Set<number>();
  const random = seeded(1);
  for (let times = 0; times < 200; times++) {
    const bytes = disk.afterCut('torn', random).get('a');
    for (let at = 512; at + 512 <= 4096; at += 512) {
      const sector = bytes?.subarray(at, at + 512) ?? Buffer.alloc(0);
      assert([0, 1].some(value => sector.every(byte => byte === value)));
    }
    sizes.add(bytes?.length ?? 0);
  }
  assert(sizes.size > 5);
});

test('a call that another thread interrupted in the trace is read whole', () => {
  const hex = (text: string) => [...Buffer.from(text)].map(byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  const trace = [
    `7 pwrite64(17<${hex('/top/a')}>, "${hex('x')}", 1, 11 <unfinished ...>`,
    `8 pwrite64(17<${hex('/top/a')}>, "${hex('hi')}", 2, 12) = 2`,
    `9 pwrite64(17<${hex('/elsewhere/a')}>, "${hex('hi')}", 2, 12) = 2`,
    '7 <... pwrite64 resumed>) = 1',
    `7 write(1<${hex('/dev/null')}>, "${hex('answered S\n')}", 11) = 11`,
    `7 ftruncate(17<${hex('/top/a')}>, 3) = -1 EIO (Input/output error)`,
  ].join('\n');
  assert.deepEqual(readTrace(trace, '/top'), [
    { kind: 'write', file: 'a', at: 12, bytes: Buffer.from('hi') },
    { kind: 'write', file: 'a', at: 11, bytes: Buffer.from('x') },
    { kind: 'said', line: 'answered S' },
  ]);
});
