/**
 * A printer to play with and to break: it takes bytes in this process or over TCP, answers like its model, prints to pictures, and can be pulled, opened,
 * jammed and emptied at any byte or millimetre.
 */
import { createServer, type Socket } from 'node:net';
import { type Clock, systemClock } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { createLinkEvents } from '../printer/transports/link-events.ts';
import type { Link, Transport } from '../printer/types.ts';
import { EscPosDevice } from './escpos-device.ts';
import type { PaperPiece } from './escpos-mechanism.ts';
import type { PrintedSymbol } from './printer-canvas.ts';
import { type PersonalityName, type PrinterPersonality, printerPersonalities } from './printer-personalities.ts';
import { pictureOf, pictureSize, pngOf } from './printer-picture.ts';

/** Only the keys given change. */
export interface PrinterChange {
  /** A new roll, none, or so much of one. */
  readonly paper?: boolean | { readonly millimetres: number };
  readonly nearEnd?: boolean;
  readonly cover?: 'open' | 'closed';
  /** Pulled: the host's link is lost and none can be made. What the printer has goes on. */
  readonly cable?: boolean;
  /** Dead: bytes vanish both ways and nobody is told, as behind a switch that lost its power. */
  readonly line?: 'alive' | 'dead';
  /** Off: memory is lost. The link is lost too, unless `keepsLink`. */
  readonly power?: boolean;
  readonly cutter?: 'free' | 'jammed';
}

export interface PrinterState {
  readonly paper: boolean;
  readonly cover: 'open' | 'closed';
  readonly cable: boolean;
  readonly power: boolean;
  /** Bytes or paper are still to be worked off. */
  readonly busy: boolean;
}

export interface PrintedSlip {
  /** 1, 2, 3 … in the order in which they were cut. */
  readonly id: number;
  /** What the printer worked off for it. */
  readonly bytes: Uint8Array;
  /** Of the picture, dots. */
  readonly width: number;
  readonly height: number;
  /** Codes that are on the slip whole. */
  readonly symbols: readonly PrintedSymbol[];
  readonly text: string;
  png(): Uint8Array;
}

export interface VirtualPrinter {
  readonly personality: PrinterPersonality;
  /** A link inside this process; one at a time. */
  transport(): Transport;
  /** Serves the printer at 127.0.0.1; port 0 takes a free one. */
  listen(port: number): Promise<{ readonly port: number; close(): Promise<void> }>;
  set(change: PrinterChange): void;
  state(): PrinterState;
  slips(): readonly PrintedSlip[];
  onSlip(listener: (slip: PrintedSlip) => void): () => void;
  /** Paper that hangs out uncut. */
  hanging(): {
    readonly height: number;
    readonly symbols: readonly PrintedSymbol[];
    readonly text: string;
    /** What was worked off since the last cut; a loss of power takes the paper's rest away, not this record. */
    readonly bytes: Uint8Array;
  };
  /** Bytes received since it was made. */
  received(): number;
  /** Makes `change` happen, or calls it, when so many more bytes have been received (0: at once). */
  after(bytes: number, change: PrinterChange | (() => void)): void;
  /** Forgets the changes that `after` has prepared and that have not happened. */
  heal(): void;
  /** Commands that the printer did not know or refused. */
  unknown(): readonly string[];
}

export interface VirtualPrinterOptions {
  readonly clock?: Clock;
  readonly personality?: PersonalityName | PrinterPersonality;
  /**
   * Serial and USB adapters stay open when only the printer loses power. `true`: what is sent meanwhile vanishes; `holds`: it waits, as with
   * hardware flow control, and goes to a printer that knows nothing of what came before.
   */
  readonly keepsLink?: boolean | 'holds';
  /** From power on until it answers; 0 if not given. */
  readonly bootMs?: number;
  /** Slips kept; the oldest go. */
  readonly keep?: number;
}

/** One host at a time, as with real printers. */
interface Host {
  deliver(bytes: Uint8Array): void;
  lose(): void;
  pump(): void;
}

const slipsKept = 200;

