import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTrust } from '../../../sync/edge/trust.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { certify, revoke } from '../../../sync/protocol/keyring.ts';
import { makeSigningKey, publicPemOf, readSigningKey } from '../../../sync/protocol/signing.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function key() {
  const read = readSigningKey(makeSigningKey().privatePem);
  assert.ok(read.ok);
  return read.value;
}

const certificateOf = (root: ReturnType<typeof key>, signing: ReturnType<typeof key>) =>
  certify(root, createPublicKey(signing.privateKey), '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z');

function inFolder(run: (file: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-trust-'));
  try {
    run(join(folder, 'trust.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('keys, revocations, versions, files gone back from and commands that count once outlive a restart without the database', () =>
  inFolder(file => {
    const [root, signing] = [key(), key()];
    const open = (roots = publicPemOf(root)) => openTrust({ roots, file, clock: new FakeClock(), log: silentLog });
    const before = open();
    assert.ok(before.isUnknown(signing.keyId));
    before.take({ certificates: [certificateOf(root, signing)], revocations: [] });
    before.raise('weekly', 47, signing.keyId);
    before.raise('weekly', 46, signing.keyId);
    before.markBad('a'.repeat(64));
    assert.deepEqual([before.obeyOnce('signature'), before.obeyOnce('signature')], [true, false]);
    assert.equal(statSync(file).mode & 0o077, 0);

    const after = open();
    assert.equal(after.whyNot(signing.keyId), null);
    assert.deepEqual([after.highest('weekly'), after.highest('daily')], [47, 0]);
    assert.deepEqual([after.isBad('a'.repeat(64)), after.isBad('b'.repeat(64))], [true, false]);
    assert.equal(after.obeyOnce('signature'), false);
    after.take({ certificates: [], revocations: [revoke(root, null, [signing.keyId], '2026-11-21T00:00:00Z')] });
    assert.match(open().whyNot(signing.keyId) ?? '', /revoked/);
    assert.equal(open().view().revocations, 1);
    // What a thief signed sets no floor once his key is revoked: HQ may go on from its own last version.
    assert.equal(open().highest('weekly'), 0);
    // Another root: nothing of the old one counts, the versions stay.
    assert.ok(open(publicPemOf(key())).isUnknown(signing.keyId));
  }));

test('a damaged file of trust stops nothing and trusts nobody', () =>
  inFolder(file => {
    const [root, signing] = [key(), key()];
    const open = () => openTrust({ roots: publicPemOf(root), file, clock: new FakeClock(), log: silentLog });
    open().take({ certificates: [certificateOf(root, signing)], revocations: [] });
    const good = readFileSync(file);
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(0, good.length / 2),
      Buffer.from('{}'),
      Buffer.from('{"format":"tillside/trust/1","keys":5,"floors":[{"id":1}],"bad":[null]}'),
      Buffer.from(good.toString().replace('2027-01-01', '2099-01-01')),
    ]) {
      writeFileSync(file, bad);
      const trust = open();
      assert.match(trust.whyNot(signing.keyId) ?? '', /not certified/);
      assert.equal(trust.highest('weekly'), 0);
      assert.equal(trust.whyNot(root.keyId), null);
    }
  }));

test('what is not to be trusted is counted, with the last reason', () => {
  const trust = openTrust({ roots: publicPemOf(key()), file: null, clock: new FakeClock(), log: silentLog });
  const [thief, signing] = [key(), key()];
  trust.alarm('command', 'is meant for another till');
  const forged = { ...certificateOf(thief, signing), rootId: trust.view().rootIds[0] ?? '' };
  assert.equal(trust.take({ certificates: [forged], revocations: [] }).ok, false);
  assert.deepEqual([trust.view().untrusted, trust.view().last?.what], [2, 'keys']);
});
