/**
 * HQ's keys. The root key certifies the signing key and belongs off line; HQ holds the signing key and what the root signed
 * (`keys.json`). Where nothing is configured HQ makes both at its first start and says what to carry away.
 *
 *   dataDir/root.key (to be moved off line) ──certifies──► dataDir/signing.key        dataDir/root.pub ──► tills' trust.root
 *                   └──────signs──────► dataDir/keys.json: certificates, revoked keys
 */
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instant } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import {
  certify,
  createKeyring,
  decodeKeySet,
  emptyKeySet,
  type Keyring,
  type KeySet,
  publicKeyOf,
} from '../protocol/keyring.ts';
import { keyIdOf, makeSigningKey, publicPemOf, readTrustedKeys, type SigningKey } from '../protocol/signing.ts';
import { loadSigningKey, writeSecret } from './files.ts';

/** Paths of `hq.json`; without `root` the signing key is its own root. */
export interface SigningFiles {
  readonly key: string;
  readonly root?: string | undefined;
  readonly keys?: string | undefined;
}

export interface HqKeys {
  readonly key: SigningKey;
  /** What tills name as `trust.root`, PEM. */
  readonly rootPem: string;
  readonly ring: Keyring;
  /** The private root key lies beside HQ: convenient for a first try, not for a retailer. */
  readonly rootFile: string | null;
  /** Why nothing can be signed now; null: it can. @param now ms since 1970 UTC */
  problem(now: number): string | null;
  /** Until when the signing key is certified; null: it is a root itself. */
  until(): string | null;
}

export const dayMs = 86_400_000;
const certifiedDays = 365;
/** A root that is at hand certifies anew so long before the end; without it HQ begins to warn. */
export const renewDays = 60;

/** @throws TillsideError `config-invalid` where a file can't be read or used */
export function openHqKeys(dataDir: string, files: SigningFiles | undefined, now: number, log: SyncLog): HqKeys {
  const found = files === undefined ? ownFiles(dataDir, now, log) : namedFiles(files);
  const roots = readTrustedKeys([found.rootPem]);
  if (!roots.ok) throw new TillsideError('config-invalid', `The root key ${roots.reason}.`);
  const ring = createKeyring(roots.value);
  const taken = ring.take(found.set);
  if (!taken.ok) throw new TillsideError('config-invalid', `${found.setFile}: ${taken.reason}.`);
  const { key, rootPem, rootFile } = found;
  const until = () => (roots.value.has(key.keyId) ? null : ring.until(key.keyId));
  return { key, rootPem, ring, rootFile, until, problem: at => ring.whyNot(key.keyId, at) };
}

const idOfCertified = (text: string): string | null => {
  const key = publicKeyOf(text);
  return key === null ? null : keyIdOf(key);
};

type Found = {
  readonly key: SigningKey;
  readonly rootPem: string;
  readonly rootFile: string | null;
  readonly set: KeySet;
  readonly setFile: string;
};

function namedFiles({ key: file, root, keys }: SigningFiles): Found {
  const key = loadSigningKey(file);
  const rootPem = root === undefined ? publicPemOf(key) : text(root);
  const setFile = keys ?? '';
  return { key, rootPem, rootFile: null, set: keys === undefined ? emptyKeySet : readKeys(keys), setFile };
}

/** Everything in `dataDir`, made where it is missing. */
function ownFiles(dataDir: string, now: number, log: SyncLog): Found {
  const file = (name: string) => join(dataDir, name);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const [rootFile, signingFile, setFile] = [file('root.key'), file('signing.key'), file('keys.json')];
  if (!existsSync(file('root.pub'))) {
    // An HQ of before there were roots: what its tills trust becomes the root, and certifies a new key.
    if (existsSync(signingFile)) renameSync(signingFile, rootFile);
    if (!existsSync(rootFile)) writeSecret(rootFile, makeSigningKey().privatePem);
    writeFileSync(file('root.pub'), publicPemOf(loadSigningKey(rootFile)), { flush: true });
  }
  const root = existsSync(rootFile) ? loadSigningKey(rootFile) : null;
  if (!existsSync(signingFile)) {
    if (root === null)
      throw new TillsideError(
        'config-invalid',
        `${signingFile} is missing, and the root key that could certify a new one is off line: make one with "tillside bundle keys certify" (docs/rollout.md).`,
      );
    writeSecret(signingFile, makeSigningKey().privatePem);
  }
  const key = loadSigningKey(signingFile);
  let set = existsSync(setFile) ? readKeys(setFile) : emptyKeySet;
  if (root !== null) {
    const until = Math.max(
      0,
      ...set.certificates.filter(one => idOfCertified(one.key) === key.keyId).map(one => Date.parse(one.notAfter)),
    );
    if (until < now + renewDays * dayMs) {
      // A till's clock may be behind.
      const [from, to] = [instant(now - dayMs, 'UTC'), instant(now + certifiedDays * dayMs, 'UTC')];
      const made = certify(root, createPublicKey(key.privateKey), from, to);
      set = { ...set, certificates: [...set.certificates, made] };
      saveKeys(setFile, set);
    }
    log.warn(
      { file: rootFile },
      'the root key lies beside HQ; with real tills, move it off line (docs/rollout.md, "Keys")',
    );
  }
  return { key, rootPem: text(file('root.pub')), rootFile: root === null ? null : rootFile, set, setFile };
}

/** Written whole or not at all. */
export function saveKeys(file: string, set: KeySet): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(set, null, 2)}\n`, { flush: true });
  renameSync(`${file}.new`, file);
}

/** @throws TillsideError `config-invalid` */
export function readKeys(file: string): KeySet {
  const set = decodeKeySet(Buffer.from(text(file)));
  if (!set.ok) throw new TillsideError('config-invalid', `${file}: ${set.reason}.`);
  return set.value;
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TillsideError('config-invalid', `The file ${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
}
