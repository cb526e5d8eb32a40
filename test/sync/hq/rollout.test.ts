import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTillsideError } from '../../../errors.ts';
import type { Ledger } from '../../../sync/hq/ledger.ts';
import { createPublisher } from '../../../sync/hq/publisher.ts';
import { ringOf, usualStages } from '../../../sync/hq/rings.ts';
import { createRollouts } from '../../../sync/hq/rollout.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { decodePointer, isPointerSigned, storeRing } from '../../../sync/protocol/pointer.ts';
import { makeSigningKey, readSigningKey, readTrustedKeys } from '../../../sync/protocol/signing.ts';
import type { BundlePointer } from '../../../sync/protocol/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { bundleFile } from '../support/till-end.ts';
import { onBoth, usePostgres } from './ledgers.ts';

usePostgres();
const made = makeSigningKey();
const read = readSigningKey(made.privatePem);
const trust = readTrustedKeys([made.publicPem]);
assert.ok(read.ok && trust.ok);
const [key, trusted] = [read.value, trust.value];
const tenant = 'demo';
const stores = Array.from({ length: 200 }, (_, index) => `s${index}`);

/** An HQ without broker over a ledger: what it points to, by topic. */
function hqOn(ledger: Ledger, clock: FakeClock) {
  const retained = new Map<string, BundlePointer>();
  const publisher = createPublisher({
    tenant,
    ledger,
    clock,
    key,
    send(topic, payload, retain) {
      if (!retain) return;
      const pointer = decodePointer(payload);
      if (pointer.ok) {
        assert.ok(isPointerSigned(pointer.value, trusted));
        retained.set(pointer.value.ring, pointer.value);
      } else {
        assert.equal(payload.byteLength, 0);
        retained.delete(storeRing(topic.split('/')[4] ?? ''));
      }
    },
  });
  const rollouts = createRollouts({ tenant, ledger, clock, log: silentLog, publisher, onChange() {} });
  return { publisher, rollouts, retained };
}

/** The tills of these stores say what they have. */
async function say(
  ledger: Ledger,
  clock: FakeClock,
  names: readonly string[],
  version: number,
  refused: string | null = null,
) {
  const at = new Date(clock.now()).toISOString();
  await ledger.saveStates(
    names.map(store => ({
      store,
      till: '1',
      state: {
        ...{ online: true, boot: 1, session: 1, epoch: 1, at },
        bundle: { id: 'weekly', version },
        bundleRefused:
          refused === null ? null : { id: 'weekly', version: version + 1, code: refused, message: 'why', faults: 0 },
      },
    })),
    at,
  );
}

onBoth('a rollout opens ring after ring as tills take it up, and ends at all', async ledgerWith =>
  ledgerWith(async ledger => {
    const clock = new FakeClock();
    const { publisher, rollouts, retained } = hqOn(ledger, clock);
    await publisher.publish(bundleFile(1, 400));
    await assert.rejects(rollouts.begin(bundleFile(2, 400)), error => isTillsideError(error, 'not-found'));
    await say(ledger, clock, stores, 1);
    const begun = await rollouts.begin(bundleFile(2, 400), { soakMs: 60_000 });
    const plan = { tenant, firstStore: begun.firstStore, stages: usualStages };
    const pointed = () => [...retained.values()].filter(({ version }) => version === 2).map(({ ring }) => ring);
    assert.deepEqual(pointed(), [storeRing(begun.firstStore)]);
    // What changed in the file travels as a patch of a few bytes.
    const patch = retained.get(storeRing(begun.firstStore));
    assert.ok(patch?.delta !== undefined && patch.delta.size < 300);
    assert.notEqual(await ledger.patch(patch.delta.sha256), null);
    for (const [ring] of usualStages.entries()) {
      const members = stores.filter(store => ringOf(plan, store) <= ring);
      assert.deepEqual(pointed().sort(), members.map(storeRing).sort(), `ring ${ring + 1}`);
      for (const store of stores.slice(0, 20))
        assert.equal((await rollouts.pointersFor(store)).length, members.includes(store) ? 1 : 0);
      await clock.advance(60_000);
      await rollouts.step();
      assert.equal(pointed().length, members.length, 'nobody has it yet, so nothing opens');
      // Of the ring's own stores 19 of 20 have it: 95 %.
      const own = members.filter(store => ringOf(plan, store) === ring);
      await say(ledger, clock, own.slice(0, Math.ceil(own.length * 0.95)), 2);
      await rollouts.step();
    }
    const [view] = (await rollouts.view()).rollouts;
    assert.equal(view?.state, 'done');
    assert.deepEqual(
      view.rings.map(one => one.state),
      ['passed', 'passed', 'passed', 'passed', 'passed'],
    );
    // The ring's pointer stands for those of the stores.
    assert.deepEqual(pointed(), ['all']);
    assert.deepEqual(await rollouts.pointersFor(stores[0] ?? ''), []);
  }),
);

