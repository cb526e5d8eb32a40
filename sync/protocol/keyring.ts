/**
 * Which keys may speak for HQ. A till trusts root keys only, which lie off line; they certify signing keys for a time and
 * revoke them. What roots signed proves itself, so it may come by any way and in any order (docs/rollout.md, "Keys").
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isCount, isInstant, isMatch, isRecord, parseObject } from './fields.ts';
import { accept, type Result, refuse } from './result.ts';
import { isSigned, keyIdOf, type SigningKey, signText, type TrustedKeys } from './signing.ts';

/** A root says: this key signs for HQ from then to then. */
export interface KeyCertificate {
  /** Public key, SPKI in DER, Base64. */
  readonly key: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly rootId: string;
  readonly signature: string;
}

/** A root says: these keys sign no more. A list replaces those of its root with a lower number. */
export interface Revocations {
  readonly number: number;
  readonly issuedAt: string;
  /** Ids of keys, ascending. */
  readonly revoked: readonly string[];
  readonly rootId: string;
  readonly signature: string;
}

/** What roots have signed: the file keys.json, and what HQ hands to tills. */
export interface KeySet {
  readonly certificates: readonly KeyCertificate[];
  readonly revocations: readonly Revocations[];
}

export interface Keyring {
  /**
   * Takes over what roots of this ring signed and leaves what other roots did. Answers whether that changed anything;
   * nothing of a set is taken in which a signature is wrong.
   */
  take(set: KeySet): Result<boolean>;
  /** The roots themselves, and the keys that are certified, not revoked and in date. @param now ms since 1970 UTC */
  trusted(now: number): TrustedKeys;
  isRevoked(keyId: string): boolean;
  /** Is it a root, or was it ever certified by one? */
  isKnown(keyId: string): boolean;
  /** Why a key is not trusted now, for a person; null where it is. */
  whyNot(keyId: string, now: number): string | null;
  /** When the last of a key's certificates ends; null: it has none. */
  until(keyId: string): string | null;
  /** All that was taken, to be kept or handed on. */
  keySet(): KeySet;
  readonly rootIds: readonly string[];
  /** Highest number of the revocations known; 0: none. */
  readonly revocationNumber: number;
}

export const emptyKeySet: KeySet = { certificates: [], revocations: [] };

export const maxCertificates = 16;
export const maxRevoked = 1000;
export const maxKeySetBytes = 48 * 1024;

const keyIdForm = /^[0-9a-f]{16}$/;
const keyForm = /^[A-Za-z0-9+/]{59}=$/;
const signatureForm = /^[A-Za-z0-9+/]{86}==$/;

const certificateText = ({ key, notBefore, notAfter, rootId }: Omit<KeyCertificate, 'signature'>): string =>
  ['tillside/key/1', key, notBefore, notAfter, rootId, ''].join('\n');

const revocationText = ({ number, issuedAt, revoked, rootId }: Omit<Revocations, 'signature'>): string =>
  ['tillside/revocations/1', number, issuedAt, revoked.join(' '), rootId, ''].join('\n');

/** @param publicKey of the signing key */
export function certify(root: SigningKey, publicKey: KeyObject, notBefore: string, notAfter: string): KeyCertificate {
  const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const certificate = { key, notBefore, notAfter, rootId: root.keyId };
  return { ...certificate, signature: signText(root, certificateText(certificate)) };
}

/** The root's next list: all that the last one named, and these. */
export function revoke(
  root: SigningKey,
  last: Revocations | null,
  keyIds: readonly string[],
  issuedAt: string,
): Revocations {
  const revoked = [...new Set([...(last?.revoked ?? []), ...keyIds])].sort();
  const list = { number: (last?.number ?? 0) + 1, issuedAt, revoked, rootId: root.keyId };
  return { ...list, signature: signText(root, revocationText(list)) };
}

type Signed = { readonly rootId: string; readonly signature: string };
type KeptCertificate = KeyCertificate & { readonly keyId: string; readonly publicKey: KeyObject };

/** Word for word: what was verified when it came need not be again, and sets are shown with every state of HQ. */
const isAmong = <T extends Signed>(here: ReadonlyMap<string, T>, one: T, text: (one: T) => string): boolean =>
  [...here.values()].some(known => known.signature === one.signature && text(known) === text(one));

