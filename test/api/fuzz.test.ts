import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { calls } from '../../agent/api/calls.ts';
import { type Answer, sendRaw, startApi, uiToken } from './api-client.ts';

/** 2xx, or 4xx with a problem of a stable code. The fake till throws nothing but coded errors, so 500 is the API's own. */
function orderly(answer: Answer, what: string): void {
  if (answer.status >= 200 && answer.status < 300) return;
  assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${answer.status} ${answer.text}`);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what);
  const body = JSON.parse(answer.text);
  assert.equal(body.status, answer.status);
  assert.match(body.code, /^[a-z-]+$/);
}

const pathPart = fc.oneof(
  fc.constantFrom(
    's1',
    'T1',
    '2501000000011',
    '1',
    '.',
    '..',
    '%2e%2e',
    '%',
    '%zz',
    '%00',
    '%C0%AF',
    '%F0%9F%8D%95',
    '__proto__',
    'constructor',
  ),
  fc.string({ maxLength: 30 }).map(text => encodeURIComponent(text.toWellFormed())),
  fc.string({ unit: fc.constantFrom('a', '%', '/', '?', '#', '.', '~', '-', '0', ';'), maxLength: 20 }),
  fc.integer({ min: 60, max: 3000 }).map(length => 'a'.repeat(length)),
);

const hostileJson = fc.oneof(
  fc.json(),
  fc.jsonValue().map(value => JSON.stringify(value)),
  fc.constantFrom(
    '{"__proto__":1}',
    '{"a":{"constructor":{"prototype":1}}}',
    '[',
    '"',
    'NaN',
    '1e999',
    '{"total":1e400}',
    '\uFEFF{}',
    '[[[[[[[[1]]]]]]]]',
  ),
  fc.integer({ min: 1, max: 20_000 }).map(depth => '['.repeat(depth) + ']'.repeat(depth)),
);

/** Bodies near the right shape, one thing wrong: those reach furthest. */
const nearlyRight = fc
  .record({
    startedAt: fc.oneof(fc.constant('2026-11-21T10:15:00+01:00'), fc.anything()),
    completedAt: fc.oneof(fc.constant('2026-11-21T10:15:00Z'), fc.string()),
    total: fc.oneof(fc.integer(), fc.double(), fc.string()),
    code: fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.constant('2501000000011')),
    saleId: fc.oneof(fc.constant('s1'), fc.string()),
    lines: fc.oneof(
      fc.array(fc.record({ lineId: fc.string(), quantity: fc.string(), amount: fc.oneof(fc.integer(), fc.double()) }), {
        maxLength: 5,
      }),
      fc.anything(),
    ),
  })
  .map(value => JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item)));

const contentType = fc.constantFrom(
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/json;;',
  'text/plain',
  'multipart/form-data',
  'x',
  '',
);

test('whatever is sent as address, header and body, the answer is 2xx or a 4xx problem', async t => {
  const api = await startApi(t);
  await api.json('PUT', '/v1/sales/s1', { startedAt: '2026-11-21T10:15:00+01:00', lines: [] });
  const call = fc.constantFrom(...calls);
  const address = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(call, pathPart, pathPart)
        .map(([{ path }, a, b]) => path.replace(/\{\w+\}/, a).replace(/\{\w+\}/, b)),
    },
    { weight: 1, arbitrary: fc.array(pathPart, { maxLength: 4 }).map(parts => `/${parts.join('/')}`) },
  );
  await fc.assert(
    fc.asyncProperty(
      address,
      fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE'),
      fc.oneof(hostileJson, nearlyRight),
      contentType,
      fc.string({ unit: fc.constantFrom('d', 'e', '-', ';', 'q', '=', '0', '.', ',', '*', ' '), maxLength: 30 }),
      async (path, method, body, type, language) => {
        if (/^\/v1\/events(\?|#|$)/.test(path)) return;
        const headers = { ...(type === '' ? {} : { 'content-type': type }), 'accept-language': language };
        const sends = method === 'PUT' || method === 'POST' || method === 'PATCH' || method === 'DELETE';
        const safe = path.replaceAll(' ', '%20').replaceAll('#', '%23');
        const answer = await api.ask(safe, { method, headers, token: uiToken, ...(sends ? { body } : {}) });
        if (method === 'HEAD') assert.ok(answer.status < 500);
        else orderly(answer, `${method} ${safe} ${body.slice(0, 200)}`);
      },
    ),
    { numRuns: 1500 },
  );
  assert.deepEqual(api.logged, []);
});

test('whatever stands in Host, Origin and Authorization, nobody without both gets in', async t => {
  const api = await startApi(t);
  const header = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'abc127.0:/@[]%-_ ,;?=localhost'), maxLength: 40 }).map(text => text.trim()),
    fc.constantFrom(
      `127.0.0.1:${api.port}`,
      `http://127.0.0.1:${api.port}`,
      `localhost:${api.port}.evil.example`,
      'null',
      'Bearer',
      'Bearer ',
      'Basic cG9zOnBvcw==',
    ),
  );
  await fc.assert(
    fc.asyncProperty(header, header, header, async (host, origin, authorization) => {
      const answer = await api.ask('/v1/status', { token: null, headers: { host, origin, authorization } });
      orderly(answer, `${host} ${origin} ${authorization}`);
      assert.ok(answer.status >= 400);
    }),
    { numRuns: 500 },
  );
});

test('whatever bytes come instead of a request, the connection ends and the next one is served', async t => {
  const api = await startApi(t);
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map(array => Buffer.from(array)),
    fc
      .array(
        fc.constantFrom(
          'GET ',
          'PUT ',
          '/healthz',
          ' HTTP/1.1',
          '\r\n',
          'Host: x',
          'Content-Length: 5',
          'Transfer-Encoding: chunked',
          'zz',
          '\0',
          '\n',
        ),
        { maxLength: 12 },
      )
      .map(parts => Buffer.from(parts.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async noise => {
      // Two line ends close whatever head the noise began; what follows can't be a request.
      const answer = await sendRaw(api.port, Buffer.concat([noise, Buffer.from('\r\n\r\n\x01\r\n\r\n')]));
      if (answer !== '') assert.match(answer, /^HTTP\/1\.1 [1-4]\d\d /);
    }),
    { numRuns: 200 },
  );
  assert.equal((await api.ask('/healthz', { token: null })).status, 200);
});
