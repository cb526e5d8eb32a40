import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createApi } from '../../agent/api/server.ts';
import { type Answer, posToken, sendRaw, startApi, uiToken } from './api-client.ts';
import { FakeTillService } from './fake-till-service.ts';

const basket = {
  startedAt: '2026-11-21T10:15:00+01:00',
  lines: [{ lineId: '1', gtin: '7610000000017', quantity: '2', amount: 1780 }],
};

/** Every refusal has this form. */
function problem(answer: Answer, status: number, code: string): { detail: string; faults?: { pointer: string }[] } {
  assert.equal(answer.status, status, answer.text);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  const body = JSON.parse(answer.text);
  assert.equal(body.code, code);
  assert.equal(body.status, status);
  assert.equal(body.type, `urn:tillside:error:${code}`);
  return body;
}

test('a sale goes from basket to completion over HTTP', async t => {
  const api = await startApi(t);
  const put = await api.json('PUT', '/v1/sales/s1', basket);
  assert.equal(put.status, 200);
  const scan = await api.json(
    'POST',
    '/v1/sales/s1/scan',
    { code: '2501000000011' },
    { headers: { 'accept-language': 'fr-CH, de;q=0.8' } },
  );
  assert.equal((scan.body as { message: string }).message, 'Bonjour, Anna');
  const done = await api.json('POST', '/v1/sales/s1/complete', { completedAt: '2026-11-21T10:16:00Z', total: 1780 });
  assert.deepEqual((done.body as { serials: string[] }).serials, ['T1']);
  const sale = await api.json('GET', '/v1/sales/s1');
  assert.equal((sale.body as { state: string }).state, 'completed');
});

test('an error of the till keeps its code and tells its message', async t => {
  const api = await startApi(t);
  problem(await api.ask('/v1/sales/none'), 404, 'not-found');
  await api.json('PUT', '/v1/sales/s1', basket);
  const answer = await api.ask('/v1/sales/s1/complete', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ completedAt: '2026-11-21T10:16:00Z', total: 1 }),
  });
  assert.equal(problem(answer, 409, 'total-mismatch').detail, 'The POS says 1, the till 1780.');
});

test('a fault inside is told to the log, not to the caller, and without the member code of the address', async t => {
  const api = await startApi(t);
  api.service.member = () => {
    throw new Error('SQLITE_CORRUPT of /secret/path');
  };
  const answer = await api.ask('/v1/members/2501999');
  assert.doesNotMatch(problem(answer, 500, 'internal').detail, /secret|SQLITE/);
  assert.match(JSON.stringify(api.logged), /SQLITE_CORRUPT/);
  assert.doesNotMatch(JSON.stringify(api.logged), /2501999/);
});

test('a request without a token, with a wrong one, or with one in another place is refused', async t => {
  const api = await startApi(t);
  const missing = await api.ask('/v1/status', { token: null });
  problem(missing, 401, 'unauthorized');
  assert.equal(missing.headers['www-authenticate'], 'Bearer realm="tillside"');
  problem(await api.ask('/v1/status', { token: `${posToken}x` }), 401, 'unauthorized');
  problem(await api.ask('/v1/status', { token: posToken.slice(1) }), 401, 'unauthorized');
  problem(await api.ask('/v1/status', { token: '' }), 401, 'unauthorized');
  problem(await api.ask('/v1/status', { token: null, headers: { authorization: posToken } }), 401, 'unauthorized');
  problem(await api.ask(`/v1/status?token=${posToken}`, { token: null }), 401, 'unauthorized');
  assert.equal((await api.ask('/v1/status')).status, 200);
  assert.equal((await api.ask('/v1/status', { token: uiToken })).status, 200);
});

test('without a token nobody learns which addresses of the API exist', async t => {
  const api = await startApi(t);
  for (const path of ['/v1/sales/s1', '/v1/none', '/v1', '/metrics', '/openapi.json', '/v1/sales/%zz'])
    problem(
      await api.ask(path, { token: null }),
      path.includes('%zz') ? 400 : 401,
      path.includes('%zz') ? 'request-invalid' : 'unauthorized',
    );
});

test('health and readiness answer without a token, and readiness fails with the database', async t => {
  const api = await startApi(t);
  assert.equal((await api.ask('/healthz', { token: null })).text, '{"ok":true}');
  assert.equal((await api.ask('/readyz', { token: null })).status, 200);
  api.service.databaseOk = false;
  problem(await api.ask('/readyz', { token: null }), 503, 'store-damaged');
  assert.equal((await api.ask('/healthz', { token: null })).status, 200);
});

test('a name that was rebound to loopback is refused by its Host header', async t => {
  const api = await startApi(t);
  const hosts = [
    'evil.example',
    `evil.example:${api.port}`,
    `127.0.0.1:${api.port + 1}`,
    '127.0.0.1',
    `0.0.0.0:${api.port}`,
    `localhost.evil.example:${api.port}`,
    `127.0.0.1:${api.port}@evil.example`,
  ];
  for (const host of hosts) {
    problem(await api.ask('/v1/status', { headers: { host } }), 403, 'forbidden-host');
    problem(await api.ask('/healthz', { headers: { host }, token: null }), 403, 'forbidden-host');
  }
  for (const host of [`localhost:${api.port}`, `LOCALHOST:${api.port}`, `[::1]:${api.port}`])
    assert.equal((await api.ask('/v1/status', { headers: { host } })).status, 200);
});

