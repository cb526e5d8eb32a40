import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Hq } from '../../../sync/hq/hq.ts';
import type { TillsAnswer, TillsSummary } from '../../../sync/hq/tills-wire.ts';
import type { BundlesAnswer, ReconcileAnswer, SaleDetail, SalesAnswer, StatusView } from '../../../sync/hq/wire.ts';
import { type Line, onLine, store } from '../support/line.ts';
import { bundleFile, saleBody, until } from '../support/till-end.ts';

async function withHq(run: (line: Line, hq: Hq, ask: Ask) => Promise<void>) {
  await onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    await until(() => hq.connected, 'HQ on the line');
    await run(line, hq, async <T>(path: string, init: RequestInit = {}) => {
      const response = await fetch(hq.url + path, { ...init, headers: { authorization: `Bearer ${hq.token}` } });
      return { status: response.status, body: (await response.json()) as T };
    });
  });
}

type Ask = <T>(path: string, init?: RequestInit) => Promise<{ readonly status: number; readonly body: T }>;

test('without the token nothing is answered but health; another Host or Origin is refused', () =>
  withHq(async (line, hq) => {
    assert.equal((await fetch(`${hq.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${hq.url}/readyz`)).status, 200);
    for (const path of ['/v1/tills', '/v1/stream', '/metrics'])
      assert.equal((await fetch(hq.url + path)).status, 401, path);
    assert.equal((await fetch(`${hq.url}/v1/bundles`, { method: 'POST', body: '{}' })).status, 401);
    const wrong = await fetch(`${hq.url}/v1/tills`, { headers: { authorization: 'Bearer wrong' } });
    assert.equal(wrong.status, 401);
    assert.match(wrong.headers.get('content-type') ?? '', /^application\/problem\+json/);
    const headers = { authorization: `Bearer ${hq.token}` };
    assert.equal(
      (await fetch(`${hq.url}/v1/tills`, { headers: { ...headers, origin: 'http://evil.example' } })).status,
      403,
    );
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request(`${hq.url}/v1/tills`, { headers: { ...headers, host: 'evil.example' } }, answer => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once('error', reject);
      asked.end();
    });
    assert.equal(rebound, 403);
    const token = join(line.dir, 'hq', 'tokens', 'hq');
    assert.equal(readFileSync(token, 'utf8').trim(), hq.token);
    assert.equal(statSync(token).mode & 0o777, 0o600);
    assert.equal(statSync(join(line.dir, 'hq', 'signing.key')).mode & 0o777, 0o600);
  }));

