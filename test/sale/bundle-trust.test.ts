import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { Bundle } from '../../agent/offers/types.ts';
import { createActiveBundle } from '../../agent/sale/index.ts';
import { openStore } from '../../agent/store/index.ts';
import { openTrust } from '../../sync/edge/trust.ts';
import { silentLog } from '../../sync/link/link.ts';
import { certify, revoke } from '../../sync/protocol/keyring.ts';
import { makeSigningKey, publicPemOf, readSigningKey } from '../../sync/protocol/signing.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  bundleOf,
  coffee,
  coffeeTenth,
  coreTill,
  discard,
  nextVisit,
  pointerTo,
  temporaryFolder,
} from './core-till.ts';

const bytesOf = (document: unknown) => new TextEncoder().encode(JSON.stringify(document));

const goldenSale = {
  saleId: 'G1',
  storeId: '0042',
  at: '2026-11-21T10:15:00+01:00',
  lines: [{ lineId: '1', quantity: '2', amount: 900, category: 'food/coffee' }],
};

test('a golden basket that is decided as expected lets the bundle in; another one keeps it out, and HQ is told where', async () => {
  const till = await coreTill({ bundle: bundleOf([coffeeTenth]) });
  const golden = (net: number): Partial<Bundle> => ({
    golden: [{ name: 'coffee', sale: goldenSale, expect: { total: { net }, applied: [{ offer: 'coffee-10' }] } }],
  });
  // 10 % of 9.00 is 0.90.
  assert.equal((await till.activate(bundleOf([coffeeTenth], { version: 2, ...golden(810) }))).ok, true);
  const refused = await till.activate(bundleOf([coffeeTenth], { version: 3, ...golden(800) }));
  assert.ok(!refused.ok);
  assert.equal(refused.code, 'bundle-golden');
  assert.deepEqual(refused.faults, [{ pointer: '/golden/0/expect/total/net', message: '"coffee" decides 810' }]);
  assert.equal(till.bundles.current()?.version, 2);
  assert.equal(till.events('bundle.rejected').at(-1)?.body.code, 'bundle-golden');
  const noSale = { golden: [{ name: 'x', sale: { saleId: 'G' }, expect: {} }] };
  const unreadable = await till.activate(bundleOf([], { version: 4, ...noSale }));
  assert.ok(!unreadable.ok && unreadable.faults.some(fault => fault.pointer === '/golden/0/sale/lines'));
  await discard(till);
});

/** A till's process over its folder: `end` is orderly, `crash` leaves everything as it is. */
function process(dir: string, clock: FakeClock) {
  const store = openStore({
    path: join(dir, 'till.sqlite'),
    address: { tenant: 'demo', store: '0042', till: '1' },
    clock,
    timeZone: 'Europe/Zurich',
  });
  const bundles = createActiveBundle({ store, clock });
  const activate = (bundle: Bundle) => {
    const bytes = bytesOf(bundle);
    return bundles.activate(bytes, pointerTo(bytes, bundle.id, bundle.version));
  };
  return {
    store,
    bundles,
    activate,
    events: () => store.outbox.read(0, 1000).filter(event => event.type.startsWith('bundle.')),
    crash: () => store.close(),
    end() {
      bundles.close();
      store.close();
    },
  };
}

test('three crashes in ten minutes after activating: back to the bundle before, told to HQ, and never again by itself', async () => {
  const [dir, clock] = [temporaryFolder(), new FakeClock()];
  let till = process(dir, clock);
  const bad = bundleOf([], { version: 2 });
  await till.activate(bundleOf([coffeeTenth]));
  await till.activate(bad);
  for (let crash = 1; crash <= 3; crash++) {
    assert.equal(till.bundles.current()?.version, 2, `before crash ${crash}`);
    till.crash();
    await clock.advance(3 * 60_000);
    till = process(dir, clock);
  }
  assert.equal(till.bundles.current()?.version, 1);
  assert.deepEqual(
    till.events().map(event => [event.type, event.body.version, event.body.code ?? event.body.reverted ?? null]),
    [
      ['bundle.activated', 1, null],
      ['bundle.activated', 2, null],
      ['bundle.rejected', 2, 'bundle-reverted'],
      ['bundle.activated', 1, true],
    ],
  );
  assert.deepEqual([till.bundles.refusal?.()?.code, till.bundles.refusal?.()?.version], ['bundle-reverted', 2]);
  assert.equal(till.bundles.highest('weekly'), 2);
  assert.equal((await till.activate(bad)).ok, false);
  till.end();
  till = process(dir, clock);
  assert.equal(till.bundles.current()?.version, 1);
  assert.deepEqual(await till.activate(bundleOf([], { version: 3 })), { ok: true, id: 'weekly', version: 3 });
  till.end();
  rmSync(dir, { recursive: true });
});

