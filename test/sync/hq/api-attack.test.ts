/** Clients that are slow, many, huge or talk nonsense at HQ's API, on real sockets: each is refused, HQ goes on, and nothing inside breaks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ApiLimits, createApi } from '../../../sync/hq/api.ts';
import type { Hq } from '../../../sync/hq/hq.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { maxBundleBytes } from '../../../sync/protocol/pointer.ts';
import { onLine } from '../support/line.ts';
import { bundleFile, until } from '../support/till-end.ts';

/** @param faults told what HQ's log calls an error */
async function onHq(limits: Partial<ApiLimits>, run: (hq: Hq, faults: readonly string[]) => Promise<void>) {
  await onLine('aedes', async line => {
    const faults: string[] = [];
    const hq = line.hq({
      openApi: options => createApi({ ...options, limits }),
      log: { ...silentLog, error: (fields, message) => void faults.push(`${message} ${JSON.stringify(fields)}`) },
    });
    await hq.start();
    await run(hq, faults);
  });
}

const headersOf = (hq: Hq) => ({ authorization: `Bearer ${hq.token}` });

function open(hq: Hq): Socket {
  const { hostname, port } = new URL(hq.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  return socket;
}

/** All that comes back until HQ closes. */
async function ending(socket: Socket): Promise<string> {
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    said += text;
  });
  await once(socket, 'close');
  return said;
}

/** HQ answers; also where its own limits are so small that a slow machine may miss them now and then. */
const answers = (hq: Hq) =>
  until(
    () =>
      fetch(`${hq.url}/v1/status`, { headers: headersOf(hq) })
        .then(({ ok }) => ok)
        .catch(() => false),
    'HQ',
  );

test('whoever says nothing, half a head or half a body is cut off after a while, a hundred at once', () =>
  onHq({ requestMs: 500, checkMs: 50 }, async (hq, faults) => {
    const { host } = new URL(hq.url);
    const head = `POST /v1/bundles HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${hq.token}\r\n`;
    const halves = [
      '',
      'GET /v1/status HTT',
      head,
      `${head}Content-Length: 1000\r\n\r\n{"format":`,
      `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"for`,
    ];
    const slow = Array.from({ length: 100 }, (_, nth) => ({
      socket: open(hq),
      half: halves[nth % halves.length] ?? '',
    }));
    const ended = slow.map(({ socket, half }) => {
      socket.write(half);
      return ending(socket);
    });
    await answers(hq);
    for (const said of await Promise.all(ended)) assert.match(said, /^$|^HTTP\/1\.1 408 /);
    await answers(hq);
    assert.deepEqual(faults, []);
  }));

test('of many connections those above the limit are closed unheard, and when some go there is room again', () =>
  onHq({ connections: 8 }, async (hq, faults) => {
    const sockets = Array.from({ length: 40 }, () => open(hq));
    let closed = 0;
    for (const socket of sockets) socket.once('close', () => (closed += 1)).resume();
    await until(() => closed === 32, 'all but eight are closed');
    for (const socket of sockets) socket.destroy();
    await answers(hq);
    assert.deepEqual(faults, []);
  }));

test('a body over the limit is refused before it is read, whether its length is told or not; without the token no body is', () =>
  onHq({}, async (hq, faults) => {
    const { host } = new URL(hq.url);
    const ask = (path: string, lines: readonly string[], body: string) => {
      const socket = open(hq);
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n${body}`,
      );
      return socket;
    };
    const token = `Authorization: Bearer ${hq.token}`;
    const told = [`Content-Length: ${maxBundleBytes + 1}`];
    assert.match(await ending(ask('/v1/bundles', [token, ...told], '{')), /^HTTP\/1\.1 413 .*"code":"body-too-large"/s);
    assert.match(await ending(ask('/v1/bundles', told, '{')), /^HTTP\/1\.1 401 /);
    const small = [token, 'Transfer-Encoding: chunked'];
    const piece = `1000\r\n${'x'.repeat(4096)}\r\n`.repeat(2);
    assert.match(await ending(ask('/v1/enrolment/revoke', small, piece)), /^HTTP\/1\.1 413 .*"code":"body-too-large"/s);
    await answers(hq);
    assert.deepEqual(faults, []);
  }));

const posts = [
  '/v1/bundles',
  '/v1/rollouts',
  '/v1/rollouts/1/stop',
  '/v1/rollouts/__proto__/resume',
  '/v1/rollback?id=__proto__&to=1e400',
  '/v1/keys',
  '/v1/members',
  '/v1/members?import=0',
  '/v1/members/replace?import=1',
  '/v1/members/erase',
  '/v1/enrolment/codes',
  '/v1/enrolment/revoke',
  '/v1/leases/__proto__/recall',
  '/v1/leases/constructor/recall',
] as const;
const poisoned = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"member":"__proto__"}',
  '{"member":{"__proto__":1}}',
  '{"store":"0042","till":"1","__proto__":{"hours":9}}',
  '{"format":"tillside/bundle/1","__proto__":{"id":"x"},"offers":[{"__proto__":null}]}',
  '{"id":"constructor","cards":["__proto__"],"polluted":true}',
  '{"certificates":[{"__proto__":1}],"revocations":[null]}',
  `${'['.repeat(100_000)}`,
  `{"a":${'{"a":'.repeat(5000)}1${'}'.repeat(5001)}`,
  '{"a":1e999,"b":-0,"c":"\\ud800"}',
  '\ufeff{}',
  '',
  'null',
  '[]',
  '"x"',
  '{',
];

test('whatever body comes to whatever call, the answer is no fault inside, no prototype is touched, and HQ goes on', () =>
  onHq({}, async (hq, faults) => {
    const genuine = bundleFile(1).toString();
    const bodies = fc.oneof(
      fc.constantFrom(...poisoned).map(text => Buffer.from(text)),
      fc.json({ maxDepth: 4 }).map(text => Buffer.from(text)),
      fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
      fc.nat(genuine.length).map(at => Buffer.from(genuine.slice(0, at))),
    );
    const ask = async (path: string, body: Buffer) => {
      const response = await fetch(hq.url + path, {
        method: 'POST',
        headers: headersOf(hq),
        body: new Uint8Array(body),
      });
      const text = await response.text();
      const what = `${path} ${body.toString('latin1').slice(0, 200)}: ${response.status} ${text}`;
      assert.ok(response.status < 500, what);
      if (response.status < 300) return;
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/, what);
      assert.equal(typeof JSON.parse(text).code, 'string', what);
    };
    for (const path of posts) for (const text of poisoned) await ask(path, Buffer.from(text));
    await fc.assert(fc.asyncProperty(fc.constantFrom(...posts), bodies, ask), { numRuns: 300 });
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    await answers(hq);
    assert.deepEqual(faults, []);
  }));

test('bytes that are no request end their connection, and the next one is served', () =>
  onHq({}, async (hq, faults) => {
    const noise = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      fc
        .constantFrom('GET / HTTP/9.9', 'GET  HTTP/1.1', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b')
        .map(text => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(noise, async bytes => {
        const socket = open(hq);
        // Two line ends close whatever head the noise began; what follows can't be a request.
        socket.write(Buffer.concat([bytes, Buffer.from('\r\n\r\n\x01\r\n\r\n')]));
        const said = await ending(socket);
        if (said !== '') assert.match(said, /^HTTP\/1\.1 4\d\d /);
      }),
      { numRuns: 60 },
    );
    await answers(hq);
    assert.deepEqual(faults, []);
  }));