/** Sends the request's address exactly as given, which fetch would not; answers the status. */
const rawStatus = (url: string, method: string, target: string, authorization = '') =>
  new Promise<number>((resolve, reject) => {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', reject);
    socket.once('data', (bytes: Buffer) => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(bytes.toString('latin1'))?.[1]));
    });
    socket.write(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${authorization}Connection: close\r\n\r\n`);
  });

const guarded = [
  ['GET', '/metrics'],
  ['GET', '/v1/status'],
  ['GET', '/v1/tills'],
  ['GET', '/v1/tills/summary'],
  ['GET', '/v1/tills/members'],
  ['GET', '/v1/sales'],
  ['GET', '/v1/sales/1/S1'],
  ['GET', '/v1/events'],
  ['GET', '/v1/quarantine'],
  ['GET', '/v1/reconcile'],
  ['GET', '/v1/campaigns'],
  ['GET', '/v1/bundles'],
  ['GET', '/v1/bundles/weekly/1/file'],
  ['POST', '/v1/bundles'],
  ['GET', '/v1/stream'],
  ['GET', '/v1/nothing'],
  ['DELETE', '/v1/sales'],
  ['GET', '/nothing'],
] as const;

for (const console of ['built', 'not built'])
  test(`no way to write an address goes round the token (console ${console})`, () =>
    onLine('aedes', async line => {
      const dataDir = join(line.dir, 'hq');
      const consoleDir = join(line.dir, 'console');
      mkdirSync(consoleDir);
      if (console === 'built') writeFileSync(join(consoleDir, 'index.html'), '<!doctype html>');
      const broker = { url: line.broker.url, username: 'hq', password: 'hq-secret' };
      const hq = line.hq({ config: { tenant: 'demo', dataDir, consoleDir, api: { port: 0 }, broker } });
      await hq.start();
      const { host } = new URL(hq.url);
      const bearer = `Authorization: Bearer ${hq.token}\r\n`;
      for (const [method, path] of guarded) {
        const second = `%${path.charCodeAt(1).toString(16)}`;
        const third = `%${path.charCodeAt(2).toString(16).toUpperCase()}`;
        for (const target of [
          path,
          `/${second}${path.slice(2)}`,
          `/${second}${third}${path.slice(3)}`,
          `/${path[1]}${third}${path.slice(3)}?limit=1`,
          `http://${host}${path}`,
          `http://x${path}`,
          `http://x/${second}${path.slice(2)}`,
          `HTTPS://X${path}`,
          `/${path}`,
          path.toUpperCase(),
        ]) {
          const status = await rawStatus(hq.url, method, target);
          assert.ok(status === 400 || status === 401 || status === 403, `${method} ${target}: ${status}`);
        }
        assert.equal(await rawStatus(hq.url, method, path), 401, path);
        if (method === 'GET') assert.equal(await rawStatus(hq.url, 'HEAD', path), 401, `HEAD ${path}`);
      }
      assert.equal(await rawStatus(hq.url, 'GET', '/%76%31/sales', bearer), 200);
      assert.equal(await rawStatus(hq.url, 'GET', '/v1/nothing', bearer), 404);
      const files = console === 'built' ? ['/', '/index.html'] : ['/'];
      for (const path of [...files, '/healthz']) assert.equal(await rawStatus(hq.url, 'GET', path), 200, path);
    }));

test('a sale that arrives is in the lists, by its address, in the totals, and agrees with the till', () =>
  withHq(async (line, hq, ask) => {
    const totals = { upTo: 2, days: [{ day: '2026-11-21', sales: 1, voided: 0, net: 1500 }] };
    const till = line.till('1', hq, { stateOf: () => ({ agent: '0.1.0', totals }) });
    till.edge.start();
    till.outbox.append('sale.completed', saleBody('S1', 1500));
    till.outbox.append('coupon.issued', {
      serial: 'C1',
      offer: 'coffee',
      variant: null,
      saleId: 'S1',
      issuedAt: '2026-11-21T10:15:00+01:00',
      validFrom: '2026-11-22',
      validTo: '2026-12-05',
      title: 'Kaffee',
    });
    await until(() => till.outbox.acknowledged() === 2, 'committed');
    const { body: list } = await ask<SalesAnswer>('/v1/sales?limit=10');
    assert.deepEqual(
      list.sales.map(sale => [sale.store, sale.till, sale.saleId, sale.net, sale.issued]),
      [[store, '1', 'S1', 1500, 1]],
    );
    const { body: one } = await ask<SaleDetail>('/v1/sales/1/S1');
    assert.deepEqual(
      one.coupons.map(coupon => [coupon.serial, coupon.state, coupon.print]),
      [['C1', 'issued', 'queued']],
    );
    assert.deepEqual(
      one.events.map(event => event.type),
      ['sale.completed', 'coupon.issued'],
    );
    assert.equal((await ask('/v1/sales/1/nothing')).status, 404);
    await until(async () => (await ask<ReconcileAnswer>('/v1/reconcile')).body.agrees, 'agreement');
    const { body: reconciled } = await ask<ReconcileAnswer>('/v1/reconcile');
    assert.deepEqual(reconciled.rows, [
      {
        store,
        till: '1',
        day: '2026-11-21',
        hq: { sales: 1, voided: 0, net: 1500 },
        own: { sales: 1, voided: 0, net: 1500 },
        verdict: 'agrees',
      },
    ]);
    const { body: fleet } = await ask<TillsAnswer>('/v1/tills');
    assert.deepEqual(
      fleet.tills.map(one => [one.till, one.online, one.contiguous, one.outbox.waiting]),
      [['1', true, 2, 0]],
    );
    assert.deepEqual((await ask<TillsAnswer>('/v1/tills?online=false&why=any&limit=1')).body, {
      tills: [],
      next: null,
    });
    for (const query of ['limit=1001', 'limit=0', 'why=nothing', 'after=0042', 'store=%2B', 'online=perhaps'])
      assert.equal((await ask(`/v1/tills?${query}`)).status, 400, query);
    const { body: summary } = await ask<TillsSummary>('/v1/tills/summary');
    assert.deepEqual([summary.known, summary.online, summary.waiting.facts], [1, 1, 0]);
    const { body: status } = await ask<StatusView>('/v1/status');
    assert.equal(status.events.committed, 2);
    assert.equal(status.broker.connected, true);
    const { body: events } = await ask<{ events: unknown[]; next: number }>('/v1/events?after=0&limit=1');
    assert.equal(events.events.length, 1);
    assert.equal((await ask<{ events: unknown[] }>(`/v1/events?after=${events.next}`)).body.events.length, 1);
    const metrics = await fetch(`${hq.url}/metrics`, { headers: { authorization: `Bearer ${hq.token}` } });
    assert.match(await metrics.text(), /tillside_hq_events_total 2/);
  }));

