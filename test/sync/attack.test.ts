/** Somebody with a till's good certificate, or with none, against a real mosquitto as HQ configures it, and against HQ. */
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { cpSync } from 'node:fs';
import { request } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { MqttClient } from 'mqtt';
import { systemClock } from '../../clock.ts';
import { issue, makeAuthority } from '../../sync/hq/enrol/certificate.ts';
import { createEnrolment } from '../../sync/hq/enrol/enrolment.ts';
import { createRegistry } from '../../sync/hq/enrol/registry.ts';
import { openEnrolServer } from '../../sync/hq/enrol/server.ts';
import { silentLog } from '../../sync/link/link.ts';
import { encodeBlock } from '../../sync/protocol/blocks.ts';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { onSecureLine, tenant } from './support/secure-line.ts';
import { memoryOutbox, saleBody, until } from './support/till-end.ts';
import { openWire } from './support/whole-till.ts';

const at = (store: string, till: string, channel: Parameters<typeof tillTopic>[1]) =>
  tillTopic({ tenant, store, till }, channel);
const batchOf = (store: string, till: string, saleId: string) => {
  const event = memoryOutbox({ tenant, store, till }).append('sale.completed', saleBody(saleId, 1));
  return gzipSync(JSON.stringify({ till, store, epoch: 1, boot: 1, events: [event] }));
};
const gone = (client: MqttClient) =>
  client.connected ? new Promise<void>(resolve => client.once('close', () => resolve())) : Promise.resolve();

test('a till with a good certificate cannot be another, nor push it off the line, nor confirm, nor leave its store', () =>
  onSecureLine(async line => {
    const [bad, good] = [await line.enrol('0042-1'), await line.enrol('0042-2')];
    await line.enrol('0043-1', '0043');
    await line.broker.reload();
    const wire = openWire();
    const victim = line.till('0042-2', good, { openLink: wire.openLink });
    await until(() => victim.edge.line().connected, 'the victim');
    const since = victim.edge.line().since;
    // The name of its certificate is its client id, whatever it says.
    for (const clientId of ['0042-2', `tillside-${tenant}-0042-0042-2`, 'hq.tillside', `tillside-hq-${tenant}`]) {
      const pusher = await line.stranger(bad, { clientId });
      await pusher.endAsync(true);
    }
    const liar = await line.stranger(bad);
    for (const [topic, payload] of [
      [at('0042', '0042-2', 'up'), batchOf('0042', '0042-2', 'F1')],
      [at('0043', '0043-1', 'up'), batchOf('0043', '0043-1', 'F2')],
      [at('0042', '0042-2', 'ack'), encodeMessage({ epoch: 1, contiguous: 1, missing: [] })],
      [at('0042', '0042-2', 'down'), encodeMessage({ kind: 'certificate', pem: bad.cert })],
      [
        at('0042', '0042-2', 'state'),
        encodeMessage({ online: false, boot: 9e9, session: 1, epoch: 9e9, at: '2026-11-21T10:15:00Z' }),
      ],
      [
        `tillside/1/${tenant}/hq/state`,
        encodeMessage({ online: false, boot: 9e9, session: 1, at: '2026-11-21T10:15:00Z' }),
      ],
      [`tillside/1/${tenant}/ring/all/pointer`, encodeMessage({})],
      [`tillside/1/${tenant}/s/0043/peer`, gzipSync('{}')],
      // Blocks come from HQ alone: no till of the store can spoil what the others fetch.
      [`tillside/1/${tenant}/s/0042/blocks`, encodeBlock({ sha256: 'f'.repeat(64), index: 0, bytes: Buffer.alloc(9) })],
      // Its own level below another store: no pattern can say that this is wrong, HQ can.
      [at('0043', '0042-1', 'up'), batchOf('0043', '0042-1', 'F3')],
      [at('0042', '0042-1', 'up'), batchOf('0042', '0042-2', 'F4')],
      [at('0042', '0042-1', 'ask'), encodeMessage({ kind: 'renew', csr: 'x'.repeat(4000) })],
    ] as const)
      await liar.publishAsync(topic, Buffer.from(payload), { qos: 1, retain: true });
    await until(async () => (await line.enrolment()).refused.length === 2, 'two refusals');
    victim.outbox.append('sale.completed', saleBody('S', 100));
    await until(() => victim.outbox.acknowledged() === 1, 'the victim goes on');
    assert.deepEqual([victim.edge.line().connected, victim.edge.line().since, line.hq.connected], [true, since, true]);
    assert.deepEqual(
      (await line.hq.ledger.sales({})).sales.map(({ till, saleId }) => `${till}/${saleId}`),
      ['0042-2/S'],
    );
    assert.ok(!wire.heard.some(({ topic }) => topic.endsWith('/blocks')), 'no block of a till');
    assert.deepEqual((await line.enrolment()).refused.map(({ store, till, reason }) => [store, till, reason]).sort(), [
      ['0042', '0042-1', 'renewal'],
      ['0043', '0042-1', 'other-store'],
    ]);
    await until(async () => (await line.hq.ledger.quarantined(10)).length >= 2, 'both batches are put aside');
    assert.deepEqual((await line.hq.ledger.quarantined(10)).map(({ store, reason }) => [store, reason]).sort(), [
      ['0042', 'the batch names till 0042/0042-2'],
      ['0043', 'the till is not heard: other-store'],
    ]);
    assert.match(await line.metrics(), /tillside_hq_refused_total\{channel="up",reason="other-store"\} 1/);
  }));

