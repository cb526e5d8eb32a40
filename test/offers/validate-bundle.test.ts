/** The bundle's validator: every fault at its place, nothing else, whatever comes in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { pointer } from '../../agent/offers/fault.ts';
import { type Bundle, compileBundle, parseBundle, validateBundle } from '../../agent/offers/index.ts';
import { bundle } from './arbitrary.ts';
import { fullBundle, placesOf, valueAt, withValue } from './documents.ts';

function faultsOf(document: unknown): string[] {
  const result = validateBundle(document);
  return result.ok ? [] : result.faults.map(fault => fault.pointer);
}

test('a bundle with every field of the contract is valid', () => {
  const result = validateBundle(fullBundle());
  assert.deepEqual(result.ok ? [] : result.faults, []);
});

test('random bundles of the small world are valid', () => {
  fc.assert(
    fc.property(bundle(), document => assert.deepEqual(faultsOf(document), [])),
    { numRuns: 100 },
  );
});

describe('an unknown field', () => {
  const objects = placesOf(fullBundle()).filter(path => {
    const value = valueAt(fullBundle(), path);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  });
  test(`is a fault in each of the ${objects.length} objects of a bundle, at its place`, () => {
    for (const path of objects)
      for (const name of ['zzzz', '__proto__', 'constructor', 'a/b~c'])
        assert.deepEqual(
          faultsOf(withValue(fullBundle(), [...path, name], {})),
          [pointer([...path, name])],
          pointer([...path, name]),
        );
  });
  test('is told with the name that was probably meant', () => {
    const result = validateBundle(withValue(fullBundle(), ['offers', 1, 'audiense'], { segment: 's' }));
    assert.match(result.ok ? '' : (result.faults[0]?.message ?? ''), /did you mean "audience"/);
  });
});

test('a value of the wrong type is a fault at its place or below, and nowhere else', () => {
  for (const path of placesOf(fullBundle()))
    for (const wrong of [null, 0.5, Number.NaN, {}, [[]], 'Ω']) {
      const place = pointer(path);
      const was = valueAt(fullBundle(), path);
      if (JSON.stringify(was) === JSON.stringify(wrong)) continue;
      const document = withValue(fullBundle(), path, wrong);
      for (const found of faultsOf(document))
        assert.ok(
          found === place || found.startsWith(`${place}/`) || follows(path, found),
          `${place} := ${JSON.stringify(wrong)} was told as ${found}`,
        );
    }
});

/** Faults of another place that a change rightly brings with it. */
function follows(path: readonly (string | number)[], found: string): boolean {
  const last = path.at(-1);
  // Another list of tiers, retired offers or offers leaves references without an aim.
  if (['tiers', 'retiredOffers', 'offers', 0, 1].includes(last ?? '')) return /\/(offer|atLeast|is)$/.test(found);
  return last === 'take' && found.endsWith('/nForM/pay');
}

test('each required field that is missing is named by its own place', () => {
  const required: (string | number)[][] = [
    ...['format', 'id', 'version', 'createdAt', 'notAfter', 'currency', 'timezone', 'defaultLanguage', 'offers'].map(
      name => [name],
    ),
    ...['id', 'version', 'phase', 'benefit', 'priority', 'coupon'].map(name => ['offers', 0, name]),
    ...['validDays', 'barcode', 'offline', 'texts'].map(name => ['offers', 0, 'coupon', name]),
    ['offers', 0, 'coupon', 'texts', 'de'],
    ['offers', 0, 'coupon', 'texts', 'fr', 'title'],
    ['offers', 0, 'after', 'outcome'],
    ['offers', 0, 'experiment', 'salt'],
    ['offers', 0, 'experiment', 'variants', 0, 'weight'],
    ['offers', 0, 'caps', 0, 'limit'],
    ['offers', 0, 'contact', 'class'],
    ['offers', 0, 'when', 'any', 2, 'bought', 'of'],
    ['offers', 0, 'when', 'any', 3, 'received', 'withinDays'],
    ['offers', 1, 'benefit', 'price', 'of'],
    ['offers', 5, 'benefit', 'points', 'earn'],
    ['loyalty', 'tiers'],
    ['contactPolicies', 0, 'window'],
    ['cardSchemes', 0, 'check'],
  ];
  for (const path of required) assert.deepEqual(faultsOf(withValue(fullBundle(), path, undefined)), [pointer(path)]);
});

