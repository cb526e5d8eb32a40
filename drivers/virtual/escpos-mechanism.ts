/**
 * Head, paper and cutter of a simulated printer: works off a queue at the speed of the model, and stops wherever paper, cover or cutter stop it.
 * Process IDs stand in the queue too: they are due when what stands before them is printed.
 */
import type { Cancel, Clock } from '../../clock.ts';
import { blankRows, type PrintedSymbol, type Rows } from './printer-canvas.ts';

/** What came out at a cut, or hangs out of the printer uncut. */
export interface PaperPiece {
  readonly rows: readonly Rows[];
  readonly height: number;
  /** Codes that are on this piece whole. */
  readonly symbols: readonly PrintedSymbol[];
  readonly text: string;
}

export interface MechanismOptions {
  readonly clock: Clock;
  /** Printable dots across. */
  readonly width: number;
  readonly msPerRow: number;
  readonly cutOff: (piece: PaperPiece) => void;
  readonly idDue: (id: Uint8Array) => void;
  /** Paper ended or the cutter stopped. */
  readonly stopped: () => void;
  /** A piece of work is done; there is room for more. */
  readonly moved: () => void;
}

type Item =
  | { readonly kind: 'rows'; readonly rows: Rows; done: number }
  | { readonly kind: 'cut'; readonly feed: number }
  | { readonly kind: 'id'; readonly id: Uint8Array };

const cutMs = 150;

export class Mechanism {
  cover = false;
  jammed = false;
  /** The cutter has stopped and waits to be told to go on. */
  cutterStopped = false;
  rowsLeft = Number.POSITIVE_INFINITY;
  readonly #options: MechanismOptions;
  #queue: Item[] = [];
  #motion: { readonly since: number; readonly rows: number; readonly cancel: Cancel } | null = null;
  #paper: Rows[] = [];
  #symbols: PrintedSymbol[] = [];
  #text: string[] = [];

  constructor(options: MechanismOptions) {
    this.#options = options;
  }

  get blocked(): boolean {
    return this.cover || this.rowsLeft <= 0 || this.cutterStopped;
  }

  get busy(): boolean {
    return this.#queue.length > 0;
  }

  /** Rows that are still to be printed. */
  get rowsQueued(): number {
    return this.#queue.reduce((sum, item) => sum + (item.kind === 'rows' ? item.rows.height - item.done : 0), 0);
  }

  print(rows: Rows): void {
    if (rows.height > 0) this.#queue.push({ kind: 'rows', rows, done: 0 });
  }

  feed(rows: number): void {
    this.print(blankRows(rows, this.#options.width));
  }

  /** @param feed dots that the paper moves to the cutter before */
  cut(feed: number): void {
    this.#queue.push({ kind: 'cut', feed });
  }

  reportId(id: Uint8Array): void {
    this.#queue.push({ kind: 'id', id });
  }

  /** Goes on as far as it can. */
  move(): void {
    while (!this.blocked && this.#motion === null) {
      const item = this.#queue[0];
      if (item === undefined) return;
      if (item.kind === 'id') {
        this.#queue.shift();
        this.#options.idDue(item.id);
      } else if (item.kind === 'rows') {
        const rows = Math.min(item.rows.height - item.done, this.rowsLeft);
        this.#start(rows, rows * this.#options.msPerRow, () => this.#printed(item, rows));
      } else if (this.jammed) {
        this.cutterStopped = true;
        this.#options.stopped();
      } else this.#start(0, cutMs + item.feed * this.#options.msPerRow, () => this.#cutDone());
    }
  }

  /** Stops the paper where it is; the rows already printed stay printed. */
  halt(): void {
    const motion = this.#motion;
    if (motion === null) return;
    motion.cancel();
    this.#motion = null;
    const item = this.#queue[0];
    const passed = Math.floor((this.#options.clock.monotonic() - motion.since) / this.#options.msPerRow);
    const rows = Math.min(motion.rows, passed);
    if (item?.kind === 'rows' && rows > 0) this.#printed(item, rows);
  }

  /** Forgets what is still to be done. */
  clear(): void {
    this.halt();
    this.#queue = [];
  }

  hanging(): PaperPiece {
    return {
      rows: this.#paper,
      height: this.#paper.reduce((sum, rows) => sum + rows.height, 0),
      symbols: this.#symbols,
      text: this.#text.join('\n'),
    };
  }

  #start(rows: number, ms: number, done: () => void): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#motion = null;
      done();
      this.#options.moved();
    });
    this.#motion = { since: this.#options.clock.monotonic(), rows, cancel };
  }

  #printed(item: Item & { kind: 'rows' }, rows: number): void {
    const { width } = this.#options;
    const { dots, height, symbol, text } = item.rows;
    this.#paper.push({ dots: dots.subarray(item.done * width, (item.done + rows) * width), height: rows });
    item.done += rows;
    this.rowsLeft -= rows;
    if (item.done >= height) {
      this.#queue.shift();
      if (symbol !== undefined) this.#symbols.push(symbol);
      if (text !== undefined && text !== '') this.#text.push(text);
    }
    if (this.rowsLeft <= 0) this.#options.stopped();
  }

  #cutDone(): void {
    this.#queue.shift();
    const piece = this.hanging();
    this.#paper = [];
    this.#symbols = [];
    this.#text = [];
    this.#options.cutOff(piece);
  }
}
