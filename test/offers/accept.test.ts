/** The quick look at an offer says yes exactly where the checks find no fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { activating, validateBundle } from '../../agent/offers/index.ts';
import { finish } from '../../agent/offers/steps.ts';
import { Acceptance } from '../../agent/offers/validate/accept.ts';
import { Report } from '../../agent/offers/validate/checks.ts';
import { offerCheck } from '../../agent/offers/validate/offer.ts';
import type { Reference } from '../../agent/offers/validate/predicate.ts';
import { bundle } from './arbitrary.ts';
import { fullBundle, placesOf, withValue } from './documents.ts';

const tiers = new Set(['basic', 'silver', 'gold']);
const references: Reference[] = [];
const check = offerCheck(references, 'de');

/** What the checks say of an offer. Which other offers exist is asked later, of both. */
function isFaultless(offer: unknown): boolean {
  const report = new Report();
  references.length = 0;
  check(offer, report);
  return report.faults.length === 0 && references.every(({ to, id }) => to === 'offer' || tiers.has(id));
}

function agree(offer: unknown): boolean {
  const accepted = new Acceptance('de', tiers).accepts(offer);
  assert.equal(accepted, isFaultless(offer), JSON.stringify(offer));
  return accepted;
}

const offers = fullBundle().offers;
const places = offers.flatMap((offer, index) => placesOf(offer).map(path => [index, ...path]));
const values: readonly unknown[] = [
  ...[null, true, false, 0, -0, 1, -1, 0.5, 1e16, 2 ** 53, 1e9, 1e9 + 1, 1001, 10_001, 36_526, Number.NaN, Infinity],
  ...['', 'x', 'ä', 'a b', 'a/b', '/a', 'a/', 'a//b', '.a', 'a'.repeat(65), '__proto__', 'issue', 'line', 'points'],
  ...['gold', 'platinum', '2026-02-30', '2026-02-28', '24:00', '23:59', 'mon', 'auto', 'accept', 'qr', 'week', 'store'],
  ...[[], {}, [null], ['x'], [''], [1], [[]], [{}], { all: [] }, { any: [{}] }, { not: { any: [] } }, { segment: 's' }],
  ...[{ gtin: ['A'] }, { text: {} }, { points: { fixed: 1 } }, { days: 1 }, { days: 1, calendar: 'day' }, { upTo: 1 }],
  ...[{ tier: { is: 'gold', atLeast: 'gold' } }, { attribute: { name: 'x' } }, { de: { title: 'x' } }, { de: {} }],
  // A field without a name, before the one that is meant.
  ...[
    { '': 1, segment: 's' },
    { '': 1, gtin: ['A'] },
    { '': 1, days: 1 },
    { '': 1, text: {} },
    { '': 1, all: [] },
  ],
];

test('at every place of offers with all fields, whatever stands there instead', () => {
  let valid = 0;
  for (const [index = 0, ...path] of places)
    for (const value of values) if (agree(withValue(offers[Number(index)], path, value))) valid++;
  assert(valid > 300, `${valid} of the changed offers are valid`);
});

test('where a field is missing, unknown or stands beside another', () => {
  for (const [index = 0, ...path] of places) {
    const offer = offers[Number(index)];
    // By way of JSON, which knows no gap in a list.
    agree(JSON.parse(JSON.stringify(withValue(offer, path, undefined) ?? null)));
    for (const name of ['zzz', '__proto__', 'constructor', 'of', 'atLeast', 'window', 'coupon', 'priority', 'percent'])
      for (const value of [1, {}, { gtin: ['A'] }]) {
        try {
          agree(withValue(offer, [...path, name], value));
        } catch (error) {
          if (!(error instanceof TypeError)) throw error; // A number has no fields.
        }
      }
  }
});

test('of random offers, as they are and with any JSON at any place', () => {
  fc.assert(
    fc.property(
      bundle(),
      fc.nat(),
      fc.nat(),
      fc.oneof(fc.jsonValue(), fc.constantFrom(...values)),
      (found, a, b, value) => {
        for (const offer of found.offers) assert(agree(offer));
        const offer = found.offers[a % Math.max(1, found.offers.length)];
        const all = placesOf(offer);
        if (offer !== undefined) agree(withValue(offer, all[b % all.length] ?? [], value));
      },
    ),
    { numRuns: 500 },
  );
});

test('predicates and selectors may be nested 64 deep and no deeper', () => {
  const nested = (levels: number, inner: object, kind: 'not' | 'all' | 'any') => {
    let value = inner;
    for (let level = 1; level < levels; level++) value = { [kind]: kind === 'not' ? value : [value] };
    return value;
  };
  for (const kind of ['not', 'all', 'any'] as const)
    for (const levels of [63, 64, 65]) {
      const accepted = levels <= 64;
      assert.equal(agree({ ...offers[1], when: nested(levels, { segment: 's' }, kind) }), accepted);
      const of = nested(levels, { gtin: ['A'] }, kind);
      assert.equal(agree({ ...offers[1], when: { spend: { of } } }), accepted);
      assert.equal(agree({ ...offers[1], benefit: { percent: { permyriad: 1, of } } }), accepted);
    }
});

test('bundles in steps have the faults of bundles as a whole, of duplicate ids and dangling references too', () => {
  const documents: unknown[] = [
    withValue(fullBundle(), ['offers', 1, 'id'], 'earn'),
    withValue(fullBundle(), ['offers', 0, 'after', 'offer'], 'nobody'),
    withValue(fullBundle(), ['retiredOffers'], []),
    withValue(fullBundle(), ['loyalty'], undefined),
    withValue(fullBundle(), ['defaultLanguage'], 'it'),
    withValue(fullBundle(), ['offers'], {}),
    { offers: [1, 2, {}], zzz: 1, id: 5 },
    { ...fullBundle(), offers: Array.from({ length: 20_000 }, () => 1), zzz: 1 },
  ];
  for (const document of documents) {
    const expected = validateBundle(document);
    const made = finish(activating(new TextEncoder().encode(JSON.stringify(document))));
    assert(!expected.ok && !made.ok);
    assert.deepEqual(made.faults, expected.faults);
  }
});
