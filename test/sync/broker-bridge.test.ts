/** A store with a broker of its own, bridged to that of the chain: real mosquitto on both ends, the line between them cut. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { openPrograms } from '../support/programs.ts';
import { onSecureLine, tenant } from './support/secure-line.ts';
import { bundleFile, saleBody, until } from './support/till-end.ts';

test('a store goes on by itself while the line to the chain’s broker is cut; then HQ has every sale once', () =>
  onSecureLine(async line => {
    const [first, second] = [await line.enrol('0042-1'), await line.enrol('0042-2')];
    const store = await line.storeBroker('0042');
    await store.start();
    // Clocks that stand still until they are moved: no time-out helps unless it is played.
    const clocks = [new FakeClock(Date.now() + 1000), new FakeClock(Date.now() + 1000)] as const;
    const one = line.till('0042-1', first, { at: store, clock: clocks[0] });
    const two = line.till('0042-2', second, { at: store, clock: clocks[1] });
    const heard: string[] = [];
    two.edge.peers.onMessage(message => heard.push(message.kind === 'fact' ? message.event.type : message.kind));
    one.outbox.append('sale.completed', saleBody('A', 100));
    await until(() => one.outbox.acknowledged() === 1, 'a sale through the bridge');
    await line.hq.publishBundle(bundleFile(1));
    await until(async () => {
      // The tills of a store wait a moment for each other's blocks.
      for (const clock of clocks) await clock.advance(100);
      return [one, two].every(till => till.bundles.activated.length === 1);
    }, 'the bundle');

    await line.broker.stop('SIGKILL');
    await until(() => !line.hq.connected, 'the cut');
    for (const [index, till] of [one, two].entries())
      for (let n = 1; n <= 20; n++) till.outbox.append('sale.completed', saleBody(`cut-${index}-${n}`, 100));
    one.outbox.append('coupon.redeemed', { serial: 'C1', offer: 'o', saleId: 'cut-0-1' });
    await until(() => heard.includes('coupon.redeemed'), 'the store’s tills hear each other');
    assert(one.edge.line().connected && two.edge.line().connected);
    // Their patience is over once: from now on they only probe.
    for (const clock of clocks) await clock.advance(13_000);
    assert.equal(one.outbox.acknowledged(), 1);

    await line.broker.start();
    // HQ's word comes through the bridge again and wakes them, though their clocks stand still.
    await until(() => one.outbox.acknowledged() === 22 && two.outbox.acknowledged() === 20, 'all at HQ');
    const { sales } = await line.hq.ledger.sales({ limit: 100 });
    assert.equal(sales.length, 41);
    assert.equal(new Set(sales.map(sale => `${sale.till}/${sale.saleId}`)).size, 41);
    assert.equal((await line.hq.ledger.quarantined(10)).length, 0);
    assert.deepEqual((await line.enrolment()).refused, []);
  }));

test('what a store’s broker had on its bridge when it was killed is sent again by the tills: every sale is at HQ once', () =>
  onSecureLine(async line => {
    const identities = [await line.enrol('0042-1'), await line.enrol('0042-2')];
    const store = await line.storeBroker('0042');
    await store.start();
    const tills = identities.map((identity, n) => line.till(`0042-${n + 1}`, identity, { at: store }));
    const acknowledged = (count: number) => tills.every(({ outbox }) => outbox.acknowledged() === count);
    for (let round = 1; round <= 3; round++) {
      const before = (round - 1) * 20;
      for (const [n, { outbox }] of tills.entries())
        for (let sale = before + 1; sale <= before + 20; sale++)
          outbox.append('sale.completed', saleBody(`${n}-${sale}`, 100));
      // Whatever of it is under way is gone with the broker: it keeps nothing.
      await until(
        async () => (await line.hq.ledger.sales({ limit: 200 })).sales.length > 2 * before,
        'the first of it',
      );
      await store.stop('SIGKILL');
      await store.start();
      await until(() => acknowledged(before + 20), 'all of it');
    }
    const { sales } = await line.hq.ledger.sales({ limit: 200 });
    assert.equal(sales.length, 120);
    assert.equal(new Set(sales.map(sale => `${sale.till}/${sale.saleId}`)).size, 120);
    assert.equal((await line.hq.ledger.quarantined(10)).length, 0);
  }));

test('a till that is revoked is out of its store’s broker too, when that has fetched the list', () =>
  onSecureLine(async line => {
    const [lost, good] = [await line.enrol('0042-1'), await line.enrol('0042-2')];
    const store = await line.storeBroker('0042');
    await store.start();
    const till = line.till('0042-2', good, { at: store });
    await until(() => till.edge.line().connected, 'the good till');
    const open = await line.stranger(lost, { at: store });
    const programs = openPrograms();
    // What the shipped timer runs; that it was run is all this test's own program does.
    const fetched = async () => {
      const { code, out, err } = await programs.start(join(store.folder, 'fetch-revoked'), ['/bin/echo', 'again'])
        .ended;
      assert.equal(code, 0, err);
      return out;
    };
    assert.equal(await fetched(), '');
    await line.ask('POST', '/v1/enrolment/revoke', { name: '0042-1', reason: 'stolen' });
    assert.equal(await fetched(), 'again\n');
    const ended = new Promise<void>(resolve => open.once('close', () => resolve()));
    await store.stop('SIGTERM');
    await ended;
    await store.start();
    await assert.rejects(line.stranger(lost, { at: store }), /revoked/);
    till.outbox.append('sale.completed', saleBody('S', 100));
    await until(() => till.outbox.acknowledged() === 1, 'the good till goes on');
  }));

test('a store’s broker carries its own store only, and only its tills may use it', () =>
  onSecureLine(async line => {
    const [own, other] = [await line.enrol('0042-1'), await line.enrol('0043-1', '0043')];
    const store = await line.storeBroker('0042');
    await store.start();
    const bridge = {
      ca: own.ca,
      cert: readFileSync(join(store.folder, 'broker.pem'), 'utf8'),
      key: readFileSync(join(store.folder, 'broker.key'), 'utf8'),
    };
    const seen: string[] = [];
    const honest = await line.stranger(own, { at: store });
    honest.on('message', topic => seen.push(topic));
    await honest.subscribeAsync(`tillside/1/${tenant}/#`, { qos: 1 });
    // A till of another store, whose certificate is good, may say nothing here that this store's tills hear.
    const foreign = await line.stranger(other, { at: store });
    await foreign.publishAsync(`tillside/1/${tenant}/s/0042/peer`, 'lies', { qos: 1 });
    await foreign.publishAsync(tillTopic({ tenant, store: '0042', till: '0042-1' }, 'state'), 'lies', { qos: 1 });
    // Whoever has the bridge's key speaks for that store's tills and for no other.
    const thief = await line.stranger(bridge);
    await thief.publishAsync(tillTopic({ tenant, store: '0043', till: '0043-1' }, 'state'), 'not json', { qos: 1 });
    await thief.publishAsync(`tillside/1/${tenant}/hq/state`, 'lies', { qos: 1, retain: true });
    await thief.publishAsync(tillTopic({ tenant, store: '0042', till: '0042-1' }, 'state'), 'not json', { qos: 1 });
    await until(async () => (await line.enrolment()).refused.length > 0, 'what it may say arrives');
    assert.deepEqual(
      (await line.enrolment()).refused.map(({ store, till, reason }) => [store, till, reason]),
      [['0042', '0042-1', 'unreadable']],
    );
    await honest.publishAsync(`tillside/1/${tenant}/s/0042/peer`, 'own', { qos: 1 });
    await until(() => seen.some(topic => topic.endsWith('/peer')), 'its own word');
    assert.deepEqual(
      seen.filter(topic => !topic.endsWith('/hq/state')),
      [`tillside/1/${tenant}/s/0042/peer`],
    );
  }));
