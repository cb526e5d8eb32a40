import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BlockStore, createBlockStore } from '../../../sync/edge/block-store.ts';
import { createDownlink } from '../../../sync/edge/downlink.ts';
import { createTrust } from '../../../sync/edge/trust.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { blockCount, cutBlock } from '../../../sync/protocol/blocks.ts';
import { makeDelta } from '../../../sync/protocol/delta.ts';
import type { AskMessage } from '../../../sync/protocol/messages.ts';
import { signPointer, storeRing } from '../../../sync/protocol/pointer.ts';
import { makeSigningKey, readSigningKey, readTrustedKeys } from '../../../sync/protocol/signing.ts';
import type { BundlePointer } from '../../../sync/protocol/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type MemoryBundles, memoryBundles } from '../support/till-end.ts';

const made = makeSigningKey();
const trust = readTrustedKeys([made.publicPem]);
const hqKey = readSigningKey(made.privatePem);
const strangerKey = readSigningKey(makeSigningKey().privatePem);
assert.ok(trust.ok && hqKey.ok && strangerKey.ok);
const [trusted, key, stranger] = [trust.value, hqKey.value, strangerKey.value];

const block = 1024;
/** Longer than a till listens before it asks. */
const listened = 400;
const fileOf = (text: string, size = 5000) => Buffer.alloc(size, text);

function pointerTo(file: Uint8Array, version: number, change: Partial<BundlePointer> = {}, by = key): BundlePointer {
  return signPointer(by, {
    id: 'weekly',
    version,
    sha256: createHash('sha256').update(file).digest('hex'),
    size: file.byteLength,
    block,
    notBefore: '2026-11-20T00:00:00+01:00',
    notAfter: '2026-12-31T23:59:59+01:00',
    ring: 'all',
    ...change,
  });
}

function till(change: { readonly bundles?: MemoryBundles; readonly blocks?: BlockStore } = {}) {
  const clock = new FakeClock('2026-11-21T10:15:00+01:00');
  const bundles = change.bundles ?? memoryBundles();
  const trust = createTrust({ roots: trusted, file: null, clock, log: silentLog });
  const asked: (AskMessage & { kind: 'blocks' })[] = [];
  const downlink = createDownlink({
    bundles,
    trust,
    askPointers() {},
    blocks: change.blocks ?? null,
    store: '0042',
    ring: 'all',
    clock,
    random: () => 0.5,
    log: silentLog,
    ask(message) {
      if (message.kind === 'blocks') asked.push(message);
    },
    onChange() {},
  });
  downlink.up();
  /** HQ answers the last question, as far as `only` says. */
  const answer = (file: Uint8Array, only: (index: number) => boolean = () => true) => {
    const question = asked.at(-1);
    assert.ok(question !== undefined);
    for (const index of question.indexes) {
      const bytes = cutBlock(file, block, index);
      if (bytes !== null && only(index)) downlink.block({ sha256: question.sha256, index, bytes });
    }
  };
  /** A pointer comes, and the till has listened long enough to ask. */
  const point = async (pointer: BundlePointer) => {
    downlink.pointer(pointer);
    await clock.advance(listened);
  };
  return {
    clock,
    bundles,
    trust,
    point,
    asked,
    downlink,
    answer,
    active: () => bundles.activated.map(({ pointer }) => pointer.version),
  };
}

test('a signed pointer leads to its blocks, and the whole file is activated', async () => {
  const { clock, asked, downlink, point, answer, active, bundles } = till();
  const file = fileOf('one');
  await point(pointerTo(file, 1));
  assert.deepEqual(asked[0]?.indexes, [0, 1, 2, 3, 4]);
  answer(file);
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
  assert.deepEqual(Buffer.from(bundles.activated[0]?.bytes ?? []), file);
  assert.equal(downlink.refused(), null);
});

