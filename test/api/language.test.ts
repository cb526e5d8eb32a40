import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { languageOf } from '../../agent/api/language.ts';

const cases: readonly [header: string | undefined, language: string][] = [
  [undefined, 'fr'],
  ['', 'fr'],
  ['de', 'de'],
  ['de-CH', 'de'],
  ['IT-ch', 'it'],
  ['es, en;q=0.7, de;q=0.9', 'de'],
  ['de;q=0.8, it;q=0.8', 'de'],
  ['es', 'fr'],
  ['*', 'fr'],
  ['en;q=0', 'fr'],
  ['en;q=0.001', 'en'],
  ['en;q=nonsense', 'en'],
  ['delta', 'fr'],
];

for (const [header, language] of cases) {
  test(`Accept-Language ${JSON.stringify(header)} is answered in ${language} where French is usual`, () => {
    assert.equal(languageOf(header, 'fr'), language);
  });
}

test('any header gives one of the four languages', () => {
  fc.assert(
    fc.property(fc.string(), header => {
      assert.ok(['de', 'fr', 'it', 'en'].includes(languageOf(header, 'de')));
    }),
  );
});