describe('a fault is named where it is:', () => {
  const cases: readonly (readonly [string, (string | number)[], unknown, string?])[] = [
    ['an offer id that stands twice', ['offers', 2, 'id'], 'coffee'],
    ['a second cap of a scope', ['offers', 0, 'caps', 1, 'scope'], 'member'],
    ['a variant id that stands twice', ['offers', 0, 'experiment', 'variants', 1, 'id'], 'v'],
    ['a policy id with a blank', ['contactPolicies', 0, 'id'], 'a b'],
    ['an id of Cyrillic letters', ['offers', 1, 'id'], 'соffee', '/offers/1/id'],
    ['an id of 65 characters', ['id'], 'a'.repeat(65)],
    ['an unknown offer in after', ['offers', 0, 'after', 'offer'], 'nobody'],
    ['an unknown offer in received', ['offers', 0, 'when', 'any', 3, 'received', 'offer'], 'nobody'],
    ['an unknown offer in redeemed', ['offers', 0, 'when', 'any', 4, 'redeemed', 'offer'], 'nobody'],
    ['an unknown tier', ['offers', 0, 'audience', 'all', 1, 'tier', 'atLeast'], 'platinum'],
    ['a discount of more than 100 %', ['offers', 0, 'benefit', 'percent', 'permyriad'], 10_001],
    ['a negative amount', ['offers', 3, 'benefit', 'amount', 'off'], -1],
    ['an amount that is not exact', ['offers', 3, 'benefit', 'amount', 'off'], 2 ** 53],
    ['each that is not true', ['offers', 3, 'benefit', 'amount', 'each'], false],
    ['pay as many as take', ['offers', 2, 'benefit', 'nForM', 'pay'], 3],
    ['points for nothing', ['offers', 5, 'benefit', 'points', 'per'], 0],
    ['a priority of 0', ['offers', 0, 'priority'], 0],
    ['a priority of 1001', ['offers', 0, 'priority'], 1001],
    ['a priority outside of phase issue', ['offers', 1, 'priority'], 5],
    ['a contact outside of phase issue', ['offers', 1, 'contact'], { class: 'x' }],
    ['a money benefit in phase points', ['offers', 5, 'benefit'], { amount: { off: 1 } }, '/offers/5/benefit/amount'],
    ['a points benefit in phase line', ['offers', 1, 'benefit'], { points: { fixed: 1 } }, '/offers/1/benefit/points'],
    ['a date that does not exist', ['offers', 0, 'schedule', 'from'], '2026-02-30'],
    ['a time of 24:00', ['offers', 0, 'schedule', 'times', 0, 'to'], '24:00'],
    ['a weekday in full', ['offers', 0, 'schedule', 'days', 0], 'monday'],
    ['an instant without offset', ['notAfter'], '2026-12-31T23:59:59'],
    ['an instant that does not exist', ['createdAt'], '2026-02-29T00:00:00Z'],
    ['a time zone that does not exist', ['timezone'], 'Europe/Zuerich'],
    ['an offset for a time zone', ['timezone'], '+01:00'],
    ['a currency in small letters', ['currency'], 'chf'],
    ['a category with an empty level', ['offers', 0, 'coupon', 'category'], 'food//coffee'],
    ['a language that is none', ['offers', 0, 'coupon', 'texts', 'Deutsch'], { title: 'x' }],
    ['a coupon valid for no day', ['offers', 0, 'coupon', 'validDays'], 0],
    ['a birthday in half a day', ['offers', 0, 'audience', 'all', 6, 'birthday', 'within'], 0.5],
    ['a predicate without a key', ['offers', 0, 'when'], {}],
    ['a predicate with two keys', ['offers', 0, 'when', 'segment'], 's'],
    ['a misspelt predicate', ['offers', 0, 'when'], { spent: {} }, '/offers/0/when/spent'],
    ['an attribute test of nothing', ['offers', 0, 'audience', 'all', 3, 'attribute'], { name: 'x' }],
    ['an attribute test of list and bound', ['offers', 0, 'audience', 'all', 3, 'attribute', 'atLeast'], 1],
    ['tiers that go down', ['loyalty', 'tiers', 1, 'from'], 0],
    ['a window of two kinds', ['contactPolicies', 0, 'window', 'calendar'], 'day'],
    ['a prefix longer than its code', ['cardSchemes', 0, 'prefix'], '12345678901234'],
    [
      'weights that are all 0',
      ['offers', 0, 'experiment', 'variants'],
      [{ id: 'v', weight: 0 }],
      '/offers/0/experiment/variants/0/weight',
    ],
    ['a format of another version', ['format'], 'tillside/bundle/2'],
  ];
  for (const [name, path, value, place] of cases)
    test(name, () => assert.deepEqual(faultsOf(withValue(fullBundle(), path, value)), [place ?? pointer(path)]));
});

