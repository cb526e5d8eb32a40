import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../clock.ts';
import { createEdge } from '../../../sync/edge/edge.ts';
import { type BrokerAccount, startBroker } from '../../../sync/hq/embedded-broker.ts';
import { createHq } from '../../../sync/hq/hq.ts';
import { isStoreOf } from '../../../sync/hq/machines.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { noPostgres, startPostgres } from '../../support/postgres.ts';
import { memoryBundles, memoryOutbox, saleBody, until } from '../support/till-end.ts';
import { emptyPlace, openPostgres, usePostgres } from './ledgers.ts';

usePostgres();
const tenant = 'demo';
const quick = { firstMs: 5, maxMs: 50 };

test('every store has exactly one HQ of those that share them, and each has about as many', () => {
  const stores = Array.from({ length: 3000 }, (_, index) => String(index).padStart(4, '0'));
  for (const count of [2, 3, 5]) {
    const own = Array.from({ length: count }, () => 0);
    for (const store of stores) {
      const takers = own.flatMap((_, index) => (isStoreOf({ count, number: index + 1 }, store) ? [index] : []));
      assert.equal(takers.length, 1);
      const [taker = 0] = takers;
      own[taker] = (own[taker] ?? 0) + 1;
    }
    for (const stores of own) assert.ok(Math.abs(stores - 3000 / count) < 300 / count, String(own));
  }
});

test('two HQs on one line and one PostgreSQL: each takes its stores, one that ends does not put the other’s tills to rest', {
  skip: noPostgres,
}, async () => {
  const stores = ['0001', '0002', '0003', '0004', '0005', '0006'];
  const accounts: BrokerAccount[] = [
    { role: 'hq', tenant, username: 'hq', password: 'hq-secret' },
    ...stores.map(store => ({
      role: 'till' as const,
      tenant,
      store,
      till: '1',
      username: `till-${store}`,
      password: 'x',
    })),
  ];
  const dir = mkdtempSync(join(tmpdir(), 'tillside-machines-'));
  const broker = await startBroker({ port: 0, accounts });
  const url = await emptyPlace();
  const hqs = [1, 2].map(number =>
    createHq({
      config: {
        tenant,
        dataDir: join(dir, 'hq'),
        api: { port: 0 },
        broker: { url: broker.url, username: 'hq', password: 'hq-secret' },
        machines: { count: 2, number },
      },
      clock: systemClock,
      log: silentLog,
      backoff: quick,
      ledger: openPostgres(url),
    }),
  );
  const [one, two] = hqs;
  assert.ok(one !== undefined && two !== undefined);
  const tills = stores.map(store => {
    const outbox = memoryOutbox({ tenant, store, till: '1' });
    const edge = createEdge({
      outbox,
      bundles: memoryBundles(),
      broker: { url: broker.url, username: `till-${store}`, password: 'x' },
      trust: one.publicKey,
      clock: systemClock,
      random: Math.random,
      log: silentLog,
      backoff: quick,
      stateOf: () => ({ agent: '0.1.0' }),
    });
    return { store, outbox, edge };
  });
  try {
    for (const hq of hqs) await hq.start();
    for (const { edge, outbox } of tills) {
      outbox.append('sale.completed', saleBody('S1', 1000));
      edge.start();
    }
    await until(() => tills.every(({ outbox }) => outbox.acknowledged() === 1), 'all sales are acknowledged');
    const seen = await one.ledger.tills('2026-11-21');
    assert.deepEqual(
      seen.map(({ store, contiguous }) => [store, contiguous]),
      stores.map(store => [store, 1]),
    );
    // The other one ends: its Will says that HQ is away, and the first says that it is not.
    await two.stop();
    const ofOne = tills.filter(({ store }) => isStoreOf({ count: 2, number: 1 }, store));
    assert.ok(ofOne.length > 0 && ofOne.length < tills.length);
    for (const { outbox } of ofOne) outbox.append('sale.completed', saleBody('S2', 1000));
    await until(() => ofOne.every(({ outbox }) => outbox.acknowledged() === 2), 'the first goes on');
    for (const { outbox, store } of tills)
      if (!isStoreOf({ count: 2, number: 1 }, store)) assert.equal(outbox.acknowledged(), 1);
  } finally {
    for (const { edge } of tills) await edge.stop();
    await one.stop();
    if (two.connected) await two.stop();
    await broker.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('HQ that starts before its PostgreSQL waits for it', { skip: noPostgres }, async () => {
  const server = await startPostgres();
  const dir = mkdtempSync(join(tmpdir(), 'tillside-early-'));
  const broker = await startBroker({ port: 0, accounts: [] });
  await server.database('hq');
  const url = server.url('hq');
  await server.kill();
  let waits = 0;
  const log = {
    ...silentLog,
    warn: (_fields: object, message: string) => {
      if (message.includes('waits for its database')) waits += 1;
    },
  };
  const hq = createHq({
    config: { tenant, dataDir: join(dir, 'hq'), api: { port: 0 }, broker: { url: broker.url } },
    clock: systemClock,
    log,
    ledger: openPostgres(url),
  });
  try {
    const started = hq.start();
    await until(() => waits > 0, 'HQ waits');
    const ready = await fetch(`${hq.url}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(((await ready.json()) as { problem: string }).problem, /PostgreSQL can't be used/);
    await server.start();
    await started;
    assert.match(hq.url, /:\d+$/);
  } finally {
    await hq.stop();
    await broker.stop();
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
