/**
 * What the rest of tillside sees of a printer.
 *
 *   agent/printing ──job──► Printer (state machine) ──bytes──► Transport (tcp · serial · usb · virtual)
 *                  ◄evidence─┘        ▲──────────────demux of status bytes──┘
 */
import type { TillsideError } from '../../errors.ts';

/** How sure the till is that a job came out; contract devices.md section 1. */
export type Evidence = 'confirmed' | 'fenced' | 'sent' | 'unknown' | 'failed';

/** A byte link that is open. */
export interface Link {
  /** Resolves when the bytes were handed to the operating system; proves nothing about paper. Rejects `device-lost`. */
  write(bytes: Uint8Array): Promise<void>;
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Called once, when the link is gone without `close()`. */
  onLost(listener: (cause: TillsideError) => void): void;
  close(): Promise<void>;
}

/** Opens links to one device; every transport is such a factory. */
export interface Transport {
  /** As configured: `tcp://192.0.2.10:9100`. */
  readonly device: string;
  /** False where nothing can be read back. */
  readonly bidirectional: boolean;
  /** A byte on the wire; absent where that is next to nothing. */
  readonly msPerByte?: number;
  /** Rejects with `device-missing`, `device-denied` or `device-busy`. */
  open(): Promise<Link>;
}

/**
 * What keeps the printer from printing; the cashier is told what to do about each. `busy`: another program or till holds it; `denied`: it is there, and this
 * program may not open it.
 */
export type PrinterProblem =
  | 'missing'
  | 'busy'
  | 'denied'
  | 'paper-out'
  | 'cover-open'
  | 'cutter'
  | 'offline'
  | 'error';

export interface PrinterStatus {
  readonly device: string;
  /** null: ready as far as the printer can tell. */
  readonly problem: PrinterProblem | null;
  readonly paperNearEnd: boolean;
  /** The strongest evidence that this printer was seen to give; null while not yet probed. */
  readonly evidence: 'confirmed' | 'fenced' | 'sent' | null;
  readonly printing: boolean;
}

export interface PrintOutcome {
  readonly evidence: Evidence;
  /** For support and the journal: why not stronger. */
  readonly detail: string;
}

/** One printer, one owner, one job at a time. */
export interface Printer {
  /** Begins to open the device and keeps trying until `stop()`. Never throws for a missing device. */
  start(): void;
  stop(): Promise<void>;
  status(): PrinterStatus;
  onStatus(listener: (status: PrinterStatus) => void): () => void;
  /**
   * Prints one job and says how sure it is. Waits while the printer has no paper or an open cover. The caller journals before it calls.
   * Resolves `failed` only when it is certain that nothing redeemable is on paper; never rejects.
   * While the device is missing before the first byte, it waits; `abandon` ends that wait with `failed`.
   */
  print(job: PrintJob): Promise<PrintOutcome>;
}

export interface PrintJob {
  readonly id: string;
  readonly slip: Slip;
  readonly abandon?: AbortSignal;
  /** A process before this one left a job in doubt, of which something may hang out uncut: it is cut off first. */
  readonly afterDoubt?: boolean;
  /** Called right before the job's first byte goes out. */
  readonly onFirstByte?: () => void;
}

/** A slip to print, without any byte of a printer language. Columns are laid out by the profile's paper. */
export type Slip = readonly SlipElement[];

export type Align = 'left' | 'center' | 'right';

export type SlipElement =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly align?: Align;
      readonly bold?: boolean;
      readonly inverse?: boolean;
      readonly size?: 1 | 2 | 3;
      readonly small?: boolean;
    }
  /** Left and right text on one line; wraps the left one. */
  | { readonly kind: 'columns'; readonly left: string; readonly right: string; readonly bold?: boolean }
  | { readonly kind: 'rule' }
  | { readonly kind: 'feed'; readonly lines: number }
  | {
      readonly kind: 'barcode';
      readonly type: BarcodeType;
      /** GS1 types take an element string in brackets, `(255)7612345678900`; `databar` and `databar-stacked` a GTIN. */
      readonly data: string;
      /** Printed below; absent: what people read in such a code, nothing for squares. Empty: nothing. */
      readonly human?: string;
    }
  | ({ readonly kind: 'image' } & SlipImage)
  /** Puts an image into the printer's own memory; prints nothing. Not for coupons: memory wears out. */
  | { readonly kind: 'store-image'; readonly key: string; readonly image: SlipImage }
  | { readonly kind: 'cut' };

export interface SlipImage {
  readonly name: string;
  /** Dots. */
  readonly width: number;
  readonly height: number;
  /** One bit a dot, 1 = black, most significant first, rows padded to whole bytes. */
  readonly bits: Uint8Array;
  /** The printer is known to hold it under this key: it is printed from there. */
  readonly storedAs?: string;
}

export type BarcodeType =
  | 'qr'
  | 'gs1-qr'
  | 'code128'
  | 'gs1-128'
  | 'ean13'
  | 'ean8'
  | 'upca'
  | 'itf'
  | 'itf14'
  /** GS1 DataBar Omnidirectional, and the same in two rows. */
  | 'databar'
  | 'databar-stacked'
  | 'databar-expanded'
  | 'databar-expanded-stacked'
  | 'pdf417'
  | 'datamatrix'
  | 'gs1-datamatrix';
