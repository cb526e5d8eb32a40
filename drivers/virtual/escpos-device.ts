/**
 * The inside of a simulated ESC/POS printer.
 *
 *   bytes ─► receive buffer ─► commands ─► line buffer ─► print queue ─► head and cutter ─► paper
 *      └─► real-time commands, at once                        └─► process IDs, when what stands before them is printed
 *
 * Commands are worked off faster than paper moves, so `GS r` answers before the lines before it are on paper; that is how printers are.
 */
import type { Cancel, Clock } from '../../clock.ts';
import { type EscPosCommand, takeCommand } from './escpos-parser.ts';
import { createRealTimeScanner } from './escpos-realtime.ts';
import {
  barcodeRows,
  blankRows,
  createLineBuffer,
  defaultModes,
  defaultSpacing,
  type Modes,
  type PrintedSymbol,
  qrRows,
  type Rows,
  rasterRows,
} from './printer-canvas.ts';
import { type PrinterPersonality, pageOf } from './printer-personalities.ts';

/** What came out at a cut, or hangs out of the printer uncut. */
export interface PaperPiece {
  readonly bytes: Uint8Array;
  readonly rows: readonly Rows[];
  readonly height: number;
  /** Codes that are on this piece whole. */
  readonly symbols: readonly PrintedSymbol[];
  readonly text: string;
}

export interface DeviceOptions {
  readonly clock: Clock;
  readonly personality: PrinterPersonality;
  /** To the host, if one is connected. */
  readonly send: (bytes: Uint8Array) => void;
  readonly cutOff: (piece: PaperPiece) => void;
  /** The receive buffer has room again. */
  readonly room: () => void;
}

type Item =
  | { readonly kind: 'rows'; readonly rows: Rows; done: number }
  | { readonly kind: 'cut'; readonly feed: number }
  | { readonly kind: 'id'; readonly id: Uint8Array };

/** Head to cutter. */
const cutterDots = 90;
const cutMs = 150;
/** Lines that the print buffer holds before the printer stops reading commands. */
const queueRows = 600;
/** A printer without cutter: so long a feed means that the paper is torn off. */
const tearFeedLines = 4;

export class EscPosDevice {
  readonly width: number;
  /** Commands that this printer did not know. */
  readonly unknown: string[] = [];
  readonly #options: DeviceOptions;
  readonly #line;
  readonly #msPerRow: number;
  readonly #scanner;
  #power = true;
  #cover = false;
  #jammed = false;
  /** The cutter has stopped and waits to be told to go on. */
  #cutterError = false;
  #rowsLeft = Number.POSITIVE_INFINITY;
  #nearEnd = false;
  #receive: Uint8Array = new Uint8Array(0);
  #modes: Modes = defaultModes();
  #stored: Uint8Array = new Uint8Array(0);
  #asbOn = false;
  #asbSent = '';
  #queue: Item[] = [];
  #motion: { readonly since: number; readonly rows: number; readonly cancel: Cancel } | null = null;
  #paper: Rows[] = [];
  #symbols: PrintedSymbol[] = [];
  #text: string[] = [];
  #bytes: Uint8Array[] = [];

  constructor(options: DeviceOptions) {
    this.#options = options;
    const { profile, speed } = options.personality;
    this.width = profile.dots;
    this.#line = createLineBuffer(profile.dots);
    this.#msPerRow = (25.4 / profile.dpi / speed) * 1000;
    this.#scanner = createRealTimeScanner();
  }

  get power(): boolean {
    return this.#power;
  }

  get paperOut(): boolean {
    return this.#rowsLeft <= 0;
  }

  get coverOpen(): boolean {
    return this.#cover;
  }

  get cutterStopped(): boolean {
    return this.#cutterError;
  }

  /** True while paper moves or is still to move. */
  get busy(): boolean {
    return this.#queue.length > 0 || this.#receive.length > 0;
  }

  /** Bytes that the receive buffer takes now. */
  get room(): number {
    return this.#power ? Math.max(0, this.#options.personality.buffer - this.#receive.length) : 0;
  }