onBoth('a rollout stops by itself when tills fail, points nobody else to it, and says who and why', async ledgerWith =>
  ledgerWith(async ledger => {
    const clock = new FakeClock();
    const { publisher, rollouts, retained } = hqOn(ledger, clock);
    await publisher.publish(bundleFile(1));
    await say(ledger, clock, stores, 1);
    const { firstStore, number } = await rollouts.begin(bundleFile(2), { soakMs: 0, first: stores[7] });
    assert.equal(firstStore, stores[7]);
    await say(ledger, clock, [firstStore], 1, 'bundle-untrusted');
    await rollouts.step();
    assert.equal((await rollouts.view()).rollouts[0]?.state, 'running', 'what a forger can make up stops nothing');
    await say(ledger, clock, [firstStore], 1, 'bundle-golden');
    await rollouts.step();
    const [stopped] = (await rollouts.view()).rollouts;
    assert.equal(stopped?.state, 'stopped');
    assert.match(stopped.reason ?? '', /1 of 1 tills of ring 1/);
    assert.deepEqual(stopped.refused, [{ store: firstStore, till: '1', code: 'bundle-golden', message: 'why' }]);
    assert.deepEqual([...retained.keys()], ['all']);
    assert.equal(retained.get('all')?.version, 1);
    assert.match(await rollouts.metrics(), /tillside_hq_rollout_stopped 1/);
    // As long as they fail, going on by hand stops at the next look.
    assert.equal((await rollouts.resume(number)).state, 'running');
    await rollouts.step();
    assert.equal((await rollouts.view()).rollouts[0]?.state, 'stopped');
    // Put right by a new version, whose rollout leaves nothing of the old one.
    await rollouts.begin(bundleFile(3), { soakMs: 0 });
    assert.deepEqual(
      (await rollouts.view()).rollouts.map(({ version, state }) => [version, state]),
      [
        [3, 'running'],
        [2, 'superseded'],
      ],
    );
  }),
);

onBoth('an HQ that starts anew goes on with the rollout, and two of them do each step once', async ledgerWith =>
  ledgerWith(async ledger => {
    const clock = new FakeClock();
    const first = hqOn(ledger, clock);
    await first.publisher.publish(bundleFile(1));
    await say(ledger, clock, stores, 1);
    const begun = await first.rollouts.begin(bundleFile(2), { soakMs: 0 });
    await say(ledger, clock, [begun.firstStore], 2);
    let moves = 0;
    const counted: Ledger = {
      ...ledger,
      async moveRollout(before, after) {
        const moved = await ledger.moveRollout(before, after);
        if (moved) moves += 1;
        return moved;
      },
    };
    const [second, third] = [hqOn(counted, clock), hqOn(counted, clock)];
    await Promise.all([second.rollouts.step(), third.rollouts.step()]);
    const [view] = (await second.rollouts.view()).rollouts;
    const open = view?.rings.findIndex(({ state }) => state === 'open') ?? -1;
    assert.ok(open >= 1);
    assert.equal(moves, open, 'each ring was opened by one of them');
    // The broker has forgotten everything: the pointers of the open rings go out again.
    const fourth = hqOn(ledger, clock);
    await fourth.publisher.announce();
    await fourth.rollouts.announce();
    const plan = { tenant, firstStore: begun.firstStore, stages: usualStages };
    const members = stores.filter(store => ringOf(plan, store) <= open).map(storeRing);
    assert.deepEqual([...fourth.retained.keys()].sort(), ['all', ...members].sort());
    const both = await Promise.allSettled([second.rollouts.begin(bundleFile(3)), third.rollouts.begin(bundleFile(3))]);
    assert.ok(both.every(one => one.status === 'rejected' && isTillsideError(one.reason, 'conflict')));
    await second.rollouts.halt(begun.number);
    const started = await Promise.allSettled([
      second.rollouts.begin(bundleFile(3)),
      third.rollouts.begin(bundleFile(3)),
    ]);
    assert.equal(started.filter(one => one.status === 'fulfilled').length, 1);
  }),
);

