/** The same line on a broker of another make, as HQ configures it: RabbitMQ with certificates, which binds no client id to them. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { MqttClient } from 'mqtt';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { noRabbit, openRabbit } from './support/rabbitmq.ts';
import { type Certificate, openSecureLine, type SecureLine, tenant } from './support/secure-line.ts';
import { bundleFile, memoryOutbox, saleBody, type TillOnLine, until } from './support/till-end.ts';

const at = (till: string, channel: Parameters<typeof tillTopic>[1], store = '0042') =>
  tillTopic({ tenant, store, till }, channel);
const batchOf = (till: string, saleId: string) => {
  const event = memoryOutbox({ tenant, store: '0042', till }).append('sale.completed', saleBody(saleId, 1));
  return gzipSync(JSON.stringify({ till, store: '0042', epoch: 1, boot: 1, events: [event] }));
};
const gone = (client: MqttClient) => new Promise<void>(resolve => client.once('close', () => resolve()));

describe('RabbitMQ carries the line', { skip: noRabbit }, () => {
  let line: SecureLine;
  const certificates = new Map<string, Certificate>();
  const certificateOf = (till: string): Certificate => {
    const found = certificates.get(till);
    assert(found !== undefined);
    return found;
  };
  let one: TillOnLine;
  let two: TillOnLine;
  before(async () => {
    line = await openSecureLine({ other: { kind: 'rabbitmq', open: openRabbit } });
    for (const till of ['0042-1', '0042-2', '0042-3', '0042-4']) certificates.set(till, await line.enrol(till));
    await line.broker.start();
    one = line.till('0042-1', certificateOf('0042-1'));
    two = line.till('0042-2', certificateOf('0042-2'));
    await until(() => line.hq.connected && one.edge.line().connected && two.edge.line().connected, 'all on the line');
  });
  after(() => line?.close());

  it('takes sales and bundles, through kill -9 of the broker, every sale once', async () => {
    const heard: string[] = [];
    two.edge.peers.onMessage(message => heard.push(message.kind === 'fact' ? message.event.type : message.kind));
    one.outbox.append('sale.completed', saleBody('S0', 500));
    await until(() => one.outbox.acknowledged() === 1, 'the first sale');
    await line.hq.publishBundle(bundleFile(1, 5000));
    await until(() => [one, two].every(till => till.bundles.activated.length === 1), 'the bundle');

    await line.broker.stop();
    await until(() => !one.edge.line().connected && !line.hq.connected, 'the break');
    for (let n = 1; n <= 10; n++) one.outbox.append('sale.completed', saleBody(`S${n}`, 1000 + n));
    two.outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'A' });
    await line.broker.start();
    await until(() => one.outbox.acknowledged() === 11 && two.outbox.acknowledged() === 1, 'all acknowledged');
    assert.equal((await line.hq.ledger.events({})).length, 12);
    const { sales } = await line.hq.ledger.sales({});
    // 500 + (1001 + … + 1010) = 10,555
    assert.equal(
      sales.reduce((sum, sale) => sum + sale.net, 0),
      10_555,
    );
    one.outbox.append('coupon.redeemed', { serial: 'C2', offer: 'o', saleId: 'B' });
    await until(() => heard.includes('coupon.redeemed'), 'the tills hear each other');
  });

  it('lets no till write for another, acknowledge, publish, read what is not its own, or take another’s place', async () => {
    const since = two.edge.line().since;
    const liar = certificateOf('0042-1');
    for (const [topic, payload] of [
      [at('0042-2', 'up'), batchOf('0042-2', 'F')],
      [at('0042-2', 'ack'), encodeMessage({ epoch: 1, contiguous: 9, missing: [] })],
      [`tillside/1/${tenant}/ring/all/pointer`, encodeMessage({})],
      [`tillside/1/${tenant}/s/0043/peer`, encodeMessage({})],
    ] as const) {
      const client = await line.stranger(liar, { clientId: 'liar' });
      // It ends the connection of whoever writes where it may not.
      const ended = gone(client);
      void client.publishAsync(topic, Buffer.from(payload), { qos: 1 }).catch(() => {});
      await ended;
    }
    // Larger than any batch may be: the broker takes the channel away, and leaves the connection to its silence.
    const monster = await line.stranger(liar, { clientId: 'monster' });
    void monster.publishAsync(at('0042-1', 'up'), Buffer.alloc(2 * 1024 * 1024), { qos: 1 }).catch(() => {});
    await until(() => /is larger than configured max size/.test(line.broker.said()), 'the refusal');
    await monster.endAsync(true);
    for (const topic of [at('0042-2', 'down'), at('0042-2', 'ack'), `tillside/1/${tenant}/t/0042/+/down`]) {
      const reader = await line.stranger(liar, { clientId: 'reader' });
      const granted = await reader.subscribeAsync(topic, { qos: 1 }).catch(() => []);
      assert(granted.every(grant => (grant.qos as number) === 128));
      await reader.endAsync(true);
    }
    // Nobody knows the client id of another; a name without a certificate of it opens nothing.
    for (const clientId of ['0042-2', `tillside-${tenant}-0042-0042-2`, `tillside-hq-${tenant}`])
      await (await line.stranger(liar, { clientId })).endAsync(true);
    for (const password of ['', 'x'])
      await assert.rejects(line.stranger(liar, { username: '0042-2', password, clientId: 'by-name' }));
    two.outbox.append('sale.completed', saleBody('H', 1));
    await until(() => two.outbox.acknowledged() === 2, 'the honest till goes on');
    assert.deepEqual([two.edge.line().connected, two.edge.line().since], [true, since]);
    assert(!(await line.hq.ledger.sales({})).sales.some(({ saleId }) => saleId === 'F'));
    assert.equal((await line.hq.ledger.quarantined(10)).length, 0);
  });

  it('ends the open connection of a revoked till when HQ’s files are applied, and lets it in no more', async () => {
    const lost = certificateOf('0042-3');
    const ended = gone(await line.stranger(lost, { clientId: 'some-other-name' }));
    await line.ask('POST', '/v1/enrolment/revoke', { name: '0042-3', reason: 'stolen' });
    // New connections are refused at once: the lists are read at each handshake.
    await assert.rejects(line.stranger(lost), /revoked/);
    assert.deepEqual(
      (await line.enrolment()).leaving.map(({ name }) => name),
      ['0042-3'],
    );
    await line.broker.reload();
    await ended;
    await until(async () => (await line.enrolment()).leaving.length === 0, 'HQ sees that it is shut out');
    assert(one.edge.line().connected && two.edge.line().connected && line.hq.connected);
  });

  it('lets in the new computer of a till and not the former one, and HQ waits for no more', async () => {
    const renewed = await line.enrol('0042-4');
    await assert.rejects(line.stranger(certificateOf('0042-4')), /revoked/);
    await (await line.stranger(renewed)).endAsync(true);
    await until(async () => (await line.enrolment()).leaving.length === 0, 'HQ waits for nobody');
  });

  it('gives no retained message to a subscription with wildcards: a new HQ learns of the tills by themselves', async () => {
    await line.hq.stop();
    const again = line.hqWith({});
    const known: string[] = [];
    const { saveStates } = again.ledger;
    again.ledger.saveStates = (states, when) => {
      known.push(...states.map(({ till }) => till));
      return saveStates(states, when);
    };
    await again.start();
    await until(
      () => ['0042-1', '0042-2'].every(till => known.includes(till)),
      'both tills tell the new HQ how they are',
    );
  });
});