test('a forged pointer raises the alarm, asks for nothing, and the old bundle stays', async () => {
  const { clock, asked, downlink, point, answer, active, trust } = till();
  const file = fileOf('one');
  await point(pointerTo(file, 1));
  answer(file);
  await clock.advance(0);
  const questions = asked.length;
  const genuine = pointerTo(fileOf('two'), 2);
  const forgeries = [
    pointerTo(fileOf('evil'), 2, {}, stranger),
    { ...genuine, version: 99 },
    { ...genuine, sha256: createHash('sha256').update(fileOf('evil')).digest('hex') },
    { ...genuine, notAfter: '2099-12-31T23:59:59+01:00' },
  ];
  for (const forged of forgeries) await point(forged);
  // The one with an unknown key may be signed by a new key of HQ: HQ is asked first.
  assert.equal(trust.view().untrusted, forgeries.length - 1);
  downlink.settle();
  assert.equal(trust.view().untrusted, forgeries.length);
  assert.match(trust.view().last?.reason ?? '', /not certified/);
  assert.equal(downlink.refused(), null, 'what anybody can make up says nothing about the bundle it names');
  assert.equal(asked.length, questions);
  assert.deepEqual(active(), [1]);
});

test('an older version is never taken, however well it is signed', async () => {
  const { clock, asked, point, answer, active } = till();
  const [old, current] = [fileOf('old'), fileOf('current')];
  await point(pointerTo(current, 47));
  answer(current);
  await clock.advance(0);
  const questions = asked.length;
  await point(pointerTo(old, 46));
  await point(pointerTo(old, 47));
  assert.equal(asked.length, questions);
  assert.deepEqual(active(), [47]);
});

test('a retained pointer from last year is refused; one for tomorrow waits until then', async () => {
  const { clock, asked, downlink, point, answer, active } = till();
  await point(pointerTo(fileOf('a'), 5, { notBefore: '2025-01-01T00:00:00Z', notAfter: '2025-12-31T23:59:59Z' }));
  assert.match(downlink.refused()?.message ?? '', /ended/);
  const tomorrow = fileOf('tomorrow');
  await point(pointerTo(tomorrow, 6, { notBefore: '2026-11-22T10:15:00+01:00' }));
  assert.equal(asked.length, 0);
  // Two pointers, each listened after.
  await clock.advance(24 * 3_600_000 - 2 * listened - 1);
  assert.equal(asked.length, 0);
  await clock.advance(1 + listened);
  answer(tomorrow);
  await clock.advance(0);
  assert.deepEqual(active(), [6]);
});

test('a pointer of another ring or store is not for this till', async () => {
  const { asked, point } = till();
  await point(pointerTo(fileOf('a'), 1, { ring: 'pilot' }));
  await point(pointerTo(fileOf('a'), 1, { ring: storeRing('0043') }));
  assert.equal(asked.length, 0);
  await point(pointerTo(fileOf('a'), 1, { ring: storeRing('0042') }));
  assert.equal(asked.length, 1);
});

test('what does not arrive is asked for again, only the missing blocks, also after a break', async () => {
  const { clock, asked, downlink, point, answer, active } = till();
  const file = fileOf('one');
  await point(pointerTo(file, 1));
  answer(file, index => index !== 2 && index !== 4);
  await clock.advance(2_000);
  assert.deepEqual(asked.at(-1)?.indexes, [2, 4]);
  downlink.down();
  await clock.advance(3_600_000);
  const questions = asked.length;
  downlink.up();
  await clock.advance(listened);
  assert.equal(asked.length, questions + 1);
  answer(file, index => index === 2);
  downlink.up();
  await clock.advance(listened);
  assert.deepEqual(asked.at(-1)?.indexes, [4]);
  answer(file);
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
});

test('a file with the wrong content is fetched three times and then refused; the old bundle stays', async () => {
  const { clock, downlink, point, answer, active, asked } = till();
  const [file, wrong] = [fileOf('right'), fileOf('wrong')];
  await point(pointerTo(file, 1));
  for (let time = 0; time < 3; time++) {
    answer(wrong);
    await clock.advance(listened);
  }
  assert.equal(asked.length, 3);
  assert.equal(downlink.refused()?.code, 'bundle-untrusted');
  assert.deepEqual(active(), []);
  // The next time HQ is asked for its pointers it gets another chance.
  await point(pointerTo(file, 1));
  answer(file);
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
  assert.equal(downlink.refused(), null);
});

