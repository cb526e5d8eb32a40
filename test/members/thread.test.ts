import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startThread } from '../../agent/members/thread.ts';
import { isDamage, openMembers } from '../../agent/store/index.ts';
import { cardOf, factsOf, fetched } from './fetched-file.ts';

async function inFolder(run: (dir: string) => Promise<void>) {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-thread-'));
  try {
    await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test('a thread builds a whole file and works a change in, while this one reads one version or the other', () =>
  inFolder(async dir => {
    const members = openMembers(join(dir, 'members.sqlite'));
    try {
      const next = `${members.path}.next`;
      const many = (points: number) => Array.from({ length: 600 }, (_, n) => factsOf(n + 1, points));
      const first = fetched(join(dir, 'whole'), many(1), 1, null);
      assert.deepEqual(await startThread({ kind: 'whole', ...first, next, afresh: true }).done, { ok: true });
      members.swap(next);
      const second = fetched(join(dir, 'change'), many(2), 2, first.target);
      const seen = new Set<string>();
      const look = () => seen.add([1, 299, 600].map(n => members.byCard(cardOf(n))?.points).join());
      const during = async (done: Promise<unknown>) => {
        let isDone = false;
        const ended = done.finally(() => {
          isDone = true;
        });
        while (!isDone) {
          look();
          await new Promise(resolve => setImmediate(resolve));
        }
        return ended;
      };
      const file = members.path;
      assert.deepEqual(await during(startThread({ kind: 'change', ...second, file }).done), { ok: true });
      assert.deepEqual([...seen], ['1,1,1'], 'it counts from when this thread takes it over');
      members.reread();
      assert.equal(members.phase(), 'folding');
      await during(startThread({ kind: 'fold', file }).done);
      members.reread();
      look();
      assert.deepEqual([...seen], ['1,1,1', '2,2,2']);
      assert.equal(members.phase(), null);
      assert.deepEqual(await startThread({ kind: 'check', file }).done, { ok: true });
    } finally {
      members.close();
    }
  }));

test('work that is called off ends, and goes on where it stopped', () =>
  inFolder(async dir => {
    const all = Array.from({ length: 2000 }, (_, n) => factsOf(n + 1, n));
    const order = fetched(join(dir, 'whole'), all, 1, null);
    const next = join(dir, 'members.sqlite.next');
    const work = startThread({ kind: 'whole', ...order, next, afresh: true });
    work.callOff();
    assert.equal(await work.done, null);
    assert.deepEqual(await startThread({ kind: 'whole', ...order, next, afresh: false }).done, { ok: true });
  }));

test('what goes wrong on the thread is told here, with its code', () =>
  inFolder(async dir => {
    const target = fetched(join(dir, 'whole'), [], 1, null).target;
    const next = join(dir, 'next');
    await assert.rejects(
      startThread({ kind: 'whole', incoming: join(dir, 'nowhere'), target, next, afresh: true }).done,
      { code: 'ENOENT' },
    );
    const file = join(dir, 'members.sqlite');
    writeFileSync(file, 'rubbish'.repeat(2000));
    await assert.rejects(startThread({ kind: 'check', file }).done, error => isDamage(error));
  }));
