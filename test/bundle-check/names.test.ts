/** Names that stand twice in one object of a bundle's file are found at their places, and no others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Findings } from '../../agent/bundle-check/finding.ts';
import { checkNames } from '../../agent/bundle-check/names.ts';

function twiceIn(text: string): readonly string[] {
  const findings = new Findings();
  checkNames(text, findings);
  return findings.list.map(({ code, pointer }) => `${code} ${pointer}`);
}

test('a name that stands twice in one object is found where it stands, whatever it is spelt like', () => {
  const twice =
    '{ "id": "a", "offers" : [{"when":1}, 5, {"when":{"x":[1,2]},"a/b":"\\"","when" :2,"wh\\u0065n":3}], "id":"b" }';
  assert.deepEqual(twiceIn(twice), ['name-twice /offers/2/when', 'name-twice /offers/2/when', 'name-twice /id']);
});

test('a document that was written from objects has none', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2), (json, spaces) => {
      assert.deepEqual(twiceIn(JSON.stringify(JSON.parse(json), null, spaces)), []);
    }),
  );
});

test('one field written once more is found at its place', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (fields, pick) => {
      const entries = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
      const again = pick % entries.length;
      const name = Object.keys(fields)[again] ?? '';
      const place = name.replaceAll('~', '~0').replaceAll('/', '~1');
      assert.deepEqual(twiceIn(`[7,{${[...entries, entries[again]].join()}}]`), [`name-twice /1/${place}`]);
    }),
  );
});
