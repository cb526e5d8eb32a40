import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { applyDelta, makeDelta } from '../../../sync/protocol/delta.ts';

const most = 1_000_000;

test('a patch makes the new file of the old one, whatever the two are', () => {
  const piece = fc.constantFrom('{"id":"coffee","permyriad":2000},', '{"id":"tea"},', 'x', '', '\n', 'ü€'.repeat(40));
  const file = fc.array(piece, { maxLength: 60 }).map(pieces => Buffer.from(pieces.join('')));
  fc.assert(
    fc.property(file, file, (base, target) => {
      const made = applyDelta(base, makeDelta(base, target), most);
      assert.ok(made.ok);
      assert.ok(Buffer.from(made.value).equals(target));
    }),
    { numRuns: 300 },
  );
});

test('one offer changed in ten thousand costs a few hundred bytes', () => {
  const offers = Array.from({ length: 10_000 }, (_, index) => ({ id: `offer-${index}`, priority: index % 100 }));
  const base = Buffer.from(JSON.stringify({ version: 1, offers }));
  const target = Buffer.from(JSON.stringify({ version: 2, offers: offers.with(5000, { id: 'new', priority: 7 }) }));
  const patch = makeDelta(base, target);
  assert.ok(patch.byteLength < 300, `${patch.byteLength} bytes of ${target.byteLength}`);
});

test('a hostile patch makes nothing: no more than is allowed, nothing from beyond the old file, nothing cut off', () => {
  const base = Buffer.from('the old file of forty-two bytes, or nearly');
  const patched = (...steps: number[]) =>
    applyDelta(base, Buffer.concat([Buffer.from('TSD1'), deflateRawSync(Uint8Array.from(steps))]), 1000);
  // Size 3: copies 3 from 0.
  assert.ok(patched(3, 7, 0).ok);
  for (const steps of [
    [],
    [3],
    [3, 7],
    [3, 7, 200, 1],
    [3, 9, 0],
    [3, 6, 65],
    [3, 1, 0],
    [0x80, 0x80],
    [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ])
    assert.equal(patched(...steps).ok, false, String(steps));
  const bomb = Buffer.concat([Buffer.from('TSD1'), deflateRawSync(Buffer.alloc(50_000_000))]);
  assert.equal(applyDelta(base, bomb, 1000).ok, false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      for (const patch of [bytes, Buffer.concat([Buffer.from('TSD1'), deflateRawSync(bytes)])]) {
        const made = applyDelta(base, patch, 1000);
        assert.ok(!made.ok || made.value.byteLength <= 1000);
      }
    }),
    { numRuns: 500 },
  );
});
