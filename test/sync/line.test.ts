import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLine, store } from './support/line.ts';
import { bundleFile, saleBody, until } from './support/till-end.ts';

test('ten sales made while the broker is down all arrive once when it is back', async () => {
  const line = await openLine();
  try {
    const hq = line.hq();
    await hq.start();
    const till = line.till('1', hq);
    till.edge.start();
    await until(() => till.edge.line().connected && hq.connected, 'both on the line');
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
  } finally {
    await line.close();
  }
});

test('a published bundle is activated at two tills of the store', async () => {
  const line = await openLine();
  try {
    const hq = line.hq();
    await hq.start();
    const tills = ['1', '2'].map(id => line.till(id, hq));
    for (const till of tills) till.edge.start();
    await until(() => hq.connected && tills.every(till => till.edge.line().connected), 'all on the line');
    // About 300 KB: three blocks.
    const file = bundleFile(1, 5000);
    const before = performance.now();
    await hq.publishBundle(file);
    await until(() => tills.every(till => till.bundles.activated.length === 1), 'activation');
    assert.ok(performance.now() - before < 5000);
    for (const till of tills) assert.deepEqual(Buffer.from(till.bundles.activated[0]?.bytes ?? []), file);
    await until(async () => (await hq.ledger.tills('2026-11-21')).every(till => till.bundle?.version === 1), 'told HQ');
    assert.deepEqual(
      (await hq.ledger.tills('2026-11-21')).map(till => [till.store, till.till, till.online]),
      [
        [store, '1', true],
        [store, '2', true],
      ],
    );
  } finally {
    await line.close();
  }
});
