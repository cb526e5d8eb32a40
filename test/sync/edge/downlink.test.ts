import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDownlink } from '../../../sync/edge/downlink.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { blockCount, cutBlock } from '../../../sync/protocol/blocks.ts';
import type { AskMessage } from '../../../sync/protocol/messages.ts';
import { signPointer, storeRing } from '../../../sync/protocol/pointer.ts';
import { makeSigningKey, readSigningKey, readTrustedKeys } from '../../../sync/protocol/signing.ts';
import type { BundlePointer } from '../../../sync/protocol/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { memoryBundles } from '../support/till-end.ts';

const made = makeSigningKey();
const trust = readTrustedKeys([made.publicPem]);
const hqKey = readSigningKey(made.privatePem);
const strangerKey = readSigningKey(makeSigningKey().privatePem);
assert.ok(trust.ok && hqKey.ok && strangerKey.ok);
const [trusted, key, stranger] = [trust.value, hqKey.value, strangerKey.value];

const block = 1024;
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

function till() {
  const clock = new FakeClock('2026-11-21T10:15:00+01:00');
  const bundles = memoryBundles();
  const asked: (AskMessage & { kind: 'blocks' })[] = [];
  const downlink = createDownlink({
    bundles,
    trusted: () => trusted,
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
  return {
    clock,
    bundles,
    asked,
    downlink,
    answer,
    active: () => bundles.activated.map(({ pointer }) => pointer.version),
  };
}

test('a signed pointer leads to its blocks, and the whole file is activated', async () => {
  const { clock, asked, downlink, answer, active, bundles } = till();
  const file = fileOf('one');
  downlink.pointer(pointerTo(file, 1));
  assert.deepEqual(asked[0]?.indexes, [0, 1, 2, 3, 4]);
  answer(file);
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
  assert.deepEqual(Buffer.from(bundles.activated[0]?.bytes ?? []), file);
  assert.equal(downlink.refused(), null);
});

test('a forged pointer is refused by name, asks for nothing, and the old bundle stays', async () => {
  const { clock, asked, downlink, answer, active } = till();
  const file = fileOf('one');
  downlink.pointer(pointerTo(file, 1));
  answer(file);
  await clock.advance(0);
  const questions = asked.length;
  const genuine = pointerTo(fileOf('two'), 2);
  for (const forged of [
    pointerTo(fileOf('evil'), 2, {}, stranger),
    { ...genuine, version: 99 },
    { ...genuine, sha256: createHash('sha256').update(fileOf('evil')).digest('hex') },
    { ...genuine, notAfter: '2099-12-31T23:59:59+01:00' },
  ]) {
    downlink.pointer(forged);
    assert.equal(downlink.refused()?.code, 'bundle-untrusted');
  }
  assert.equal(asked.length, questions);
  assert.deepEqual(active(), [1]);
});

test('an older version is never taken, however well it is signed', async () => {
  const { clock, asked, downlink, answer, active } = till();
  const [old, current] = [fileOf('old'), fileOf('current')];
  downlink.pointer(pointerTo(current, 47));
  answer(current);
  await clock.advance(0);
  const questions = asked.length;
  downlink.pointer(pointerTo(old, 46));
  downlink.pointer(pointerTo(old, 47));
  assert.equal(asked.length, questions);
  assert.deepEqual(active(), [47]);
});

test('a retained pointer from last year is refused; one for tomorrow waits until then', async () => {
  const { clock, asked, downlink, answer, active } = till();
  downlink.pointer(pointerTo(fileOf('a'), 5, { notBefore: '2025-01-01T00:00:00Z', notAfter: '2025-12-31T23:59:59Z' }));
  assert.match(downlink.refused()?.message ?? '', /ended/);
  const tomorrow = fileOf('tomorrow');
  downlink.pointer(pointerTo(tomorrow, 6, { notBefore: '2026-11-22T10:15:00+01:00' }));
  assert.equal(asked.length, 0);
  await clock.advance(24 * 3_600_000 - 1);
  assert.equal(asked.length, 0);
  await clock.advance(1);
  answer(tomorrow);
  await clock.advance(0);
  assert.deepEqual(active(), [6]);
});

test('a pointer of another ring or store is not for this till', async () => {
  const { asked, downlink } = till();
  downlink.pointer(pointerTo(fileOf('a'), 1, { ring: 'pilot' }));
  downlink.pointer(pointerTo(fileOf('a'), 1, { ring: storeRing('0043') }));
  assert.equal(asked.length, 0);
  downlink.pointer(pointerTo(fileOf('a'), 1, { ring: storeRing('0042') }));
  assert.equal(asked.length, 1);
});

test('what does not arrive is asked for again, only the missing blocks, also after a break', async () => {
  const { clock, asked, downlink, answer, active } = till();
  const file = fileOf('one');
  downlink.pointer(pointerTo(file, 1));
  answer(file, index => index !== 2 && index !== 4);
  await clock.advance(2_000);
  assert.deepEqual(asked.at(-1)?.indexes, [2, 4]);
  downlink.down();
  await clock.advance(3_600_000);
  const questions = asked.length;
  downlink.up();
  assert.equal(asked.length, questions + 1);
  answer(file, index => index === 2);
  downlink.up();
  assert.deepEqual(asked.at(-1)?.indexes, [4]);
  answer(file);
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
});

test('a file with the wrong content is fetched three times and then refused; the old bundle stays', async () => {
  const { clock, downlink, answer, active, asked } = till();
  const [file, wrong] = [fileOf('right'), fileOf('wrong')];
  downlink.pointer(pointerTo(file, 1));
  for (let time = 0; time < 3; time++) answer(wrong);
  await clock.advance(0);
  assert.equal(asked.length, 3);
  assert.equal(downlink.refused()?.code, 'bundle-untrusted');
  assert.deepEqual(active(), []);
  // The next time HQ is asked for its pointers it gets another chance.
  downlink.pointer(pointerTo(file, 1));
  answer(file);
  await clock.advance(0);
  assert.deepEqual(active(), [1]);
  assert.equal(downlink.refused(), null);
});

test('a truncated or overlong block is not taken', async () => {
  const { clock, downlink, active } = till();
  const file = fileOf('one');
  const pointer = pointerTo(file, 1);
  downlink.pointer(pointer);
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
  const { clock, bundles, downlink, answer, active, asked } = till();
  const [bad, good] = [fileOf('bad'), fileOf('good')];
  const faults = [{ pointer: '/offers/0/id', message: 'is missing' }];
  bundles.refuseWith = { ok: false, code: 'bundle-invalid', message: 'The bundle has one fault.', faults };
  downlink.pointer(pointerTo(bad, 2));
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
  downlink.pointer(pointerTo(bad, 2));
  assert.equal(asked.length, questions);
  bundles.refuseWith = null;
  downlink.pointer(pointerTo(good, 3));
  answer(good);
  await clock.advance(0);
  assert.deepEqual(active(), [3]);
  assert.equal(downlink.refused(), null);
});

test('a newer pointer overtakes a transfer that is under way', async () => {
  const { clock, downlink, answer, active } = till();
  const [second, third] = [fileOf('second'), fileOf('third')];
  downlink.pointer(pointerTo(second, 2));
  answer(second, index => index < 2);
  downlink.pointer(pointerTo(third, 3));
  downlink.pointer(pointerTo(second, 2));
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
      const { clock, downlink, bundles, answer, active } = till();
      downlink.pointer(pointer);
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
        downlink.pointer(pointer);
        answer(file);
        await clock.advance(0);
      }
      assert.deepEqual(active(), [1]);
      assert.deepEqual(Buffer.from(bundles.activated[0]?.bytes ?? []), file);
    }),
    { numRuns: 30 },
  );
});
