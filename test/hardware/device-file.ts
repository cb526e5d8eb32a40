/** Device nodes of the gadget side: opened without blocking, for a blocked read or write would hold a thread for ever. */
import { statSync } from 'node:fs';
import { constants, type FileHandle, open } from 'node:fs/promises';
import { until } from './scenario.ts';

/** Opens the node as soon as it is there. */
export function openForWriting(path: string): Promise<FileHandle> {
  return until(`${path} to open`, () =>
    open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY).catch(() => null),
  );
}

/** Writes all of it; a full queue is tried again. */
export async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  await until(`${bytes.length} bytes to be taken`, async () => {
    try {
      at += (await file.write(bytes.subarray(at))).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    return at === bytes.length;
  });
}

/** What is there now; empty where nothing is. */
export async function readSome(file: FileHandle): Promise<Uint8Array> {
  const buffer = new Uint8Array(8192);
  try {
    return buffer.slice(0, (await file.read(buffer)).bytesRead);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return new Uint8Array();
    throw error;
  }
}

export function groupOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.gid ?? null;
}
