import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { EventStream } from '../../agent/api/event-stream.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { openEvents, startApi } from './api-client.ts';

test('an event reaches every reader in its own language, with an id that ascends', async t => {
  const api = await startApi(t);
  const german = await openEvents(api.port, { language: 'de' });
  const french = await openEvents(api.port, { language: 'fr-CH' });
  assert.equal(german.response.headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.deepEqual(await german.next(), { event: null, id: 'b1-0', data: null });
  await french.next();
  api.service.emitScan('one');
  api.service.emitScan('two');
  const first = await german.next();
  assert.equal(first.event, 'scan');
  assert.equal(first.id, 'b1-1');
  assert.equal(JSON.parse(first.data ?? '').message, 'de one');
  assert.equal(JSON.parse((await french.next()).data ?? '').message, 'fr one');
  assert.equal((await german.next()).id, 'b1-2');
  german.close();
  french.close();
});

test('a reader that comes back gets what it missed, in order, once', async t => {
  const api = await startApi(t);
  for (const message of ['1', '2', '3', '4']) api.service.emitScan(message);
  const reader = await openEvents(api.port, { lastEventId: 'b1-2' });
  assert.deepEqual(await reader.next(), { event: null, id: 'b1-2', data: null });
  api.service.emitScan('5');
  const ids = [await reader.next(), await reader.next(), await reader.next()].map(event => event.id);
  assert.deepEqual(ids, ['b1-3', 'b1-4', 'b1-5']);
  reader.close();
});

test('an id that is too old, of another start, or never was is answered by reset', async t => {
  const api = await startApi(t);
  for (let number = 1; number <= 1005; number++) api.service.emitScan(String(number));
  for (const lastEventId of ['b1-4', 'b0-1003', 'b1-1006', 'nonsense', 'b1-', '-1', 'b1-99999999999999999999']) {
    const reader = await openEvents(api.port, { lastEventId });
    await reader.next();
    const reset = await reader.next();
    assert.equal(reset.event, 'reset', lastEventId);
    assert.equal(reset.id, 'b1-1005');
    reader.close();
  }
  // The 1,000 kept are 6 … 1005: who had 5 has missed nothing that is gone.
  const reader = await openEvents(api.port, { lastEventId: 'b1-5' });
  await reader.next();
  assert.equal((await reader.next()).id, 'b1-6');
  reader.close();
});

test('a quiet stream is kept open by comments', async t => {
  const api = await startApi(t);
  const reader = await openEvents(api.port);
  await reader.next();
  await api.clock.advance(15_000);
  assert.equal(await reader.comment(), 'still here');
  reader.close();
});

test('closing the API ends every stream', async t => {
  const api = await startApi(t);
  const reader = await openEvents(api.port);
  await reader.next();
  await api.close();
  await reader.ended();
});

test('the thirty-third stream is refused and the others go on', async t => {
  const api = await startApi(t);
  const readers = [];
  for (let number = 0; number < 32; number++) readers.push(await openEvents(api.port));
  const refused = await openEvents(api.port);
  assert.equal(refused.response.statusCode, 503);
  assert.match(String(refused.response.headers['content-type']), /problem\+json/);
  api.service.emitScan('x');
  for (const reader of readers) {
    await reader.next();
    assert.equal((await reader.next()).id, 'b1-1');
    reader.close();
  }
  refused.close();
});

test('an event that cannot be rendered is left out and the stream goes on', async t => {
  const api = await startApi(t);
  const reader = await openEvents(api.port);
  await reader.next();
  api.service.emit('scan', () => {
    throw new Error('no such sentence');
  });
  api.service.emitScan('next');
  assert.equal((await reader.next()).id, 'b1-2');
  assert.match(JSON.stringify(api.logged), /no such sentence/);
  reader.close();
});

// --- slow readers: a response whose buffer the test drains by hand -----------------------------------------------------

class SlowResponse extends PassThrough {
  readonly socket = null;
  constructor() {
    super({ highWaterMark: 2_000 });
  }
  writeHead(): this {
    return this;
  }
}

function slowStream(kept: number) {
  const clock = new FakeClock();
  const stream = new EventStream({ clock, boot: 'b1', log: { error() {} }, kept, heartbeatMs: 15_000 });
  const response = new SlowResponse();
  response.on('error', () => {});
  stream.attach(response as unknown as ServerResponse, 'de', null);
  const publish = (count: number) => {
    for (let number = 0; number < count; number++)
      stream.publish('scan', () => ({ kind: 'unknown', message: 'x'.repeat(500), reason: 'x', source: 'hid' }));
  };
  return { clock, stream, response, publish };
}

test('a reader that does not read is not buffered for beyond its window', async () => {
  const { stream, response, publish } = slowStream(1000);
  publish(900);
  assert.equal(stream.readers, 1);
  // One event of about 570 bytes may go over the high-water mark; 900 of them would be half a megabyte.
  assert.ok(response.writableLength + response.readableLength < 10_000);
  const ids: string[] = [];
  response.on('data', chunk => ids.push(...(String(chunk).match(/id: b1-\d+/g) ?? [])));
  for (let turn = 0; turn < 1000 && ids.length < 901; turn++) await settle(1);
  assert.deepEqual(
    ids,
    Array.from({ length: 901 }, (_, seq) => `id: b1-${seq}`),
  );
  stream.close();
});

test('a reader that the ring has overtaken is dropped', async () => {
  const { stream, response, publish } = slowStream(50);
  publish(500);
  response.resume();
  await settle(5);
  publish(1);
  assert.equal(stream.readers, 0);
  assert.equal(response.destroyed, true);
  stream.close();
});

test('a reader that has not read since the heartbeat before is dropped', async () => {
  const { clock, stream, response, publish } = slowStream(1000);
  publish(100);
  await clock.advance(15_000);
  assert.equal(stream.readers, 1);
  await clock.advance(15_000);
  assert.equal(stream.readers, 0);
  assert.equal(response.destroyed, true);
  stream.close();
});
