import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { eanOfSerial, newSerial, numberOfSerial, serialOfNumber, serialsOfEan } from '../../agent/coupons/index.ts';
import { serialOfBits } from '../../agent/coupons/serials.ts';
import { gs1CheckDigit } from '../../drivers/scanner/check-digit.ts';

const mostBits = (1n << 75n) - 1n;
const bits = fc.oneof(
  fc.bigInt({ min: 0n, max: mostBits }),
  fc.constantFrom(10n, mostBits, mostBits - 31n, 10n << 70n),
);
/** Those with a letter, as every serial has. */
const serials = bits.map(value => serialOfBits(value)).filter(serial => /[A-Z]/.test(serial));

test('the number of a serial in GS1-128 is 24 digits and reads back to the same serial', () => {
  fc.assert(
    fc.property(serials, serial => {
      const number = numberOfSerial(serial);
      assert.match(number, /^\d{24}$/);
      assert.equal(serialOfNumber(number), serial);
    }),
  );
});

test('a number with one wrong digit, of another length or of no serial is nobody’s', () => {
  fc.assert(
    fc.property(serials, fc.nat(23), fc.integer({ min: 1, max: 9 }), (serial, at, more) => {
      const number = numberOfSerial(serial);
      const wrong = [...number].map((digit, place) => (place === at ? String((Number(digit) + more) % 10) : digit));
      assert.equal(serialOfNumber(wrong.join('')), null);
      assert.equal(serialOfNumber(`${number}0`), null);
    }),
  );
  const beyond = '9'.repeat(23);
  assert.equal(serialOfNumber(beyond + gs1CheckDigit(beyond)), null);
  assert.equal(serialOfNumber(''), null);
});

test('an EAN stands for the serials that begin with its bits and for no other', () => {
  fc.assert(
    fc.property(serials, serials, (serial, other) => {
      const ean = eanOfSerial(serial);
      assert.match(ean, /^99\d{11}$/);
      const range = serialsOfEan(ean);
      assert.ok(range !== null);
      assert.ok(range.from <= serial && serial < range.to);
      assert.equal(range.from <= other && other < range.to, eanOfSerial(other) === ean);
    }),
  );
});

test('the ends of an EAN’s range have that EAN, their neighbours another', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: (1n << 33n) - 2n }), number => {
      const first = number << 42n;
      const last = first + (1n << 42n) - 1n;
      const ean = eanOfSerial(serialOfBits(first));
      const range = serialsOfEan(ean);
      assert.ok(range !== null);
      const within = (value: bigint) => range.from <= serialOfBits(value) && serialOfBits(value) < range.to;
      assert.deepEqual([first - 1n, first, last, last + 1n].map(within), [false, true, true, false]);
    }),
  );
});

test('EANs of other coupons, of more than 33 bits or with a wrong check digit are none of ours', () => {
  const beyond = `99${String(1n << 33n)}`;
  const ours = eanOfSerial(newSerial(length => new Uint8Array(length).fill(10)));
  const wrong = ours.slice(0, 12) + String((Number(ours.at(-1)) + 1) % 10);
  for (const ean of ['9828508010106', beyond + gs1CheckDigit(beyond), wrong, '99', ''])
    assert.equal(serialsOfEan(ean), null, ean);
});
