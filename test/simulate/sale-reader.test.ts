/** Reading a line quickly against the full validator, whatever stands in it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSale } from '../../agent/offers/index.ts';
import { createSaleReader } from '../../agent/simulate/sale-reader.ts';
import { anySmallWorld } from '../conformance/reference/generate.ts';
import { salesOf } from './support/shop.ts';

const runs = Number(process.env.RUNS ?? 200);
const [sale] = salesOf(1);

/** Both ways must accept the same bytes, and read the same sale of them. */
function sameAs(read: ReturnType<typeof createSaleReader>, line: Uint8Array, what = ''): boolean {
  // In the middle of others, as in a file.
  const bytes = Buffer.concat([Buffer.from('{}\n'), line, Buffer.from('\n{"saleId":1}')]);
  const quick = read(bytes, 3, 3 + line.length);
  const full = parseSale(line);
  assert.deepEqual(plain(quick), plain(full), what || Buffer.from(line).toString('utf8').slice(0, 500));
  return quick.ok;
}

/** Without fields that are there and undefined. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** The same document written otherwise: spaces, order of fields, escapes, unknown fields, nulls. */
const anyStyle = fc.record({
  space: fc.constantFrom<string | number>('', '', 1, '\t'),
  shuffled: fc.boolean(),
  escaped: fc.boolean(),
  more: fc.constantFrom<unknown>(undefined, undefined, null, 'Grün "x"', [1.5, -2e3, true], { '[': { a: [[], {}] } }),
});
type Style = typeof anyStyle extends fc.Arbitrary<infer T> ? T : never;

function written(document: unknown, { space, shuffled, escaped, more }: Style): Buffer {
  const styled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(styled);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, each]) => [name, styled(each)] as const);
    if (shuffled) entries.reverse();
    // Only where any name is allowed and ignored.
    if (more !== undefined && 'saleId' in value && 'lines' in value) entries.splice(1, 0, ['zz', more]);
    return Object.fromEntries(entries);
  };
  const text = JSON.stringify(styled(document), null, space).replace(/\n/g, '\r');
  return Buffer.from(
    escaped ? text.replace(/[a-z0-9](?=[^"]*"[,}\]\s])/g, c => `\\u00${c.charCodeAt(0).toString(16)}`) : text,
  );
}

test('a sale that is read quickly is the one that the validator reads, however it is written', t => {
  let quick = 0;
  const read = createSaleReader(false);
  fc.assert(
    fc.property(anySmallWorld, anyStyle, (world, style) => {
      if (sameAs(read, written(world.sale, style))) quick++;
    }),
    { numRuns: runs },
  );
  t.diagnostic(`${quick} sales`);
});

