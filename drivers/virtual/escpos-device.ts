/**
 * The inside of a simulated ESC/POS printer.
 *
 *   bytes ─► receive buffer ─► commands ─► line buffer ─► print queue ─► head and cutter ─► paper
 *      └─► real-time commands, at once                        └─► process IDs, when what stands before them is printed
 *
 * Commands are worked off faster than paper moves, so `GS r` answers before the lines before it are on paper; that is how printers are.
 */
import type { Cancel, Clock } from '../../clock.ts';
import { Mechanism, type PaperPiece } from './escpos-mechanism.ts';
import { type EscPosCommand, takeCommand } from './escpos-parser.ts';
import { createRealTimeScanner } from './escpos-realtime.ts';
import { automaticStatusBytes, type PhysicalState, realTimeStatusByte } from './escpos-status.ts';
import {
  barcodeRows,
  createLineBuffer,
  defaultModes,
  defaultSpacing,
  imageRows,
  type Modes,
  type Rows,
  rasterRows,
} from './printer-canvas.ts';
import { ImageMemory } from './printer-image-memory.ts';
import { type PrinterPersonality, pageOf } from './printer-personalities.ts';
import { dataBarRows, SymbolStore } from './printer-stored-symbols.ts';
import { ReceiveBuffer } from './receive-buffer.ts';

export interface DeviceOptions {
  readonly clock: Clock;
  readonly personality: PrinterPersonality;
  /** To the host, if one is connected. */
  readonly send: (bytes: Uint8Array) => void;
  /** `bytes`: what was worked off for this piece. */
  readonly cutOff: (piece: PaperPiece, bytes: Uint8Array) => void;
  /** The receive buffer has room again. */
  readonly room: () => void;
  /** From power on until it works. */
  readonly bootMs: number;
}

