import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { seeded } from '../seeded.ts';
import { drawCommands } from './play.ts';
import { playRecord } from './record.ts';
import { type Played, playMany, playOne, tellBroken } from './run-model.ts';
import { makeTemplates } from './world.ts';

test('the same seed plays the very same run, message by message, also while all threads of the pool are busy', async t => {
  // HQ's database answers at once in the one and late in the other.
  for (const seed of [1002, 1003]) {
    const free = await played(seed);
    const release = keepThreadsBusy();
    t.after(release);
    const busy = await played(seed);
    await release();
    assert.equal(firstDifference(free, busy), null);
    assert.equal(busy.trace, free.trace);
    assert(free.lines.length > 100, 'too little happened to show anything');
    assert.notEqual((await played(seed + 2)).trace, free.trace);
  }
});

/** Each with templates of its own: they are part of what must be the same. */
async function played(seed: number): Promise<Played> {
  const templates = await makeTemplates(3);
  try {
    return await playOne(templates, seed, drawCommands(seeded(seed), 80));
  } finally {
    templates.remove();
  }
}

const firstDifference = (one: Played, other: Played): readonly unknown[] | null => {
  const at = one.lines.findIndex((line, index) => line !== other.lines[index]);
  return at < 0 ? null : [at, one.lines[at], other.lines[at]];
};

/** More work than the pool has threads, so that whatever is asked of it waits its turn. */
function keepThreadsBusy(): () => Promise<void> {
  let isOver = false;
  const work = (): Promise<void> =>
    new Promise<void>(resolve => pbkdf2('till', 'side', 5000, 32, 'sha256', () => resolve())).then(() =>
      isOver ? undefined : work(),
    );
  const all = Promise.all(Array.from({ length: 8 }, work));
  return async () => {
    isOver = true;
    await all;
  };
}

test('a run that breaks a promise tells which, how few commands suffice, and where all of it is kept', async t => {
  const { broken } = await playMany(1, 1004, 40, async (_, model) => {
    if (model.sales.length > 0) model.broken.push('nothing may be sold');
  });
  assert(broken !== null);
  assert.deepEqual([broken.faults, broken.isSameAgain], [['nothing may be sold'], true]);
  assert(broken.fewest.commands.length < 10, `${broken.fewest.commands.length} commands`);
  const told = tellBroken(broken).join('\n');
  const [file] = told.match(/\/\S+\.json/) ?? [];
  assert(file !== undefined && told.includes('seed 1004: nothing may be sold'));
  t.after(() => rmSync(dirname(file), { recursive: true }));
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), broken);
  // By the promises themselves nothing was wrong.
  assert.deepEqual(await playRecord(file), []);
});
