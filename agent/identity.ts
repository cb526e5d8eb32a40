/** The till's certificate and key on disk: read anew for each connection, so that a renewed one is used without a restart. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { messageOf, TillsideError } from '../errors.ts';
import type { IdentityPort } from './ports.ts';

export interface IdentityFiles {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
  readonly ca: string | null;
}

/**
 * @param warn told once where the key can be read by others; it is closed to them
 * @throws TillsideError `config-invalid` where a file can't be read
 */
export function openIdentity(files: IdentityFiles, warn: (facts: object, message: string) => void): IdentityPort {
  const read = (file: string, key: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw new TillsideError('config-invalid', `${key}: the file ${file} can't be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
  for (const [file, key] of [
    [files.cert, 'broker.cert'],
    [files.key, 'broker.key'],
  ] as const)
    read(file, key);
  closeToOthers(files.key, warn);
  const next = { cert: `${files.cert}.next`, key: `${files.key}.next` };

  /** The certificate is whole on disk before anything is put in its place; what a crash left half done is done to the end. */
  function takeNext() {
    if (!existsSync(next.cert)) return;
    const fresh = readCertificate(next.cert);
    const isNewer =
      fresh !== null && Date.parse(fresh.validTo) > Date.parse(readCertificate(files.cert)?.validTo ?? '');
    const [key, nextKey] = [readKey(files.key), readKey(next.key)];
    const isOfNext = nextKey !== null && fresh?.checkPrivateKey(nextKey) === true;
    if (!isNewer || !(isOfNext || (key !== null && fresh.checkPrivateKey(key)))) {
      rmSync(next.cert, { force: true });
      return;
    }
    if (isOfNext) moveFile(next.key, files.key);
    moveFile(next.cert, files.cert);
  }

  takeNext();
  return {
    certificate: () => read(files.cert, 'broker.cert'),
    key: () => read(files.key, 'broker.key'),
    authority: () => (files.ca === null ? '' : read(files.ca, 'broker.ca')),
    nextKey: () => pemOf(readKey(next.key) ?? makeKey(next.key)),
    replace(pem) {
      replaceFile(next.cert, pem, 0o644);
      takeNext();
    },
  };
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Null: there is none, or it is none of P-256. */
export function readKey(file: string): KeyObject | null {
  try {
    const key = createPrivateKey(readFileSync(file, 'utf8'));
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : null;
  } catch {
    return null;
  }
}

/** A new key, on disk before HQ hears of it: should the answer be lost, the same key gets it again. */
export function makeKey(file: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  replaceFile(file, pemOf(privateKey), 0o600);
  return privateKey;
}

function readCertificate(file: string): X509Certificate | null {
  try {
    return new X509Certificate(readFileSync(file));
  } catch {
    return null;
  }
}

/** Whole or not at all, over a power cut too. */
export function replaceFile(file: string, content: string, mode: number): void {
  const fresh = `${file}.new`;
  const handle = openSync(fresh, 'w', mode);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  // An older file of this name keeps its mode when it is opened.
  if (process.platform !== 'win32') chmodSync(fresh, mode);
  moveFile(fresh, file);
}

/** Into the place of what may be there, in the same folder, and after a power cut still. */
export function moveFile(from: string, to: string): void {
  renameSync(from, to);
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(to), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function closeToOthers(file: string, warn: (facts: object, message: string) => void) {
  if (process.platform === 'win32' || (statSync(file).mode & 0o077) === 0) return;
  warn({ file }, "the till's key could be read by others; it is closed to them now");
  try {
    chmodSync(file, 0o600);
  } catch {
    // Somebody else's file: the warning says it.
  }
}