test('a truncated or overlong block is not taken', async () => {
  const { clock, downlink, point, active } = till();
  const file = fileOf('one');
  const pointer = pointerTo(file, 1);
  await point(pointer);
  for (const length of [0, 1, block - 1, block + 1])
    downlink.block({ sha256: pointer.sha256, index: 0, bytes: Buffer.alloc(length) });
  downlink.block({ sha256: pointer.sha256, index: 99, bytes: Buffer.alloc(block) });
  // The last one is 5000 − 4 × 1024 = 904 bytes.
  downlink.block({ sha256: pointer.sha256, index: 4, bytes: Buffer.alloc(block) });
  for (let index = 0; index < 4; index++)
    downlink.block({ sha256: pointer.sha256, index, bytes: file.subarray(index * block, (index + 1) * block) });
  await clock.advance(0);
  assert.deepEqual(active(), []);
  downlink.block({ sha256: pointer.sha256, index: 4, bytes: file.subarray(4 * block) });
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
});

test('a bundle that the agent refuses is told with its faults and not fetched again until there is a new one', async () => {
  const { clock, bundles, downlink, point, answer, active, asked } = till();
  const [bad, good] = [fileOf('bad'), fileOf('good')];
  const faults = [{ pointer: '/offers/0/id', message: 'is missing' }];
  bundles.refuseWith = { ok: false, code: 'bundle-invalid', message: 'The bundle has one fault.', faults };
  await point(pointerTo(bad, 2));
  answer(bad);
  await clock.advance(0);
  assert.deepEqual(downlink.refused(), {
    id: 'weekly',
    version: 2,
    code: 'bundle-invalid',
    message: 'The bundle has one fault.',
    faults: 1,
  });
  const questions = asked.length;
  await point(pointerTo(bad, 2));
  assert.equal(asked.length, questions);
  bundles.refuseWith = null;
  await point(pointerTo(good, 3));
  answer(good);
  await clock.advance(0);
  assert.deepEqual(active(), [3]);
  assert.equal(downlink.refused(), null);
});

test('a newer pointer overtakes a transfer that is under way', async () => {
  const { point, answer, active, clock } = till();
  const [second, third] = [fileOf('second'), fileOf('third')];
  await point(pointerTo(second, 2));
  answer(second, index => index < 2);
  await point(pointerTo(third, 3));
  await point(pointerTo(second, 2));
  answer(third);
  await clock.advance(0);
  assert.deepEqual(active(), [3]);
});

test('whatever blocks come, in any order, doubled or of other files, only the signed file is activated', async () => {
  const file = fileOf('the file', 4500);
  const pointer = pointerTo(file, 1);
  const count = blockCount(file.byteLength, block);
  const step = fc.record({
    index: fc.nat(count),
    kind: fc.constantFrom('right', 'right', 'other', 'foreign', 'up', 'time'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      const { clock, downlink, point, bundles, answer, active } = till();
      await point(pointer);
      for (const { index, kind } of steps) {
        const bytes = cutBlock(file, block, index) ?? Buffer.alloc(7);
        if (kind === 'right') downlink.block({ sha256: pointer.sha256, index, bytes });
        if (kind === 'other')
          downlink.block({ sha256: pointer.sha256, index, bytes: Buffer.alloc(bytes.byteLength, 'x') });
        if (kind === 'foreign') downlink.block({ sha256: 'f'.repeat(64), index, bytes });
        if (kind === 'up') downlink.up();
        if (kind === 'time') await clock.advance(2_500);
      }
      for (let round = 0; round < 5 && active().length === 0; round++) {
        await point(pointer);
        answer(file);
        await clock.advance(0);
      }
      assert.deepEqual(active(), [1]);
      assert.deepEqual(Buffer.from(bundles.activated[0]?.bytes ?? []), file);
    }),
    { numRuns: 30 },
  );
});

test('a till that hears another one’s answer does not ask itself', async () => {
  const { clock, asked, downlink, active } = till();
  const file = fileOf('one');
  const pointer = pointerTo(file, 1);
  downlink.pointer(pointer);
  // Each block puts the question off: another till asked, and its answer is under way.
  for (let index = 0; index < 5; index++) {
    await clock.advance(150);
    const bytes = cutBlock(file, block, index);
    assert.ok(bytes !== null);
    downlink.block({ sha256: pointer.sha256, index, bytes });
  }
  await clock.advance(listened);
  assert.equal(asked.length, 0);
  assert.deepEqual(active(), [1]);
});

