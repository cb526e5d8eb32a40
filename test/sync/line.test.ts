import assert from 'node:assert/strict';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Hq } from '../../sync/hq/hq.ts';
import type { Ledger } from '../../sync/hq/ledger.ts';
import { createSqliteLedger } from '../../sync/hq/sqlite-ledger.ts';
import { encodeMessage } from '../../sync/protocol/messages.ts';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type BrokerKind, type Line, onLine, store, tenant } from './support/line.ts';
import { bundleFile, memoryOutbox, saleBody, type TillOnLine, until } from './support/till-end.ts';

const day = '2026-11-21';
const up = (till: string) => tillTopic({ tenant, store, till }, 'up');

async function allOn(hq: Hq, ...tills: readonly TillOnLine[]) {
  for (const till of tills) till.edge.start();
  await until(() => hq.connected && tills.every(till => till.edge.line().connected), 'all on the line');
}

/** A program of its own at the broker, with a till's name and secret. */
async function stranger(line: Line, till: string): Promise<MqttClient> {
  const client = await connectAsync(line.broker.url, {
    username: `till-${till}`,
    password: `secret-${till}`,
    clientId: `stranger-${till}`,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  client.on('error', () => {});
  line.onClose(() => client.endAsync(true));
  return client;
}

for (const kind of ['aedes', 'mosquitto'] satisfies BrokerKind[]) {
  test(`${kind}: ten sales made while the broker is down all arrive once when it is back`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const till = line.till('1', hq);
      await allOn(hq, till);
      till.outbox.append('sale.completed', saleBody('S0', 500));
      await until(() => till.outbox.acknowledged() === 1, 'the first sale');

      await line.broker.stop();
      await until(() => !till.edge.line().connected && !hq.connected, 'the break');
      for (let n = 1; n <= 10; n++) till.outbox.append('sale.completed', saleBody(`S${n}`, 1000 + n));
      assert.equal(till.outbox.acknowledged(), 1);

      await line.broker.start();
      await until(() => till.outbox.acknowledged() === 11, 'all acknowledged');
      const { sales } = await hq.ledger.sales({});
      assert.equal(sales.length, 11);
      // 500 + (1001 + … + 1010) = 500 + 10055
      assert.equal(
        sales.reduce((sum, sale) => sum + sale.net, 0),
        10_555,
      );
      assert.equal((await hq.ledger.events({})).length, 11);
    }));

  test(`${kind}: a published bundle is activated at two tills of the store, and HQ sees it`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const tills = [line.till('1', hq), line.till('2', hq)];
      await allOn(hq, ...tills);
      // About 300 KB: three blocks.
      const file = bundleFile(1, 5000);
      await hq.publishBundle(file);
      await until(() => tills.every(till => till.bundles.activated.length === 1), 'activation');
      for (const till of tills) assert.deepEqual(Buffer.from(till.bundles.activated[0]?.bytes ?? []), file);
      const versions = async () =>
        (await hq.ledger.tills(day)).map(till => [till.store, till.till, till.online, till.bundle?.version]);
      const told = [
        [store, '1', true, 1],
        [store, '2', true, 1],
      ];
      await until(async () => isDeepStrictEqual(await versions(), told), 'told HQ');
    }));

  test(`${kind}: HQ that dies between commit and acknowledgement counts every sale once`, () =>
    onLine(kind, async line => {
      let dying = true;
      const real = createSqliteLedger(join(line.dir, 'dying.sqlite'));
      const ledger: Ledger = {
        ...real,
        async commit(arrivals, at) {
          const committed = await real.commit(arrivals, at);
          if (dying) throw new Error('killed after the commit');
          return committed;
        },
      };
      const hq = line.hq({ ledger });
      await hq.start();
      const clock = new FakeClock();
      const till = line.till('1', hq, { clock });
      await allOn(hq, till);
      for (let n = 1; n <= 5; n++) till.outbox.append('sale.completed', saleBody(`S${n}`, 100));
      await until(async () => (await hq.ledger.events({})).length === 5, 'committed');
      assert.equal(till.outbox.acknowledged(), 0);
      dying = false;
      // Patience is at most 10 s × 1.25.
      await clock.advance(12_500);
      await until(() => till.outbox.acknowledged() === 5, 'acknowledged at the second time');
      assert.equal((await hq.ledger.events({})).length, 5);
      assert.equal((await hq.ledger.totals(day)).today.net, 500);
    }));

  test(`${kind}: sales made while HQ is away wait at the till and arrive when HQ is back`, () =>
    onLine(kind, async line => {
      const first = line.hq();
      await first.start();
      const till = line.till('1', first);
      await allOn(first, till);
      till.outbox.append('sale.completed', saleBody('A', 100));
      await until(() => till.outbox.acknowledged() === 1, 'A');
      await first.stop();
      for (const id of ['B', 'C']) till.outbox.append('sale.completed', saleBody(id, 100));
      const second = line.hq();
      await second.start();
      await until(() => till.outbox.acknowledged() === 3, 'B and C');
      assert.equal((await second.ledger.sales({})).sales.length, 3);
    }));

  test(`${kind}: an HQ restored from a backup asks for what it lost and gets it, without a new sale`, () =>
    onLine(kind, async line => {
      const database = join(line.dir, 'hq', 'hq.sqlite');
      const first = line.hq();
      await first.start();
      const till = line.till('1', first);
      await allOn(first, till);
      till.outbox.append('sale.completed', saleBody('A', 100));
      await until(() => till.outbox.acknowledged() === 1, 'A');
      await first.stop();
      copyFileSync(database, `${database}.backup`);
      const second = line.hq();
      await second.start();
      for (const id of ['B', 'C']) till.outbox.append('sale.completed', saleBody(id, 100));
      await until(() => till.outbox.acknowledged() === 3, 'B and C');
      await second.stop();
      rmSync(`${database}-wal`, { force: true });
      rmSync(`${database}-shm`, { force: true });
      copyFileSync(`${database}.backup`, database);
      const third = line.hq();
      await third.start();
      await until(async () => (await third.ledger.sales({})).sales.length === 3, 'B and C again');
      assert.equal((await third.ledger.tills(day))[0]?.chain, 'whole');
    }));

  test(`${kind}: a batch that names another till is put aside, unacknowledged, and that till's facts stay untouched`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      await until(() => hq.connected, 'HQ');
      const liar = await stranger(line, '1');
      const event = memoryOutbox({ tenant, store, till: '2' }).append('sale.completed', saleBody('F', 1));
      const payload = gzipSync(JSON.stringify({ till: '2', store, epoch: 1, boot: 1, events: [event] }));
      await liar.publishAsync(up('1'), payload, { qos: 1 });
      await until(async () => (await hq.ledger.quarantined(10)).length === 1, 'quarantine');
      assert.match((await hq.ledger.quarantined(10))[0]?.reason ?? '', /names till 0042\/2/);
      assert.deepEqual((await hq.ledger.sales({})).sales, []);
      assert.equal(await hq.ledger.standing({ store, till: '2' }, 1), null);
    }));

  test(`${kind}: a till cannot write to another till's topic, nor acknowledge, nor publish a bundle`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const till = line.till('2', hq);
      await allOn(hq, till);
      const event = memoryOutbox({ tenant, store, till: '2' }).append('sale.completed', saleBody('F', 1));
      const batch = gzipSync(JSON.stringify({ till: '2', store, epoch: 1, boot: 1, events: [event] }));
      const ack = encodeMessage({ epoch: 1, contiguous: 0, missing: [] });
      for (const [topic, payload] of [
        [up('2'), batch],
        [tillTopic({ tenant, store, till: '2' }, 'ack'), ack],
        [`tillside/1/${tenant}/ring/all/pointer`, encodeMessage({})],
        [
          `tillside/1/${tenant}/hq/state`,
          encodeMessage({ online: false, boot: 9e9, session: 1, at: '2026-11-21T10:15:00Z' }),
        ],
      ] as const) {
        const liar = await stranger(line, '1');
        // Aedes ends the connection, mosquitto drops the message and says nothing (3.1.1).
        await Promise.race([
          liar.publishAsync(topic, Buffer.from(payload), { qos: 1 }).catch(() => {}),
          new Promise<void>(resolve => liar.once('close', () => resolve())),
        ]);
        await liar.endAsync(true);
      }
      // Whatever came through would have come before this.
      till.outbox.append('sale.completed', saleBody('S', 100));
      await until(() => till.outbox.acknowledged() === 1, 'the till goes on');
      assert.deepEqual(
        (await hq.ledger.sales({})).sales.map(sale => sale.saleId),
        ['S'],
      );
      assert.equal((await hq.ledger.quarantined(10)).length, 0);
    }));

  test(`${kind}: rubbish and monsters on a till's topics are put aside; HQ and the other tills go on`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const till = line.till('2', hq);
      await allOn(hq, till);
      const monsters = await stranger(line, '1');
      const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
      for (const payload of [Buffer.from('rubbish'), Buffer.alloc(0), bomb, gzipSync('[]'), gzipSync('{"till":"1"}')])
        for (const channel of ['up', 'ask', 'state'] as const)
          await monsters.publishAsync(tillTopic({ tenant, store, till: '1' }, channel), payload, { qos: 1 });
      const large = monsters.publishAsync(up('1'), Buffer.alloc(8 * 1024 * 1024), { qos: 1 }).catch(() => {});
      await Promise.race([large, new Promise<void>(resolve => monsters.once('close', () => resolve()))]);
      till.outbox.append('sale.completed', saleBody('S', 100));
      await until(() => till.outbox.acknowledged() === 1, 'the other till goes on');
      await until(async () => (await hq.ledger.quarantined(10)).length === 5, 'five batches put aside');
      assert.deepEqual(
        (await hq.ledger.tills(day)).map(one => [one.till, one.quarantined]),
        [['2', 0]],
      );
    }));

  test(`${kind}: a Will that comes late does not leave a living till off line`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const till = line.till('1', hq);
      await allOn(hq, till);
      const online = async () => (await hq.ledger.tills(day))[0]?.online;
      await until(async () => (await online()) === true, 'online');
      const late = await stranger(line, '1');
      const will = { online: false, boot: 1, session: 1, epoch: 1, at: '2026-11-21T10:15:00Z' };
      const states: boolean[] = [];
      await late.subscribeAsync(tillTopic({ tenant, store, till: '1' }, 'state'), { qos: 1 });
      late.on('message', (_topic, payload) => states.push(JSON.parse(payload.toString()).online));
      await late.publishAsync(tillTopic({ tenant, store, till: '1' }, 'state'), Buffer.from(JSON.stringify(will)), {
        qos: 1,
        retain: true,
      });
      await until(() => states.includes(false) && states.at(-1) === true, 'the till corrects it');
      await until(async () => (await online()) === true, 'online again at HQ');
    }));
}

