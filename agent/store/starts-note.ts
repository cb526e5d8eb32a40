/**
 * A note beside the database by which a copy that was put back is told: it has counted fewer starts, or fewer facts, than the
 * note. Written after each commit and never synced: after a power cut it may be old or gone, which only makes it say less.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

export type Counted = {
  /** The second in which the database began. */
  readonly epoch: number;
  readonly boot: number;
  /** Number of the last fact. */
  readonly seq: number;
};

export interface StartsNote {
  write(counted: Counted): void;
  close(): void;
}

/** Always written whole over itself. */
const length = 96;

/** Null: there is none, or none that can be read. Notes of earlier versions have no `seq`. */
export function readStartsNote(path: string): Counted | null {
  try {
    const { epoch, boot, seq = 0 } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    return [epoch, boot, seq].every(Number.isSafeInteger)
      ? { epoch: Number(epoch), boot: Number(boot), seq: Number(seq) }
      : null;
  } catch {
    return null;
  }
}

/** Without the note only a restored copy goes unnoticed here; HQ still sees it by the chain of hashes. So nothing throws. */
export function openStartsNote(path: string): StartsNote {
  let file: number | null = null;
  try {
    file = openSync(path, 'w', 0o600);
  } catch {
    // A full disk, another's file.
  }
  return {
    write(counted) {
      try {
        if (file !== null) writeSync(file, JSON.stringify(counted).padEnd(length), 0);
      } catch {
        // A full disk.
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
