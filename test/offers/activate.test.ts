/** A bundle made ready in steps is the bundle made ready at once; steps are many, and other bundles may decide between them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { activating, compileBundle, decide, parseBundle } from '../../agent/offers/index.ts';
import { finish, sortedInSteps } from '../../agent/offers/steps.ts';
import { bundle, sale } from './arbitrary.ts';
import { bundleOf } from './rules.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const resultOf = (source: Uint8Array) => {
  const made = finish(activating(source));
  return made.ok ? { ok: true, bundle: made.compiled.bundle } : made;
};

test('bundles made ready in steps decide as those made ready at once, and so do others meanwhile', () => {
  fc.assert(
    fc.property(bundle(), bundle(), sale, fc.boolean(), (document, other, basket, spaced) => {
      const meanwhile = compileBundle(other);
      const expected = JSON.stringify(decide(meanwhile, basket));
      const steps = activating(bytesOf(JSON.stringify(document, null, spaced ? 2 : 0)));
      for (let step = steps.next(); ; step = steps.next()) {
        assert.equal(JSON.stringify(decide(meanwhile, basket)), expected);
        if (step.done !== true) continue;
        assert(step.value.ok);
        assert.equal(
          JSON.stringify(decide(step.value.compiled, basket)),
          JSON.stringify(decide(compileBundle(document), basket)),
        );
        return;
      }
    }),
    { numRuns: 150 },
  );
});

test('a bundle cut apart reads as a whole one: broken, doubled, escaped and odd documents included', () => {
  const odd = [
    '',
    '[]',
    'null',
    '{',
    '{"offers":[',
    '{"offers":[]}',
    '{"offers":[ ]}',
    '{"offers":[,]}',
    '{"offers":[1,]}',
    '{"offers":[1 2]}',
    '{"offers":[{}}]',
    '{"offers":[[]]}',
    '{"offers":[{"a":[}]}]}',
    '{"offers":{},"offers":[1]}',
    '{"offers":[1],"offers":[2]}',
    '{"\\u006fffers":[1],"offers":[2]}',
    '{"offers":[1],"\\u006fffers":[2]}',
    '{"offers" :\n [ {"id":"a,b]\\"}"} , "x" ] , "id":"offers"}',
    '{"id":"offers":[1]}',
    '{"x":"offers",[1]}',
    '{"x":{"offers":[1]}}',
    '{"offers"::[1]}',
    '{"__proto__":[1],"offers":[{"__proto__":{}}]}',
    '\ufeff{"offers":[1]}',
    '{"offers":[\ufeff1]}',
    '{"offers":[1]} x',
    '{"offers":["\ud83d\ude00","\u00e9"]}',
  ];
  for (const text of odd) assert.deepEqual(resultOf(bytesOf(text)), parseBundle(bytesOf(text)), text);
  const broken = bytesOf('{"offers":["x"]}');
  for (let at = 0; at < broken.length; at++) {
    const bytes = broken.slice();
    bytes[at] = 0xff;
    assert.deepEqual(resultOf(bytes), parseBundle(bytes));
  }
});

test('whatever happens to its bytes, a bundle in steps has the result and the faults of one at once', () => {
  fc.assert(
    fc.property(
      bundle(),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[],:"\\ x0'), fc.boolean()), { maxLength: 3 }),
      (document, edits) => {
        let text = JSON.stringify(document);
        for (const [place, character, insert] of edits) {
          const at = place % text.length;
          text = text.slice(0, at) + character + text.slice(insert ? at : at + 1);
        }
        assert.deepEqual(resultOf(bytesOf(text)), parseBundle(bytesOf(text)));
      },
    ),
    { numRuns: 500 },
  );
});

test('a thousand offers take many steps', () => {
  const offers = Array.from({ length: 1000 }, (_, index) => ({
    id: `o${index}`,
    version: 1,
    phase: 'basket' as const,
    benefit: { text: {} },
    name: 'x'.repeat(300),
  }));
  const document = bundleOf(offers);
  let steps = 0;
  for (const _ of activating(bytesOf(JSON.stringify(document)))) steps++;
  assert(steps > 50, `${steps} steps`);
});

test('sorting in steps is sorting, and stable', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 3000, size: 'max' }), numbers => {
      const items = numbers.map((value, index) => ({ value, index }));
      const compare = (a: { value: number }, b: { value: number }) => a.value - b.value;
      assert.deepEqual(finish(sortedInSteps(items, compare)), [...items].sort(compare));
    }),
    { numRuns: 50 },
  );
});