for (const kind of ['aedes', 'mosquitto'] satisfies BrokerKind[])
  test(`${kind}: what a till sent before HQ came on line is sent again at once, not after a time-out`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      // A clock that stands still: no time-out can help.
      const till = line.till('1', hq, { clock: new FakeClock() });
      till.edge.start();
      till.outbox.append('sale.completed', saleBody('A', 100));
      await until(() => till.edge.line().connected, 'the till');
      await hq.start();
      await until(() => till.outbox.acknowledged() === 1, 'A');
      assert.equal((await hq.ledger.sales({})).sales.length, 1);
    }));

test('a till with a new epoch is counted beside its old one, and its old acknowledgements do not fit', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const old = line.till('1', hq);
    await allOn(hq, old);
    for (const id of ['A', 'B']) old.outbox.append('sale.completed', saleBody(id, 100));
    await until(() => old.outbox.acknowledged() === 2, 'the old epoch');
    await old.edge.stop();
    const anew = line.till('1', hq, { outbox: memoryOutbox({ tenant, store, till: '1' }, 2) });
    anew.edge.start();
    anew.outbox.append('sale.completed', saleBody('C', 100));
    await until(() => anew.outbox.acknowledged() === 1, 'the new epoch');
    assert.deepEqual((await hq.ledger.sales({})).sales.map(({ saleId }) => saleId).sort(), ['A', 'B', 'C']);
    assert.equal((await hq.ledger.standing({ store, till: '1' }, 1))?.contiguous, 2);
    assert.equal((await hq.ledger.standing({ store, till: '1' }, 2))?.contiguous, 1);
  }));

