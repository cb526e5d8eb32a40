import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { issue, makeAuthority, makeRevocationList } from '../../../sync/hq/enrol/certificate.ts';
import { makeCsr, readCsr } from '../../../sync/protocol/csr.ts';
import { readValue, readValues, time, unsigned } from '../../../sync/protocol/der.ts';

const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const start = Date.parse('2026-11-21T00:00:00Z');
const dayMs = 86_400_000;
const authority = makeAuthority(newKey(), 'demo', start, start + 3650 * dayMs);

/** Runs OpenSSL with the given files in a folder of its own; answers what it printed. */
function openssl(files: Readonly<Record<string, string>>, ...args: readonly string[]): string {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-x509-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    return execFileSync('openssl', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const tillCertificate = (key = newKey()) =>
  issue(authority, {
    purpose: 'till',
    name: { tenant: 'demo', store: '0042', common: '0042-3' },
    publicKey: createPublicKey(key),
    notBefore: start,
    notAfter: start + 90 * dayMs,
  });

test('a request that this program makes is one for OpenSSL too, and the other way round', () => {
  const key = newKey();
  const ours = makeCsr(key, '0042-3');
  const seen = openssl({ 'a.csr': ours }, 'req', '-in', 'a.csr', '-noout', '-verify', '-subject', '-text');
  assert.match(seen, /subject=CN = 0042-3/);
  assert.match(seen, /ASN1 OID: prime256v1/);
  const read = readCsr(ours);
  assert(read.ok);
  assert(read.value.publicKey.equals(createPublicKey(key)));

  const theirs = openssl(
    { 'a.key': key.export({ type: 'pkcs8', format: 'pem' }).toString() },
    ...['req', '-new', '-key', 'a.key', '-subj', '/CN=anything', '-addext', 'subjectAltName=DNS:x'],
  );
  const same = readCsr(theirs);
  assert(same.ok, JSON.stringify(same));
  assert(same.value.publicKey.equals(createPublicKey(key)));
});

test('a request signed by another key, of another curve or kind, is refused', () => {
  const [one, other] = [newKey(), newKey()];
  const swapped = Buffer.from(makeCsr(one, 'x').replace(/-----[^-]+-----|\n/g, ''), 'base64');
  const spki = (key: typeof one) => createPublicKey(key).export({ type: 'spki', format: 'der' });
  const at = swapped.indexOf(spki(one));
  spki(other).copy(swapped, at);
  const asPem = `-----BEGIN CERTIFICATE REQUEST-----\n${swapped.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  assert.deepEqual(readCsr(asPem), { ok: false, reason: 'is not signed with the key that it names' });
  for (const args of [
    ['-newkey', 'rsa:2048'],
    ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    ['-newkey', 'ed25519'],
  ]) {
    const request = openssl({}, 'req', '-new', ...args, '-nodes', '-keyout', '/dev/null', '-subj', '/CN=x');
    assert.equal(readCsr(request).ok, false, args.join(' '));
  }
});

test('whatever bytes come as a request, none is taken that was not made with its key', () => {
  const good = Buffer.from(makeCsr(newKey(), 'x').replace(/-----[^-]+-----|\n/g, ''), 'base64');
  const asPem = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  assert(readCsr(asPem(good)).ok);
  fc.assert(
    fc.property(fc.nat(good.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ change;
      return !readCsr(asPem(bad)).ok;
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.nat(good.byteLength - 1), cut => !readCsr(asPem(good.subarray(0, cut))).ok));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => !readCsr(asPem(bytes)).ok));
  fc.assert(fc.property(fc.string({ maxLength: 300 }), text => !readCsr(text).ok));
});

test('a till’s certificate is one for OpenSSL and for Node: signed, named, dated, for clients only', () => {
  const key = newKey();
  const { pem, serial } = tillCertificate(key);
  const files = { 'ca.pem': authority.pem, 'a.pem': pem };
  const at = String(start / 1000 + 60);
  assert.match(
    openssl(files, ...['verify', '-x509_strict', '-attime', at, '-CAfile', 'ca.pem', '-purpose', 'sslclient', 'a.pem']),
    /^a\.pem: OK/,
  );
  assert.throws(() => openssl(files, 'verify', '-attime', at, '-CAfile', 'ca.pem', '-purpose', 'sslserver', 'a.pem'));
  const read = new X509Certificate(pem);
  assert.equal(read.subject, 'O=demo\nOU=0042\nCN=0042-3');
  assert.equal(read.issuer, 'O=demo\nCN=tillside demo');
  assert.equal(read.serialNumber, serial);
  assert.equal(Date.parse(read.validFrom), start);
  assert.equal(Date.parse(read.validTo), start + 90 * dayMs);
  assert.equal(read.ca, false);
  assert(read.checkPrivateKey(key));
  assert(read.checkIssued(authority.certificate));
  assert(read.verify(authority.certificate.publicKey));
  // A till's certificate signs no other.
  const forged = issue(
    { certificate: read, pem, key },
    {
      purpose: 'till',
      name: { tenant: 'demo', common: 'x' },
      publicKey: createPublicKey(newKey()),
      notBefore: start,
      notAfter: start + dayMs,
    },
  );
  assert.throws(() =>
    openssl(
      { ...files, 'b.pem': forged.pem },
      ...['verify', '-attime', at, '-CAfile', 'ca.pem', '-untrusted', 'a.pem', 'b.pem'],
    ),
  );
});

test('a broker’s certificate names its hosts and addresses', () => {
  const { pem } = issue(authority, {
    purpose: 'broker',
    name: { tenant: 'demo', common: 'broker.example' },
    publicKey: createPublicKey(newKey()),
    notBefore: start,
    notAfter: Date.parse('2051-01-01T00:00:00Z'),
    hosts: ['broker.example', '192.0.2.10', '2001:db8::a:1', '::1'],
  });
  const read = new X509Certificate(pem);
  assert.equal(read.checkHost('broker.example'), 'broker.example');
  for (const address of ['192.0.2.10', '2001:db8::a:1', '::1']) assert.equal(read.checkIP(address), address);
  assert.equal(read.checkIP('192.0.2.11'), undefined);
  // Past 2049 the year has four digits.
  assert.equal(Date.parse(read.validTo), Date.parse('2051-01-01T00:00:00Z'));
});

test('OpenSSL refuses a certificate that is on the revocation list, and no other', () => {
  const [good, bad] = [tillCertificate(), tillCertificate()];
  const files = { 'ca.pem': authority.pem, 'good.pem': good.pem, 'bad.pem': bad.pem };
  const check = (list: string, file: string) =>
    openssl(
      { ...files, 'crl.pem': list },
      ...[
        'verify',
        '-attime',
        String(start / 1000 + 60),
        '-crl_check',
        '-CAfile',
        'ca.pem',
        '-CRLfile',
        'crl.pem',
        file,
      ],
    );
  const none = makeRevocationList(authority, [], 1, start);
  assert.match(check(none, 'bad.pem'), /OK/);
  const list = makeRevocationList(authority, [{ serial: bad.serial, at: start }], 2, start);
  assert.match(check(list, 'good.pem'), /OK/);
  assert.throws(() => check(list, 'bad.pem'), /certificate revoked/);
  const text = openssl(
    { 'crl.pem': list, 'ca.pem': authority.pem },
    'crl',
    '-in',
    'crl.pem',
    '-noout',
    '-text',
    '-CAfile',
    'ca.pem',
  );
  assert.match(text, /X509v3 CRL Number:\s+2/);
  assert.match(text, new RegExp(`Serial Number: ${bad.serial}`));
});

test('DER is read in its one form only, and what is written is read again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), bytes => {
      const read = readValue(unsigned(bytes));
      assert(read.ok);
      const number = (from: Uint8Array) => BigInt(`0x0${Buffer.from(from).toString('hex')}`);
      assert.equal(number(read.value.content), number(bytes));
      assert((read.value.content[0] ?? 0) < 0x80);
    }),
  );
  for (const hex of ['', '30', '3001', '308001', '30810100', '3082000100', '3f0100', '300000', '3084000000010000'])
    assert.equal(readValue(Buffer.from(hex, 'hex')).ok, false, hex);
  assert.equal(time(Date.parse('2049-12-31T23:59:59Z')).subarray(2).toString(), '491231235959Z');
  assert.equal(time(Date.parse('2050-01-01T00:00:00Z')).subarray(2).toString(), '20500101000000Z');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      const read = readValues(bytes);
      if (read.ok) assert.deepEqual(Buffer.concat(read.value.map(({ whole }) => whole)), Buffer.from(bytes));
    }),
  );
});