test('publishing answers 201, the same file again 200, a lower version 409, faults 422 with every pointer', () =>
  withHq(async (_line, _hq, ask) => {
    const publish = <T>(body: Buffer, ring = 'all') =>
      ask<T>(`/v1/bundles?ring=${ring}`, { method: 'POST', body: new Uint8Array(body) });
    const first = await publish<{ version: number; ring: string }>(bundleFile(2));
    assert.equal(first.status, 201);
    assert.equal(first.body.version, 2);
    assert.equal((await publish(bundleFile(2))).status, 200);
    assert.equal((await publish<{ code: string }>(bundleFile(1))).status, 409);
    assert.equal((await publish<{ code: string }>(bundleFile(2, 1))).status, 409);
    assert.equal((await publish(bundleFile(2), 'pilot')).status, 201);
    assert.equal((await publish(bundleFile(3), 'Not%20A%20Ring')).status, 400);
    const faulty = await publish<{ code: string; faults: { pointer: string }[] }>(
      Buffer.from('{"format":"tillside/bundle/1"}'),
    );
    assert.equal(faulty.status, 422);
    assert.equal(faulty.body.code, 'bundle-invalid');
    assert.ok(faulty.body.faults.some(({ pointer }) => pointer === '/id'));
    const { body } = await ask<BundlesAnswer>('/v1/bundles');
    assert.deepEqual(
      body.bundles.map(bundle => [bundle.ring, bundle.version, bundle.current]),
      [
        ['pilot', 2, true],
        ['all', 2, true],
      ],
    );
    assert.equal((await ask<{ version: number }>('/v1/bundles/weekly/2/file')).body.version, 2);
  }));

test('the stream tells of a sale as it arrives', () =>
  withHq(async (line, hq) => {
    const response = await fetch(`${hq.url}/v1/stream`, { headers: { authorization: `Bearer ${hq.token}` } });
    assert.equal(response.status, 200);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    assert.ok(reader !== undefined);
    const till = line.till('1', hq);
    till.edge.start();
    till.outbox.append('sale.completed', saleBody('S1', 1500));
    let text = '';
    while (!/event: sale\n/.test(text)) {
      const { value, done } = await reader.read();
      assert.equal(done, false);
      text += value;
    }
    const sale = /event: sale\ndata: (.*)\n/.exec(text)?.[1];
    assert.equal(JSON.parse(sale ?? '{}').saleId, 'S1');
    await reader.cancel();
  }));

test('bad questions are answered with what is wrong', () =>
  withHq(async (_line, _hq, ask) => {
    for (const path of [
      '/v1/sales?limit=0',
      '/v1/sales?store=UPPER',
      '/v1/events?after=-1',
      '/v1/reconcile?from=yesterday',
    ])
      assert.deepEqual(
        [(await ask<{ code: string }>(path)).status, (await ask<{ code: string }>(path)).body.code],
        [400, 'request-invalid'],
        path,
      );
    assert.equal((await ask('/v1/nothing')).status, 404);
  }));
