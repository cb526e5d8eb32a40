/** Another program on the till's machine does its worst to the local API, over real sockets: the POS is answered all the same. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { closed, posToken, sendRaw, startApi } from './api-client.ts';

const limits = { headersMs: 100, requestMs: 200, checkMs: 20 };

/** Headers of a PUT whose body is still to come. */
function putHeaders(port: number, length: string): string {
  return [
    'PUT /v1/sales/s1 HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${posToken}`,
    'Content-Type: application/json',
    length,
    '',
    '',
  ].join('\r\n');
}

/** A client that does not hang up by itself. */
async function connect(t: TestContext, port: number): Promise<net.Socket> {
  const socket = net.connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Whether a connection of its own is answered; false: it was closed as it came. */
function isServed(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const request = http.get({ host: '127.0.0.1', port, path: '/healthz', agent: false }, response => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    request.on('error', () => resolve(false));
  });
}

test('a request whose headers do not come to an end is answered 408 and cut off', async t => {
  const api = await startApi(t, { limits });
  const answer = await sendRaw(api.port, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.match(answer, /application\/problem\+json/);
});

test('headers that come a byte now and then gain no time', async t => {
  const api = await startApi(t, { limits });
  const socket = await connect(t, api.port);
  const ended = closed(socket);
  const text = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nX-Slow: `;
  let sent = 0;
  // Each byte is sent when the one before was handed over, and the header never ends.
  const more = () => {
    if (socket.destroyed || !socket.writable) return;
    socket.write(sent < text.length ? (text[sent++] ?? '') : 'y', () => setImmediate(more));
  };
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk.toString();
  });
  more();
  await ended;
  assert.match(answer, /^HTTP\/1\.1 (408|431) |^$/, 'cut off, whatever of the answer still came through');
  while (!(await isServed(api.port)));
});

test('a body that does not come is not waited for, and nothing of the sale is kept', async t => {
  const api = await startApi(t, { limits });
  const answer = await sendRaw(api.port, `${putHeaders(api.port, 'Content-Length: 500')}{"startedAt": "2026-`);
  assert.match(answer, /^HTTP\/1\.1 408 /);
  assert.equal(api.service.sales.size, 0);
});

test('a connection that says nothing at all is closed', async t => {
  const api = await startApi(t, { limits });
  const socket = await connect(t, api.port);
  socket.resume();
  await closed(socket);
  while (!(await isServed(api.port)));
});

test('a body said to be larger than the limit is refused before it is sent', async t => {
  const api = await startApi(t);
  const answer = await sendRaw(api.port, putHeaders(api.port, 'Content-Length: 99999999999'));
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /body-too-large/);
});

test('a body that never ends is cut off at the limit, not collected', async t => {
  const api = await startApi(t);
  const socket = await connect(t, api.port);
  const ended = closed(socket);
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk.toString();
  });
  const chunk = `10000\r\n${' '.repeat(0x1_0000)}\r\n`;
  const more = () => {
    if (socket.destroyed || !socket.writable) return;
    socket.write(chunk, error => {
      if (!error) setImmediate(more);
    });
  };
  socket.write(putHeaders(api.port, 'Transfer-Encoding: chunked'));
  more();
  await ended;
  assert.match(answer, /^HTTP\/1\.1 413 |^$/);
  while (!(await isServed(api.port)));
});

test('more connections than the till has room for are closed as they come; the POS on its own is served on', async t => {
  const api = await startApi(t, { limits: { connections: 8 } });
  // The POS keeps its connection.
  assert.equal((await api.ask('/v1/status')).status, 200);
  const crowd: net.Socket[] = [];
  for (let number = 0; number < 7; number++) crowd.push(await connect(t, api.port));
  assert.equal(await isServed(api.port), false, 'there is no room left');
  assert.equal((await api.ask('/v1/status')).status, 200);
  for (const socket of crowd) socket.destroy();
  // The till learns of it when its own loop comes round.
  while (!(await isServed(api.port)));
});

test('connections that only wait give their room up by themselves', async t => {
  const api = await startApi(t, { limits: { ...limits, connections: 4 } });
  for (let number = 0; number < 4; number++) (await connect(t, api.port)).resume();
  while (!(await isServed(api.port)));
});

test('a client that never reads its answers is let go', async t => {
  const api = await startApi(t, { limits: { connections: 1, stillMs: 200 } });
  const socket = await connect(t, api.port);
  const ask = `GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:${api.port}\r\nAuthorization: Bearer ${posToken}\r\n\r\n`;
  socket.pause();
  // Far more than the system keeps for a reader.
  for (let number = 0; number < 2000; number++) socket.write(ask);
  while (!(await isServed(api.port)));
});
