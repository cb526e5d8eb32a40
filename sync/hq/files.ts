/** HQ's secrets on disk, readable by their owner only: a signing key, and the token of the API, made at first start. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { readSigningKey, type SigningKey } from '../protocol/signing.ts';

/** @param file PEM, PKCS #8, Ed25519; must exist */
export function loadSigningKey(file: string): SigningKey {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TillsideError('config-invalid', `The signing key ${file} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const key = readSigningKey(pem);
  if (!key.ok) throw new TillsideError('config-invalid', `The signing key ${file} ${key.reason}.`);
  return key.value;
}

/** Reads `dataDir/tokens/hq`; makes it where it is missing, too short, or was readable by others. */
export function openToken(dataDir: string, log: SyncLog): string {
  const file = join(dataDir, 'tokens', 'hq');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined) {
    const open = process.platform !== 'win32' && (mode & 0o077) !== 0;
    const token = readFileSync(file, 'utf8').trim();
    if (!open && /^[A-Za-z0-9._~+/=-]{32,}$/.test(token)) return token;
    log.warn({ file }, 'the token could be read by others or was too short; a new one has been made');
    chmodSync(file, 0o600);
  }
  const token = randomBytes(32).toString('base64url');
  writeSecret(file, `${token}\n`);
  return token;
}

/** Readable by its owner only. */
export function writeSecret(file: string, content: string) {
  writeFileSync(file, content, { mode: 0o600, flush: true });
}