export function createKeyring(roots: TrustedKeys): Keyring {
  /** By key id and root: a key may be certified again for longer, and by another root. */
  const certificates = new Map<string, KeptCertificate>();
  const revocations = new Map<string, Revocations>();
  const isRevoked = (keyId: string) => [...revocations.values()].some(list => list.revoked.includes(keyId));

  return {
    rootIds: [...roots.keys()],
    get revocationNumber() {
      return Math.max(0, ...[...revocations.values()].map(list => list.number));
    },
    isRevoked,
    isKnown: keyId => roots.has(keyId) || [...certificates.values()].some(one => one.keyId === keyId),
    take(set) {
      const own = <T extends Signed>(all: readonly T[], here: ReadonlyMap<string, T>, text: (one: T) => string): T[] =>
        all.filter(one => roots.has(one.rootId) && !isAmong(here, one, text));
      const newCertificates = own(set.certificates, certificates, certificateText);
      const newRevocations = own(set.revocations, revocations, revocationText);
      for (const one of newCertificates)
        if (!isSigned(roots, one.rootId, certificateText(one), one.signature))
          return refuse('a certificate is not signed by the root that it names');
      for (const one of newRevocations)
        if (!isSigned(roots, one.rootId, revocationText(one), one.signature))
          return refuse('a list of revoked keys is not signed by the root that it names');
      let changed = false;
      for (const list of newRevocations) {
        if (list.number <= (revocations.get(list.rootId)?.number ?? 0)) continue;
        revocations.set(list.rootId, list);
        changed = true;
      }
      for (const one of newCertificates) {
        const publicKey = publicKeyOf(one.key);
        if (publicKey === null) continue;
        const keyId = keyIdOf(publicKey);
        const name = `${one.rootId} ${keyId}`;
        const known = certificates.get(name);
        if (known !== undefined && Date.parse(known.notAfter) >= Date.parse(one.notAfter)) continue;
        certificates.set(name, { ...one, keyId, publicKey });
        changed = true;
      }
      forgetOldest();
      return accept(changed);
    },
    trusted(now) {
      const keys = new Map<string, KeyObject>();
      for (const [rootId, key] of roots) if (!isRevoked(rootId)) keys.set(rootId, key);
      for (const one of certificates.values())
        if (isInDate(one, now) && !isRevoked(one.keyId) && !isRevoked(one.rootId)) keys.set(one.keyId, one.publicKey);
      return keys;
    },
    whyNot(keyId, now) {
      const known = [...certificates.values()].filter(one => one.keyId === keyId);
      if (isRevoked(keyId)) return `key ${keyId} was revoked`;
      if (roots.has(keyId)) return null;
      const [first] = known;
      if (first === undefined) return `key ${keyId} is not certified by a root that is trusted here`;
      if (known.every(one => isRevoked(one.rootId))) return `the root that certified key ${keyId} was revoked`;
      if (known.some(one => isInDate(one, now) && !isRevoked(one.rootId))) return null;
      return Date.parse(first.notAfter) < now
        ? `the certificate of key ${keyId} ended at ${first.notAfter}`
        : `the certificate of key ${keyId} begins at ${first.notBefore}`;
    },
    until: keyId =>
      [...certificates.values()]
        .filter(one => one.keyId === keyId)
        .map(one => one.notAfter)
        .sort((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null,
    keySet: () => ({
      certificates: [...certificates.values()].map(({ keyId: _, publicKey: __, ...certificate }) => certificate),
      revocations: [...revocations.values()],
    }),
  };

  /** Those that end first go first: what is kept must fit a message. */
  function forgetOldest() {
    const all = [...certificates].sort(([, a], [, b]) => Date.parse(a.notAfter) - Date.parse(b.notAfter));
    for (const [name] of all.slice(0, Math.max(0, all.length - maxCertificates))) certificates.delete(name);
  }
}

export function decodeKeySet(payload: Uint8Array): Result<KeySet> {
  const parsed = parseObject(payload, maxKeySetBytes);
  return parsed.ok ? readKeySet(parsed.value) : parsed;
}

/** Every field in its form; says nothing about the signatures. */
export function readKeySet(value: unknown): Result<KeySet> {
  if (!isRecord(value)) return refuse('keys is no object');
  const { certificates, revocations } = value;
  if (!Array.isArray(certificates) || certificates.length > maxCertificates)
    return refuse(`certificates is no list of at most ${maxCertificates}`);
  if (!Array.isArray(revocations) || revocations.length > maxCertificates)
    return refuse(`revocations is no list of at most ${maxCertificates}`);
  const read: KeySet = {
    certificates: certificates.flatMap(certificate),
    revocations: revocations.flatMap(revocation),
  };
  if (read.certificates.length < certificates.length) return refuse('a certificate is not in its form');
  if (read.revocations.length < revocations.length) return refuse('a list of revoked keys is not in its form');
  return accept(read);
}

function certificate(value: unknown): readonly KeyCertificate[] {
  if (!isRecord(value)) return [];
  const { key, notBefore, notAfter, rootId, signature } = value;
  if (!isMatch(key, keyForm) || !isInstant(notBefore) || !isInstant(notAfter)) return [];
  if (!isMatch(rootId, keyIdForm) || !isMatch(signature, signatureForm)) return [];
  return [{ key, notBefore, notAfter, rootId, signature }];
}

function revocation(value: unknown): readonly Revocations[] {
  if (!isRecord(value)) return [];
  const { number, issuedAt, revoked, rootId, signature } = value;
  if (!isCount(number) || number === 0 || !isInstant(issuedAt)) return [];
  if (!Array.isArray(revoked) || revoked.length > maxRevoked) return [];
  const ids = revoked.filter((id): id is string => isMatch(id, keyIdForm));
  if (ids.length < revoked.length || !isMatch(rootId, keyIdForm) || !isMatch(signature, signatureForm)) return [];
  return [{ number, issuedAt, revoked: ids, rootId, signature }];
}

const isInDate = ({ notBefore, notAfter }: KeyCertificate, now: number): boolean =>
  Date.parse(notBefore) <= now && now <= Date.parse(notAfter);

/** The public key of a certificate; null where it is no Ed25519 key. */
export function publicKeyOf(key: string): KeyObject | null {
  try {
    const made = createPublicKey({ key: Buffer.from(key, 'base64'), type: 'spki', format: 'der' });
    return made.asymmetricKeyType === 'ed25519' ? made : null;
  } catch {
    return null;
  }
}