test('a bundle with faults is refused whole at HQ and no till hears of it; the one before stays', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const till = line.till('1', hq);
    await allOn(hq, till);
    await hq.publishBundle(bundleFile(1));
    await until(() => till.bundles.activated.length === 1, 'version 1');
    const broken = JSON.parse(bundleFile(2).toString());
    broken.offers = [{ id: 'x', colour: 'red' }];
    await assert.rejects(hq.publishBundle(Buffer.from(JSON.stringify(broken))), {
      code: 'bundle-invalid',
    });
    await assert.rejects(hq.publishBundle(bundleFile(1, 1)), { code: 'conflict' });
    // The same file again is no fault.
    assert.equal((await hq.publishBundle(bundleFile(1))).version, 1);
    await hq.publishBundle(bundleFile(3));
    await until(() => till.bundles.activated.length === 2, 'version 3');
    assert.deepEqual(
      till.bundles.activated.map(({ pointer }) => pointer.version),
      [1, 3],
    );
  }));

test('a till that comes on line after the publishing gets the bundle, also from a broker that forgot it', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    await until(() => hq.connected, 'HQ');
    await hq.publishBundle(bundleFile(1));
    await line.broker.stop();
    await line.broker.start();
    const till = line.till('1', hq);
    till.edge.start();
    await until(() => till.bundles.activated.length === 1, 'version 1');
  }));

