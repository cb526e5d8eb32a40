/** Logos in the printer's memory: once, confirmed, and never in the way of a coupon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeSlip } from '../../../drivers/printer/escpos/encode.ts';
import { createImageKeeper, type ImageRecord } from '../../../drivers/printer/escpos/image-keeper.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import type { Slip, SlipImage } from '../../../drivers/printer/types.ts';
import type { PersonalityName } from '../../../drivers/virtual/printer-personalities.ts';
import { isTillsideError } from '../../../errors.ts';
import { type Rig, rig } from './print-rig.ts';
import { inkOf } from './symbol-readers.ts';

/** A chequered field with a frame, 96 × 61: no side is a whole number of bytes high. */
const logo: SlipImage = {
  name: 'logo',
  width: 96,
  height: 61,
  bits: Uint8Array.from(
    { length: 12 * 61 },
    (_, at) => (Math.floor(at / 12) % 8 < 4 ? 0xf0 : 0x0f) | (at % 12 === 0 ? 0x80 : 0),
  ),
};

function keeperOf(it: Rig, kept: { records: readonly ImageRecord[] }) {
  const { profile } = it.paper.personality;
  return createImageKeeper({
    device: it.paper.personality.name,
    printer: it.printer,
    profile,
    records: {
      read: () => kept.records,
      write: records => {
        kept.records = records;
      },
    },
  });
}

async function started(model: PersonalityName): Promise<Rig> {
  const it = rig({ personality: model });
  it.printer.start();
  await it.clock.advance(10_000);
  return it;
}

async function slipOf(it: Rig, image: SlipImage): Promise<{ png: Uint8Array; bytes: number }> {
  const slip: Slip = [{ kind: 'image', ...image }, { kind: 'text', text: 'Gutschein' }, { kind: 'cut' }];
  const before = it.paper.slips().length;
  const print = it.print(slip);
  await it.clock.advance(60_000);
  assert.ok(print.outcome?.evidence === 'confirmed' || print.outcome?.evidence === 'fenced');
  const out = it.paper.slips().at(-1);
  assert.equal(it.paper.slips().length, before + 1);
  assert.ok(out !== undefined);
  return { png: out.png(), bytes: encodeSlip(slip, it.paper.personality.profile).body.length };
}

test('a logo is sent once, and from then on printed by a few bytes, dot for dot the same', async () => {
  const it = await started('TM-T88VI');
  const kept = { records: [] as readonly ImageRecord[] };
  const keeper = keeperOf(it, kept);
  assert.deepEqual(keeper.place(logo), logo);
  const inline = await slipOf(it, keeper.place(logo));
  const stored = keeper.store(logo);
  await it.clock.advance(60_000);
  assert.equal(await stored, true);
  assert.deepEqual(
    kept.records.map(({ key, sent, seenBy }) => [key, sent, seenBy]),
    [['t0', 1, 'printer']],
  );
  const short = await slipOf(it, keeper.place(logo));
  assert.ok(Buffer.from(short.png).equals(Buffer.from(inline.png)));
  assert.equal(inline.bytes - short.bytes, logo.bits.length + 8 - 11);
  const sent = it.sent.length;
  assert.equal(await keeper.store(logo), true);
  assert.equal(it.sent.length, sent, 'nothing goes out a second time');
  assert.deepEqual(it.paper.unknown(), []);
});

test('it is still there after power was lost, and a till that starts anew knows', async () => {
  const it = await started('TM-T20III');
  const kept = { records: [] as readonly ImageRecord[] };
  const stored = keeperOf(it, kept).store(logo);
  await it.clock.advance(60_000);
  assert.equal(await stored, true);
  it.paper.set({ power: false });
  await it.clock.advance(5000);
  it.paper.set({ power: true });
  await it.clock.advance(30_000);
  const { png } = await slipOf(it, keeperOf(it, kept).place(logo));
  const fresh = await started('TM-T20III');
  assert.ok(Buffer.from(png).equals(Buffer.from((await slipOf(fresh, logo)).png)));
});

test('a printer that confirms nothing keeps no logo: it goes out as raster', async () => {
  for (const model of ['TM-T88III', 'TSP650II', 'generic-80'] as const) {
    const it = await started(model);
    const kept = { records: [] as readonly ImageRecord[] };
    const keeper = keeperOf(it, kept);
    const sent = it.sent.length;
    assert.equal(await keeper.store(logo), false, model);
    assert.equal(it.sent.length, sent, model);
    assert.deepEqual(keeper.place(logo), logo);
  }
});

