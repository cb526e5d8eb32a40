import assert from 'node:assert/strict';
import test from 'node:test';
import { categoryNames } from '../../agent/demo/shop/assortment.ts';
import { sampleBundle } from '../../agent/demo/shop/bundle.ts';
import { sampleMembers } from '../../agent/demo/shop/members.ts';
import { gtin13, sampleProducts } from '../../agent/demo/shop/products.ts';
import { validateBundle } from '../../agent/offers/index.ts';

const today = '2026-11-21';

test('the sample grocer sells at least 300 different articles, each with a GTIN whose check digit is right', () => {
  const products = sampleProducts();
  assert.ok(products.length >= 300);
  assert.equal(new Set(products.map(product => product.gtin)).size, products.length);
  for (const { gtin } of products) assert.equal(gtin13(gtin.slice(0, 12)), gtin);
  // The GS1 General Specifications' own example of a check digit.
  assert.equal(gtin13('629104150021'), '6291041500213');
});

test('every article has a name in four languages, a price and a category that has names itself', () => {
  for (const product of sampleProducts()) {
    for (const name of Object.values(product.names)) assert.ok(name.length > 3, JSON.stringify(product));
    assert.ok(Number.isInteger(product.price) && product.price > 0);
    const levels = product.category.split('/');
    levels.forEach((_, i) => {
      const path = levels.slice(0, i + 1).join('/');
      assert.equal(categoryNames[path]?.filter(name => name !== '').length, 4, path);
    });
  }
});

test('there are at least 2,000 members with different valid cards, in households, the same at every start', () => {
  const members = sampleMembers(today);
  assert.ok(members.length >= 2000);
  assert.equal(new Set(members.map(member => member.card)).size, members.length);
  assert.ok(new Set(members.map(member => member.household)).size < members.length);
  for (const { card } of members) assert.equal(gtin13(card.slice(0, 12)), card);
  assert.deepEqual(sampleMembers(today), members);
});

test('the sample bundle is valid on every day of the year, leap days too', () => {
  for (const day of [today, '2027-01-01', '2028-02-29', '2026-12-31', '2027-03-28', '2027-10-31']) {
    const reading = validateBundle(sampleBundle(day));
    assert.deepEqual(reading.ok ? [] : reading.faults, [], day);
  }
});

test('the sample bundle has at least 25 offers that show every phase, trigger and kind of benefit', () => {
  const { offers } = sampleBundle(today);
  assert.ok(offers.length >= 25);
  assert.deepEqual([...new Set(offers.map(offer => offer.phase))].sort(), ['basket', 'issue', 'line', 'points']);
  const kinds = new Set(offers.map(offer => Object.keys(offer.benefit)[0]));
  assert.deepEqual([...kinds].sort(), ['amount', 'nForM', 'percent', 'points', 'price', 'text']);
});
