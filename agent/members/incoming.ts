/**
 * The file that is being fetched: its blocks, in any order, in `members/incoming`; what is there already survives a restart.
 * Nothing of it is believed before its SHA-256 is that of HQ's offer.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { blockCount, blockSize } from '../../sync/protocol/blocks.ts';
import type { Target } from '../store/index.ts';

export interface Incoming {
  readonly target: Target;
  readonly complete: boolean;
  /** Blocks that are not here yet, the first ones first. */
  missing(most: number): readonly number[];
  /** False: not one that is missing, or not of its size. */
  write(index: number, bytes: Uint8Array): boolean;
  readonly path: string;
  /** Forgets all blocks: they were wrong. */
  restart(): void;
  close(): void;
}

/** The note beside the file is written after so many blocks. */
const noteEvery = 32;

export interface IncomingFolder {
  /** What a former run was fetching. */
  resume(): Incoming | null;
  /** Begins with this file, or goes on with it. */
  begin(target: Target): Incoming;
  /** Removes whatever is there: members of a version that is here now, or not wanted any more. */
  clear(): void;
  /** What was cleared may still be here for a moment. */
  readonly aside: string;
}

export function incomingIn(folder: string): IncomingFolder {
  const data = join(folder, 'incoming');
  const note = join(folder, 'incoming.json');
  const aside = `${data}.old`;

  function open(target: Target, have: Uint8Array): Incoming {
    const file = openSync(data, 'r+', 0o600);
    const count = blockCount(target.size, target.block);
    let left = 0;
    for (let index = 0; index < count; index++) if (!has(have, index)) left++;
    let sinceNote = 0;
    let first = 0;
    let closed = false;

    const save = () => {
      sinceNote = 0;
      writeFileSync(`${note}.new`, JSON.stringify({ target, have: Buffer.from(have).toString('base64') }), {
        mode: 0o600,
      });
      renameSync(`${note}.new`, note);
    };

    return {
      target,
      path: data,
      get complete() {
        return left === 0;
      },
      missing(most) {
        while (first < count && has(have, first)) first++;
        const indexes: number[] = [];
        for (let index = first; index < count && indexes.length < most; index++)
          if (!has(have, index)) indexes.push(index);
        return indexes;
      },
      write(index, bytes) {
        if (closed || index >= count || has(have, index)) return false;
        if (bytes.byteLength !== blockSize(target.size, target.block, index)) return false;
        writeSync(file, bytes, 0, bytes.byteLength, index * target.block);
        have[index >> 3] = (have[index >> 3] ?? 0) | (1 << (index & 7));
        left--;
        if (++sinceNote >= noteEvery || left === 0) save();
        return true;
      },
      restart() {
        have.fill(0);
        left = count;
        first = 0;
        save();
      },
      close() {
        if (closed) return;
        closed = true;
        closeSync(file);
      },
    };
  }

  const clear = () => {
    for (const file of [note, `${note}.new`]) rmSync(file, { force: true });
    if (!existsSync(data)) return;
    renameSync(data, aside);
    // Freeing a hundred megabytes takes the file system a while: not on this thread. The next start does what is left of it.
    rm(aside, { force: true }).catch(() => {});
  };

  return {
    aside,
    clear,
    resume() {
      rmSync(aside, { force: true });
      try {
        const { target, have } = JSON.parse(readFileSync(note, 'utf8')) as { target: Target; have: string };
        const bits = Buffer.from(have, 'base64');
        if (bits.byteLength === Math.ceil(blockCount(target.size, target.block) / 8)) return open(target, bits);
      } catch {
        // None, or cut off: it is fetched from its first block.
      }
      clear();
      return null;
    },
    begin(target) {
      clear();
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = openSync(data, 'w', 0o600);
      try {
        ftruncateSync(file, target.size);
      } finally {
        closeSync(file);
      }
      return open(target, new Uint8Array(Math.ceil(blockCount(target.size, target.block) / 8)));
    },
  };
}

const has = (bits: Uint8Array, index: number): boolean => ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