onBoth('a rollback is a new, higher version with the old content, to every ring at once', async ledgerWith =>
  ledgerWith(async ledger => {
    const clock = new FakeClock();
    const { publisher, rollouts, retained } = hqOn(ledger, clock);
    await assert.rejects(rollouts.rollBack(), error => isTillsideError(error, 'not-found'));
    await publisher.publish(bundleFile(1, 10));
    await assert.rejects(rollouts.rollBack(), error => isTillsideError(error, 'not-found'));
    await publisher.publish(bundleFile(2, 20));
    await publisher.publish(bundleFile(2, 20), 'pilot');
    await say(ledger, clock, stores, 2);
    await rollouts.begin(bundleFile(3, 30), { soakMs: 0 });
    // What is on its way is left for what all have.
    const answer = await rollouts.rollBack();
    assert.deepEqual([answer.id, answer.version], ['weekly', 4]);
    const content = async (ring: string) => {
      const file = await ledger.bundle(retained.get(ring)?.sha256 ?? '');
      const { version, retiredOffers } = JSON.parse(Buffer.from(file?.bytes ?? []).toString()) as {
        version: number;
        retiredOffers: unknown[];
      };
      return [version, retiredOffers.length];
    };
    assert.deepEqual(
      [await content('all'), await content('pilot')],
      [
        [4, 20],
        [4, 20],
      ],
    );
    assert.equal((await rollouts.view()).rollouts[0]?.state, 'superseded');
    assert.deepEqual([...retained.keys()].sort(), ['all', 'pilot']);
    await rollouts.rollBack('weekly', 1);
    assert.deepEqual(await content('all'), [5, 10]);
    await assert.rejects(rollouts.rollBack('weekly', 77), error => isTillsideError(error, 'not-found'));
  }),
);

onBoth('an HQ put back from a backup publishes above what its tills have, which it has forgotten', async ledgerWith =>
  ledgerWith(async ledger => {
    const clock = new FakeClock();
    const { publisher, rollouts, retained } = hqOn(ledger, clock);
    await publisher.publish(bundleFile(1, 10));
    await publisher.publish(bundleFile(2, 20));
    await say(ledger, clock, stores.slice(0, 150), 7);
    await say(ledger, clock, stores.slice(150), 2);
    for (const late of [() => publisher.publish(bundleFile(3)), () => rollouts.begin(bundleFile(6))])
      await assert.rejects(late(), error => {
        assert.ok(isTillsideError(error, 'conflict'));
        assert.match(error.message, /backup.*Set "version" to 8/);
        return true;
      });
    // Whoever still has the file may publish it again.
    assert.equal((await publisher.publish(bundleFile(7, 70))).answer.version, 7);
    await say(ledger, clock, stores, 9);
    // What tills have is gone: the version before it is the last one that HQ knows.
    assert.equal((await rollouts.rollBack()).version, 10);
    const file = await ledger.bundle(retained.get('all')?.sha256 ?? '');
    assert.equal(
      (JSON.parse(Buffer.from(file?.bytes ?? []).toString()) as { retiredOffers: unknown[] }).retiredOffers.length,
      70,
    );
    // One till that says it has a version far above keeps nobody from publishing.
    await say(ledger, clock, stores.slice(0, 1), 1_000_000);
    assert.equal((await publisher.publish(bundleFile(11))).answer.version, 11);
  }),
);

