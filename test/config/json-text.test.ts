import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonTextFault, parseJsonText } from '../../json-text.ts';

const broken: readonly [name: string, text: string, message: string][] = [
  ['a comma too many in an object', '{\n  "a": 1,\n}', 'line 2, column 9: a comma before "}" is one too many'],
  ['a comma too many in a list', '[1,\n2,]', 'line 2, column 2: a comma before "]" is one too many'],
  ['a missing comma', '{"a": 1\n "b": 2}', 'line 2, column 2: expected "," or "}", found """'],
  ['a key without quotes', '{a: 1}', 'line 1, column 2: expected a key in double quotes, found "a"'],
  ['a key in single quotes', "{'a': 1}", `line 1, column 2: expected a key in double quotes, found "'a'"`],
  ['a missing colon', '{"a" 1}', 'line 1, column 6: expected ":" after the key "a", found "1"'],
  ['a missing value', '{"a": }', 'line 1, column 7: expected a value, found "}"'],
  ['an end too early', '{"a":', 'line 1, column 6: expected a value, found the end of the file'],
  ['a text left open', '{"a": "b\n}', 'line 1, column 7: this text has no closing double quote'],
  [
    'a Windows path',
    '{"a": "C:\\data"}',
    'line 1, column 10: this escape is not known to JSON; a backslash is written "\\\\"',
  ],
  ['a tab inside a text', '{"a": "\t"}', 'line 1, column 8: a control character must be written as an escape'],
  ['a comment', '{\n// why\n"a": 1}', 'line 2, column 1: expected a key in double quotes, found "//"'],
  ['a leading zero', '[007]', 'line 1, column 2: "007" is not a number of JSON'],
  ['a word that is no value', '[yes]', 'line 1, column 2: expected a value, found "yes"'],
  ['a second document', '{} {}', 'line 1, column 4: "{" after the end of the document'],
  ['nothing at all', ' \n', 'line 2, column 1: the file is empty; a JSON object is expected'],
  ['a key that stands twice', '{"a": 1,\n "a": 2}', 'line 2, column 2: the key "a" stands twice in this object'],
];

for (const [name, text, message] of broken) {
  test(`${name} is told with line and column`, () => {
    assert.throws(() => parseJsonText(text), { name: 'JsonTextFault', message });
  });
}

test('a byte order mark is passed over', () => {
  assert.deepEqual(parseJsonText('\uFEFF{"a": 1}'), { a: 1 });
});

test('a text nested without end is refused without exhausting the stack', () => {
  assert.throws(() => parseJsonText('['.repeat(1_000_000)), /nested deeper than 100/);
});

test('every JSON document reads as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), text => {
      assert.deepEqual(parseJsonText(text), JSON.parse(text));
    }),
  );
});

test('a text is refused exactly when JSON.parse refuses it', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.',
    'e',
    '0',
    'true',
    'null',
    ' ',
    '\n',
    'x',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), parts => {
      const text = parts.join('');
      let accepted = true;
      try {
        JSON.parse(text);
      } catch {
        accepted = false;
      }
      try {
        parseJsonText(text);
        assert.ok(accepted, `accepted ${JSON.stringify(text)}`);
      } catch (error) {
        if (!(error instanceof JsonTextFault)) throw error;
        assert.ok(
          !accepted || error.message.includes('stands twice'),
          `refused ${JSON.stringify(text)}: ${error.message}`,
        );
      }
    }),
    { numRuns: 5000 },
  );
});
