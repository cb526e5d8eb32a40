import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { configurationDocument, documents, tillVariables } from './documents.ts';

for (const [path, text] of documents) {
  test(`docs/${basename(path)} is as the code says (else run: node test/config/documents.ts && npm run format)`, () => {
    const found = readFileSync(path, 'utf8');
    // The formatter may break the lines of JSON as it likes.
    if (path.endsWith('.json')) assert.deepEqual(JSON.parse(found), JSON.parse(text));
    else assert.equal(found, text);
  });
}

test('docs/configuration.md tells every variable', () => {
  const text = readFileSync(configurationDocument, 'utf8');
  const missing = [...tillVariables.keys()].filter(name => !text.includes(`\`${name}\``));
  assert.deepEqual(missing, []);
});