onBoth(
  'a file is refused before a rollout begins: an old version, a golden basket that differs, a key that may not sign',
  async ledgerWith =>
    ledgerWith(async ledger => {
      const clock = new FakeClock();
      const { publisher, rollouts } = hqOn(ledger, clock);
      await publisher.publish(bundleFile(5));
      await say(ledger, clock, stores, 5);
      await assert.rejects(rollouts.begin(bundleFile(5, 1)), error => {
        assert.ok(isTillsideError(error, 'conflict'));
        assert.match(error.message, /Set "version" to 6/);
        return true;
      });
      const sale = {
        saleId: 'G',
        storeId: '1',
        at: '2026-11-21T10:15:00+01:00',
        lines: [{ lineId: '1', quantity: '1', amount: 500 }],
      };
      const golden = (net: number) => {
        const document = JSON.parse(bundleFile(6).toString()) as object;
        return Buffer.from(
          JSON.stringify({ ...document, golden: [{ name: 'plain', sale, expect: { total: { net } } }] }),
        );
      };
      await assert.rejects(rollouts.begin(golden(499)), error => {
        assert.ok(isTillsideError(error, 'bundle-golden'));
        assert.equal(error.faults[0]?.pointer, '/golden/0/expect/total/net');
        return true;
      });
      assert.equal((await rollouts.begin(golden(500))).state, 'running');
      const idle = createPublisher({ tenant, ledger, clock, key, keyProblem: () => 'key 00 was revoked', send() {} });
      await assert.rejects(idle.publish(bundleFile(7)), error => isTillsideError(error, 'bundle-untrusted'));
    }),
);

test('pointers that a former key signed are signed anew at the next start', async () => {
  const { createSqliteLedger } = await import('../../../sync/hq/sqlite-ledger.ts');
  const ledger = createSqliteLedger(':memory:');
  try {
    await ledger.open();
    const clock = new FakeClock();
    await hqOn(ledger, clock).publisher.publish(bundleFile(1));
    const next = readSigningKey(makeSigningKey().privatePem);
    assert.ok(next.ok);
    const sent: string[] = [];
    const publisher = createPublisher({
      tenant,
      ledger,
      clock,
      key: next.value,
      send(_topic, payload) {
        const pointer = decodePointer(payload);
        assert.ok(pointer.ok);
        sent.push(`${pointer.value.version} ${pointer.value.keyId}`);
      },
    });
    await publisher.announce();
    assert.deepEqual(sent, [`1 ${next.value.keyId}`]);
    assert.equal((await publisher.pointersFor('0042', 'all'))[0]?.keyId, next.value.keyId);
  } finally {
    await ledger.close();
  }
});

test('an HQ that ends within a look waits for it, and looks at no rollout afterwards', async () => {
  const ledger = createSqliteLedger(':memory:');
  const clock = new FakeClock();
  const faults: string[] = [];
  let shared: () => void = () => {};
  const rollouts = createRollouts({
    ...{ tenant, ledger, clock, publisher: hqOn(ledger, clock).publisher, onChange() {} },
    log: { ...silentLog, error: (_, message) => void faults.push(message) },
    beforeLook: () => new Promise(resolve => (shared = resolve)),
  });
  rollouts.start();
  await clock.advance(0);
  let ended = false;
  const stopping = rollouts.stop().then(() => {
    ended = true;
  });
  await clock.advance(0);
  assert.equal(ended, false);
  shared();
  await stopping;
  await ledger.close();
  await clock.advance(60_000);
  assert.deepEqual(faults, []);
});
