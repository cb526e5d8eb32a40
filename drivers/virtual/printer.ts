/**
 * A printer to play with and to break: it takes bytes in this process or over TCP, answers like its model, prints to pictures, and can be pulled, opened,
 * jammed and emptied at any byte or millimetre.
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Transport } from '../printer/types.ts';
import { EscPosDevice } from './escpos-device.ts';
import type { PaperPiece } from './escpos-mechanism.ts';
import type { PrintedSymbol } from './printer-canvas.ts';
import { type Host, type PrinterEnd, virtualTransport } from './printer-links.ts';
import { type PersonalityName, type PrinterPersonality, printerPersonalities } from './printer-personalities.ts';
import { pictureOf, pictureSize, pngOf } from './printer-picture.ts';
import { type Pty, servePty } from './printer-pty.ts';
import { serveTcp } from './printer-tcp.ts';
import { msOfByte, type SerialLine, serialLink } from './serial-line.ts';

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
  /** A link inside this process, at the pace of memory or of a serial line; one at a time. */
  transport(line?: SerialLine): Transport;
  /** Serves the printer at 127.0.0.1; port 0 takes a free one. */
  listen(port: number): Promise<{ readonly port: number; close(): Promise<void> }>;
  /** Serves the printer at a pseudo terminal, which programs take for a serial port; its path stays when the cable is pulled and plugged. */
  plug(flow?: SerialLine['flow']): Promise<Pty>;
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

const slipsKept = 200;

export function createVirtualPrinter(options: VirtualPrinterOptions = {}): VirtualPrinter {
  const clock = options.clock ?? systemClock;
  const personality =
    typeof options.personality === 'object'
      ? options.personality
      : printerPersonalities[options.personality ?? 'TM-T88VI'];
  const slips: PrintedSlip[] = [];
  const listeners = new Set<(slip: PrintedSlip) => void>();
  const reachListeners = new Set<(isThere: boolean) => void>();
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
    if (change.cable !== undefined || change.power !== undefined)
      for (const listener of reachListeners) listener(cable && (device.power || keepsLink !== false));
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

  const end: PrinterEnd = {
    connectable,
    taken: () => host !== null,
    onReach(listener) {
      reachListeners.add(listener);
      return () => reachListeners.delete(listener);
    },
    take,
    room: () => device.room,
    buffer: personality.buffer,
    greet,
    leave,
  };

  return {
    personality,
    transport(line) {
      const name = `virtual:${personality.name}`;
      if (line === undefined) return virtualTransport(name, end);
      const msPerByte = msOfByte(line.baud);
      return virtualTransport(name, end, { msPerByte, open: () => serialLink(name, end, line, clock) });
    },
    listen: port => serveTcp(port, end),
    plug: (flow = 'none') => servePty(end, flow),
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
