import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { calls, ownCalls } from '../../agent/api/calls.ts';
import { createApi } from '../../agent/api/server.ts';
import { type RunningApi, startApi, uiToken } from './api-client.ts';

type Content = { readonly content: Readonly<Record<string, { readonly schema: object }>> };
type Operation = {
  readonly operationId: string;
  readonly requestBody?: Content;
  readonly responses: { readonly 200: Content; readonly default: Content };
};
type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};

const startedAt = '2026-11-21T10:15:00+01:00';
const line = { lineId: '1', quantity: '1', amount: 100 };

/** One call of each operation that must succeed, in an order in which it can. */
const examples: Readonly<Record<string, { readonly path: string; readonly body?: unknown }>> = {
  putSale: { path: '/v1/sales/s1', body: { startedAt, lines: [line] } },
  getSale: { path: '/v1/sales/s1' },
  scan: { path: '/v1/sales/s1/scan', body: { code: '2501000000011', symbology: 'EAN13' } },
  removeCoupon: { path: '/v1/sales/s1/coupons/T1' },
  explain: { path: '/v1/sales/s1/explain' },
  complete: { path: '/v1/sales/s1/complete', body: { completedAt: startedAt, total: 100 } },
  returnLines: { path: '/v1/returns/r1', body: { saleId: 's1', lines: [{ lineId: '1', quantity: '1' }] } },
  voidSale: { path: '/v1/sales/s1/void' },
  coupon: { path: '/v1/coupons/T1' },
  reprint: { path: '/v1/coupons/T1/reprint' },
  cancel: { path: '/v1/coupons/T1/cancel' },
  member: { path: '/v1/members/2501000000011' },
  products: { path: '/v1/products' },
  wedgeScan: { path: '/v1/scans', body: { code: '2501000000011' } },
  status: { path: '/v1/status' },
  metrics: { path: '/metrics' },
  healthz: { path: '/healthz' },
  readyz: { path: '/readyz' },
  simulator: { path: '/v1/simulator' },
  simulatorPrinter: { path: '/v1/simulator/printer', body: { paper: false } },
  simulatorScan: { path: '/v1/simulator/scan', body: { code: '2501000000011' } },
  simulatorSlip: { path: '/v1/simulator/slips/1.png' },
  openapi: { path: '/openapi.json' },
};

async function served(api: RunningApi): Promise<Document> {
  const answer = await api.ask('/openapi.json');
  assert.equal(answer.status, 200);
  return JSON.parse(answer.text);
}

/** Validates against a schema of the served document, references included. */
function validator(document: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: 'api', components: document.components });
  return (schema: object, value: unknown): string => {
    const text = JSON.stringify(schema).replaceAll('#/components/', 'api#/components/');
    const validate = ajv.compile(JSON.parse(text));
    return validate(value) ? '' : ajv.errorsText(validate.errors);
  };
}

test('every operation of the served document can be called and answers as the document says', async t => {
  const api = await startApi(t);
  const document = await served(api);
  const faultsOf = validator(document);
  const operations = new Map<string, { method: string; template: string; operation: Operation }>();
  for (const [template, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods))
      operations.set(operation.operationId, { method: method.toUpperCase(), template, operation });
  const streamed = new Set(['events']);
  assert.deepEqual([...operations.keys()].filter(name => !streamed.has(name)).sort(), Object.keys(examples).sort());

  for (const [name, { path, body }] of Object.entries(examples)) {
    const found = operations.get(name);
    assert.ok(found !== undefined, name);
    assert.match(path, new RegExp(`^${found.template.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`));
    if (body !== undefined) {
      const schema = found.operation.requestBody?.content['application/json']?.schema;
      assert.ok(schema !== undefined, `${name} has no body in the document`);
      assert.equal(faultsOf(schema, body), '', `${name}: example body`);
    }
    const answer = await api.ask(path, {
      method: found.method,
      token: uiToken,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    assert.equal(answer.status, 200, `${name}: ${answer.text}`);
    const [type, content] = Object.entries(found.operation.responses[200].content)[0] ?? [];
    assert.ok(type !== undefined && content !== undefined);
    assert.ok(String(answer.headers['content-type']).startsWith(type), `${name}: ${answer.headers['content-type']}`);
    if (type === 'application/json')
      assert.equal(faultsOf(content.schema, JSON.parse(answer.text)), '', `${name}: ${answer.text}`);
  }
});

test('refusals are as the document says', async t => {
  const api = await startApi(t);
  const faultsOf = validator(await served(api));
  const refused = [
    await api.ask('/v1/sales/none'),
    await api.ask('/v1/status', { token: null }),
    await api.ask('/v1/status', { headers: { host: 'evil.example' } }),
    await api.ask('/v1/status', { method: 'PUT' }),
    await api.ask('/v1/sales/s1', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }),
  ];
  for (const answer of refused) {
    assert.ok(answer.status >= 400);
    assert.equal(faultsOf({ $ref: '#/components/schemas/Problem' }, JSON.parse(answer.text)), '', answer.text);
  }
});

test('every reference of the document leads to a schema', async t => {
  const api = await startApi(t);
  const document = await served(api);
  const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
  assert.ok(references.length > 20);
  for (const reference of references)
    assert.ok(Object.hasOwn(document.components.schemas, reference.split('/')[3] ?? ''));
  assert.deepEqual(Object.keys(document.components.schemas).includes('SaleView'), true);
});

test('the document names every call of the table, and the contract’s calls are all in it', async t => {
  const api = await startApi(t);
  const document = await served(api);
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  );
  const table = [...calls.map(call => `${call.method} ${call.path}`), ...ownCalls.map(own => `GET ${own.path}`)];
  assert.deepEqual(documented.sort(), table.sort());
  const contract = [
    'PUT /v1/sales/{saleId}',
    'POST /v1/sales/{saleId}/scan',
    'DELETE /v1/sales/{saleId}/coupons/{serial}',
    'GET /v1/sales/{saleId}',
    'POST /v1/sales/{saleId}/complete',
    'POST /v1/sales/{saleId}/void',
    'POST /v1/returns/{returnId}',
    'GET /v1/sales/{saleId}/explain',
    'GET /v1/coupons/{serial}',
    'POST /v1/coupons/{serial}/reprint',
    'POST /v1/coupons/{serial}/cancel',
    'GET /v1/members/{code}',
    'GET /v1/events',
    'GET /v1/status',
    'GET /healthz',
    'GET /readyz',
    'GET /metrics',
    'GET /openapi.json',
  ];
  assert.deepEqual(
    contract.filter(call => !table.includes(call)),
    [],
  );
});

test('the server has no route that the document does not name', async t => {
  const api = await startApi(t);
  const document = await served(api);
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  );
  const routes: string[] = [];
  const other = createApi({
    service: api.service,
    tokens: { pos: 'p'.repeat(43), ui: uiToken },
    host: '127.0.0.1',
    port: 0,
    uiDir: null,
    version: '0',
    log: { warn() {}, error() {} },
    onRoute: (method, url) => void routes.push(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`),
  });
  t.after(() => other.close());
  assert.deepEqual(routes.sort(), documented.sort());
});
