import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ProductView } from '../../agent/api/wire.ts';
import {
  addProduct,
  amountOf,
  changeOf,
  parseAmount,
  parseQuantity,
  putOf,
  quantityText,
  withQuantity,
} from '../../ui/till/basket.ts';
import type { OwnBasket } from '../../ui/till/state.ts';

const empty: OwnBasket = { saleId: 'S1', startedAt: '2026-11-21T10:00:00+01:00', lines: [] };
const milk: ProductView = product('7610000000028', 175, 'ea');
const bananas: ProductView = product('7610000000042', 320, 'kg');

test('pieces of one article share a line; weighed goods get a line each', () => {
  let basket = empty;
  for (const [goods, thousandths] of [
    [milk, 1000],
    [bananas, 254],
    [milk, 1000],
    [bananas, 500],
  ] as const)
    ({ basket } = addProduct(basket, goods, thousandths));
  assert.deepEqual(
    basket.lines.map(({ lineId, quantity, amount }) => [lineId, quantity, amount]),
    [
      ['1', '2', 350],
      // 0.254 kg at 3.20: 81.28 Rappen
      ['2', '0.254', 81],
      ['3', '0.5', 160],
    ],
  );
});

test('a line taken down to nothing is gone, and its number is not given again while later ones are there', () => {
  let { basket } = addProduct(empty, milk, 1000);
  ({ basket } = addProduct(basket, bananas, 1000));
  basket = withQuantity(basket, '1', 0);
  const { basket: next, lineId } = addProduct(basket, milk, 1000);
  assert.equal(lineId, '3');
  assert.deepEqual(
    next.lines.map(line => line.lineId),
    ['2', '3'],
  );
});

test('the agent is told the basket without the screen’s own price', () => {
  const put = putOf(addProduct(empty, milk, 2000).basket);
  assert.deepEqual(Object.keys(put), ['startedAt', 'lines']);
  assert.ok(!('price' in (put.lines[0] ?? {})));
  assert.equal(put.lines[0]?.amount, 350);
});

test('weights are read with either decimal mark, and nothing else is a weight', () => {
  assert.equal(parseQuantity('1,254'), 1254);
  assert.equal(parseQuantity('.5'), 500);
  assert.equal(parseQuantity(' 2 '), 2000);
  for (const text of ['', '.', '0', '0,000', '1.2345', '-1', '1e3', '123456', 'kg', '1,2,3'])
    assert.equal(parseQuantity(text), null, text);
});

test('every quantity that is written can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999_999 }), thousandths => {
      assert.equal(parseQuantity(quantityText(thousandths)), thousandths);
    }),
  );
});

test('cash is read in units of the currency, and change is counted in coins that exist', () => {
  assert.equal(parseAmount('50', 100), 5000);
  assert.equal(parseAmount('49,9', 100), 4990);
  assert.equal(parseAmount('1000', 1), 1000);
  for (const text of ['', '1.234', '-5', 'x', '1.']) assert.equal(parseAmount(text, 100), text === '1.' ? 100 : null);
  // 27.02 is paid as 27.00 in Swiss coins, 27.03 as 27.05
  assert.equal(changeOf(5000, 2702, 'CHF'), 2300);
  assert.equal(changeOf(5000, 2703, 'CHF'), 2295);
  assert.equal(changeOf(5000, 2703, 'EUR'), 2297);
  assert.equal(changeOf(2000, 2703, 'EUR'), -703);
});

test('a price times a quantity is rounded half up, never by more than half a Rappen', () => {
  assert.equal(amountOf(335, 500), 168);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 1, max: 99_999_999 }), (price, quantity) => {
      const error = amountOf(price, quantity) * 1000 - price * quantity;
      assert.ok(error > -500 && error <= 500);
    }),
  );
});

function product(gtin: string, price: number, unit: string): ProductView {
  return { gtin, name: gtin, price, unit, category: 'food', discountable: true };
}
