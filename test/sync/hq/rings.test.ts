import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  firstOf,
  judge,
  placeOf,
  type RingTally,
  ringOf,
  type SeenTill,
  standingOf,
  tally,
  usualStages,
  versionOfMost,
} from '../../../sync/hq/rings.ts';
import type { StateMessage } from '../../../sync/protocol/messages.ts';

const tenant = 'demo';
const now = Date.parse('2026-11-21T10:15:00Z');
const plan = { tenant, firstStore: '0042', stages: usualStages };
const storeNames = (count: number) => Array.from({ length: count }, (_, index) => String(index).padStart(4, '0'));

test('a store lies in the same ring today and tomorrow, and each ring has its share of the stores', () => {
  assert.equal(ringOf(plan, '0042'), 0);
  const rings = storeNames(10_000).map(store => ringOf(plan, store));
  assert.deepEqual(
    rings,
    storeNames(10_000).map(store => ringOf(plan, store)),
  );
  const share = (ring: number) => rings.filter(one => one <= ring).length / 10_000;
  // A binomial share of 10,000 stores is within 4 standard deviations: 4 × √(p(1−p)/10,000).
  for (const [ring, expected] of [
    [1, 0.01],
    [2, 0.1],
    [3, 0.5],
    [4, 1],
  ] as const)
    assert.ok(
      Math.abs(share(ring) - expected) <= 4 * Math.sqrt((expected * (1 - expected)) / 10_000) + 1e-4,
      `${ring}`,
    );
  // New stores move none of the others.
  assert.deepEqual(
    storeNames(10_000)
      .map(store => placeOf(tenant, store))
      .slice(0, 100),
    storeNames(100).map(store => placeOf(tenant, store)),
  );
  assert.equal(firstOf(tenant, storeNames(50)), firstOf(tenant, storeNames(50).reverse()));
  assert.equal(firstOf(tenant, []), null);
});

const ring = (change: Partial<RingTally>): RingTally => {
  const { activated = 0, failed = 0, behind = 0, away = 0 } = change;
  return { stores: 1, tills: activated + failed + behind + away, told: 0, activated, failed, behind, away };
};
const kindOf = (rings: RingTally[], openMs = 600_000) => judge(rings, rings.length - 1, openMs, 600_000).kind;

test('a ring opens the next one with 95 % activated, none sooner; it stops at 0.5 % failed', () => {
  assert.equal(kindOf([ring({ activated: 95, behind: 5 })]), 'go');
  assert.equal(kindOf([ring({ activated: 94, behind: 6 })]), 'wait');
  assert.equal(kindOf([ring({ activated: 20 })], 599_999), 'wait');
  assert.equal(kindOf([ring({ activated: 996, failed: 4 })]), 'go');
  assert.equal(kindOf([ring({ activated: 995, failed: 5 })]), 'stop');
  assert.equal(kindOf([ring({ activated: 3, failed: 1 })]), 'stop');
  // A ring before that fails later stops it too.
  assert.equal(kindOf([ring({ activated: 3, failed: 1 }), ring({ activated: 1000 })]), 'stop');
  // Who is away for long is not waited for; but a ring of nobody but those is.
  assert.equal(kindOf([ring({ activated: 19, away: 50 })]), 'go');
  assert.equal(kindOf([ring({ away: 50 })]), 'wait');
  assert.equal(kindOf([ring({ activated: 1 }), ring({})]), 'go');
});

const state = (change: Partial<StateMessage>): StateMessage => ({
  online: true,
  boot: 1,
  session: 1,
  epoch: 1,
  at: '2026-11-21T10:00:00Z',
  ...change,
});
const till = (change: Partial<StateMessage>, online = true, since = '2026-11-21T09:00:00Z') => ({
  store: '0042',
  till: '1',
  online,
  since,
  state: state(change),
});
const refusal = (code: string, version = 2) => ({ id: 'weekly', version, code, message: '', faults: 0 });

test('a till stands as it says itself', () => {
  const standing = (one: SeenTill) => standingOf(one, 'weekly', 2, now);
  assert.equal(standing(till({ bundle: { id: 'weekly', version: 2 } })), 'activated');
  assert.equal(standing(till({ bundle: { id: 'weekly', version: 3 } })), 'activated');
  assert.equal(standing(till({ bundle: { id: 'daily', version: 3 } })), 'untold');
  assert.equal(standing(till({ told: { id: 'weekly', version: 2 } })), 'told');
  assert.equal(
    standing(till({ bundle: { id: 'weekly', version: 1 }, bundleRefused: refusal('bundle-reverted') })),
    'failed',
  );
  assert.equal(standing(till({ bundleRefused: refusal('bundle-golden', 1) })), 'untold');
  // A forger makes no rollout stop.
  assert.equal(standing(till({ bundleRefused: refusal('bundle-untrusted') })), 'untold');
  assert.equal(standing(till({}, false, '2026-11-14T10:14:59Z')), 'away');
  assert.equal(standing(till({}, false, '2026-11-14T10:15:01Z')), 'untold');
  assert.equal(standing({ ...till({}), state: null }), 'untold');
});

test('the version that most tills have is at least half of their word, and a few liars move it by nothing', () => {
  const having = (...versions: number[]) =>
    versionOfMost(
      versions.map(version => till({ bundle: { id: 'weekly', version } })),
      'weekly',
    );
  assert.equal(having(), 0);
  assert.equal(having(3), 3);
  assert.equal(having(3, 3, 3, Number.MAX_SAFE_INTEGER), 3);
  assert.equal(having(2, 3), 2);
  assert.equal(having(10, 9, 9), 9);
  assert.equal(versionOfMost([till({ bundle: { id: 'daily', version: 7 } }), till({})], 'weekly'), 0);
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 30 }), versions => {
      const most = having(...versions);
      assert.ok(versions.filter(version => version >= most).length * 2 >= versions.length);
      assert.ok(versions.filter(version => version > most).length * 2 <= versions.length);
    }),
  );
});

test('each till is counted once, whatever tills there are', () => {
  const any = fc.record({
    store: fc.constantFrom(...storeNames(40)),
    till: fc.constantFrom('1', '2'),
    online: fc.boolean(),
    since: fc.constantFrom('2026-11-21T09:00:00Z', '2025-01-01T00:00:00Z'),
    state: fc.option(
      fc.record({ version: fc.nat(3), refused: fc.boolean() }).map(({ version, refused }) =>
        state({
          bundle: { id: 'weekly', version },
          ...(refused ? { bundleRefused: refusal('bundle-invalid') } : {}),
        }),
      ),
      { nil: null },
    ),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 60 }), tills => {
      const rings = tally(plan, tills, 'weekly', 2, now);
      assert.equal(
        rings.reduce((sum, one) => sum + one.tills, 0),
        tills.length,
      );
      for (const one of rings) assert.equal(one.tills, one.activated + one.failed + one.behind + one.away);
    }),
  );
});
