/** HQ's own certificate authority on disk: `ca/ca.key` (readable by its owner only) and `ca/ca.pem` in HQ's folder. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { messageOf, TillsideError } from '../../../errors.ts';
import { type Authority, makeAuthority, readAuthority } from './certificate.ts';

const authorityYears = 20;
const dayMs = 86_400_000;
/** A till's clock may be behind: what is issued now is good since yesterday. */
export const behindMs = dayMs;

const filesOf = (dataDir: string) => ({
  key: join(dataDir, 'ca', 'ca.key'),
  certificate: join(dataDir, 'ca', 'ca.pem'),
});

export const hasAuthority = (dataDir: string): boolean => existsSync(filesOf(dataDir).certificate);

/**
 * Makes the authority, once.
 * @param now milliseconds since 1970 UTC
 * @throws TillsideError `conflict` where there is one: all certificates would be worth nothing without it
 */
export function createAuthority(dataDir: string, tenant: string, now: number): Authority {
  const files = filesOf(dataDir);
  if (existsSync(files.key) || existsSync(files.certificate))
    throw new TillsideError('conflict', `There is an authority already in ${join(dataDir, 'ca')}; it stays as it is.`);
  mkdirSync(join(dataDir, 'ca'), { recursive: true, mode: 0o700 });
  const key = newKey();
  const authority = makeAuthority(key, tenant, now - behindMs, now + authorityYears * 365.25 * dayMs);
  writeFileSync(files.key, privatePem(key), { mode: 0o600, flag: 'wx', flush: true });
  writeFileSync(files.certificate, authority.pem, { mode: 0o644, flag: 'wx', flush: true });
  return authority;
}

/** @throws TillsideError `config-invalid` where there is none, it can't be read, or others can read its key */
export function openAuthority(dataDir: string): Authority {
  const files = filesOf(dataDir);
  if (!existsSync(files.certificate))
    throw new TillsideError('config-invalid', 'HQ has no certificate authority yet: make it with "tillside hq ca".');
  try {
    const mode = statSync(files.key).mode;
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new Error('others can read it: whoever has it can make tills; set its mode to 600');
    const key = createPrivateKey(readFileSync(files.key, 'utf8'));
    const authority = readAuthority(readFileSync(files.certificate, 'utf8'), key);
    if (!authority.certificate.checkPrivateKey(key)) throw new Error('it is not that of ca.pem');
    return authority;
  } catch (error) {
    throw new TillsideError('config-invalid', `The authority's key ${files.key} can't be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

export const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

export const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export const publicOf = (key: KeyObject): KeyObject => createPublicKey(key);
