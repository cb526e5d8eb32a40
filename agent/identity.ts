/** The till's certificate and key on disk: read anew for each connection, so that a renewed one is used without a restart. */
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
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
  return {
    certificate: () => read(files.cert, 'broker.cert'),
    key: () => read(files.key, 'broker.key'),
    authority: () => (files.ca === null ? '' : read(files.ca, 'broker.ca')),
    replace: pem => replaceFile(files.cert, pem, 0o644),
  };
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
  renameSync(fresh, file);
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(file), 'r');
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