test('orderly restarts, crashes later than ten minutes, and crashes of a till with one bundle take nothing back', async () => {
  const [dir, clock] = [temporaryFolder(), new FakeClock()];
  let till = process(dir, clock);
  await till.activate(bundleOf([coffeeTenth]));
  for (let crash = 0; crash < 4; crash++) {
    till.crash();
    till = process(dir, clock);
  }
  assert.equal(till.bundles.current()?.version, 1);
  await till.activate(bundleOf([], { version: 2 }));
  for (let restart = 0; restart < 4; restart++) {
    till.end();
    till = process(dir, clock);
  }
  for (let crash = 0; crash < 2; crash++) {
    till.crash();
    till = process(dir, clock);
  }
  await clock.advance(11 * 60_000);
  for (let crash = 0; crash < 3; crash++) {
    till.crash();
    till = process(dir, clock);
  }
  assert.equal(till.bundles.current()?.version, 2);
  till.end();
  rmSync(dir, { recursive: true });
});

test('a file that ends the process while it is made ready is tried three times, then refused', async () => {
  const [dir, clock] = [temporaryFolder(), new FakeClock()];
  let till = process(dir, clock);
  const bytes = bytesOf(bundleOf([]));
  const { sha256 } = pointerTo(bytes);
  till.store.settings.set('bundle.trying', JSON.stringify({ sha256, times: 3 }));
  till.crash();
  till = process(dir, clock);
  const result = await till.activate(bundleOf([]));
  assert.match(result.ok ? '' : result.message, /three times/);
  assert.equal((await till.activate(bundleOf([], { version: 2 }))).ok, true);
  till.end();
  rmSync(dir, { recursive: true });
});

test('a till that is shut down while it makes a file ready, however often, holds that against no file', async () => {
  const [dir, clock] = [temporaryFolder(), new FakeClock()];
  const bytes = bytesOf(bundleOf([]));
  const { sha256 } = pointerTo(bytes);
  let till = process(dir, clock);
  till.store.settings.set('bundle.trying', JSON.stringify({ sha256, times: 3 }));
  till.end();
  till = process(dir, clock);
  assert.equal((await till.activate(bundleOf([]))).ok, true);
  till.end();
  rmSync(dir, { recursive: true });
});

test('a bundle whose pointer ended or whose key was revoked prints no coupon, and says so; redeeming and discounts go on', async () => {
  const root = readSigningKey(makeSigningKey().privatePem);
  const signing = readSigningKey(makeSigningKey().privatePem);
  assert.ok(root.ok && signing.ok);
  const clock = new FakeClock();
  const trust = openTrust({ roots: publicPemOf(root.value), file: null, clock, log: silentLog });
  const certificate = certify(
    root.value,
    createPublicKey(signing.value.privateKey),
    '2026-01-01T00:00:00Z',
    '2027-01-01T00:00:00Z',
  );
  trust.take({ certificates: [certificate], revocations: [] });
  const till = await coreTill({ clock, bundle: null, trust });
  const bytes = bytesOf(bundleOf([nextVisit, coffeeTenth]));
  const pointer = { ...pointerTo(bytes), keyId: signing.value.keyId, notAfter: '2026-11-21T12:00:00+01:00' };
  await till.bundles.activate(bytes, pointer);
  let changes = 0;
  till.bundles.onChange(() => {
    changes += 1;
  });
  const [serial = ''] = await till.sell('S1', [coffee], '2501000000017');
  assert.notEqual(serial, '');
  assert.equal(till.bundles.current()?.ended, null);
  // 10:15 to 12:00 and a moment.
  await clock.advance(105 * 60_000 + 1000);
  assert.deepEqual([till.bundles.current()?.ended, changes], ['expired', 1]);
  assert.deepEqual(await till.sell('S2', [coffee], '2501000000017'), []);
  assert.equal(till.sales.getSale('S2', 'en').total.discount, 90);
  till.sales.putSale('S3', { startedAt: till.now(), lines: [coffee] }, 'en');
  const scan = await till.sales.scan('S3', { code: till.token(serial) }, 'en');
  assert.equal(scan.kind, 'coupon');
  // Signed anew for longer: nothing is fetched, coupons are printed again.
  assert.equal(till.bundles.renew?.(pointer), false);
  assert.equal(till.bundles.renew?.({ ...pointer, notAfter: '2026-12-01T00:00:00Z' }), true);
  assert.equal((await till.sell('S4', [coffee], '2501000000017')).length, 1);
  trust.take({
    certificates: [],
    revocations: [revoke(root.value, null, [signing.value.keyId], '2026-11-21T12:00:00Z')],
  });
  assert.equal(till.bundles.current()?.ended, 'revoked');
  assert.deepEqual(await till.sell('S5', [coffee], '2501000000017'), []);
  // Another key of HQ vouches for the same file.
  assert.equal(till.bundles.renew?.({ ...pointer, keyId: root.value.keyId, notAfter: '2026-12-01T00:00:00Z' }), true);
  assert.equal(till.bundles.current()?.ended, null);
  assert.equal((await till.sell('S6', [coffee], '2501000000017')).length, 1);
  await discard(till);
});