test('a page of another origin may not call, with or without preflight', async t => {
  const api = await startApi(t);
  const origins = ['http://evil.example', 'null', `https://127.0.0.1:${api.port}`, 'http://127.0.0.1:1', 'file://'];
  for (const origin of origins) {
    const answer = await api.ask('/v1/status', { headers: { origin } });
    problem(answer, 403, 'forbidden-host');
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    problem(
      await api.ask('/v1/status', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } }),
      403,
      'forbidden-host',
    );
  }
  assert.equal((await api.ask('/v1/status', { headers: { origin: `http://localhost:${api.port}` } })).status, 200);
});

test('the screen sells only where it is the POS', async t => {
  const api = await startApi(t);
  api.service.screenSells = false;
  const put = await api.ask('/v1/sales/s1', {
    method: 'PUT',
    token: uiToken,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(basket),
  });
  problem(put, 403, 'forbidden-role');
  assert.equal(api.service.sales.size, 0);
  assert.equal((await api.json('PUT', '/v1/sales/s1', basket)).status, 200);
  assert.equal((await api.json('GET', '/v1/sales/s1', undefined, { token: uiToken })).status, 200);

  const demo = await startApi(t);
  assert.equal((await demo.json('PUT', '/v1/sales/s1', basket, { token: uiToken })).status, 200);
});

test('the simulator answers the screen only, and only where devices are simulated', async t => {
  const api = await startApi(t);
  problem(await api.ask('/v1/simulator'), 403, 'forbidden-role');
  assert.equal((await api.ask('/v1/simulator', { token: uiToken })).status, 200);
  const slip = await api.ask('/v1/simulator/slips/1.png', { token: uiToken });
  assert.equal(slip.headers['content-type'], 'image/png');
  assert.deepEqual([...slip.bytes], [0x89, 0x50, 0x4e, 0x47]);
  problem(await api.ask('/v1/simulator/slips/2.png', { token: uiToken }), 404, 'not-found');
  api.service.simulator = null;
  problem(await api.ask('/v1/simulator', { token: uiToken }), 404, 'not-found');
});

test('a wedge scan of the screen goes to the till', async t => {
  const api = await startApi(t);
  const answer = await api.json('POST', '/v1/scans', { code: '2501000000011' }, { token: uiToken });
  assert.deepEqual(answer, { status: 200, body: { accepted: true } });
  assert.deepEqual(api.service.wedgeScans, [{ code: '2501000000011' }]);
});

test('a body that breaks the schema is refused with the pointer of every fault', async t => {
  const api = await startApi(t);
  const answer = await api.ask('/v1/sales/s1', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ startedAt: 'yesterday', lines: [{ lineId: '', quantity: 2, amount: 1.5 }] }),
  });
  const { faults = [] } = problem(answer, 400, 'request-invalid');
  assert.deepEqual(faults.map(fault => fault.pointer).sort(), [
    '/lines/0/amount',
    '/lines/0/lineId',
    '/lines/0/quantity',
    '/startedAt',
  ]);
});

test('values are taken as they are sent, never turned into the type that would fit', async t => {
  const api = await startApi(t);
  for (const line of [
    { lineId: '1', quantity: '1', amount: '100' },
    { lineId: 1, quantity: '1', amount: 100 },
    { lineId: '1', quantity: '1', amount: null },
  ]) {
    const answer = await api.json('PUT', '/v1/sales/s1', { ...basket, lines: [line] });
    assert.equal(answer.status, 400);
  }
  assert.equal(api.service.sales.size, 0);
});

test('unknown fields of a sale are let through: a POS may send more', async t => {
  const api = await startApi(t);
  const answer = await api.json('PUT', '/v1/sales/s1', {
    ...basket,
    loyalty: { x: 1 },
    lines: [{ ...basket.lines[0], shelf: 7 }],
  });
  assert.equal(answer.status, 200);
});

test('an id of another alphabet or of 65 characters is refused', async t => {
  const api = await startApi(t);
  for (const id of ['-s', 's%20', 's%2F1', '%00', 'a'.repeat(65), '%C3%A4'])
    problem(await api.ask(`/v1/sales/${id}`), 400, 'request-invalid');
});

