/** Picture files as dots of a slip. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PNG } from 'pngjs';
import { slipImage } from '../../agent/printing/layout-image.ts';
import { isTillsideError } from '../../errors.ts';

/** @param grey 0–255 of each dot; null is transparent */
function png(width: number, height: number, grey: (x: number, y: number) => number | null): Uint8Array {
  const image = new PNG({ width, height });
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = grey(x, y);
      image.data.set([value ?? 0, value ?? 0, value ?? 0, value === null ? 0 : 255], (y * width + x) * 4);
    }
  return PNG.sync.write(image);
}

const room = { width: 384, height: 200 };
const rows = ({ width, bits }: { width: number; bits: Uint8Array }) =>
  [...bits]
    .map(byte => byte.toString(2).padStart(8, '0'))
    .join('')
    .match(new RegExp(`.{${Math.ceil(width / 8) * 8}}`, 'g'));

test('a logo is black where the file is dark, and paper where it is light or transparent', () => {
  const image = slipImage(
    'logo',
    png(10, 2, (x, y) => (y === 1 ? null : x < 5 ? 20 : 230)),
    room,
  );
  assert.deepEqual([image.name, image.width, image.height], ['logo', 10, 2]);
  assert.deepEqual(rows(image), ['1111100000000000', '0000000000000000']);
});

test('a picture is made smaller to fit, keeps its shape, and is never made larger', () => {
  const wide = slipImage(
    'wide',
    png(800, 100, x => (x < 400 ? 0 : 255)),
    room,
  );
  assert.deepEqual([wide.width, wide.height], [384, 48]);
  assert.equal(rows(wide)?.[0], '1'.repeat(192) + '0'.repeat(192));
  const high = slipImage(
    'high',
    png(100, 800, () => 0),
    room,
  );
  assert.deepEqual([high.width, high.height], [25, 200]);
  const small = slipImage(
    'small',
    png(3, 3, () => 0),
    room,
  );
  assert.deepEqual([small.width, small.height], [3, 3]);
});

test('a photograph becomes a pattern as dark as it is', () => {
  const { bits } = slipImage(
    'photo',
    png(64, 64, () => 128),
    room,
  );
  const black = rows({ width: 64, bits })?.join('').replaceAll('0', '').length ?? 0;
  assert.ok(Math.abs(black / 4096 - 0.5) < 0.05, `${black} of 4096`);
});

test('what is no PNG file is refused by name', () => {
  assert.throws(
    () => slipImage('logo.jpg', Uint8Array.of(0xff, 0xd8), room),
    error => isTillsideError(error, 'print-content') && error.message.includes('logo.jpg'),
  );
});
