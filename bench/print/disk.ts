/** What the disk itself takes at this moment: two of these stand in every coupon's way, the sale's and the print journal's. */
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

const page = Buffer.alloc(4096, 1);

export interface Disk {
  /** Milliseconds of one page written and synced. */
  sync(): number;
  close(): void;
}

export function openDisk(): Disk {
  const path = join(tmpdir(), `bench-disk-${process.pid}`);
  const file = openSync(path, 'w');
  let at = 0;
  return {
    sync() {
      writeSync(file, page, 0, page.length, at);
      at += page.length;
      const start = process.hrtime.bigint();
      fdatasyncSync(file);
      return Number(process.hrtime.bigint() - start) / 1e6;
    },
    close() {
      closeSync(file);
      unlinkSync(path);
    },
  };
}
