/** The real till behind the API: whatever it answers, and every event it sends, is as the served document says. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { CompleteAnswer, ProductView, SaleView, SimulatorView } from '../../agent/api/wire.ts';
import * as wire from '../../agent/api/wire.ts';
import { startDemo } from '../../agent/demo/demo.ts';
import { createLog } from '../../agent/log.ts';
import { linesOf, until } from '../e2e/till-client.ts';
import { openEvents } from './api-client.ts';

type Operation = {
  readonly responses: Record<string, { readonly content: Record<string, { readonly schema: object }> }>;
};
type Document = {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
};

test('the till’s answers and events are as the served OpenAPI document says', { timeout: 300_000 }, async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tillside-answers-'));
  const demo = await startDemo({ dataDir, port: 0, log: createLog('silent') });
  t.after(async () => {
    await demo.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const [till] = demo.tills;
  assert.ok(till !== undefined);
  const port = Number(new URL(till.url).port);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const ask = (path: string, method = 'GET', body?: unknown) =>
    fetch(till.url + path, {
      method,
      headers: { authorization: `Bearer ${till.token}`, 'accept-language': 'fr', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const document = (await (await ask('/openapi.json')).json()) as Document;
  ajv.addSchema({ $id: 'api', components: document.components });
  const validators = new Map<string, ReturnType<typeof ajv.compile>>();
  const check = (schema: object, value: unknown, what: string) => {
    const text = JSON.stringify(schema).replaceAll('#/components/', 'api#/components/');
    const validate = validators.get(text) ?? ajv.compile(JSON.parse(text));
    validators.set(text, validate);
    assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
  };
  const patterns = Object.keys(document.paths).map(
    path => [path, new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`)] as const,
  );
  const called = new Set<string>();

  /** Calls, and checks the answer against the operation's 200 or its problem. */
  async function call<T>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
    const response = await ask(path, method, body);
    const text = await response.text();
    assert.equal(response.status, status, `${method} ${path}: ${text}`);
    const template = patterns.find(([, pattern]) => pattern.test(path))?.[0] ?? '';
    const operation = document.paths[template]?.[method.toLowerCase()];
    assert.ok(operation !== undefined, `${method} ${path}`);
    if (status === 200) called.add(`${method} ${template}`);
    const content = Object.entries(operation.responses[status === 200 ? '200' : 'default']?.content ?? {})[0];
    assert.ok(content !== undefined);
    assert.ok(response.headers.get('content-type')?.startsWith(content[0]), `${method} ${path}`);
    if (!content[0].includes('json')) return text as T;
    const value = JSON.parse(text) as T;
    check(content[1].schema, value, `${method} ${path}`);
    return value;
  }

  const events = await openEvents(port, { language: 'it' });
  // openEvents bears the test's own token, which this till does not know.
  assert.equal(events.response.statusCode, 401);
  events.close();
  const stream = await openEvents(port, { language: 'it', token: till.token });
  await until(
    () => call<{ bundle: unknown }>('GET', '/v1/status'),
    status => status.bundle !== null,
    'a bundle',
  );
  // The demo's own bundle was there before the stream: a new version shows what is told of one.
  const bundle = JSON.parse(readFileSync(demo.bundleFile, 'utf8')) as { version: number };
  const published = await fetch(`${demo.hq.url}/v1/bundles?ring=all`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demo.hq.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...bundle, version: bundle.version + 1 }),
  });
  assert.ok(published.ok, await published.text());
  const { cards } = await call<SimulatorView>('GET', '/v1/simulator');
  const products = await call<ProductView[]>('GET', '/v1/products');
  const lines = linesOf(products.filter(product => product.unit === 'ea').slice(0, 40));
  const startedAt = new Date().toISOString();
  const card = cards[0]?.code;
  assert.ok(card !== undefined);

  await call('GET', '/v1/sales/none', undefined, 404);
  await call('PUT', '/v1/sales/s1', { startedAt, lines });
  await call('POST', '/v1/sales/s1/scan', { code: card });
  await call('POST', '/v1/sales/s1/scan', { code: products[0]?.gtin });
  await call('POST', '/v1/sales/s1/scan', { code: '4000000000006' });
  await call('POST', '/v1/sales/s1/scan', { code: 'nonsense' });
  const open = await call<SaleView>('GET', '/v1/sales/s1');
  await call('GET', '/v1/sales/s1/explain');
  const done = await call<CompleteAnswer>('POST', '/v1/sales/s1/complete', {
    completedAt: startedAt,
    total: open.total.net,
  });
  await call('GET', '/v1/sales/s1/explain');
  await call('PUT', '/v1/sales/s1', { startedAt, lines: lines.slice(1) }, 409);
  const [serial] = done.serials;
  assert.ok(serial !== undefined, 'a basket of 40 articles with a card brings a coupon');
  await until(
    () => call<{ print: string }>('GET', `/v1/coupons/${serial}`),
    coupon => coupon.print === 'confirmed',
    'the coupon confirmed',
  );
  await call('POST', `/v1/coupons/${serial}/reprint`);
  await call('PUT', '/v1/sales/s2', { startedAt, lines });
  await call('POST', '/v1/sales/s2/scan', { code: serial });
  await call('POST', '/v1/sales/s2/void');
  await call('POST', `/v1/coupons/${serial}/cancel`);
  await call('GET', `/v1/members/${card}`);
  await call('GET', '/v1/members/0000', undefined, 404);
  await call('POST', '/v1/simulator/printer', { paper: false });
  await call('POST', '/v1/simulator/printer', { paper: true });
  await call('POST', '/v1/simulator/scan', { code: card });
  await call('POST', '/v1/scans', { code: card });
  await call('GET', '/v1/simulator/slips/99.png', undefined, 404);
  await call('GET', '/metrics');
  await call('GET', '/healthz');
  await call('GET', '/readyz');

  // What this walk can't reach: a stream, a picture (checked by eye elsewhere), a presented coupon of another day, returns.
  const left = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`))
    .filter(name => !called.has(name));
  assert.deepEqual(left.sort(), [
    'DELETE /v1/sales/{saleId}/coupons/{serial}',
    'GET /openapi.json',
    'GET /v1/events',
    'GET /v1/simulator/slips/{id}.png',
    'POST /v1/returns/{returnId}',
  ]);

  const shapes: Readonly<Record<string, object>> = {
    scan: wire.ScanAnswer,
    sale: wire.SaleView,
    coupon: wire.CouponView,
    printer: wire.StatusView.properties.printer,
    scanner: wire.StatusView.properties.scanners.items,
  };
  const seen = new Set<string>();
  t.signal.addEventListener('abort', () => t.diagnostic(`of the events came only: ${[...seen].join(', ')}`));
  while (!['scan', 'sale', 'coupon', 'printer', 'sync', 'bundle'].every(name => seen.has(name))) {
    const event = await stream.next();
    if (event.event === null || event.data === null) continue;
    seen.add(event.event);
    const shape = shapes[event.event];
    if (shape !== undefined) check(shape, JSON.parse(event.data), `event ${event.event}`);
  }
  stream.close();
});
