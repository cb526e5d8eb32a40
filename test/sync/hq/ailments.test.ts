import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ailmentsOf } from '../../../sync/hq/ailments.ts';
import type { KnownTill } from '../../../sync/hq/ledger.ts';

const now = Date.parse('2026-11-21T10:15:00Z');
const current = { id: 'weekly', version: 47, notAfter: '2026-12-31T23:59:59Z' };
const sound: KnownTill = {
  store: '0042',
  till: '3',
  online: true,
  since: '2026-11-21T06:00:00Z',
  boot: 1,
  epoch: 1,
  agent: '0.1.0',
  bundle: { id: 'weekly', version: 47 },
  bundleRefused: null,
  printer: { problem: null, evidence: 'confirmed' },
  scanner: { problem: null },
  members: null,
  outbox: { waiting: 0, oldestAt: null },
  contiguous: 10,
  missing: 0,
  chain: 'whole',
  quarantined: 0,
  lastEventAt: null,
  lastReceivedAt: null,
  today: { sales: 0, net: 0 },
};
const codes = (change: Partial<KnownTill>, bundle: typeof current | null = current) =>
  ailmentsOf({ ...sound, ...change }, now, bundle).map(({ code }) => code);

test('a till that is well has no reasons, nor one whose last sale is just on its way', () => {
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({ outbox: { waiting: 3, oldestAt: '2026-11-21T10:14:30Z' } }), []);
});

test('every reason is told, with since when and how much', () => {
  assert.deepEqual(codes({ outbox: { waiting: 3, oldestAt: '2026-11-21T09:00:00Z' } }), ['facts-waiting']);
  assert.deepEqual(codes({ online: false, outbox: { waiting: 3, oldestAt: null } }), ['offline', 'facts-waiting']);
  assert.deepEqual(codes({ online: false, agent: null, bundle: null }), ['never-seen']);
  assert.deepEqual(codes({ chain: 'broken', missing: 2, quarantined: 1 }), [
    'chain-broken',
    'facts-missing',
    'facts-unreadable',
  ]);
  assert.deepEqual(codes({ bundle: { id: 'weekly', version: 46 } }), ['bundle-old']);
  assert.deepEqual(codes({ bundle: null }), ['bundle-old']);
  assert.deepEqual(codes({ bundle: { id: 'weekly', version: 48 } }), []);
  assert.deepEqual(codes({ bundle: null }, null), []);
  assert.deepEqual(codes({}, { ...current, notAfter: '2026-11-20T00:00:00Z' }), ['bundle-expired']);
  assert.deepEqual(codes({ printer: { problem: 'paper-out', evidence: null }, scanner: { problem: 'gone' } }), [
    'printer',
    'scanner',
  ]);
  assert.deepEqual(ailmentsOf({ ...sound, online: false }, now, current), [
    { code: 'offline', since: sound.since, detail: null },
  ]);
});