export function createVirtualPrinter(options: VirtualPrinterOptions = {}): VirtualPrinter {
  const clock = options.clock ?? systemClock;
  const personality =
    typeof options.personality === 'object'
      ? options.personality
      : printerPersonalities[options.personality ?? 'TM-T88VI'];
  const slips: PrintedSlip[] = [];
  const listeners = new Set<(slip: PrintedSlip) => void>();
  const faults: { at: number; run: () => void }[] = [];
  let nextSlip = 1;
  let received = 0;
  let cable = true;
  let dead = false;
  let host: Host | null = null;
  /** Process ID that no host was there for; the latest is told to the next. */
  let untold: Uint8Array | null = null;

  const device = new EscPosDevice({
    clock,
    personality,
    send(bytes) {
      if (dead) return;
      if (host !== null) host.deliver(bytes);
      else if (bytes[0] === 0x37 && bytes[1] === 0x22) untold = bytes;
    },
    cutOff(piece, bytes) {
      const slip = printedSlip(nextSlip++, piece, bytes, device.width);
      slips.push(slip);
      if (slips.length > (options.keep ?? slipsKept)) slips.shift();
      for (const listener of listeners) listener(slip);
    },
    room: () => host?.pump(),
    bootMs: options.bootMs ?? 0,
  });
  const keepsLink = options.keepsLink ?? false;

  const set = (change: PrinterChange): void => {
    if (change.line !== undefined) dead = change.line === 'dead';
    if (change.cable !== undefined) cable = change.cable;
    if (change.power === false) untold = null;
    if (change.power !== undefined) device.setPower(change.power);
    if ((change.cable === false || (change.power === false && keepsLink === false)) && host !== null) {
      const old = host;
      host = null;
      old.lose();
    }
    if (change.nearEnd !== undefined) device.setNearEnd(change.nearEnd);
    if (change.cutter !== undefined) device.setJammed(change.cutter === 'jammed');
    if (change.paper !== undefined) device.setPaper(paperRows(change.paper, personality.profile.dpi));
    if (change.cover !== undefined) device.setCover(change.cover === 'open');
  };

  /** Takes bytes of a host while there is room; returns how many. Faults happen at their byte. */
  const take = (from: Host, bytes: Uint8Array): number => {
    let taken = 0;
    while (taken < bytes.length && from === host) {
      if (dead) return bytes.length;
      if (!device.awake) return keepsLink === 'holds' ? taken : bytes.length;
      if (device.room === 0) {
        device.work();
        if (device.room === 0) break;
      }
      device.accept(bytes[taken] ?? 0);
      taken++;
      received++;
      for (const fault of faults.filter(({ at }) => at <= received)) {
        faults.splice(faults.indexOf(fault), 1);
        // What came before the fault has been read.
        device.work();
        fault.run();
      }
    }
    device.work();
    return taken;
  };

  const connectable = () => cable && !dead && (device.awake || keepsLink !== false);
  const greet = (to: Host) => {
    host = to;
    if (untold !== null) to.deliver(untold);
    untold = null;
  };
  const leave = (who: Host) => {
    if (host === who) host = null;
  };

  return {
    personality,
    transport: () =>
      virtualTransport(`virtual:${personality.name}`, { connectable, taken: () => host !== null, take, greet, leave }),
    listen: port => serve(port, { connectable, taken: () => host !== null, take, greet, leave }),
    set,
    state: () => ({
      paper: !device.paperOut,
      cover: device.coverOpen ? 'open' : 'closed',
      cable,
      power: device.power,
      busy: device.busy,
    }),
    slips: () => slips,
    onSlip(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    hanging: () => ({ ...device.hanging(), bytes: device.worked() }),
    received: () => received,
    after(bytes, change) {
      const run = typeof change === 'function' ? change : () => set(change);
      if (bytes <= 0) run();
      else faults.push({ at: received + bytes, run });
    },
    heal() {
      faults.length = 0;
    },
    unknown: () => device.unknown,
  };
}

/** Convenience for programs: a printer that listens. Port 0 takes a free one. */
export async function listenVirtualPrinter(
  options: VirtualPrinterOptions & { readonly port: number },
): Promise<{ readonly printer: VirtualPrinter; readonly port: number; close(): Promise<void> }> {
  const printer = createVirtualPrinter(options);
  const server = await printer.listen(options.port);
  return { printer, ...server };
}

interface Sockets {
  connectable(): boolean;
  taken(): boolean;
  take(host: Host, bytes: Uint8Array): number;
  greet(host: Host): void;
  leave(host: Host): void;
}

function virtualTransport(device: string, printer: Sockets): Transport {
  return {
    device,
    bidirectional: true,
    open() {
      const details = { context: { device } };
      if (!printer.connectable())
        return Promise.reject(new TillsideError('device-missing', `the printer ${device} is not there`, details));
      if (printer.taken())
        return Promise.reject(new TillsideError('device-busy', `another program holds the printer ${device}`, details));
      return Promise.resolve(virtualLink(device, printer));
    },
  };
}

function virtualLink(device: string, printer: Sockets): Link {
  const events = createLinkEvents();
  const gone = () =>
    new TillsideError('device-lost', `the link to the printer ${device} is gone`, { context: { device } });
  let waiting: { bytes: Uint8Array; resolve: () => void; reject: (cause: Error) => void }[] = [];
  let pumping = false;
  const host: Host = {
    // As from a real line: never inside the call that sent.
    deliver: bytes => queueMicrotask(() => events.data(bytes)),
    lose() {
      for (const { reject } of waiting.splice(0)) reject(gone());
      queueMicrotask(() => events.lost(gone()));
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
        if (events.over) return reject(gone());
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

function serve(port: number, printer: Sockets): Promise<{ readonly port: number; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    if (!printer.connectable() || printer.taken()) {
      socket.resetAndDestroy();
      return;
    }
    open.add(socket);
    let waiting: Uint8Array = new Uint8Array(0);
    let pumping = false;
    const host: Host = {
      deliver: bytes => socket.write(bytes),
      lose: () => socket.resetAndDestroy(),
      pump() {
        if (pumping) return;
        pumping = true;
        waiting = waiting.subarray(printer.take(host, waiting));
        pumping = false;
        if (waiting.length === 0) socket.resume();
        else socket.pause();
      },
    };
    socket.on('data', bytes => {
      waiting = Buffer.concat([waiting, bytes]);
      host.pump();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      printer.leave(host);
    });
    printer.greet(host);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise(done => {
            for (const socket of open) socket.destroy();
            server.close(() => done());
          }),
      });
    });
  });
}

function paperRows(paper: boolean | { readonly millimetres: number }, dpi: number): number {
  if (typeof paper === 'boolean') return paper ? Number.POSITIVE_INFINITY : 0;
  return Math.round((paper.millimetres / 25.4) * dpi);
}

function printedSlip(id: number, piece: PaperPiece, bytes: Uint8Array, dots: number): PrintedSlip {
  const { width, height } = pictureSize(piece.height, dots);
  return {
    id,
    bytes,
    width,
    height,
    symbols: piece.symbols,
    text: piece.text,
    png: () => pngOf(pictureOf(piece.rows, dots)),
  };
}