test('monsters, bombs and floods of a till cost it its own line, and nobody else anything', () =>
  onSecureLine(async line => {
    const [bad, good] = [await line.enrol('0042-1'), await line.enrol('0042-2')];
    const honest = line.till('0042-2', good);
    await until(() => honest.edge.line().connected, 'the honest till');
    const monster = await line.stranger(bad);
    const ended = gone(monster);
    void monster.publishAsync(at('0042', '0042-1', 'up'), Buffer.alloc(100 * 1024 * 1024), { qos: 1 }).catch(() => {});
    await ended;
    const flood = await line.stranger(bad);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    for (const channel of ['up', 'state', 'ask'] as const)
      for (const rubbish of [bomb, Buffer.alloc(0), Buffer.from('{"a":'), Buffer.from([0xff, 0xfe]), gzipSync('[]')])
        await flood.publishAsync(at('0042', '0042-1', channel), rubbish, { qos: 1, retain: true });
    const sent: Promise<unknown>[] = [];
    for (let n = 0; n < 1000; n++)
      sent.push(flood.publishAsync(at('0042', '0042-1', 'up'), Buffer.from(`rubbish ${n}`), { qos: 1 }));
    await Promise.all(sent);
    honest.outbox.append('sale.completed', saleBody('S', 100));
    await until(() => honest.outbox.acknowledged() === 1, 'the honest till goes on');
    await until(async () => /reason="flood"\} [1-9]/.test(await line.metrics()), 'the flood is counted');
    // What a till may put aside in an hour is bounded; the bomb is a few bytes of it.
    await until(async () => (await line.hq.ledger.quarantined(1000)).length >= 400, 'all that may be put aside');
    assert.equal((await line.hq.ledger.quarantined(1000)).length, 400);
    assert.equal((await line.hq.ledger.sales({})).sales.length, 1);
  }));

