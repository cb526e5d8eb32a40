/** The simulated printer's own reader of QR codes that come as images. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { drawSymbol } from '../../../drivers/printer/escpos/drawn-symbols.ts';
import { qr } from '../../../drivers/virtual/printer-symbols.ts';
import { readQr } from '../../../drivers/virtual/qr-reader.ts';

function read(
  squares: { readonly width: number; readonly modules: ArrayLike<number> },
  module: number,
  more = 0,
): string | null {
  const side = squares.width * module;
  const bit = (row: number, column: number) =>
    column < side ? (squares.modules[Math.floor(row / module) * squares.width + Math.floor(column / module)] ?? 0) : 0;
  return readQr(side + more, side, bit);
}

test('what is put into a code of any of the first ten versions is read again, whatever fills the last byte', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
      fc.nat(3),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(7),
      (text, times, module, more) => {
        const data = Buffer.from(text.repeat(1 + times), 'utf8').subarray(0, 210);
        const symbol = qr(data, 'M');
        assert.ok(symbol !== null);
        assert.equal(read({ width: symbol.side, modules: symbol.modules }, module, more), data.toString('utf8'));
      },
    ),
    { numRuns: 150 },
  );
});

test('GS1 codes are read with GS between their elements', () => {
  const squares = drawSymbol('gs1qrcode', '(255)7612345678900004711(17)261205(90)A%1', {
    eclevel: 'M',
    fixedeclevel: true,
  });
  assert.equal(read(squares, 4), '2557612345678900004711\u001d1726120590A%1');
});

test('an image that is no QR code, or one of another correction, is none', () => {
  assert.equal(
    readQr(24, 24, () => 1),
    null,
  );
  assert.equal(
    readQr(48, 20, () => 0),
    null,
  );
  assert.equal(
    readQr(25, 25, (row, column) => (row * column) % 2),
    null,
  );
  const high = qr(Buffer.from('TS1.ABC'), 'H');
  assert.ok(high !== null);
  assert.equal(read({ width: high.side, modules: high.modules }, 2), null);
});
