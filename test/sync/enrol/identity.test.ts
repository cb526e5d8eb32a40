/** Certificate and key of a till on its disk: wherever a renewal is broken off, the two that are used belong together. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openIdentity } from '../../../agent/identity.ts';
import { newKey, privatePem, publicOf } from '../../../sync/hq/enrol/authority.ts';
import { issue, makeAuthority } from '../../../sync/hq/enrol/certificate.ts';

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 21);
const authority = makeAuthority(newKey(), 'demo', now - dayMs, now + 7000 * dayMs);

/** PEM, for the public part of this private key. */
const certificateFor = (key: string, days: number): string =>
  issue(authority, {
    purpose: 'till',
    name: { tenant: 'demo', store: '0042', common: '0042-1' },
    publicKey: publicOf(createPrivateKey(key)),
    notBefore: now,
    notAfter: now + days * dayMs,
  }).pem;

/** A till's folder with a certificate of 30 days. */
function inFolder(run: (of: ReturnType<typeof filesIn>) => void) {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-identity-'));
  try {
    run(filesIn(dir));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function filesIn(dir: string) {
  const files = { cert: join(dir, 'till.pem'), key: join(dir, 'till.key'), ca: null };
  const first = { key: privatePem(newKey()), cert: '' };
  first.cert = certificateFor(first.key, 30);
  writeFileSync(files.key, first.key, { mode: 0o600 });
  writeFileSync(files.cert, first.cert);
  const open = () => openIdentity(files, () => assert.fail('the key is closed to others'));
  /** The pair in use, after a start. */
  const used = () => {
    const identity = open();
    const pair = { key: identity.key(), cert: identity.certificate() };
    assert.ok(new X509Certificate(pair.cert).checkPrivateKey(createPrivateKey(pair.key)), 'they belong together');
    return pair;
  };
  return { files, next: { cert: `${files.cert}.next`, key: `${files.key}.next` }, first, open, used };
}

test('the next key is made once and kept; until its certificate is here the old pair is used', () =>
  inFolder(({ next, first, open, used }) => {
    const key = open().nextKey();
    assert.notEqual(key, first.key);
    assert.equal(open().nextKey(), key, 'after a restart too: HQ may have it');
    assert.equal(statSync(next.key).mode & 0o777, 0o600);
    assert.deepEqual(used(), first);
    const identity = open();
    const cert = certificateFor(key, 90);
    identity.replace(cert);
    assert.deepEqual([identity.key(), identity.certificate()], [key, cert]);
    assert.deepEqual(used(), { key, cert });
    assert.notEqual(open().nextKey(), key, 'the next time another');
  }));

test('a renewal that a crash broke off after any of its steps is done to the end at the next start', () => {
  const steps = ['the certificate is on disk', 'the key is in its place'] as const;
  for (const step of steps)
    inFolder(({ files, next, open, used }) => {
      const key = open().nextKey();
      const cert = certificateFor(key, 90);
      writeFileSync(next.cert, cert);
      if (step === 'the key is in its place') renameSync(next.key, files.key);
      assert.deepEqual(used(), { key, cert }, step);
      assert.deepEqual([existsSync(next.cert), existsSync(next.key)], [false, false], step);
    });
});

test('half a certificate, one of another key and one that ends earlier are thrown away; the old pair stays', () =>
  inFolder(({ next, first, open, used }) => {
    const key = open().nextKey();
    const whole = certificateFor(key, 90);
    for (const pem of [whole.slice(0, 300), '', certificateFor(privatePem(newKey()), 90), certificateFor(key, 10)]) {
      writeFileSync(next.cert, pem);
      assert.deepEqual(used(), first);
      assert.equal(existsSync(next.cert), false);
    }
    // Half a key that a power cut left is none: another is made.
    writeFileSync(next.key, readFileSync(next.key).subarray(0, 50));
    const fresh = open().nextKey();
    assert.notEqual(fresh, key);
    open().replace(certificateFor(fresh, 90));
    assert.equal(used().key, fresh);
  }));
