import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMembersFile } from '../../agent/store/members-file.ts';
import { build, type Outcome, type Target } from '../../agent/store/members-jobs.ts';
import type { MemberFile, MemberRecord } from '../../sync/protocol/members-file.ts';

const header = { tenant: 'demo', scope: 'all', version: 1, base: null, wordsFrom: 0, words: [] };
const target: Target = {
  ...{ tenant: 'demo', scope: 'all', version: 1, base: null, content: 'c'.repeat(64), count: 2 },
  ...{ size: 1000, sha256: 'a'.repeat(64), block: 1000 },
};
const row = new Uint8Array(8);

function outcomeOf(...segments: readonly (readonly MemberRecord[])[]): Outcome {
  const source: MemberFile = {
    header,
    first: 0,
    segment: offset => ({ ok: true, value: { records: segments[offset] ?? [], next: offset + 1 } }),
  };
  const dir = mkdtempSync(join(tmpdir(), 'tillside-jobs-'));
  const next = newMembersFile(join(dir, 'members.sqlite.next'));
  try {
    const job = build(next, source, target);
    for (;;) {
      const step = job.next();
      if (step.done) return step.value;
    }
  } finally {
    next.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

for (const [name, segments] of Object.entries({
  'a key that is less than the one before': [[2, 1]],
  'a key that is there twice': [[1, 1]],
  'a key that is less than the last of the segment before': [[1, 5], [4]],
}))
  test(`a file of members with ${name} is refused for it`, () => {
    const outcome = outcomeOf(...segments.map(keys => keys.map(key => ({ key, row }))));
    assert.deepEqual(outcome, { ok: false, reason: 'the file has members out of order' });
  });

test('a whole file that takes a member out is refused for it', () => {
  assert.deepEqual(outcomeOf([{ key: 1, row: null }]), { ok: false, reason: 'the file has members out of order' });
});
