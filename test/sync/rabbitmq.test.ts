/** The same line on a broker of another make: RabbitMQ with its MQTT plugin, which knows no QoS 2 and keeps its own rights. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { connectAsync } from 'mqtt';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { accounts, type Line, openLine, store, tenant } from './support/line.ts';
import { noRabbit, openRabbit, type Rabbit } from './support/rabbitmq.ts';
import { bundleFile, memoryOutbox, saleBody, until } from './support/till-end.ts';

describe('RabbitMQ carries the line', { skip: noRabbit }, () => {
  let rabbit: Rabbit;
  let line: Line;
  before(async () => {
    rabbit = await openRabbit(accounts);
    await rabbit.start();
    line = await openLine(rabbit);
  });
  after(async () => {
    await line?.close();
    await rabbit?.close();
  });

  it('takes sales and bundles, through kill -9 of the broker, every sale once', async () => {
    const hq = line.hq();
    await hq.start();
    const [one, two] = [line.till('1', hq), line.till('2', hq)];
    const heard: string[] = [];
    two.edge.peers.onMessage(message => heard.push(message.kind === 'fact' ? message.event.type : message.kind));
    for (const till of [one, two]) till.edge.start();
    await until(() => hq.connected && one.edge.line().connected && two.edge.line().connected, 'all on the line');
    one.outbox.append('sale.completed', saleBody('S0', 500));
    await until(() => one.outbox.acknowledged() === 1, 'the first sale');
    await hq.publishBundle(bundleFile(1, 5000));
    await until(() => [one, two].every(till => till.bundles.activated.length === 1), 'the bundle');

    await rabbit.stop();
    await until(() => !one.edge.line().connected && !hq.connected, 'the break');
    for (let n = 1; n <= 10; n++) one.outbox.append('sale.completed', saleBody(`S${n}`, 1000 + n));
    two.outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'A' });
    await rabbit.start();
    await until(() => one.outbox.acknowledged() === 11 && two.outbox.acknowledged() === 1, 'all acknowledged');
    assert.equal((await hq.ledger.events({})).length, 12);
    const { sales } = await hq.ledger.sales({});
    // 500 + (1001 + … + 1010) = 10,555
    assert.equal(
      sales.reduce((sum, sale) => sum + sale.net, 0),
      10_555,
    );
    one.outbox.append('coupon.redeemed', { serial: 'C2', offer: 'o', saleId: 'B' });
    await until(() => heard.includes('coupon.redeemed'), 'the tills hear each other');
    await hq.stop();

    // RabbitMQ gives no retained message to a subscription with wildcards: a new HQ learns of the tills by themselves.
    const again = line.hq();
    const known: string[] = [];
    await again.start();
    const { saveStates } = again.ledger;
    again.ledger.saveStates = (states, at) => {
      known.push(...states.map(({ till }) => till));
      return saveStates(states, at);
    };
    await until(() => ['1', '2'].every(till => known.includes(till)), 'both tills tell the new HQ how they are');
    await again.stop();
    for (const till of [one, two]) await till.edge.stop();
  });

  it('lets no till write for another, acknowledge, publish or read what is not its own', async () => {
    const hq = line.hq();
    await hq.start();
    const till = line.till('3', hq);
    till.edge.start();
    await until(() => hq.connected && till.edge.line().connected, 'all on the line');
    const event = memoryOutbox({ tenant, store, till: '3' }).append('sale.completed', saleBody('F', 1));
    const batch = gzipSync(JSON.stringify({ till: '3', store, epoch: 1, boot: 1, events: [event] }));
    const liar = () =>
      connectAsync(rabbit.url, {
        ...{
          username: 'till-1',
          password: 'secret-1',
          clientId: 'liar',
          protocolVersion: 4 as const,
          reconnectPeriod: 0,
        },
      });
    for (const [topic, payload] of [
      [tillTopic({ tenant, store, till: '3' }, 'up'), batch],
      [tillTopic({ tenant, store, till: '3' }, 'ack'), encodeMessage({ epoch: 1, contiguous: 9, missing: [] })],
      [`tillside/1/${tenant}/ring/all/pointer`, encodeMessage({})],
      [`tillside/1/${tenant}/s/0043/peer`, encodeMessage({})],
    ] as const) {
      const client = await liar();
      client.on('error', () => {});
      // It ends the connection of whoever writes where it may not.
      const closed = new Promise<void>(resolve => client.once('close', () => resolve()));
      void client.publishAsync(topic, Buffer.from(payload), { qos: 1 }).catch(() => {});
      await closed;
      await client.endAsync(true);
    }
    const reader = await liar();
    reader.on('error', () => {});
    const granted = await reader
      .subscribeAsync(tillTopic({ tenant, store, till: '3' }, 'down'), { qos: 1 })
      .catch(() => []);
    assert(granted.every(grant => (grant.qos as number) === 128));
    await reader.endAsync(true);
    till.outbox.append('sale.completed', saleBody('S', 100));
    await until(() => till.outbox.acknowledged() === 1, 'the till goes on');
    assert(!(await hq.ledger.sales({})).sales.some(sale => sale.saleId === 'F'));
    assert.equal((await hq.ledger.quarantined(10)).length, 0);
    await till.edge.stop();
    await hq.stop();
  });
});