test('a delta makes the new file of the one that is active; whatever else it makes, the full file is fetched', async () => {
  const offers = Array.from({ length: 300 }, (_, index) => ({ id: `offer-${index}`, priority: (index * 7) % 100 }));
  const first = Buffer.from(JSON.stringify({ version: 1, offers }));
  const second = Buffer.from(JSON.stringify({ version: 2, offers: offers.slice(1) }));
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const right = makeDelta(first, second);
  for (const [patch, whole] of [
    [right, false],
    [makeDelta(first, first), true],
    [Buffer.from('no patch at all'), true],
  ] as const) {
    const { clock, asked, point, answer, active, bundles } = till();
    await point(pointerTo(first, 1));
    answer(first);
    await clock.advance(0);
    const delta = { sha256: sha256(patch), size: patch.byteLength };
    await point(pointerTo(second, 2, { base: sha256(first), delta }));
    assert.equal(asked.at(-1)?.sha256, delta.sha256);
    assert.deepEqual(asked.at(-1)?.indexes, [0]);
    answer(Buffer.from(patch));
    await clock.advance(listened);
    assert.equal(asked.at(-1)?.sha256 === sha256(second), whole);
    if (whole) answer(second);
    await clock.advance(0);
    assert.deepEqual(active(), [1, 2]);
    assert.deepEqual(Buffer.from(bundles.activated[1]?.bytes ?? []), second);
  }
  // A till with another bundle than the one that the delta starts from fetches the whole.
  const { asked, point } = till();
  await point(pointerTo(second, 2, { base: sha256(first), delta: { sha256: sha256(right), size: right.byteLength } }));
  assert.equal(asked.at(-1)?.sha256, sha256(second));
});

test('a patch that HQ does not answer for is given up for the whole file', async () => {
  const { clock, asked, point, answer, active } = till();
  const [first, second] = [fileOf('one'), fileOf('two')];
  await point(pointerTo(first, 1));
  answer(first);
  await clock.advance(0);
  const base = createHash('sha256').update(first).digest('hex');
  const target = pointerTo(second, 2, { base, delta: { sha256: 'd'.repeat(64), size: 100 } });
  await point(target);
  assert.equal(asked.at(-1)?.sha256, 'd'.repeat(64));
  // 2 + 4 + 8 + 16 s, with the test's random exactly.
  await clock.advance(30_000);
  assert.equal(asked.at(-1)?.sha256, target.sha256);
  answer(second);
  await clock.advance(0);
  assert.deepEqual(active(), [1, 2]);
});

test('what was fetched before a crash is kept: the next start asks for the rest only', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-blocks-'));
  try {
    const file = fileOf('one');
    const pointer = pointerTo(file, 1);
    const before = till({ blocks: createBlockStore(folder, silentLog) });
    await before.point(pointer);
    before.answer(file, index => index !== 3);
    // The process ends here, without a word. One block on disk is damaged by it, one record is torn.
    const part = join(folder, `${pointer.sha256}.part`);
    const bytes = readFileSync(part);
    bytes.fill(0, block, block + 10);
    writeFileSync(part, bytes);
    const have = join(folder, `${pointer.sha256}.have`);
    writeFileSync(have, readFileSync(have).subarray(0, -5));
    const after = till({ blocks: createBlockStore(folder, silentLog) });
    await after.point(pointer);
    assert.deepEqual(after.asked.at(-1)?.indexes, [1, 3, 4]);
    after.answer(file);
    await after.clock.advance(0);
    assert.deepEqual(after.active(), [1]);
    assert.deepEqual(readdirSync(folder), []);
    // Another file on its way forgets this one's blocks.
    const other = till({ blocks: createBlockStore(folder, silentLog) });
    await other.point(pointerTo(fileOf('two'), 2));
    other.answer(fileOf('two'), index => index === 0);
    await other.point(pointerTo(fileOf('three'), 3));
    other.answer(fileOf('three'), index => index === 0);
    assert.equal(readdirSync(folder).length, 2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the active bundle signed anew is renewed without being fetched', async () => {
  const { clock, asked, point, answer, bundles, active } = till();
  const renewed: string[] = [];
  bundles.renew = pointer => renewed.push(pointer.notAfter) > 0;
  const file = fileOf('one');
  await point(pointerTo(file, 1));
  answer(file);
  await clock.advance(0);
  const questions = asked.length;
  await point(pointerTo(file, 1, { notAfter: '2027-06-30T00:00:00Z' }));
  assert.deepEqual([renewed, active(), asked.length], [['2027-06-30T00:00:00Z'], [1], questions]);
});
