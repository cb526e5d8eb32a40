/**
 * A USB printer through the kernel's usblp driver (`/dev/usb/lpN`), in both directions.
 *
 * The file is opened non-blocking. A blocking read would hold one of libuv's four threads for as long as the printer is silent, and could not be
 * ended; so reads return at once with EAGAIN and are repeated, quickly while a job is on its way and slowly when nothing happens.
 */
import { constants, type FileHandle, open } from 'node:fs/promises';
import { isPrinterTaken } from '../list.ts';
import type { Link, Transport } from '../types.ts';
import { createLinkEvents } from './link-events.ts';
import { codeOf, lostError, openError } from './open-error.ts';

/** The part of a file that is used; tests play a printer with it. */
export type PrinterFile = Pick<FileHandle, 'close'> & {
  read(buffer: Uint8Array): Promise<{ readonly bytesRead: number }>;
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
};

export interface UsbOptions {
  readonly device: string;
  readonly path: string;
  readonly openFile?: (path: string) => Promise<PrinterFile>;
  /** Whether another program has taken a USB printer from the kernel; asked when the file is not there. */
  readonly isTaken?: () => Promise<boolean>;
}

/** After bytes went either way, answers are near. */
const busyReadMs = 4;
const idleReadMs = 50;
const busyForMs = 3000;
const writeRetryMs = 4;
/** usblp takes at most 8 KB at once. */
const chunkBytes = 4096;
/** Not yet: no data, or the last transfer still runs, or the printer waits for paper. */
const notYet = new Set(['EAGAIN', 'EWOULDBLOCK', 'EINTR', 'ENOSPC']);

export function usbTransport({
  device,
  path,
  openFile = openNonBlocking,
  isTaken = isPrinterTaken,
}: UsbOptions): Transport {
  return {
    device,
    bidirectional: true,
    async open() {
      try {
        return usbLink(device, await openFile(path));
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT' && (await isTaken()))
          throw openError(device, new Error('EBUSY: a program that talks to USB directly has taken the printer'));
        throw openError(device, cause);
      }
    },
  };
}

function openNonBlocking(path: string): Promise<PrinterFile> {
  return open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
}

function usbLink(device: string, file: PrinterFile): Link {
  const events = createLinkEvents();
  let busyUntil = 0;
  let closing: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let reading: Promise<void> = Promise.resolve();
  let writing: Promise<void> = Promise.resolve();

  const closeFile = () => {
    closing ??= (async () => {
      if (timer !== null) clearTimeout(timer);
      // The descriptor may be given to another file once it is closed: nothing may still use it.
      await Promise.allSettled([reading, writing]);
      await file.close().catch(() => {});
    })();
    return closing;
  };
  const lose = (cause: unknown) => {
    events.lost(lostError(device, cause));
    void closeFile();
  };
  const later = () => {
    if (events.over) return;
    timer = setTimeout(
      () => {
        reading = readOnce();
      },
      performance.now() < busyUntil ? busyReadMs : idleReadMs,
    );
    timer.unref();
  };
  const buffer = new Uint8Array(4096);
  const readOnce = async () => {
    try {
      const { bytesRead } = await file.read(buffer);
      // Zero bytes is an empty USB packet, not the end.
      if (bytesRead > 0) {
        busyUntil = performance.now() + busyForMs;
        events.data(buffer.slice(0, bytesRead));
      }
    } catch (cause) {
      if (!notYet.has(codeOf(cause))) return lose(cause);
    }
    later();
  };
  const writeAll = async (bytes: Uint8Array) => {
    let at = 0;
    while (at < bytes.length) {
      if (events.over) throw lostError(device, new Error('the link was closed'));
      try {
        const { bytesWritten } = await file.write(bytes.subarray(at, at + chunkBytes));
        at += bytesWritten;
        busyUntil = performance.now() + busyForMs;
      } catch (cause) {
        if (!notYet.has(codeOf(cause))) {
          lose(cause);
          throw lostError(device, cause);
        }
        await new Promise<void>(resolve => setTimeout(resolve, writeRetryMs));
      }
    }
  };

  reading = readOnce();
  return {
    write(bytes) {
      const done = writing.then(() => writeAll(bytes));
      writing = done.catch(() => {});
      return done;
    },
    onData: listener => events.onData(listener),
    onLost: listener => events.onLost(listener),
    close() {
      events.close();
      return closeFile();
    },
  };
}
