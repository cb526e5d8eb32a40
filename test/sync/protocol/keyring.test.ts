import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  certify,
  createKeyring,
  decodeKeySet,
  type KeyCertificate,
  maxCertificates,
  type Revocations,
  revoke,
} from '../../../sync/protocol/keyring.ts';
import { makeSigningKey, publicPemOf, readSigningKey, readTrustedKeys } from '../../../sync/protocol/signing.ts';

const from = '2026-01-01T00:00:00Z';
const to = '2026-12-31T00:00:00Z';
const within = Date.parse('2026-06-01T00:00:00Z');

function key() {
  const read = readSigningKey(makeSigningKey().privatePem);
  assert.ok(read.ok);
  return { ...read.value, publicKey: createPublicKey(read.value.privateKey) };
}

function ringOf(...roots: readonly ReturnType<typeof key>[]) {
  const trusted = readTrustedKeys(roots.map(publicPemOf));
  assert.ok(trusted.ok);
  return createKeyring(trusted.value);
}

const set = (certificates: readonly KeyCertificate[], revocations: readonly Revocations[] = []) => ({
  certificates,
  revocations,
});

test('a key that a root certified is trusted from its first to its last moment', () => {
  const [root, signing] = [key(), key()];
  const ring = ringOf(root);
  assert.match(ring.whyNot(signing.keyId, within) ?? '', /not certified/);
  assert.deepEqual(ring.take(set([certify(root, signing.publicKey, from, to)])), { ok: true, value: true });
  const at = (instant: string, plus = 0) => ring.trusted(Date.parse(instant) + plus).has(signing.keyId);
  assert.deepEqual([at(from, -1), at(from), at(to), at(to, 1)], [false, true, true, false]);
  assert.match(ring.whyNot(signing.keyId, Date.parse(to) + 1) ?? '', /ended/);
  assert.match(ring.whyNot(signing.keyId, Date.parse(from) - 1) ?? '', /begins/);
  assert.equal(ring.whyNot(signing.keyId, within), null);
});

test('a revoked key is trusted no more, whatever certificate is shown later; an older list undoes nothing', () => {
  const [root, signing, other] = [key(), key(), key()];
  const ring = ringOf(root);
  const first = revoke(root, null, [other.keyId], from);
  const second = revoke(root, first, [signing.keyId], from);
  ring.take(set([certify(root, signing.publicKey, from, to)], [second]));
  assert.match(ring.whyNot(signing.keyId, within) ?? '', /revoked/);
  assert.deepEqual(ring.take(set([certify(root, signing.publicKey, from, '2030-01-01T00:00:00Z')], [first])), {
    ok: true,
    value: true,
  });
  assert.equal(ring.trusted(within).has(signing.keyId), false);
  assert.deepEqual([ring.revocationNumber, ring.isRevoked(other.keyId)], [2, true]);
});

test('nothing is taken of a set that is not signed by the root that it names', () => {
  const [root, thief, signing] = [key(), key(), key()];
  const good = certify(root, signing.publicKey, from, to);
  const list = revoke(root, null, [signing.keyId], from);
  const forgeries = [
    set([good, { ...good, notAfter: '2099-01-01T00:00:00Z' }]),
    set([good, { ...good, key: thief.publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }]),
    set([good, { ...certify(thief, signing.publicKey, from, to), rootId: root.keyId }]),
    set([good], [{ ...list, number: 9 }]),
    set([good], [{ ...list, revoked: [] }]),
  ];
  for (const forged of forgeries) {
    const ring = ringOf(root);
    assert.equal(ring.take(forged).ok, false);
    assert.deepEqual(ring.keySet(), set([]));
  }
});

test('what another root signed is left; with both roots, for the time of a change, both count', () => {
  const [old, next, signing] = [key(), key(), key()];
  const both = set([certify(old, signing.publicKey, from, to), certify(next, signing.publicKey, from, to)]);
  const ring = ringOf(next);
  assert.ok(ring.take(set([certify(old, signing.publicKey, from, to)])).ok);
  assert.equal(ring.trusted(within).has(signing.keyId), false);
  assert.ok(ring.take(both).ok);
  assert.ok(ring.trusted(within).has(signing.keyId));
  assert.equal(ringOf(old, next).trusted(within).size, 2);
  // An old root that is revoked takes its certificates with it.
  const changing = ringOf(old, next);
  changing.take(set([certify(old, signing.publicKey, from, to)], [revoke(next, null, [old.keyId], from)]));
  assert.deepEqual([...changing.trusted(within).keys()], [next.keyId]);
});

test('of many certificates those that last longest are kept', () => {
  const root = key();
  const ring = ringOf(root);
  const signing = Array.from({ length: maxCertificates + 3 }, key);
  const made = signing.map((one, index) => certify(root, one.publicKey, from, `20${30 + index}-01-01T00:00:00Z`));
  ring.take(set(made.slice(0, maxCertificates)));
  ring.take(set(made.slice(maxCertificates)));
  assert.equal(ring.keySet().certificates.length, maxCertificates);
  assert.ok(ring.trusted(within).has(signing.at(-1)?.keyId ?? ''));
  assert.equal(ring.trusted(within).has(signing[0]?.keyId ?? ''), false);
});

test('whatever bytes come as keys, reading them neither throws nor trusts anybody', () => {
  const [root, signing] = [key(), key()];
  const good = set([certify(root, signing.publicKey, from, to)], [revoke(root, null, ['0'.repeat(16)], from)]);
  const bytes = Buffer.from(JSON.stringify(good));
  assert.ok(decodeKeySet(bytes).ok);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      const read = decodeKeySet(cut ? changed.subarray(0, at) : changed);
      if (!read.ok) return;
      const ring = ringOf(root);
      ring.take(read.value);
      for (const keyId of ring.trusted(within).keys()) assert.ok([root.keyId, signing.keyId].includes(keyId));
      if (ring.trusted(within).has(signing.keyId)) assert.equal(ring.keySet().certificates[0]?.notAfter, to);
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), any => decodeKeySet(any).ok === false));
  assert.equal(decodeKeySet(Buffer.alloc(1_000_000, '[')).ok, false);
});