test('a wrong method is told, with the right ones', async t => {
  const api = await startApi(t);
  const answer = await api.ask('/v1/sales/s1', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  problem(answer, 405, 'method-not-allowed');
  assert.equal(answer.headers.allow, 'PUT, GET');
  problem(await api.ask('/v1/status', { method: 'DELETE' }), 405, 'method-not-allowed');
});

test('a body that is not JSON, broken, poisoned or of another type is refused', async t => {
  const api = await startApi(t);
  const send = (body: string | Buffer, type: string | null = 'application/json') =>
    api.ask('/v1/sales/s1', { method: 'PUT', headers: type === null ? {} : { 'content-type': type }, body });
  problem(await send('{"startedAt":'), 400, 'request-invalid');
  problem(await send('{"__proto__": {"admin": true}}'), 400, 'request-invalid');
  problem(await send('{"constructor": {"prototype": {}}}'), 400, 'request-invalid');
  problem(await send(''), 400, 'request-invalid');
  problem(await send('null'), 400, 'request-invalid');
  problem(await send('x', 'text/plain'), 415, 'media-type');
  problem(await send('a=b', 'application/x-www-form-urlencoded'), 415, 'media-type');
  problem(await send('{}', null), 415, 'media-type');
  problem(await send(Buffer.of(0xff, 0xfe, 0x00)), 400, 'request-invalid');
});

test('a call without a body may be sent with the header of one', async t => {
  const api = await startApi(t);
  const answer = await api.ask('/v1/coupons/T1/reprint', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(answer.status, 200);
});

test('a body over the limit is refused, told and untold length alike', async t => {
  const api = await startApi(t, { limits: { bodyBytes: 1000 } });
  const body = JSON.stringify({ ...basket, cashier: 'x'.repeat(2000) });
  const headers = { 'content-type': 'application/json' };
  problem(await api.ask('/v1/sales/s1', { method: 'PUT', headers, body }), 413, 'body-too-large');
  const chunked = await api.ask('/v1/sales/s1', {
    method: 'PUT',
    headers: { ...headers, 'transfer-encoding': 'chunked' },
    body,
  });
  problem(chunked, 413, 'body-too-large');
});

test('what is not HTTP gets a problem and is cut off', async t => {
  const api = await startApi(t);
  const answer = await sendRaw(api.port, 'HELLO TILL\r\n\r\n');
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /application\/problem\+json/);
  const long = await sendRaw(api.port, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`);
  assert.match(long, /^HTTP\/1\.1 431 /);
});

test('a request without Host is refused', async t => {
  const api = await startApi(t);
  const old = await sendRaw(api.port, 'GET /healthz HTTP/1.0\r\n\r\n');
  assert.match(old, /^HTTP\/1\.1 403 /);
  const bare = await sendRaw(api.port, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n');
  assert.match(bare, /^HTTP\/1\.1 400 /);
});

test('metrics are Prometheus text', async t => {
  const api = await startApi(t);
  const answer = await api.ask('/metrics');
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/);
  assert.match(answer.text, /^# HELP/);
});

test('a port that is taken is told as such', async t => {
  const api = await startApi(t);
  const second = createApi({
    service: new FakeTillService(),
    tokens: { pos: posToken, ui: uiToken },
    host: '127.0.0.1',
    port: api.port,
    uiDir: null,
    version: '0',
    log: { warn() {}, error() {} },
  });
  t.after(() => second.close());
  await assert.rejects(second.listen(), { code: 'address-in-use' });
});

test('after close nothing listens and the till is not listened to any more', async t => {
  const api = await startApi(t);
  assert.equal(api.service.listeners, 1);
  await api.close();
  assert.equal(api.service.listeners, 0);
  await assert.rejects(api.ask('/healthz'));
});

test('the screen is served with a policy that lets it load nothing but itself', async t => {
  const uiDir = builtScreen(t);
  const api = await startApi(t, { uiDir });
  const page = await api.ask('/', { token: null });
  assert.equal(page.status, 200);
  assert.equal(page.headers['cache-control'], 'no-store');
  const policy = String(page.headers['content-security-policy']);
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
    assert.ok(policy.split('; ').includes(part), part);
  assert.doesNotMatch(policy, /unsafe|\*|http/);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  const script = await api.ask('/assets/app-1a2b.js', { token: null });
  assert.match(String(script.headers['content-type']), /javascript/);
  assert.match(String(script.headers['cache-control']), /immutable/);
});

test('nothing outside the folder of the screen is served', async t => {
  const uiDir = builtScreen(t);
  writeFileSync(join(uiDir, '..', 'secret'), 'secret');
  writeFileSync(join(uiDir, '.env'), 'secret');
  const api = await startApi(t, { uiDir });
  for (const path of [
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fsecret',
    '/assets/../../secret',
    '/.env',
    '/assets/%00',
    '//etc/passwd',
    '/..%5csecret',
  ]) {
    const answer = await api.ask(path, { token: null });
    assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
    assert.match(String(answer.headers['content-type']), /problem\+json/, path);
    assert.doesNotMatch(answer.text, /secret"|^secret/);
  }
});

test('where the screen was not built, the page says what to do', async t => {
  const api = await startApi(t, { uiDir: '/nowhere' });
  assert.match(problem(await api.ask('/', { token: null }), 404, 'not-found').detail, /npm run build/);
});

function builtScreen(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-ui-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const uiDir = join(folder, 'till');
  mkdirSync(join(uiDir, 'assets'), { recursive: true });
  writeFileSync(join(uiDir, 'index.html'), '<!doctype html><title>till</title>');
  writeFileSync(join(uiDir, 'assets', 'app-1a2b.js'), 'export {};');
  return uiDir;
}