/** Head to cutter. */
const cutterDots = 90;
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
  readonly #scanner = createRealTimeScanner();
  readonly #mechanism: Mechanism;
  #power = true;
  #booting: Cancel | null = null;
  /** Bytes at the head of the buffer that were read already, as the beginning of a command that is not whole. */
  #begun = 0;
  #nearEnd = false;
  readonly #receive = new ReceiveBuffer();
  #modes: Modes = defaultModes();
  readonly #symbols = new SymbolStore();
  readonly #images: ImageMemory;
  #asbOn = false;
  #asbSent = '';
  #bytes: Uint8Array[] = [];

  constructor(options: DeviceOptions) {
    this.#options = options;
    const { profile, speed } = options.personality;
    this.width = profile.dots;
    this.#images = new ImageMemory(profile.imageMemory);
    this.#line = createLineBuffer(profile.dots);
    this.#mechanism = new Mechanism({
      clock: options.clock,
      width: profile.dots,
      msPerRow: (25.4 / profile.dpi / speed) * 1000,
      cutOff: piece => this.#cutOff(piece),
      idDue: id => this.#send([0x37, 0x22, ...id, 0]),
      stopped: () => this.#changed(),
      moved: () => this.work(),
    });
  }

  get power(): boolean {
    return this.#power;
  }

  /** Has power and is through with starting. */
  get awake(): boolean {
    return this.#power && this.#booting === null;
  }

  get paperOut(): boolean {
    return this.#mechanism.rowsLeft <= 0;
  }

  get coverOpen(): boolean {
    return this.#mechanism.cover;
  }

  /** True while paper moves or is still to move. */
  get busy(): boolean {
    return this.#mechanism.busy || this.#receive.length > 0;
  }

  /** Bytes that the receive buffer takes now. */
  get room(): number {
    if (!this.awake) return 0;
    return Math.max(0, this.#options.personality.buffer - (this.#receive.length - this.#begun));
  }

  /** One byte from the host; there must be room. */
  accept(byte: number): void {
    if (!this.awake) return;
    const { recovery, realTime } = this.#options.personality;
    this.#receive.push(byte);
    const command = this.#scanner(byte);
    if (command === null) return;
    if (command.kind === 'status' && realTime) this.#send([realTimeStatusByte(command.which, this.#physical())]);
    if (command.kind === 'clear' && recovery) {
      this.#forget();
      this.#send([0x37, 0x25, 0]);
    }
    if (command.kind === 'recover' && recovery) this.#recover(command.how);
  }

  /** Works off what is in the buffer; called after bytes were accepted. */
  work(): void {
    while (this.awake && !this.#mechanism.blocked && this.#mechanism.rowsQueued < queueRows) {
      const taken = takeCommand(this.#receive.bytes(), this.#families());
      this.#begun = taken === null ? this.#receive.length : 0;
      if (taken === null) break;
      this.#bytes.push(this.#receive.take(taken.length));
      this.#execute(taken.command);
    }
    this.#options.room();
    if (this.awake) this.#mechanism.move();
  }

  // --- what people do to it -----------------------------------------------------------------------------------------

  setCover(open: boolean): void {
    const mechanism = this.#mechanism;
    if (open === mechanism.cover) return;
    if (open) mechanism.halt();
    mechanism.cover = open;
    // Models that can't be told to go on do so once someone has looked inside.
    if (!open && !mechanism.jammed && !this.#options.personality.recovery) mechanism.cutterStopped = false;
    this.#changed();
  }

  /** @param rows dots of paper left on the roll; infinite for a new one */
  setPaper(rows: number): void {
    this.#mechanism.halt();
    this.#mechanism.rowsLeft = rows;
    this.#changed();
  }

  setNearEnd(near: boolean): void {
    this.#nearEnd = near;
    this.#changed();
  }

  setJammed(jammed: boolean): void {
    this.#mechanism.jammed = jammed;
  }

  setPower(on: boolean): void {
    if (on === this.#power) return;
    this.#mechanism.halt();
    this.#power = on;
    // Memory, modes and automatic status go; what is on paper stays.
    this.#forget();
    this.#asbOn = false;
    this.#asbSent = '';
    this.#mechanism.cutterStopped = false;
    this.#booting?.();
    this.#booting = null;
    if (!on) return;
    const { bootMs, clock, room } = this.#options;
    if (bootMs === 0) room();
    else
      this.#booting = clock.after(bootMs, () => {
        this.#booting = null;
        room();
      });
  }

  /** The piece of paper that hangs out of the printer. */
  hanging(): PaperPiece {
    return this.#mechanism.hanging();
  }

  /** What was worked off since the last cut. */
  worked(): Uint8Array {
    return Buffer.concat(this.#bytes);
  }

  // --- commands -----------------------------------------------------------------------------------------------------

  #families(): string {
    const { processId, profile } = this.#options.personality;
    const images = profile.imageMemory === 'keyed' ? 'L' : '';
    return `ACDEK${images}${profile.symbols.some(symbol => symbol !== 'qr-star') ? 'k' : ''}${processId ? 'HMN' : ''}`;
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
        this.#symbols.clear();
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
        this.#mechanism.feed(n);
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
        this.#symbol(data);
        break;
      case 'ESC GS y':
        this.#starSymbol(data);
        break;
      case 'GS v 0':
        this.#endLine();
        this.#print(rasterRows(data, modes, this.width));
        break;
      case 'FS p':
      case 'FS q':
      case 'GS ( L':
        this.#image(name, data);
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
        if (data[0] === 0x30 && data[1] === 0x30) this.#mechanism.reportId(data.slice(2, 6));
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
    this.#mechanism.feed(lines * this.#modes.spacing);
    if (this.#options.personality.profile.cutter === 'none' && lines >= tearFeedLines) this.#mechanism.cut(0);
  }

  #barcode(data: Uint8Array): void {
    const symbology = data[0] ?? 0;
    const content = symbology >= 65 ? data.slice(2) : data.slice(1, -1);
    // Printers before the TM-T88IV ignore a barcode that comes while there is text in the line.
    if (!this.#line.empty) {
      this.unknown.push('barcode inside a line');
      return;
    }
    const { symbols } = this.#options.personality.profile;
    const rows =
      symbology >= 74 && symbols.includes('databar')
        ? dataBarRows(symbology, content, this.#modes, this.width)
        : barcodeRows(symbology, content, this.#modes, this.width);
    if (rows === null) this.unknown.push(`barcode ${symbology} refused`);
    else this.#print(rows);
  }

  #symbol(data: Uint8Array): void {
    const rows = this.#symbols.command(data, this.#modes.align, this.width, this.#options.personality.profile.symbols);
    if (rows === 'refused') this.unknown.push(`symbol ${data[0]} refused`);
    else if (rows !== null) {
      this.#endLine();
      this.#print(rows);
    }
  }

  #starSymbol(data: Uint8Array): void {
    const knows = this.#options.personality.profile.symbols.includes('qr-star');
    const rows = knows ? this.#symbols.star(data, this.#modes.align, this.width) : 'refused';
    if (rows === 'refused') this.unknown.push('symbol of Star refused');
    else if (rows !== null) {
      this.#endLine();
      this.#print(rows);
    }
  }

  #image(name: 'FS p' | 'FS q' | 'GS ( L', data: Uint8Array): void {
    const image = this.#images.command(name, data);
    if (image === 'unknown') this.unknown.push(name);
    else if (image === 'reset') this.#forget();
    else if (image !== null) {
      this.#endLine();
      this.#print(imageRows(image, image.across, image.down, this.#modes.align, this.width));
    }
  }

  #cut(feed: number): void {
    this.#endLine();
    if (this.#options.personality.profile.cutter !== 'none') this.#mechanism.cut(feed);
  }

  #identify(n: number): void {
    const { model, realTime } = this.#options.personality;
    if (!realTime) return;
    if (n >= 1 && n <= 3) this.#send([n === 2 ? 0x02 : 0x20]);
    else if (n >= 65 && n <= 69) this.#send([0x5f, ...Buffer.from(n === 67 ? model : '1.00', 'latin1'), 0]);
  }

  #print(rows: Rows): void {
    this.#mechanism.print(rows);
  }

  #cutOff(piece: PaperPiece): void {
    const bytes = Buffer.concat(this.#bytes);
    this.#bytes = [];
    if (piece.height > 0) this.#options.cutOff(piece, bytes);
  }

  #forget(): void {
    this.#mechanism.clear();
    this.#receive.clear();
    this.#begun = 0;
    this.#line.clear();
    this.#modes = defaultModes();
    this.#symbols.clear();
  }

  #recover(how: 1 | 2): void {
    if (!this.#mechanism.cutterStopped) return;
    this.#mechanism.cutterStopped = false;
    if (how === 2) this.#forget();
    this.#changed();
  }

  // --- status -------------------------------------------------------------------------------------------------------

  #physical(): PhysicalState {
    const { blocked, cover, rowsLeft, cutterStopped } = this.#mechanism;
    return { offline: blocked, cover, paperEnd: rowsLeft <= 0, paperNearEnd: this.#nearEnd, cutterStopped };
  }

  #changed(): void {
    this.#tellStatus();
    this.work();
  }

  #tellStatus(): void {
    if (!this.#asbOn || !this.awake) return;
    const status = automaticStatusBytes(this.#physical());
    if (status.join() === this.#asbSent) return;
    this.#asbSent = status.join();
    this.#send(status);
  }

  #send(bytes: readonly number[]): void {
    this.#options.send(Uint8Array.from(bytes));
  }
}