test('every fault is listed, not only the first', () => {
  let document = fullBundle();
  document = withValue(document, ['currency'], 5);
  document = withValue(document, ['offers', 1, 'version'], '1');
  document = withValue(document, ['offers', 2, 'benefit', 'nForM', 'take'], 0);
  document = withValue(document, ['offers', 3, 'benefit', 'amount', 'of'], {});
  assert.deepEqual(
    faultsOf(document).sort(),
    [
      '/currency',
      '/offers/1/version',
      '/offers/2/benefit/nForM/take',
      '/offers/2/benefit/nForM/pay',
      '/offers/3/benefit/amount/of',
    ].sort(),
  );
});

test('offers that come after each other in a circle are valid: chains look at history only', () => {
  const line = (id: string, after: string) => ({
    id,
    version: 1,
    phase: 'line',
    benefit: { text: {} },
    after: { offer: after, outcome: 'issued' },
  });
  const offers = [line('a', 'b'), line('b', 'c'), line('c', 'b'), line('d', 'd')];
  assert.deepEqual(faultsOf({ ...fullBundle(), offers }), []);
});

test('a reference to an offer whose id is at fault is not told as well', () => {
  assert.deepEqual(faultsOf(withValue(fullBundle(), ['offers', 1, 'id'], 'cof fee')), ['/offers/1/id']);
  assert.deepEqual(faultsOf(withValue(fullBundle(), ['loyalty', 'tiers', 1, 'id'], 7)), ['/loyalty/tiers/1/id']);
});

describe('hostile input ends in faults, not in exceptions:', () => {
  test('text that is no JSON, bytes that are no UTF-8, values that are no object', () => {
    for (const source of ['', '{', '[]', 'null', '1', '"x"', 'NaN', new Uint8Array([0xff, 0xfe])]) {
      const result = parseBundle(source);
      assert.deepEqual(result.ok ? null : result.faults[0]?.pointer, '');
    }
  });
  test('predicates nested 100,000 deep', () => {
    const when = `${'{"not":'.repeat(100_000)}{"segment":"s"}${'}'.repeat(100_000)}`;
    const text = JSON.stringify(withValue(fullBundle(), ['offers', 1, 'when'], 'WHEN')).replace('"WHEN"', when);
    const result = parseBundle(text);
    assert.ok(
      !result.ok && result.faults.length === 1 && result.faults[0]?.pointer.startsWith('/offers/1/when/not/not'),
    );
  });
  test('lists nested 100,000 deep', () => {
    const result = parseBundle(`{"offers":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    assert.ok(!result.ok);
  });
  test('a hundred thousand unknown fields are told up to a limit', () => {
    const fields = Array.from({ length: 100_000 }, (_, index) => `"f${index}":1`).join(',');
    const result = parseBundle(`{${fields}}`);
    assert.ok(!result.ok && result.faults.length === 10_000);
  });
  test('10,000 offers one after the other', () => {
    const offers = Array.from({ length: 10_000 }, (_, index) => ({
      id: `o${index}`,
      version: 1,
      phase: 'line',
      benefit: { text: {} },
      after: { offer: index === 0 ? 'old' : `o${index - 1}`, outcome: 'issued' },
    }));
    assert.deepEqual(faultsOf({ ...fullBundle(), offers }), []);
  });
  test('own fields named like those of every object', () => {
    const text = JSON.stringify(fullBundle()).replace('"stores":{', '"stores":{"__proto__":{"include":["1"]},');
    const result = parseBundle(text);
    assert.deepEqual(result.ok ? [] : result.faults.map(fault => fault.pointer), ['/offers/0/stores/__proto__']);
  });
  test('any JSON at any place', () => {
    const places = placesOf(fullBundle());
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (path, value) => {
        const document = withValue(fullBundle(), path, value);
        const result = validateBundle(document);
        if (result.ok) compileBundle(result.bundle);
        else for (const fault of result.faults) assert.ok(fault.pointer === '' || fault.pointer.startsWith('/'));
      }),
      { numRuns: 800 },
    );
  });
  test('objects that throw when they are read', () => {
    const trap = new Proxy({}, { ownKeys: () => assert.fail('trap'), getPrototypeOf: () => null });
    assert.deepEqual(faultsOf({ ...fullBundle(), selection: trap }), ['']);
  });
});

test('a byte order mark before the text is let pass', () => {
  const text = `\uFEFF${JSON.stringify(fullBundle())}`;
  assert.ok(parseBundle(new TextEncoder().encode(text)).ok);
});

test('-0 is 0', () => {
  const document = JSON.parse(JSON.stringify(fullBundle()).replace('"off":100}', '"off":-0}')) as Bundle;
  assert.deepEqual(faultsOf(document), []);
});