test('lines with any byte changed, left out or doubled are refused and read as by the validator', () => {
  const read = createSaleReader(true);
  fc.assert(
    fc.property(
      anySmallWorld,
      fc.array(
        fc.record({
          at: fc.nat(5000),
          how: fc.constantFrom('change', 'leave out', 'double' as const),
          byte: fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[],:0-.eE ntfu')), fc.integer({ min: 0, max: 255 })),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      (world, changes) => {
        let line = Buffer.from(JSON.stringify(world.sale));
        for (const { at, how, byte } of changes) {
          const place = at % line.length;
          const middle = how === 'change' ? [byte] : how === 'double' ? [line[place] ?? 0, line[place] ?? 0] : [];
          // A line end would be another line.
          line = Buffer.concat([
            line.subarray(0, place),
            Buffer.from(middle.map(each => (each === 10 ? 32 : each))),
            line.subarray(place + 1),
          ]);
        }
        sameAs(read, line);
      },
    ),
    { numRuns: runs * 4 },
  );
});

test('any value in any place of a sale is accepted or refused as by the validator', () => {
  const odd: fc.Arbitrary<unknown> = fc.oneof(
    fc.constantFrom(
      null,
      -0,
      '',
      '0',
      '0.00',
      '00',
      '1e3',
      '-1',
      '-2',
      '1.2345',
      'a b',
      'ü',
      1e300,
      99_999,
      true,
      [],
      {},
    ),
    fc.constantFrom('100000', '99999', '-0', '2026-02-30', '2026-11-21T10:15:00+01:00', '2026-11-21T25:15:00+01:00'),
    fc.string(),
    fc.jsonValue(),
  );
  const place = fc.constantFrom(
    ...['saleId', 'storeId', 'tillId', 'at', 'lines', 'member', 'history', 'counters', 'coupons'],
    ...['lineId', 'gtin', 'quantity', 'unit', 'amount', 'category', 'discountable'].map(name => `lines/0/${name}`),
    ...['id', 'household', 'points', 'tier', 'joined', 'segments', 'segments/0', 'attributes', 'attributes/x'].map(
      name => `member/${name}`,
    ),
    ...['bought', 'coupons', 'bought/0', 'bought/0/at', 'bought/0/gtin', 'coupons/0', 'coupons/0/offer'].map(
      name => `history/${name}`,
    ),
    ...['issuedAt', 'expiresAt', 'redeemedAt', 'serial', 'class'].map(name => `history/coupons/0/${name}`),
    ...['o', 'o/member', 'o/lease', '__proto__'].map(name => `counters/${name}`),
    ...['0', '0/offer', '0/serial', '0/variant', '0/validFrom', '0/household'].map(name => `coupons/${name}`),
  );
  const read = createSaleReader(false);
  fc.assert(
    fc.property(fc.array(fc.tuple(place, odd), { minLength: 1, maxLength: 2 }), changes => {
      const broken = structuredClone({
        ...sale,
        member: { id: 'm', segments: ['s'], attributes: { x: 1 } },
        history: {
          bought: [{ at: '2026-11-01T10:00:00Z', gtin: '1' }],
          coupons: [{ offer: 'o', issuedAt: '2026-11-01T10:00:00Z' }],
        },
        counters: { o: { member: 1 } },
        coupons: [{ offer: 'o', serial: 'x' }],
      });
      for (const [path, value] of changes) {
        const parts = path.split('/');
        let at = broken as unknown as Record<string, unknown> | undefined;
        for (const part of parts.slice(0, -1)) {
          const next: unknown = at?.[part];
          at = typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : undefined;
        }
        if (at !== undefined)
          Object.defineProperty(at, parts.at(-1) ?? '', {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          });
      }
      // -0 has no form of its own in what JSON.stringify writes.
      const text = JSON.stringify(broken, (_, value) => (Object.is(value, -0) ? '@-0@' : value)).replaceAll(
        '"@-0@"',
        '-0',
      );
      sameAs(read, Buffer.from(text));
    }),
    { numRuns: runs * 2 },
  );
});

test('what two readers of JSON might see differently is read as by the validator', () => {
  const read = createSaleReader(false);
  const text = JSON.stringify(sale);
  const texts = [
    text.replace('"storeId":"0042"', '"storeId":"0042","storeId":"0017"'),
    text.replace('"storeId":"0042"', '"storeId":null,"storeId":"0017"'),
    text.replace('"quantity":"1"', '"quantity":"1","quantity":"2"'),
    text.replace('{', '{"__proto__":{"saleId":"x"},'),
    text.replace('"member":{', '"member":{"attributes":{"__proto__":{"x":1}},'),
    text.replace('"member":{', '"member":{"attributes":{"__proto__":1},'),
    text.replace('"member":{', '"member":{"attributes":{"a":1,"a":2,"10":1,"9":2},'),
    text.replace('"member":{', '"member":{"constructor":1,"attributes":{"constructor":"x","toString":[]},'),
    text.replace('"0042"', '"00\\u0034\\u0032"'),
    text.replace('"storeId"', '"store\\u0049d"'),
    text.replace('"0042"', '"\\ud800"'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":"\\ud800"'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":"a\tb"'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":"\\x"'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":01'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":+1'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":1.'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":NaN'),
    text.replace('"saleId":"S0"', '"saleId":"S0","note":1e999'),
    text.replace('"saleId":"S0"', `"saleId":"S0","note":${'['.repeat(2000)}${']'.repeat(2000)}`),
    text.replace(/"amount":\d+/, '"amount":-0'),
    text.replace(/"amount":\d+/, '"amount":1e2'),
    text.replace(/"amount":\d+/, '"amount":150.0'),
    text.replace(/"amount":\d+/, '"amount":9007199254740993'),
    text.replace(/"amount":\d+/, '"amount":0150'),
    text.replace(/"quantity":"1"/, '"quantity":"99999"').replace('}]', '},{"lineId":"9","quantity":"2","amount":1}]'),
    text.replace(/"quantity":"1"/, '"quantity":"100000"'),
    text.replace(/"quantity":"1"/, '"quantity":"100001"'),
    text.replace('}]', '},{"lineId":"1","quantity":"2","amount":1}]'),
    `\uFEFF${text}`,
    ` \t${text}\r`,
    `${text}x`,
    `${text}{}`,
    text.slice(0, -1),
    '',
    'null',
    '[]',
    '"x"',
  ];
  for (const each of texts) sameAs(read, Buffer.from(each));
  // Latin-1 is not UTF-8, neither in a field that is read nor in one that is passed over.
  for (const name of ['category', 'note']) {
    const line = Buffer.from(text.replace('"lineId":"1"', `"lineId":"1","${name}":"Gr\xfcn"`), 'latin1');
    assert.equal(sameAs(read, line), false);
  }
});

test('more different texts than are kept, in one sale and over many, are read all the same', () => {
  const read = createSaleReader(false);
  const many = (from: number, count: number) =>
    Buffer.from(
      JSON.stringify({
        ...sale,
        member: { id: 'm', segments: Array.from({ length: count }, (_, i) => `s${from + i}`) },
      }),
    );
  assert.equal(sameAs(read, many(0, 200_000), 'in one sale'), true);
  for (let from = 0; from < 400_000; from += 50_000) assert.equal(sameAs(read, many(from, 50_000), 'over many'), true);
  assert.equal(sameAs(read, Buffer.from(JSON.stringify(sale))), true);
});
