/** Files that HQ never published, offered as if it had: by whoever has its signing key, or by its own fault. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { type Done, type Order, workOn } from '../../agent/members/work.ts';
import { type Members, openMembers, type Target } from '../../agent/store/index.ts';
import { cardOf, factsOf, fetched, fetchedAs } from './fetched-file.ts';

function done(order: Order): Done {
  const job = workOn(order);
  for (;;) {
    const step = job.next();
    if (step.done === true) return step.value;
  }
}

type Try = { readonly members: Members; readonly dir: string; readonly here: Target; readonly change: Buffer };

/** A till with version 1 of twenty members, and the bytes of the change to version 2. */
function atTill(run: (made: Try) => void) {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-hostile-'));
  const members = openMembers(join(dir, 'members.sqlite'));
  try {
    const all = (points: number) => Array.from({ length: 20 }, (_, n) => factsOf(n + 1, points));
    const first = fetched(join(dir, 'whole'), all(1), 1, null);
    const next = `${members.path}.next`;
    assert.deepEqual(done({ kind: 'whole', ...first, next, afresh: true }), { ok: true });
    members.swap(next);
    fetched(join(dir, 'change'), all(2), 2, first.target);
    run({ members, dir, here: first.target, change: readFileSync(join(dir, 'change')) });
    members.reread();
    assert.deepEqual([members.phase(), members.version()?.version], [null, 1]);
    assert.equal(members.byCard(cardOf(3))?.points, 1);
    assert.deepEqual(done({ kind: 'check', file: members.path }), { ok: true });
  } finally {
    members.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

const refusals: Readonly<Record<string, (made: Try) => { readonly incoming: string; readonly target: Target }>> = {
  'that is cut off in its last part': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), change.subarray(0, change.length - 20), { ...here, version: 2, base: here.content }),
  'that is empty': ({ dir, here }) => fetchedAs(join(dir, 'x'), Buffer.alloc(1), { ...here, version: 2 }),
  'that says twenty megabytes are a thousand bytes': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), burst(change, 1000), { ...here, version: 2, base: here.content }),
  'that says it holds more than any part may': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), burst(change, 0xffff_ffff), { ...here, version: 2, base: here.content }),
  'that is for another version than is here': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), change, { ...here, version: 2, base: 'b'.repeat(64) }),
  'whose own base is another than was offered': ({ dir, here }) => {
    const other = fetched(join(dir, 'x'), [factsOf(1, 9)], 2, { ...here, content: 'b'.repeat(64) });
    return { ...other, target: { ...other.target, base: here.content } };
  },
  'of another tenant': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), change, { ...here, tenant: 'other', version: 2, base: here.content }),
  'of another store': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), change, { ...here, scope: 'store/0017', version: 2, base: here.content }),
  'of another version than was offered': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), change, { ...here, version: 3, base: here.content }),
  'that leads elsewhere than HQ means': ({ dir, here, change }) =>
    fetchedAs(join(dir, 'x'), change, { ...here, version: 2, base: here.content, content: 'e'.repeat(64) }),
  'whose bytes are not those offered': ({ dir, here, change }) => {
    const right = fetchedAs(join(dir, 'x'), change, { ...here, version: 2, base: here.content });
    return { ...right, target: { ...right.target, sha256: 'f'.repeat(64) } };
  },
};

/** The first part after the header is twenty megabytes of zeros, which it says to be `size` bytes. */
function burst(file: Buffer, size: number): Buffer {
  const afterHeader = 4 + 8 + file.readUInt32BE(8);
  const packed = deflateRawSync(Buffer.alloc(20 * 1024 * 1024));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(packed.length, 4);
  return Buffer.concat([file.subarray(0, afterHeader), head, packed, Buffer.alloc(8)]);
}

for (const [what, make] of Object.entries(refusals))
  test(`a change ${what} is refused, and every row stays as it was`, () =>
    atTill(made => {
      const result = done({ kind: 'change', ...make(made), file: made.members.path });
      assert.equal(result.ok, false, JSON.stringify(result));
    }));
