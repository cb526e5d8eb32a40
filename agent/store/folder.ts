/** The database's folder, made so that a power cut does not take it away again with everything in it. */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes `folder` and those above it, for its owner alone. SQLite syncs the folder of its files; that the folder itself stays, only
 * a sync of the one above it makes sure (fsync(2)).
 */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let above = dirname(resolve(folder)); ; above = dirname(above)) {
    syncFolder(above);
    if (above === top || above === dirname(above)) return;
  }
}

function syncFolder(folder: string): void {
  try {
    const opened = openSync(folder, 'r');
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  } catch {
    // Windows has no such sync, and a folder above may not be ours to open; the database itself is synced in any case.
  }
}
