/** Certificates and revocation lists (X.509 v3, CRL v2; RFC 5280) with keys of P-256, signed by HQ's own authority. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { ecdsaSha256, pem } from '../../protocol/csr.ts';
import {
  bits,
  explicit,
  implicit,
  octets,
  oid,
  sequence,
  setOf,
  text,
  time,
  unsigned,
  yes,
} from '../../protocol/der.ts';

export interface Authority {
  readonly certificate: X509Certificate;
  readonly pem: string;
  readonly key: KeyObject;
}

/** `till` and `hq` are clients of the broker, `broker` is a server, `store-broker` is both. */
export type Purpose = 'till' | 'hq' | 'broker' | 'store-broker' | 'enrolment';

export interface CertificateOrder {
  readonly purpose: Purpose;
  readonly name: CertificateName;
  readonly publicKey: KeyObject;
  /** Milliseconds since 1970 UTC. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** DNS names and addresses of a server. */
  readonly hosts?: readonly string[];
}

export interface CertificateName {
  readonly tenant: string;
  readonly store?: string | undefined;
  /** What the broker takes for the user's name. */
  readonly common: string;
}

export interface Issued {
  /** Hex, as OpenSSL and Node print it. */
  readonly serial: string;
  readonly pem: string;
}

/** A new authority's certificate for `key`: it signs certificates and revocation lists and nothing else. */
export function makeAuthority(key: KeyObject, tenant: string, notBefore: number, notAfter: number): Authority {
  const publicKey = createPublicKey(key);
  const name = nameOf({ tenant, common: `tillside ${tenant}` });
  const der = signedCertificate(key, {
    serial: newSerial(),
    issuer: name,
    subject: name,
    notBefore,
    notAfter,
    publicKey,
    extensions: [
      extension('2.5.29.19', sequence(yes, unsigned(Buffer.from([0]))), true),
      // keyCertSign, cRLSign
      extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
      extension('2.5.29.14', octets(keyIdentifier(publicKey))),
    ],
  });
  return readAuthority(pem('CERTIFICATE', der), key);
}

export function readAuthority(pemText: string, key: KeyObject | string): Authority {
  const certificate = new X509Certificate(pemText);
  return { certificate, pem: pemText, key: typeof key === 'string' ? createPrivateKey(key) : key };
}

export function issue(authority: Authority, order: CertificateOrder): Issued {
  const { purpose, name, publicKey, notBefore, notAfter, hosts = [] } = order;
  const serial = newSerial();
  const usages = [
    ...(purpose === 'broker' || purpose === 'store-broker' || purpose === 'enrolment' ? ['1.3.6.1.5.5.7.3.1'] : []),
    ...(purpose === 'till' || purpose === 'hq' || purpose === 'store-broker' ? ['1.3.6.1.5.5.7.3.2'] : []),
  ];
  const der = signedCertificate(authority.key, {
    serial,
    issuer: nameOf(authorityName(authority)),
    subject: nameOf(name),
    notBefore,
    notAfter,
    publicKey,
    extensions: [
      extension('2.5.29.19', sequence(), true),
      // digitalSignature
      extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
      extension('2.5.29.37', sequence(...usages.map(oid))),
      extension('2.5.29.14', octets(keyIdentifier(publicKey))),
      authorityKey(authority),
      ...(hosts.length === 0 ? [] : [extension('2.5.29.17', sequence(...hosts.map(generalName)))]),
    ],
  });
  return { serial: serial.toString('hex').toUpperCase(), pem: pem('CERTIFICATE', der) };
}

export interface Revoked {
  readonly serial: string;
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
}

/**
 * The list of revoked certificates as PEM. OpenSSL refuses every client once a list has passed its end, so that it ends
 * with the authority itself: how fresh it is, the number and HQ's care say.
 */
export function makeRevocationList(
  authority: Authority,
  revoked: readonly Revoked[],
  number: number,
  now: number,
): string {
  const entries = revoked.map(({ serial, at }) => sequence(unsigned(Buffer.from(serial, 'hex')), time(at)));
  const list = sequence(
    unsigned(Buffer.from([1])),
    ecdsaSha256,
    nameOf(authorityName(authority)),
    time(now),
    time(Date.parse(authority.certificate.validTo)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    explicit(0, sequence(authorityKey(authority), extension('2.5.29.20', unsigned(bigEndian(number))))),
  );
  return pem('X509 CRL', sequence(list, ecdsaSha256, bits(sign('sha256', list, authority.key))));
}

/** Hex SHA-256 of the certificate: what a till's code names of the authority. */
export const fingerprintOf = (certificate: X509Certificate): string =>
  createHash('sha256').update(certificate.raw).digest('hex');

interface Fields {
  readonly serial: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function signedCertificate(key: KeyObject, fields: Fields): Buffer {
  const body = sequence(
    explicit(0, unsigned(Buffer.from([2]))),
    unsigned(fields.serial),
    ecdsaSha256,
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...fields.extensions)),
  );
  return sequence(body, ecdsaSha256, bits(sign('sha256', body, key)));
}

/** Sixteen random bytes whose first is neither 0 nor negative: every reader writes them the same. */
function newSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/**
 * Under which name OpenSSL and Erlang look for the authority's list in a folder: SHA-1 of the name's parts as they are in
 * lower case, its first four bytes from the last to the first (OpenSSL, X509_NAME_hash).
 */
export function revocationListName(authority: Authority): string {
  const { tenant, common } = authorityName(authority);
  const parts = Buffer.concat(partsOf({ tenant: tenant.toLowerCase(), common: common.toLowerCase() }));
  const hash = createHash('sha1').update(parts).digest().readUInt32LE(0);
  return `${hash.toString(16).padStart(8, '0')}.r0`;
}

const nameOf = (name: CertificateName): Buffer => sequence(...partsOf(name));

function partsOf({ tenant, store, common }: CertificateName): readonly Buffer[] {
  const part = (type: string, value: string) => setOf(sequence(oid(type), text(value)));
  return [part('2.5.4.10', tenant), ...(store === undefined ? [] : [part('2.5.4.11', store)]), part('2.5.4.3', common)];
}

/** The name as `makeAuthority` wrote it: issuer and subject must be the same bytes. */
function authorityName({ certificate }: Authority): CertificateName {
  const fields = new Map(
    certificate.subject.split('\n').map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { tenant: fields.get('O') ?? '', common: fields.get('CN') ?? '' };
}

const extension = (type: string, value: Buffer, isCritical = false): Buffer =>
  sequence(oid(type), ...(isCritical ? [yes] : []), octets(value));

const authorityKey = ({ certificate }: Authority): Buffer =>
  extension('2.5.29.35', sequence(implicit(0, keyIdentifier(certificate.publicKey))));

/** RFC 5280, 4.2.1.2: SHA-1 of the key's bits; P-256 gives 65 bytes, the last of its DER. */
const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();

/** [2] a DNS name, [7] an address. */
function generalName(host: string): Buffer {
  const family = isIP(host);
  if (family === 0) return implicit(2, Buffer.from(host, 'ascii'));
  return implicit(7, family === 4 ? Buffer.from(host.split('.').map(Number)) : addressBytes(host));
}

function addressBytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const words = (half: string) => (half === '' ? [] : half.split(':').map(word => Number.parseInt(word, 16)));
  const [first, last] = [words(head), words(tail)];
  const gap = address.includes('::') ? Array<number>(8 - first.length - last.length).fill(0) : [];
  return Buffer.from([...first, ...gap, ...last].flatMap(word => [word >> 8, word & 255]));
}

function bigEndian(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}
