import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import test from 'node:test';
import { bundleOf, coffee, coffeeTenth, coreTill, discard, nextVisit, pointerTo } from './core-till.ts';

const bytesOf = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

test('a newer bundle decides the very next quote, open sales included', async () => {
  const till = await coreTill({ bundle: bundleOf([]) });
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  assert.equal(till.sales.getSale('S1', 'en').total.discount, 0);
  const result = await till.activate(bundleOf([coffeeTenth], { version: 2 }));
  assert.deepEqual(result, { ok: true, id: 'weekly', version: 2 });
  assert.equal(till.sales.getSale('S1', 'en').total.discount, 90);
  assert.deepEqual(
    till.events('bundle.activated').map(event => event.body.version),
    [1, 2],
  );
  await discard(till);
});

test('a broken bundle is refused whole with its faults, HQ is told, and the old one goes on', async () => {
  const till = await coreTill({ bundle: bundleOf([coffeeTenth]) });
  const broken = { ...bundleOf([coffeeTenth, { ...nextVisit, priority: 0 }], { version: 2 }), offerz: [] };
  const bytes = bytesOf(broken);
  const result = await till.bundles.activate(bytes, pointerTo(bytes, 'weekly', 2));
  assert(!result.ok);
  assert.equal(result.code, 'bundle-invalid');
  assert.deepEqual(result.faults.map(fault => fault.pointer).sort(), ['/offerz', '/offers/1/priority'].sort());
  assert.equal(till.bundles.current()?.version, 1);
  assert.equal(till.bundles.refused()?.version, 2);
  assert.equal(till.events('bundle.rejected')[0]?.body.code, 'bundle-invalid');
  till.sales.putSale('S1', { startedAt: till.now(), lines: [coffee] }, 'en');
  assert.equal(till.sales.getSale('S1', 'en').total.discount, 90);
  // Known over a restart, until a good one comes.
  await till.close();
  const again = await coreTill({ dir: till.dir, clock: till.clock });
  assert.equal(again.bundles.refused()?.version, 2);
  await again.activate(bundleOf([], { version: 3 }));
  assert.equal(again.bundles.refused(), null);
  await discard(again);
});

test('there is no way back: an older version, other bytes or another id are not taken', async () => {
  const till = await coreTill({ bundle: bundleOf([coffeeTenth], { version: 7 }) });
  const old = await till.activate(bundleOf([], { version: 6 }));
  const same = await till.activate(bundleOf([], { version: 7 }));
  const bytes = bytesOf(bundleOf([], { version: 8 }));
  const other = await till.bundles.activate(bytesOf(bundleOf([], { version: 9 })), pointerTo(bytes, 'weekly', 8));
  const named = await till.bundles.activate(bytes, pointerTo(bytes, 'weekly', 9));
  for (const result of [old, same, other, named]) assert.equal(!result.ok && result.code, 'bundle-untrusted');
  assert.equal(till.bundles.current()?.version, 7);
  assert.deepEqual(await till.activate(bundleOf([coffeeTenth], { version: 7 })), {
    ok: true,
    id: 'weekly',
    version: 7,
  });
  assert.equal(till.events('bundle.activated').length, 1, 'the one that is active already is no news');
  await discard(till);
});

test('a till that starts without network decides at once from the bundle that it has', async () => {
  const before = await coreTill();
  await before.close();
  const after = await coreTill({ dir: before.dir, clock: before.clock, bundle: null });
  assert.deepEqual(after.bundles.current()?.version, 1);
  assert.equal((await after.sell('S1', [coffee], '2501000000017')).length, 1);
  await discard(after);
});

test('the till itself may go back to the bundle before, and says so', async () => {
  const till = await coreTill({ bundle: bundleOf([coffeeTenth]) });
  assert.equal(till.bundles.revert().ok, false);
  await till.activate(bundleOf([], { version: 2 }));
  assert.deepEqual(till.bundles.revert(), { ok: true, id: 'weekly', version: 1 });
  assert.equal(till.bundles.highest('weekly'), 2);
  assert.equal(till.events('bundle.activated').at(-1)?.body.version, 1);
  await till.close();
  const again = await coreTill({ dir: till.dir, clock: till.clock });
  assert.equal(again.bundles.current()?.version, 1);
  await again.close();
  rmSync(till.dir, { recursive: true });
});

test('an expired bundle prints no coupon; discounts go on', async () => {
  const till = await coreTill({
    bundle: bundleOf([coffeeTenth, nextVisit], { notAfter: '2026-11-20T00:00:00+01:00' }),
  });
  assert.deepEqual(await till.sell('S1', [coffee], '2501000000017'), []);
  assert.equal(till.sales.getSale('S1', 'en').total.discount, 90);
  await discard(till);
});

test('a sale that the POS forgot neither catches scans for ever nor keeps a coupon', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], '2501000000017');
  await till.sales.scan('S2', { code: '2501000000017' }, 'en');
  await till.sales.scan('S2', { code: till.token(serial) }, 'en');
  await till.clock.advance(31 * 60_000);
  const scan = { text: '2501000000024', aim: null, symbology: null, source: 'test:' };
  const outcome = await till.sales.deviceScan(scan);
  assert.equal(outcome.kind === 'member' && outcome.sale, null, 'it waits for the next sale');
  assert.equal(till.sales.coupon(serial).state, 'reserved');
  await till.clock.advance(25 * 3_600_000);
  till.store.prune();
  assert.equal(till.sales.coupon(serial).state, 'issued');
  await discard(till);
});
