import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { formatSerial, newSerial, parseSerial } from '../../agent/coupons/index.ts';
import { fromBase32, toBase32 } from '../../agent/coupons/serials.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const serials = fc.uint8Array({ minLength: 15, maxLength: 15 }).map(bytes => {
  let first = true;
  // A row of digits is drawn again: the second draw has a letter.
  return newSerial(length => {
    const drawn = first ? bytes : new Uint8Array(length).fill(31);
    first = false;
    return drawn;
  });
});

test('a serial reads back however it is written down', () => {
  fc.assert(
    fc.property(serials, serial => {
      assert.match(serial, /^[0-9A-HJKMNP-TV-Z]{16}$/);
      assert.match(formatSerial(serial), /^(....-){3}....$/);
      for (const written of [
        serial,
        formatSerial(serial),
        serial.toLowerCase(),
        formatSerial(serial).replaceAll('-', ' '),
      ])
        assert.equal(parseSerial(written), serial);
      assert.equal(parseSerial(serial.replaceAll('0', 'O').replaceAll('1', 'l')), serial);
    }),
  );
});

test('every single wrong character and every swap of two is seen', () => {
  fc.assert(
    fc.property(serials, fc.nat(15), fc.nat(15), fc.nat(31), (serial, one, other, symbol) => {
      const changed = [...serial];
      changed[one] = alphabet.charAt(symbol);
      if (changed.join('') !== serial) assert.equal(parseSerial(changed.join('')), null);
      const swapped = [...serial];
      [swapped[one], swapped[other]] = [swapped[other] ?? '', swapped[one] ?? ''];
      if (swapped.join('') !== serial) assert.equal(parseSerial(swapped.join('')), null);
    }),
    { numRuns: 2000 },
  );
});

test('a serial is never a row of digits, which a card might be', () => {
  const draws = [new Uint8Array(15), new Uint8Array(15).fill(17)];
  assert.match(
    newSerial(() => draws.shift() ?? new Uint8Array(15)),
    /[A-Z]/,
  );
  for (let at = 0; at < 1000; at++) assert.match(newSerial(randomBytes), /[A-Z]/);
});

test('nothing else is taken for a serial', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const serial = parseSerial(text);
      if (serial !== null) assert.equal(parseSerial(formatSerial(serial)), serial);
    }),
  );
  for (const text of ['', '0'.repeat(16), 'U'.repeat(16), 'ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ']) assert.equal(parseSerial(text), null);
});

test('base 32 reads back any bytes and refuses any other text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      assert.deepEqual(fromBase32(toBase32(bytes)), bytes);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 40 }), text => {
      const bytes = fromBase32(text);
      if (bytes !== null) assert.equal(toBase32(bytes), text);
    }),
  );
});
