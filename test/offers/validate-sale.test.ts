/** The sale's validator: what is known is checked, what is not is ignored. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pointer } from '../../agent/offers/fault.ts';
import { compileBundle, decide, parseSale, type Sale, validateBundle, validateSale } from '../../agent/offers/index.ts';
import { sale } from './arbitrary.ts';
import { fullBundle, fullSale, placesOf, valueAt, withValue } from './documents.ts';

function faultsOf(document: unknown): string[] {
  const result = validateSale(document);
  return result.ok ? [] : result.faults.map(fault => fault.pointer);
}

test('a sale with every field of the contract is valid, and so are random ones', () => {
  assert.deepEqual(faultsOf(fullSale()), []);
  fc.assert(
    fc.property(sale, document => assert.deepEqual(faultsOf(document), [])),
    { numRuns: 100 },
  );
});

test('fields that the contract does not know are ignored, in every object, and change nothing', () => {
  const checked = validateBundle(fullBundle());
  assert.ok(checked.ok);
  const compiled = compileBundle(checked.bundle);
  const plain = decide(compiled, fullSale());
  for (const path of placesOf(fullSale())) {
    const value = valueAt(fullSale(), path);
    if (typeof value !== 'object' || value === null || Array.isArray(value) || path.at(-1) === 'counters') continue;
    for (const name of ['zzz', '__proto__', 'constructor']) {
      const result = validateSale(withValue(fullSale(), [...path, name], path.at(-1) === 'attributes' ? 1 : { x: [] }));
      assert.ok(result.ok, pointer([...path, name]));
      assert.deepEqual(decide(compiled, result.sale), plain);
    }
  }
});

test('an optional field that is null counts as absent', () => {
  const optional = placesOf(fullSale()).filter(
    path =>
      ![
        'saleId',
        'storeId',
        'at',
        'lines',
        'lineId',
        'quantity',
        'amount',
        'offer',
        'serial',
        'issuedAt',
        'id',
      ].includes(String(path.at(-1))),
  );
  for (const path of optional) {
    if (path.length === 0 || typeof path.at(-1) === 'number' || path.at(-2) === 'counters') continue;
    const [asNull, absent] = [null, undefined].map(value => validateSale(withValue(fullSale(), path, value)));
    assert.deepEqual(asNull, absent, pointer(path));
  }
});

test('a wrong value is named at its place or below', () => {
  for (const path of placesOf(fullSale()))
    for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, [], {}, '', true]) {
      const place = pointer(path);
      for (const found of faultsOf(withValue(fullSale(), path, wrong)))
        assert.ok(
          found === place || found.startsWith(`${place}/`),
          `${place} := ${String(wrong)} was told as ${found}`,
        );
    }
});

describe('a fault is named where it is:', () => {
  const cases: readonly (readonly [string, (string | number)[], unknown, string?])[] = [
    ['no sale id', ['saleId'], undefined],
    ['a line id that stands twice', ['lines', 1, 'lineId'], '1'],
    ['a quantity as a number', ['lines', 0, 'quantity'], 2],
    ['a quantity of 0', ['lines', 0, 'quantity'], '0.000'],
    ['a quantity of -0', ['lines', 0, 'quantity'], '-0'],
    ['four decimals', ['lines', 0, 'quantity'], '0.2540'],
    ['a quantity in scientific form', ['lines', 0, 'quantity'], '1e3'],
    ['a quantity without a digit before the point', ['lines', 0, 'quantity'], '.5'],
    ['a quantity of other digits', ['lines', 0, 'quantity'], '２'],
    ['a quantity of two million pieces', ['lines', 0, 'quantity'], '2000000'],
    ['a fraction of a cent', ['lines', 0, 'amount'], 1.5],
    ['an amount that is not exact', ['lines', 0, 'amount'], 2 ** 53],
    ['amounts whose sum is not exact', ['lines', 1, 'amount'], Number.MAX_SAFE_INTEGER],
    ['a date for an instant', ['at'], '2026-11-21'],
    ['a birthday that does not exist', ['member', 'birthday'], '1990-02-30'],
    ['a coupon without a serial', ['coupons', 0, 'serial'], undefined],
    ['a coupon never issued', ['history', 'coupons', 0, 'issuedAt'], null],
    ['a counter below 0', ['counters', 'coffee', 'store'], -1],
    ['a list of attributes in a list', ['member', 'attributes', 'diet'], [['vegan']], '/member/attributes/diet/0'],
    ['a member without an id', ['member', 'id'], undefined],
  ];
  for (const [name, path, value, place] of cases)
    test(name, () => assert.deepEqual(faultsOf(withValue(fullSale(), path, value)), [place ?? pointer(path)]));
});

test('whatever JSON comes, the answer is faults or a decision', () => {
  const checked = validateBundle(fullBundle());
  assert.ok(checked.ok);
  const compiled = compileBundle(checked.bundle);
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(fullSale())), fc.jsonValue(), (path, value) => {
      const result = parseSale(JSON.stringify(withValue(fullSale(), path, value)) ?? '');
      if (result.ok) assert.ok(Number.isSafeInteger(decide(compiled, result.sale).total.net));
    }),
    { numRuns: 1000 },
  );
});

test('instants from the year 0 to the year 9999 are decided', () => {
  const checked = validateBundle(fullBundle());
  assert.ok(checked.ok);
  for (const at of ['0000-01-01T00:00:00+14:00', '9999-12-31T23:59:59-12:00', '1850-06-01T00:00:00Z']) {
    const result = validateSale({ ...fullSale(), at } satisfies Sale);
    assert.ok(result.ok);
    assert.equal(decide(compileBundle(checked.bundle), result.sale).saleId, 'S1');
  }
});
