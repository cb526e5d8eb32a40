/** A bundle made ready in steps is the bundle made ready at once; steps are many, and other bundles may decide between them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { activating, compileBundle, decide, parseBundle } from '../../agent/offers/index.ts';
import { finish, sortedInSteps } from '../../agent/offers/steps.ts';
import { parseJson } from '../../agent/offers/validate/json.ts';
import { parsingJson } from '../../agent/offers/validate/json-steps.ts';
import { bundle, sale } from './arbitrary.ts';
import { bundleOf, offer, printing } from './rules.ts';

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

test('so do bundles of hundreds of offers, of which several are read at once', () => {
  fc.assert(
    fc.property(
      bundle(),
      fc.constantFrom(0, 2),
      fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.constantFrom(...'{}[],:"\\ x0')), {
        maxLength: 2,
      }),
      (document, spaces, edits) => {
        const offers = Array.from({ length: 40 }, (_, copy) =>
          document.offers.map(offer => ({ ...offer, id: `${offer.id}${copy}`, name: 'x},{"id":"x'.repeat(copy % 5) })),
        ).flat();
        let text = JSON.stringify({ ...document, offers, retiredOffers: ['r1', 'r2', ...'abcdefghij'] }, null, spaces);
        for (const [place, character] of edits) {
          const at = Math.floor(place * text.length);
          text = text.slice(0, at) + character + text.slice(at + 1);
        }
        const read = finish(parsingJson(bytesOf(text)));
        assert.deepEqual(read, parseJson(text));
      },
    ),
    { numRuns: 40 },
  );
});

const steps = (document: object) => [...activating(bytesOf(JSON.stringify(document)))].length;
/** Product numbers of 13 digits: 16 bytes each with quotes and comma. */
const gtins = (count: number) => Array.from({ length: count }, (_, index) => String(7_610_000_000_000 + index));
const askingFor = (id: string, gtin: readonly string[]) =>
  offer(id, { benefit: { percent: { permyriad: 1000, of: { gtin } } } });

test('an offer of more than four megabytes is refused by its place before it is read', () => {
  const document = bundleOf([askingFor('a', ['A']), askingFor('b', gtins(270_000)), askingFor('c', ['A'])]);
  const source = bytesOf(JSON.stringify(document));
  const faults = [{ pointer: '/offers/1', message: 'is longer than 4194304 bytes' }];
  assert.deepEqual(resultOf(source), { ok: false, faults });
  assert.deepEqual(parseBundle(source), { ok: false, faults });
  assert.deepEqual(parseBundle(JSON.stringify(document)), { ok: false, faults });
  assert(resultOf(bytesOf(JSON.stringify(bundleOf([askingFor('a', gtins(250_000)), askingFor('b', ['A'])])))).ok);
});

test('a long text is as long as a long list', () => {
  const name = '\\"'.repeat(2 ** 20);
  const source = bytesOf(JSON.stringify(bundleOf([{ ...askingFor('a', ['A']), name }])));
  assert.deepEqual(resultOf(source), {
    ok: false,
    faults: [{ pointer: '/offers/0', message: 'is longer than 4194304 bytes' }],
  });
});

test('so is a bundle with as much beside its offers', () => {
  const retiredOffers = gtins(270_000);
  const source = bytesOf(JSON.stringify(bundleOf([askingFor('a', ['A'])], { retiredOffers })));
  const faults = [{ pointer: '', message: 'is longer than 4194304 bytes beside its offers' }];
  assert.deepEqual(resultOf(source), { ok: false, faults });
  assert.deepEqual(parseBundle(source), { ok: false, faults });
});

test('a long document that is no bundle is refused in parts too', () => {
  const offers = Array.from({ length: 10_000 }, (_, index) => ({
    ...askingFor(`o${index}`, ['A']),
    name: 'x'.repeat(500),
  }));
  const text = JSON.stringify(bundleOf(offers));
  const faultOf = (broken: string) => {
    const read = resultOf(bytesOf(broken));
    assert.deepEqual(read, parseBundle(broken));
    return 'faults' in read ? read.faults[0] : null;
  };
  assert.equal(faultOf(text), null);
  const place = text.indexOf('o9000');
  assert.match(
    faultOf(`${text.slice(0, place)}"${text.slice(place)}`)?.message ?? '',
    /^is not JSON in UTF-8, after byte \d/,
  );
  assert.match(faultOf(text.slice(0, -1))?.message ?? '', /^is not JSON/);
  assert.match(faultOf(text.slice(0, -2))?.message ?? '', /^is not JSON/);
  assert.match(faultOf(text.replace('"offers"', '"offer"'))?.message ?? '', /^must have "offers" once, as a list/);
  assert.match(faultOf(`${text.slice(0, -1)},"offers":[]}`)?.message ?? '', /^must have "offers" once, as a list/);
  assert.match(faultOf(`[${text}]`)?.message ?? '', /^must have "offers" once, as a list/);
});

test('an offer that asks for thousands of products takes a step of its own', () => {
  const few = Array.from({ length: 100 }, (_, index) => askingFor(`o${index}`, ['A']));
  const many = few.map(({ id }) => askingFor(id, gtins(5000)));
  const asking = many.map(({ id }) => printing(id, { when: { items: { of: { gtin: gtins(5000) }, atLeast: 1 } } }));
  assert(steps(bundleOf(asking)) > steps(bundleOf(few)) + 200);
});

test('a bundle that brings golden baskets is read in as many steps as without', () => {
  const offers = Array.from({ length: 1000 }, (_, index) => ({
    ...askingFor(`o${index}`, ['A']),
    name: 'x'.repeat(500),
  }));
  const golden = [{ name: 'points', sale: { saleId: 'a\\"b' }, expect: { points: { offers: [] } } }];
  assert.equal(steps(bundleOf(offers, { golden })), steps(bundleOf(offers)));
  assert.equal(steps({ golden, ...bundleOf(offers) }), steps(bundleOf(offers)));
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
  assert(steps(document) > 30, `${steps(document)} steps`);
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