test('a logo whose way was cut is not believed to be there; it is tried once more and then no longer', async () => {
  const it = await started('TM-T88VI');
  const kept = { records: [] as readonly ImageRecord[] };
  const keeper = keeperOf(it, kept);
  for (const round of [1, 2]) {
    it.paper.after(200, { cable: false });
    const stored = keeper.store(logo);
    await it.clock.advance(5000);
    assert.equal(await stored, false);
    assert.equal(keeper.place(logo).storedAs, undefined);
    assert.equal(kept.records[0]?.sent, round);
    it.paper.set({ cable: true });
    await it.clock.advance(60_000);
  }
  const sent = it.sent.length;
  assert.equal(await keeper.store(logo), false);
  assert.equal(it.sent.length, sent);
  // Coupons go on.
  await slipOf(it, keeper.place(logo));
});

test('another image takes another key; a printer that was exchanged is told of by forgetting', async () => {
  const it = await started('TM-m30');
  const kept = { records: [] as readonly ImageRecord[] };
  const keeper = keeperOf(it, kept);
  const inverted = { ...logo, bits: logo.bits.map(byte => byte ^ 0xff) };
  for (const image of [logo, inverted]) {
    const stored = keeper.store(image);
    await it.clock.advance(60_000);
    assert.equal(await stored, true);
  }
  assert.deepEqual([keeper.place(logo).storedAs, keeper.place(inverted).storedAs], ['t0', 't1']);
  keeper.forget();
  assert.equal(keeper.place(logo).storedAs, undefined);
});

test('a memory of numbered images holds what a person has put there and seen', async () => {
  const it = await started('TM-T88III');
  const kept = { records: [] as readonly ImageRecord[] };
  const keeper = keeperOf(it, kept);
  const inline = await slipOf(it, keeper.place(logo));
  // FS q ends in a reset: what stands behind it is lost, so that no evidence can follow.
  void it.print([{ kind: 'store-image', key: '01', image: logo }]);
  await it.clock.advance(120_000);
  keeper.seen(logo, '01');
  const stored = await slipOf(it, keeper.place(logo));
  assert.ok(stored.bytes < 60, `${stored.bytes} bytes`);
  // But for the three white rows that fill the last byte of its columns.
  assert.deepEqual(inkRows(stored.png), inkRows(inline.png));
});

function inkRows(picture: Uint8Array): readonly string[] {
  const { width, dots } = inkOf(picture);
  const rows = Array.from({ length: dots.length / width }, (_, y) =>
    dots.subarray(y * width, (y + 1) * width).join(''),
  );
  return rows.filter(row => row.includes('1'));
}

test('what cannot be kept is refused: too high, too wide, a key of one character, a printer without memory', () => {
  const refused = (slip: Slip, profile = 'TM-T88VI') =>
    assert.throws(
      () => encodeSlip(slip, resolveProfile(profile, 80)),
      error => isTillsideError(error, 'print-content'),
    );
  const high = { name: 'x', width: 8, height: 401, bits: new Uint8Array(401) };
  const wide = { name: 'x', width: 520, height: 1, bits: new Uint8Array(65) };
  refused([{ kind: 'store-image', key: 'aa', image: high }]);
  refused([{ kind: 'store-image', key: 'aa', image: wide }]);
  refused([{ kind: 'store-image', key: 'a', image: logo }]);
  refused([{ kind: 'store-image', key: 'aa', image: logo }], 'generic-80');
});

test('the length of no image begins a real-time command', () => {
  const profile = resolveProfile('TM-T88VI', 80);
  for (let height = 1; height <= 400; height++)
    for (const rowBytes of [1, 3, 7, 31, 64]) {
      const image = { name: 'x', width: rowBytes * 8, height, bits: new Uint8Array(rowBytes * height) };
      const { body } = encodeSlip([{ kind: 'store-image', key: 'aa', image }], profile);
      const head = body.subarray(0, 20);
      for (let at = 0; at + 1 < head.length; at++)
        assert.ok(!(head[at] === 0x10 && [4, 5, 0x14].includes(head[at + 1] ?? 0)), `${rowBytes} × ${height}`);
    }
});
