/** The simulated printer: what it takes, answers and prints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import type { Link } from '../../../drivers/printer/types.ts';
import { takeCommand } from '../../../drivers/virtual/escpos-parser.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { fontSize, glyph, hasGlyph } from '../../../drivers/virtual/printer-font.ts';
import { type PersonalityName, printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { FakeClock } from '../../support/fake-clock.ts';

async function connected(personality: PersonalityName = 'TM-T88VI') {
  const clock = new FakeClock();
  const printer = createVirtualPrinter({ clock, personality });
  const link = await printer.transport().open();
  const heard: number[] = [];
  link.onData(bytes => heard.push(...bytes));
  const send = async (...values: readonly (number | string)[]) => {
    await link.write(
      Buffer.concat(values.map(value => (typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.of(value)))),
    );
    await clock.advance(1);
  };
  return { clock, printer, link, heard, send };
}

test('real-time status is answered at once, with the cover open too', async () => {
  const { printer, heard, send } = await connected();
  await send(0x10, 4, 1);
  assert.deepEqual(heard.splice(0), [0x12]);
  printer.set({ cover: 'open' });
  await send(0x10, 4, 1, 0x10, 4, 2, 0x10, 4, 3, 0x10, 4, 4);
  assert.deepEqual(heard.splice(0), [0x1a, 0x16, 0x12, 0x12]);
  printer.set({ cover: 'closed', paper: false });
  await send(0x10, 4, 4);
  assert.deepEqual(heard, [0x7e]);
});

test('automatic status is sent when switched on and at each change, and ended by ESC @', async () => {
  const { clock, printer, heard, send } = await connected();
  await send(0x1d, 'a', 0x0f);
  assert.deepEqual(heard.splice(0), [0x10, 0, 0, 0x0f]);
  printer.set({ cover: 'open' });
  await clock.advance(1);
  assert.deepEqual(heard.splice(0), [0x38, 0, 0, 0x0f]);
  printer.set({ cover: 'closed' });
  await clock.advance(1);
  heard.length = 0;
  await send(0x1b, '@');
  printer.set({ paper: false });
  await clock.advance(1);
  assert.deepEqual(heard, []);
});

test('a process ID is answered when what stands before it is printed, GS r when it is read', async () => {
  const { clock, heard, send } = await connected();
  await send('line\n', 0x1d, '(H', 6, 0, '00ABCD', 0x1d, 'r', 1);
  assert.deepEqual(heard.splice(0), [0]);
  await clock.advance(1000);
  assert.deepEqual(heard, [0x37, 0x22, 0x41, 0x42, 0x43, 0x44, 0]);
});

test('IDs of cleared data are never sent, and clearing is acknowledged', async () => {
  const { clock, heard, send } = await connected();
  await send('line\n', 0x1d, '(H', 6, 0, '00ABCD', 0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8);
  await clock.advance(5000);
  assert.deepEqual(heard, [0x37, 0x25, 0]);
});

test('a printer without process ID takes the command for text', async () => {
  const { clock, printer, send } = await connected('TM-T88III');
  await send(0x1d, '(H', 6, 0, '00ABCD\n');
  await clock.advance(1000);
  assert.equal(printer.hanging().text, 'H00ABCD');
  assert.deepEqual(printer.unknown(), ['1d28']);
});

test('the silent clone answers nothing at all', async () => {
  const { clock, printer, heard, send } = await connected('silent-58');
  await send(0x10, 4, 1, 0x1d, 'a', 0x0f, 0x1d, 'r', 1, 0x1d, 'I', 67);
  printer.set({ cover: 'open' });
  await clock.advance(1000);
  assert.deepEqual(heard, []);
});

test('real-time commands work inside data, as they do in printers', async () => {
  const { heard, send } = await connected();
  await send(0x1d, 'v0', 0, 3, 0, 1, 0, 0x10, 4, 1);
  assert.deepEqual(heard, [0x12]);
});

test('paper runs out at its millimetre, and the rest comes out on the new roll', async () => {
  const { clock, printer, send } = await connected();
  printer.set({ paper: { millimetres: 10 } });
  await send('a\nb\nc\nd\ne\n', 0x1d, 'V', 0x42, 0);
  await clock.advance(5000);
  assert.equal(printer.state().paper, false);
  // 10 mm at 180 dpi are 71 dots: two lines of 30 and 11 dots of the third.
  assert.equal(printer.hanging().height, 71);
  printer.set({ paper: true });
  await clock.advance(5000);
  assert.equal(printer.slips()[0]?.text, 'a\nb\nc\nd\ne');
});

test('power off loses what was received, and the paper keeps what was printed', async () => {
  const { clock, printer, send } = await connected();
  await send('a\nb\nc\nd\ne\nf\n');
  // 30 dots at 180 dpi and 350 mm/s take 12 ms.
  await clock.advance(30);
  printer.set({ power: false });
  printer.set({ power: true });
  await clock.advance(5000);
  assert.equal(printer.hanging().text, 'a\nb');
  assert.equal(printer.state().busy, false);
});

test('a second host is refused while one is connected, and a pulled cable refuses all', async () => {
  const { printer, link } = await connected();
  await assert.rejects(printer.transport().open(), { code: 'device-busy' });
  await link.close();
  printer.set({ cable: false });
  await assert.rejects(printer.transport().open(), { code: 'device-missing' });
  printer.set({ cable: true });
  await (await printer.transport().open()).close();
});

test('a fault happens at its byte: nothing after it is received', async () => {
  const { clock, printer, link } = await connected();
  let lost = false;
  link.onLost(() => {
    lost = true;
  });
  printer.after(3, { cable: false });
  await assert.rejects(link.write(Buffer.from('abcdef\n')), { code: 'device-lost' });
  await clock.advance(1);
  assert.equal(printer.received(), 3);
  assert.equal(lost, true);
});

test('a full receive buffer holds the host up until there is room', async () => {
  const clock = new FakeClock();
  const printer = createVirtualPrinter({ clock, personality: { ...printerPersonalities['TM-T88VI'], buffer: 45 } });
  const link: Link = await printer.transport().open();
  printer.set({ cover: 'open' });
  let written = false;
  void link.write(Buffer.from('x\n'.repeat(50))).then(() => {
    written = true;
  });
  await clock.advance(1000);
  assert.equal(written, false);
  printer.set({ cover: 'closed' });
  await clock.advance(5000);
  assert.equal(written, true);
  assert.equal(printer.hanging().text.length, 50 + 49);
});

test('slips are kept as bytes and picture, and told to who listens', async () => {
  const { clock, printer, send } = await connected();
  const told: number[] = [];
  const off = printer.onSlip(slip => told.push(slip.id));
  await send('Eins\n', 0x1d, 'V', 0x42, 0);
  await clock.advance(1000);
  off();
  await send('Zwei\n', 0x1d, 'V', 0x42, 0);
  await clock.advance(1000);
  const [first] = printer.slips();
  assert.deepEqual(told, [1]);
  assert.equal(printer.slips().length, 2);
  assert.equal(Buffer.from(first?.bytes ?? []).toString('latin1'), 'Eins\n\x1dV\x42\x00');
  const png = PNG.sync.read(Buffer.from(first?.png() ?? []));
  assert.deepEqual([png.width, png.height], [first?.width, first?.height]);
  assert.ok(png.data.includes(0), 'something is black');
});

test('whatever bytes come, the printer neither throws nor stops', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 30 }),
          fc.constantFrom(Uint8Array.of(0x1d), Uint8Array.of(0x1b), Uint8Array.of(0x1d, 0x28, 0x6b)),
        ),
        {
          maxLength: 20,
        },
      ),
      async chunks => {
        const { clock, link } = await connected();
        for (const chunk of chunks) await link.write(chunk);
        await clock.advance(100);
        await link.close();
      },
    ),
    { numRuns: 100 },
  );
});

test('a command is taken only when it is whole, and always moves on', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), bytes => {
      const taken = takeCommand(bytes, 'Hk');
      if (taken === null) return;
      assert.ok(taken.length >= 1 && taken.length <= bytes.length);
      // The same command, whatever follows.
      assert.deepEqual(
        takeCommand(Buffer.concat([bytes.subarray(0, taken.length), Buffer.of(0x0a)]), 'Hk')?.length,
        taken.length,
      );
    }),
    { numRuns: 2000 },
  );
});

test('every character of the code pages has a picture of its own in both fonts', async () => {
  const { pageTable } = await import('../../../drivers/printer/escpos/code-pages.ts');
  const letters = new Set<string>();
  for (let code = 0x21; code < 0x7f; code++) letters.add(String.fromCharCode(code));
  for (const page of [
    'cp858',
    'windows1252',
    'windows1250',
    'windows1251',
    'windows1253',
    'windows1254',
    'cp857',
    'cp852',
  ] as const)
    for (const character of pageTable(page).keys()) if (/\p{L}/u.test(character)) letters.add(character);
  const without = [...letters].filter(letter => !hasGlyph(letter));
  assert.deepEqual(without.join(''), '');
  for (const font of ['A', 'B'] as const) {
    const { width, height } = fontSize(font);
    for (const letter of letters) {
      const { dots } = glyph(letter, font, 1, 1);
      assert.equal(dots.length, width * height);
      assert.ok(dots.includes(1), `${letter} in ${font}`);
    }
    // No two letters or digits of ASCII look the same.
    const pictures = new Map<string, string>();
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789') {
      const picture = glyph(letter, font, 1, 1).dots.join('');
      assert.equal(pictures.get(picture), undefined, `${letter} and ${pictures.get(picture)} in ${font}`);
      pictures.set(picture, letter);
    }
  }
});
