/** Where a host meets a simulated printer, and the plain link inside this process: as fast as memory, held up by a full buffer. */
import { TillsideError } from '../../errors.ts';
import { createLinkEvents } from '../printer/transports/link-events.ts';
import type { Link, Transport } from '../printer/types.ts';

/** One host at a time, as with real printers. */
export interface Host {
  deliver(bytes: Uint8Array): void;
  lose(): void;
  /** There is room again. */
  pump(): void;
}

/** The printer's end of whatever line. */
export interface PrinterEnd {
  connectable(): boolean;
  taken(): boolean;
  /** Told when cable or power come or go: is anything at the other end of the line? */
  onReach(listener: (isThere: boolean) => void): () => void;
  /** Takes bytes of a host while there is room; returns how many. Those for a printer without power vanish, unless its link holds them. */
  take(host: Host, bytes: Uint8Array): number;
  /** Bytes free in the receive buffer; 0 without power. */
  room(): number;
  /** Size of the receive buffer. */
  readonly buffer: number;
  greet(host: Host): void;
  leave(host: Host): void;
}

export function deviceLost(device: string): TillsideError {
  return new TillsideError('device-lost', `the link to the printer ${device} is gone`, { context: { device } });
}

/** @param open makes the link once the printer can be had; the plain one unless given */
export function virtualTransport(
  device: string,
  printer: PrinterEnd,
  line: { readonly msPerByte?: number; readonly open?: () => Link } = {},
): Transport {
  return {
    device,
    bidirectional: true,
    ...(line.msPerByte === undefined ? {} : { msPerByte: line.msPerByte }),
    open() {
      const details = { context: { device } };
      if (!printer.connectable())
        return Promise.reject(new TillsideError('device-missing', `the printer ${device} is not there`, details));
      if (printer.taken())
        return Promise.reject(new TillsideError('device-busy', `another program holds the printer ${device}`, details));
      return Promise.resolve(line.open?.() ?? plainLink(device, printer));
    },
  };
}

function plainLink(device: string, printer: PrinterEnd): Link {
  const events = createLinkEvents();
  let waiting: { bytes: Uint8Array; resolve: () => void; reject: (cause: Error) => void }[] = [];
  let pumping = false;
  const host: Host = {
    // As from a real line: never inside the call that sent.
    deliver: bytes => queueMicrotask(() => events.data(bytes)),
    lose() {
      for (const { reject } of waiting.splice(0)) reject(deviceLost(device));
      queueMicrotask(() => events.lost(deviceLost(device)));
    },
    pump() {
      if (pumping) return;
      pumping = true;
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const taken = printer.take(host, next.bytes);
        if (waiting[0] !== next) break;
        next.bytes = next.bytes.subarray(taken);
        if (next.bytes.length > 0) break;
        waiting.shift();
        next.resolve();
      }
      pumping = false;
    },
  };
  printer.greet(host);
  return {
    write: bytes =>
      new Promise((resolve, reject) => {
        if (events.over) return reject(deviceLost(device));
        waiting.push({ bytes, resolve, reject });
        host.pump();
      }),
    onData: events.onData,
    onLost: events.onLost,
    close() {
      events.close();
      waiting = [];
      printer.leave(host);
      return Promise.resolve();
    },
  };
}
