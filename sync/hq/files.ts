/** HQ's secrets on disk, made at first start: the signing key and the token of the API, readable by their owner only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { makeSigningKey, publicPemOf, readSigningKey, type SigningKey } from '../protocol/signing.ts';

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

/** Where none is configured: `dataDir/signing.key`, made when missing, with `signing.pub` beside it for the tills. */
export function openSigningKey(dataDir: string): SigningKey {
  const file = join(dataDir, 'signing.key');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (statSync(file, { throwIfNoEntry: false }) === undefined) writeSecret(file, makeSigningKey().privatePem);
  const key = loadSigningKey(file);
  writeFileSync(join(dataDir, 'signing.pub'), publicPemOf(key));
  return key;
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

function writeSecret(file: string, content: string) {
  writeFileSync(file, content, { mode: 0o600, flush: true });
}
