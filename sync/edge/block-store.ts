/**
 * Blocks of a file on their way, kept on disk so that a transfer goes on after a crash where it was. Two files: the blocks at
 * their places, and a line of records that says which are there; a record that was torn, or whose block was, does not count.
 *
 *   {sha256}.part  the file itself, with holes        {sha256}.have  records: index (u32 BE) · SHA-256 of the block (32)
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { blockCount, blockSize } from '../protocol/blocks.ts';

/** A file to be had from HQ: its name, its bytes, the size of its blocks. */
export interface WantedFile {
  readonly sha256: string;
  readonly size: number;
  readonly block: number;
}

export interface BlockStore {
  /** What is there of this file, each block as it was put; every other file is forgotten. */
  open(file: WantedFile): Map<number, Uint8Array>;
  put(file: WantedFile, index: number, bytes: Uint8Array): void;
  /** The file is whole, or of no use. */
  drop(file: WantedFile): void;
}

const recordBytes = 36;
const flags = constants.O_RDWR | constants.O_CREAT;

/** @param folder of one transfer at a time; made where it is missing */
export function createBlockStore(folder: string, log: SyncLog): BlockStore {
  const part = ({ sha256 }: WantedFile) => join(folder, `${sha256}.part`);
  const have = ({ sha256 }: WantedFile) => join(folder, `${sha256}.have`);
  let open: { readonly sha256: string; readonly part: number; readonly have: number } | null = null;

  function close() {
    if (open === null) return;
    closeSync(open.part);
    closeSync(open.have);
    open = null;
  }

  /** The transfer goes on in memory: a disk that takes nothing only costs what a restart would have kept. */
  const best = <T>(run: () => T, otherwise: T): T => {
    try {
      return run();
    } catch (error) {
      log.warn({ folder, error: messageOf(error) }, 'blocks can’t be kept on disk');
      return otherwise;
    }
  };

  function forgetOthers(file: WantedFile) {
    close();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder))
      if (!name.startsWith(`${file.sha256}.`)) rmSync(join(folder, name), { force: true });
  }

  return {
    open(file) {
      const parts = new Map<number, Uint8Array>();
      best(() => forgetOthers(file), undefined);
      best(() => readParts(file, parts), undefined);
      return parts;
    },
    put(file, index, bytes) {
      best(() => {
        if (open?.sha256 !== file.sha256) {
          close();
          // Not truncated: both files grow where they were.
          open = {
            sha256: file.sha256,
            part: openSync(part(file), flags, 0o600),
            have: openSync(have(file), 'a', 0o600),
          };
        }
        const record = Buffer.alloc(recordBytes);
        record.writeUInt32BE(index);
        createHash('sha256').update(bytes).digest().copy(record, 4);
        // The block before the record that says it is there; both are looked at again when they are read.
        writeSync(open.part, bytes, 0, bytes.byteLength, index * file.block);
        writeSync(open.have, record);
      }, undefined);
    },
    drop(file) {
      best(() => {
        close();
        rmSync(part(file), { force: true });
        rmSync(have(file), { force: true });
      }, undefined);
    },
  };

  function readParts(file: WantedFile, parts: Map<number, Uint8Array>) {
    const records = readIfThere(have(file));
    if (records === null) return;
    const handle = openSync(part(file), 'r');
    try {
      const count = blockCount(file.size, file.block);
      for (let at = 0; at + recordBytes <= records.length; at += recordBytes) {
        const index = records.readUInt32BE(at);
        if (index >= count) continue;
        const bytes = Buffer.alloc(blockSize(file.size, file.block, index));
        const read = readSync(handle, bytes, 0, bytes.length, index * file.block);
        const found = createHash('sha256').update(bytes).digest();
        if (read === bytes.length && found.equals(records.subarray(at + 4, at + recordBytes))) parts.set(index, bytes);
      }
    } finally {
      closeSync(handle);
    }
  }
}

function readIfThere(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}
