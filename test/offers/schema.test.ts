/** The published JSON Schemas and the validator agree wherever a schema can express the rule. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import Ajv from 'ajv';
import fc from 'fast-check';
import { validateBundle, validateSale } from '../../agent/offers/index.ts';
import { bundle, sale } from './arbitrary.ts';
import { fullBundle, fullSale, placesOf, withValue } from './documents.ts';

const ajv = new Ajv.Ajv({ strict: false, allErrors: false });
const schema = (name: string) =>
  ajv.compile(JSON.parse(readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')));
const bundleSchema = schema('bundle.schema.json');
const saleSchema = schema('sale.schema.json');

/** What a schema cannot say: existence, uniqueness, order, comparison, depth. */
const beyond =
  /does not exist|second time|that exists|IANA|defaultLanguage|must be less than|than the tier before|longer than the code|weights|nested|pieces in one sale|too large|must not be 0/;

test('the schema takes every random bundle and sale that the validator takes', () => {
  fc.assert(
    fc.property(bundle(), sale, (document, basket) => {
      assert.ok(bundleSchema(document), ajv.errorsText(bundleSchema.errors));
      assert.ok(saleSchema(basket), ajv.errorsText(saleSchema.errors));
    }),
    { numRuns: 100 },
  );
});

const replacement = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    undefined,
    0,
    -1,
    1,
    10_001,
    0.5,
    'line',
    'issue',
    'points',
    'accept',
    '2026-11-21',
    'a b',
    {},
    { text: {} },
    { points: { fixed: 1 } },
  ),
);

test('a bundle changed at any place is valid for both or for neither', () => {
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(fullBundle())), replacement, (path, value) => {
      if (path.length === 0) return;
      const document: unknown = JSON.parse(JSON.stringify(withValue(fullBundle(), path, value)));
      const result = validateBundle(document);
      const faults = result.ok ? [] : result.faults.filter(fault => !beyond.test(fault.message));
      if (!result.ok && faults.length === 0) return;
      assert.equal(bundleSchema(document), result.ok, JSON.stringify([path, value, faults, bundleSchema.errors]));
    }),
    { numRuns: 500 },
  );
});

test('a sale changed at any place is valid for both or for neither', () => {
  fc.assert(
    fc.property(fc.constantFrom(...placesOf(fullSale())), replacement, (path, value) => {
      if (path.length === 0) return;
      const document: unknown = JSON.parse(JSON.stringify(withValue(fullSale(), path, value)));
      const result = validateSale(document);
      const faults = result.ok ? [] : result.faults.filter(fault => !beyond.test(fault.message));
      if (!result.ok && faults.length === 0) return;
      assert.equal(saleSchema(document), result.ok, JSON.stringify([path, value, faults, saleSchema.errors]));
    }),
    { numRuns: 500 },
  );
});
