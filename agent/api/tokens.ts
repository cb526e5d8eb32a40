/** The bearer tokens of the local API: one for the POS, one for the screen, each in a file that only its owner may read. */
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { messageOf, TillsideError } from '../../errors.ts';
import type { Role, Tokens } from './gate.ts';

export type TokenLog = { warn(facts: object, message: string): void };

/**
 * Reads `dataDir/tokens/pos` and `dataDir/tokens/ui`, making what is not there (256 random bits, mode 0600).
 * A token that others could have read is not used any more: it is replaced, the mode is set right, and the log says so.
 * @throws TillsideError `config-invalid` if the folder can't be used
 */
export function openTokens(dataDir: string, log: TokenLog): Tokens {
  const folder = join(dataDir, 'tokens');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return { pos: openToken(folder, 'pos', log), ui: openToken(folder, 'ui', log) };
  } catch (error) {
    throw new TillsideError(
      'config-invalid',
      `The tokens in ${folder} can't be read or made: ${messageOf(error)}. The agent's user must own that folder.`,
      { cause: error, context: { folder } },
    );
  }
}

function openToken(folder: string, role: Role, log: TokenLog): string {
  const file = join(folder, role);
  const mode = modeOf(file);
  if (mode === null) return makeToken(file);
  // Windows has no such bits; there the folder's access list of the user's profile protects it.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    log.warn(
      { file, mode: mode.toString(8) },
      `The token ${file} was readable by other users; a new one has been made with mode 0600. Give it to the ${role === 'pos' ? 'POS' : 'screen'}.`,
    );
    chmodSync(file, 0o600);
    return makeToken(file);
  }
  const token = readFileSync(file, 'utf8').trim();
  if (/^[A-Za-z0-9._~+/=-]{32,}$/.test(token)) return token;
  log.warn({ file }, `The token ${file} was empty or too short; a new one has been made.`);
  return makeToken(file);
}

function makeToken(file: string): string {
  const token = randomBytes(32).toString('base64url');
  const handle = openSync(file, 'w', 0o600);
  try {
    writeSync(handle, `${token}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return token;
}

function modeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.mode ?? null;
}