  /** One byte from the host; there must be room. */
  accept(byte: number): void {
    if (!this.#power) return;
    const { recovery, realTime } = this.#options.personality;
    this.#receive = Buffer.concat([this.#receive, Uint8Array.of(byte)]);
    const command = this.#scanner(byte);
    if (command === null) return;
    if (command.kind === 'status' && realTime) this.#send([this.#realTime(command.which)]);
    if (command.kind === 'clear' && recovery) {
      this.#forget();
      this.#send([0x37, 0x25, 0]);
    }
    if (command.kind === 'recover' && recovery) this.#recover(command.how);
  }

  /** Works off what is in the buffer; called after bytes were accepted. */
  work(): void {
    while (this.#power && !this.#offline && this.#queuedRows() < queueRows) {
      const taken = takeCommand(this.#receive, this.#families());
      if (taken === null) break;
      this.#bytes.push(this.#receive.slice(0, taken.length));
      this.#receive = this.#receive.slice(taken.length);
      this.#execute(taken.command);
    }
    this.#options.room();
    this.#move();
  }

  // --- what people do to it -----------------------------------------------------------------------------------------

  setCover(open: boolean): void {
    if (open === this.#cover) return;
    if (open) this.#halt();
    this.#cover = open;
    // Models that can't be told to go on do so once someone has looked inside.
    if (!open && !this.#jammed && !this.#options.personality.recovery) this.#cutterError = false;
    this.#changed();
  }

  /** @param rows dots of paper left on the roll; infinite for a new one */
  setPaper(rows: number): void {
    this.#halt();
    this.#rowsLeft = rows;
    this.#changed();
  }

  setNearEnd(near: boolean): void {
    this.#nearEnd = near;
    this.#changed();
  }

  setJammed(jammed: boolean): void {
    this.#jammed = jammed;
  }

  setPower(on: boolean): void {
    if (on === this.#power) return;
    this.#halt();
    this.#power = on;
    // Memory, modes and automatic status go; what is on paper stays.
    this.#forget();
    this.#asbOn = false;
    this.#asbSent = '';
    this.#cutterError = false;
    if (on) this.#options.room();
  }

  /** The piece of paper that hangs out of the printer. */
  hanging(): PaperPiece {
    return {
      bytes: Buffer.concat(this.#bytes),
      rows: this.#paper,
      height: this.#paper.reduce((sum, rows) => sum + rows.height, 0),
      symbols: this.#symbols,
      text: this.#text.join('\n'),
    };
  }

  // --- commands -----------------------------------------------------------------------------------------------------

  #families(): string {
    return this.#options.personality.processId ? 'ACDEHKLMNk' : 'ACDEKLk';
  }

  #execute(command: EscPosCommand): void {
    switch (command.kind) {
      case 'text':
        for (const rows of this.#line.text(command.bytes, this.#modes)) this.#print(rows);
        break;
      case 'line-feed':
        this.#print(this.#line.flush(this.#modes));
        break;
      case 'command':
        this.#command(command.name, command.data);
        break;
      case 'unknown':
        this.unknown.push(Buffer.from(command.bytes).toString('hex'));
        break;
      case 'ignored':
        break;
    }
  }

  #command(name: string, data: Uint8Array): void {
    const modes = this.#modes;
    const [n = 0] = data;
    switch (name) {
      case 'ESC @':
        this.#line.clear();
        this.#modes = defaultModes();
        this.#stored = new Uint8Array(0);
        this.#asbOn = false;
        break;
      case 'ESC t':
      case 'ESC GS t':
        if ((name === 'ESC GS t') === (this.#options.personality.profile.selectPage === 'star'))
          modes.page = pageOf(this.#options.personality, n);
        break;
      case 'ESC !':
        modes.font = (n & 1) !== 0 ? 'B' : 'A';
        modes.bold = (n & 8) !== 0;
        modes.down = (n & 16) !== 0 ? 2 : 1;
        modes.across = (n & 32) !== 0 ? 2 : 1;
        modes.underline = (n & 128) !== 0;
        break;
      case 'ESC M':
        modes.font = (n & 1) === 1 ? 'B' : 'A';
        break;
      case 'ESC E':
      case 'ESC G':
        modes.bold = (n & 1) === 1;
        break;
      case 'ESC -':
        modes.underline = (n & 3) !== 0;
        break;
      case 'ESC a':
        // Only at the beginning of a line.
        if (this.#line.empty) modes.align = (n & 3) === 1 ? 'center' : (n & 3) === 2 ? 'right' : 'left';
        break;
      case 'ESC 2':
        modes.spacing = defaultSpacing;
        break;
      case 'ESC 3':
        modes.spacing = n;
        break;
      case 'ESC d':
        this.#feedLines(n);
        break;
      case 'ESC J':
        this.#endLine();
        this.#print(blankRows(n, this.width));
        break;
      case 'ESC i':
      case 'ESC m':
        this.#cut(0);
        break;
      case 'GS !':
        modes.across = ((n >> 4) & 7) + 1;
        modes.down = (n & 7) + 1;
        break;
      case 'GS B':
        modes.inverse = (n & 1) === 1;
        break;
      case 'GS h':
        modes.barHeight = Math.max(1, n);
        break;
      case 'GS w':
        if (n >= 1 && n <= 6) modes.barModule = n;
        break;
      case 'GS k':
        this.#barcode(data);
        break;
      case 'GS ( k':
        this.#qr(data);
        break;
      case 'GS v 0':
        this.#endLine();
        this.#print(rasterRows(data, modes, this.width));
        break;
      case 'GS V':
        this.#cut(n === 0x41 || n === 0x42 ? cutterDots + (data[1] ?? 0) : 0);
        break;
      case 'GS a':
        this.#asbOn = n !== 0 && this.#options.personality.asb;
        this.#asbSent = '';
        this.#tellStatus();
        break;
      case 'GS r':
        if (this.#options.personality.fence) this.#send([n === 1 || n === 49 ? (this.#nearEnd ? 0x03 : 0) : 0]);
        break;
      case 'GS I':
        this.#identify(n);
        break;
      case 'GS ( H':
        if (data[0] === 0x30 && data[1] === 0x30) this.#queue.push({ kind: 'id', id: data.slice(2, 6) });
        break;
      default:
        break;
    }
  }

  #endLine(): void {
    if (!this.#line.empty) this.#print(this.#line.flush(this.#modes));
  }

  #feedLines(lines: number): void {
    this.#endLine();
    this.#print(blankRows(lines * this.#modes.spacing, this.width));
    if (this.#options.personality.profile.cutter === 'none' && lines >= tearFeedLines)
      this.#queue.push({ kind: 'cut', feed: 0 });
  }

  #barcode(data: Uint8Array): void {
    const symbology = data[0] ?? 0;
    const content = symbology >= 65 ? data.slice(2) : data.slice(1, -1);
    // Printers before the TM-T88IV ignore a barcode that comes while there is text in the line.
    if (!this.#line.empty) {
      this.unknown.push('barcode inside a line');
      return;
    }
    const rows = barcodeRows(symbology, content, this.#modes, this.width);
    if (rows === null) this.unknown.push(`barcode ${symbology} refused`);
    else this.#print(rows);
  }

  #qr(data: Uint8Array): void {
    const [cn, fn, n = 0] = data;
    if (cn !== 0x31) return;
    if (fn === 0x43) this.#modes.qrModule = n;
    else if (fn === 0x45) this.#modes.qrCorrection = (['L', 'M', 'Q', 'H'] as const)[n - 0x30] ?? 'L';
    else if (fn === 0x50) this.#stored = data.slice(3);
    else if (fn === 0x51) {
      this.#endLine();
      const rows = qrRows(this.#stored, this.#modes, this.width);
      if (rows === null) this.unknown.push('qr refused');
      else this.#print(rows);
    }
  }

  #cut(feed: number): void {
    this.#endLine();
    if (this.#options.personality.profile.cutter !== 'none') this.#queue.push({ kind: 'cut', feed });
  }

  #identify(n: number): void {
    const { model, realTime } = this.#options.personality;
    if (!realTime) return;
    if (n >= 1 && n <= 3) this.#send([n === 2 ? 0x02 : 0x20]);
    else if (n >= 65 && n <= 69) this.#send([0x5f, ...Buffer.from(n === 67 ? model : '1.00', 'latin1'), 0]);
  }

  // --- mechanism ----------------------------------------------------------------------------------------------------

  #print(rows: Rows): void {
    if (rows.height > 0) this.#queue.push({ kind: 'rows', rows, done: 0 });
  }

  #queuedRows(): number {
    return this.#queue.reduce((sum, item) => sum + (item.kind === 'rows' ? item.rows.height - item.done : 0), 0);
  }

  #move(): void {
    while (this.#power && !this.#offline && this.#motion === null) {
      const item = this.#queue[0];
      if (item === undefined) return;
      if (item.kind === 'id') {
        this.#queue.shift();
        this.#send([0x37, 0x22, ...item.id, 0]);
      } else if (item.kind === 'rows') {
        const rows = Math.min(item.rows.height - item.done, this.#rowsLeft);
        this.#start(rows, rows * this.#msPerRow, () => this.#printed(item, rows));
      } else if (this.#jammed) {
        this.#cutterError = true;
        this.#changed();
      } else this.#start(0, cutMs + item.feed * this.#msPerRow, () => this.#cutDone());
    }
  }

  #start(rows: number, ms: number, done: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#motion = null;
      done();
      this.work();
    });
    this.#motion = { since: this.#options.clock.monotonic(), rows, cancel };
  }

  #printed(item: Item & { kind: 'rows' }, rows: number): void {
    const { dots, height, symbol, text } = item.rows;
    this.#paper.push({ dots: dots.subarray(item.done * this.width, (item.done + rows) * this.width), height: rows });
    item.done += rows;
    this.#rowsLeft -= rows;
    if (item.done >= height) {
      this.#queue.shift();
      if (symbol !== undefined) this.#symbols.push(symbol);
      if (text !== undefined && text !== '') this.#text.push(text);
    }
    if (this.#rowsLeft <= 0) this.#changed();
  }

  #cutDone(): void {
    this.#queue.shift();
    const piece = this.hanging();
    this.#paper = [];
    this.#symbols = [];
    this.#text = [];
    this.#bytes = [];
    if (piece.height > 0) this.#options.cutOff(piece);
  }

  /** Stops the paper where it is; the rows already printed stay printed. */
  #halt(): void {
    const motion = this.#motion;
    if (motion === null) return;
    motion.cancel();
    this.#motion = null;
    const item = this.#queue[0];
    const passed = Math.floor((this.#options.clock.monotonic() - motion.since) / this.#msPerRow);
    const rows = Math.min(motion.rows, passed);
    if (item?.kind === 'rows' && rows > 0) this.#printed(item, rows);
  }

  #forget(): void {
    this.#halt();
    this.#receive = new Uint8Array(0);
    this.#queue = [];
    this.#line.clear();
    this.#modes = defaultModes();
    this.#stored = new Uint8Array(0);
  }

  #recover(how: 1 | 2): void {
    if (!this.#cutterError) return;
    this.#cutterError = false;
    if (how === 2) this.#forget();
    this.#changed();
  }

  // --- status -------------------------------------------------------------------------------------------------------

  get #offline(): boolean {
    return this.#cover || this.#rowsLeft <= 0 || this.#cutterError;
  }

  #changed(): void {
    this.#tellStatus();
    this.work();
  }

  #tellStatus(): void {
    if (!this.#asbOn || !this.#power) return;
    const end = this.#rowsLeft <= 0;
    const status = [
      0x10 | (this.#offline ? 0x08 : 0) | (this.#cover ? 0x20 : 0),
      (this.#cutterError ? 0x08 : 0) | 0,
      (this.#nearEnd || end ? 0x03 : 0) | (end ? 0x0c : 0),
      0x0f,
    ];
    if (status.join() === this.#asbSent) return;
    this.#asbSent = status.join();
    this.#send(status);
  }

  #realTime(which: 1 | 2 | 3 | 4): number {
    const end = this.#rowsLeft <= 0;
    switch (which) {
      case 1:
        return 0x12 | (this.#offline ? 0x08 : 0);
      case 2:
        return 0x12 | (this.#cover ? 0x04 : 0) | (end ? 0x20 : 0) | (this.#cutterError ? 0x40 : 0);
      case 3:
        return 0x12 | (this.#cutterError ? 0x08 : 0);
      case 4:
        return 0x12 | (this.#nearEnd || end ? 0x0c : 0) | (end ? 0x60 : 0);
    }
  }

  #send(bytes: readonly number[]): void {
    this.#options.send(Uint8Array.from(bytes));
  }
}
