/** The size of a QR code as counted against one that is drawn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import qrcode from 'qrcode-generator';
import { qrSide } from '../../../drivers/printer/escpos/qr-size.ts';

test('the size of a QR code is known without drawing it, for every length that is printed', () => {
  let before = 0;
  for (let bytes = 1; bytes <= 624; bytes++) {
    const side = qrSide(bytes);
    // Where the size changes, both sides of the step are drawn.
    if (side === before && bytes !== 1 && bytes !== 624 && qrSide(bytes + 1) === side) continue;
    before = side;
    const symbol = qrcode(0, 'M');
    symbol.addData('x'.repeat(bytes), 'Byte');
    symbol.make();
    assert.equal(side, symbol.getModuleCount(), `${bytes} bytes`);
  }
  assert.throws(() => qrSide(625), RangeError);
});