test('without a certificate of HQ’s, or with one of another authority, nobody is let in', () =>
  onSecureLine(async line => {
    const lost = await line.enrol('0042-1');
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const now = Date.now();
    const foreign = makeAuthority(key, tenant, now - 1000, now + 1e9);
    const hqOf = { purpose: 'hq', name: { tenant, common: 'hq.tillside' }, publicKey: createPublicKey(key) } as const;
    const { pem } = issue(foreign, { ...hqOf, notBefore: now - 1000, notAfter: now + 1e9 });
    const forged = { ca: lost.ca, cert: pem, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
    await assert.rejects(line.stranger(forged));
    const port = Number(new URL(line.broker.url).port);
    const refused = await new Promise<boolean>(resolve => {
      const socket = connect({ port, host: 'localhost', ca: lost.ca });
      socket.on('error', () => resolve(true));
      socket.on('close', () => resolve(true));
      socket.on('secureConnect', () =>
        socket.write(Buffer.from([0x10, 0x0c, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 30, 0, 0])),
      );
      socket.on('data', () => resolve(false));
    });
    assert.equal(refused, true);
  }));

test('a flood of connections without a certificate takes nobody’s line, and when it is over there is room again', () =>
  onSecureLine(
    async line => {
      const honest = line.till('0042-1', await line.enrol('0042-1'));
      const late = await line.enrol('0042-2');
      await line.broker.reload();
      await until(() => honest.edge.line().connected, 'the honest till');
      const since = honest.edge.line().since;
      const port = Number(new URL(line.broker.url).port);
      // They say nothing and hold what the broker has, until it turns the others away.
      const flood = Array.from({ length: 300 }, () => tcpConnect(port, '127.0.0.1').on('error', () => {}));
      await until(() => flood.filter(({ destroyed }) => destroyed).length > 150, 'the broker is full');
      honest.outbox.append('sale.completed', saleBody('S', 100));
      await until(() => honest.outbox.acknowledged() === 1, 'the honest till goes on');
      assert.deepEqual([honest.edge.line().since, line.hq.connected], [since, true]);
      for (const socket of flood) socket.destroy();
      const second = line.till('0042-2', late);
      await until(() => second.edge.line().connected, 'a till that comes after it');
    },
    { files: 128 },
  ));

test('a revoked till’s open connection ends at once, whatever client id it took, and it stays out when the broker has read the list', () =>
  onSecureLine(async line => {
    const lost = await line.enrol('0042-1');
    const good = line.till('0042-2', await line.enrol('0042-2'));
    await line.broker.reload();
    await until(() => good.edge.line().connected, 'the good till');
    const since = good.edge.line().since;
    const open = await line.stranger(lost, { clientId: 'some-other-name' });
    const birth = { online: true, boot: 1, session: 1, epoch: 1, at: '2026-11-21T10:15:00Z' };
    await open.publishAsync(at('0042', '0042-1', 'state'), Buffer.from(encodeMessage(birth)), { qos: 1, retain: true });
    await until(async () => (await line.tillOf('0042-1'))?.online === true, 'HQ sees it on line');
    const ended = gone(open);
    await line.ask('POST', '/v1/enrolment/revoke', { name: '0042-1', reason: 'stolen' });
    await ended;
    // The broker has not read the list, so it lets it in once more; HQ knows, and comes again.
    assert.deepEqual(
      (await line.enrolment()).leaving.map(({ name }) => name),
      ['0042-1'],
    );
    assert.match(await line.metrics(), /^tillside_hq_tills_leaving 1$/m);
    await until(async () => {
      const back = await line.stranger(lost);
      void back.publishAsync(at('0042', '0042-1', 'up'), batchOf('0042', '0042-1', 'F'), { qos: 1 }).catch(() => {});
      await gone(back);
      return (await line.enrolment()).refused.length > 0;
    }, 'its word is refused, and its connection ends again');
    const last = gone(await line.stranger(lost));
    await line.broker.reload();
    await last;
    await until(async () => (await line.enrolment()).leaving.length === 0, 'the broker shuts it out by itself');
    await assert.rejects(line.stranger(lost), /revoked/);
    assert.match(line.revocationList(), /BEGIN X509 CRL/);
    assert.deepEqual(
      (await line.enrolment()).refused.map(({ till, channel, reason }) => [till, channel, reason]),
      [['0042-1', 'up', 'revoked']],
    );
    assert.equal((await line.hq.ledger.sales({})).sales.length, 0);
    assert.equal((await line.tillOf('0042-1'))?.online, false);
    assert.deepEqual([good.edge.line().connected, good.edge.line().since], [true, since]);
  }));

test('HQs that share the stores have a name each: none throws another off the line', () =>
  onSecureLine(
    async line => {
      const dataDir = join(line.dir, 'hq-2');
      cpSync(join(line.config.dataDir, 'ca'), join(dataDir, 'ca'), { recursive: true });
      const door = { host: '127.0.0.1', port: 0, names: ['localhost'] };
      const second = line.hqWith({ dataDir, machines: { count: 2, number: 2 }, enrolment: door });
      await second.start();
      await until(() => second.connected && line.hq.connected, 'both on the line');
      assert.match(line.broker.said(), /as 1\.hq\.tillside.*as 2\.hq\.tillside/s);
      assert.doesNotMatch(line.broker.said(), /already connected/);
    },
    { machines: 2 },
  ));

test('HQ’s door for enrolment drops the slow and the large, and pauses whoever guesses', async () => {
  const clock = systemClock;
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const authority = makeAuthority(key, tenant, Date.now() - 1000, Date.now() + 1e9);
  const registry = createRegistry(async () => ({ rows: [], count: 0 }));
  const counted: string[] = [];
  const enrolment = createEnrolment({
    ...{ tenant, registry, authority, clock, broker: null, trust: 'root' },
    onChange: async () => {},
  });
  const open = (more: { readonly requestMs?: number }) =>
    openEnrolServer({
      ...{ tenant, authority, enrolment, clock, log: silentLog },
      ...{ host: '127.0.0.1', port: 0, names: ['localhost'] },
      onRefused: reason => counted.push(reason),
      onEnrolled: () => {},
      ...more,
    });
  // The one that drops the slow after a moment would drop anybody on a slow machine.
  const [door, hasty] = [await open({}), await open({ requestMs: 300 })];
  try {
    const slow = connect({ port: hasty.port, host: '127.0.0.1', servername: 'localhost', ca: authority.pem });
    slow.on('error', () => {});
    const dropped = new Promise<void>(resolve => slow.once('close', () => resolve()));
    slow.write('POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-');
    slow.resume();
    await dropped;
    const post = (body: string) =>
      new Promise<number>((resolve, reject) => {
        const call = request(
          {
            port: door.port,
            host: 'localhost',
            family: 4,
            path: '/v1/enrol',
            method: 'POST',
            ca: authority.pem,
            agent: false,
          },
          response => {
            response.resume();
            response.once('close', () => resolve(response.statusCode ?? 0));
          },
        );
        call.setHeader('content-type', 'application/json');
        call.setHeader('content-length', Buffer.byteLength(body));
        call.once('error', reject);
        call.end(body);
      });
    const guess = JSON.stringify({ secret: '0'.repeat(20), csr: 'x' });
    assert.equal(await post('x'.repeat(9000)), 413);
    assert.equal(await post('{'), 400);
    assert.equal(await post(JSON.stringify({ secret: 'x', csr: 1, more: true })), 400);
    for (let n = 0; n < 10; n++) assert.equal(await post(guess), 403);
    assert.equal(await post(guess), 429);
    assert.deepEqual([...new Set(counted)].sort(), [
      'body-too-large',
      'enrol-refused',
      'request-invalid',
      'too-many-tries',
    ]);
  } finally {
    await hasty.close();
    await door.close();
  }
});