test('a till refuses a bundle, HQ shows it as refused with its reason', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const till = line.till('1', hq);
    till.bundles.refuseWith = {
      ok: false,
      code: 'bundle-unsupported',
      message: 'Uses a part that this version lacks.',
      faults: [],
    };
    await allOn(hq, till);
    await hq.publishBundle(bundleFile(1));
    const refused = async () => (await hq.ledger.tills(day))[0]?.bundleRefused;
    await until(async () => ((await refused()) ?? null) !== null, 'told HQ');
    assert.deepEqual(await refused(), {
      id: 'weekly',
      version: 1,
      code: 'bundle-unsupported',
      message: 'Uses a part that this version lacks.',
      faults: 0,
    });
  }));

test('tills of a store hear each other’s reservations and facts over the broker', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const [one, two] = [line.till('1', hq), line.till('2', hq)];
    const heard: string[] = [];
    two.edge.peers.onMessage(message => heard.push(message.kind === 'fact' ? message.event.type : message.kind));
    await allOn(hq, one, two);
    one.edge.peers.send({
      kind: 'coupon.reserved',
      serial: 'C1',
      till: '1',
      saleId: 'A',
      at: '2026-11-21T10:15:00+01:00',
    });
    one.outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'A' });
    await until(() => heard.length === 2, 'both');
    assert.deepEqual(heard, ['coupon.reserved', 'coupon.redeemed']);
  }));

test('a wrong secret is told as such and tried again, and nothing is lost by it', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    await hq.start();
    const till = line.till('1', hq, { broker: { url: line.broker.url, username: 'till-1', password: 'wrong' } });
    till.edge.start();
    till.outbox.append('sale.completed', saleBody('A', 100));
    await until(() => till.edge.line().problem !== null, 'the problem');
    assert.match(till.edge.line().problem ?? '', /Bad username or password/);
    assert.equal(till.edge.line().connected, false);
    await till.edge.stop();
    const right = line.till('1', hq, { outbox: till.outbox });
    right.edge.start();
    await until(() => till.outbox.acknowledged() === 1, 'with the right one');
  }));
