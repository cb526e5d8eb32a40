/** What the rest of tillside sees of a scanner (UnifiedPOS conventions; contract devices.md section 2). */
import type { TillsideError } from '../../errors.ts';

export type Symbology =
  | 'EAN13'
  | 'EAN8'
  | 'UPCA'
  | 'UPCE'
  | 'CODE128'
  | 'GS1-128'
  | 'DATABAR'
  | 'ITF'
  | 'DATAMATRIX'
  | 'GS1-DATAMATRIX'
  | 'QR'
  | 'GS1-QR'
  | 'DOTCODE'
  | 'OTHER';

/** One scan, whole. */
export interface Scan {
  readonly raw: Uint8Array;
  /** Decoded data without AIM identifier, prefix or suffix. */
  readonly text: string;
  /** AIM identifier as sent, `]E0`; null where the device sends none. */
  readonly aim: string | null;
  readonly symbology: Symbology | null;
  /** As configured: `hid:05e0:1900`. */
  readonly source: string;
  /** Monotonic milliseconds at which the last byte arrived. */
  readonly at: number;
}

export type ScannerState = 'open' | 'claimed' | 'enabled' | 'disabled' | 'released';

export interface ScannerStatus {
  readonly device: string;
  readonly state: ScannerState;
  readonly connected: boolean;
  /** In plain words, for the status page; null when well. */
  readonly problem: string | null;
}

export type ScannerEvents = {
  scan: [Scan];
  /** Data that was not a scan, lost links: the driver recovers by itself. */
  error: [TillsideError];
  status: [ScannerStatus];
};

export interface Scanner {
  /** Claims, enables, and keeps looking for the device until `stop()`. Never throws for a missing device. */
  start(): void;
  stop(): Promise<void>;
  enable(): void;
  disable(): void;
  status(): ScannerStatus;
  on<Name extends keyof ScannerEvents>(event: Name, listener: (...args: ScannerEvents[Name]) => void): () => void;
}

/** A member card scheme, as the bundle gives it. */
export interface CardScheme {
  readonly id: string;
  readonly prefix: string;
  readonly length: number;
  readonly check: 'gs1-mod10' | 'luhn' | 'none';
  readonly symbologies?: readonly string[];
}

/** What a scanned text means. */
export type ScannedCode =
  | {
      readonly kind: 'member';
      /** Id of the card scheme; `gsrn` for a GSRN (AI 8018) that no scheme of the bundle claims. */
      readonly scheme: string;
      readonly card: string;
    }
  | {
      readonly kind: 'coupon';
      /**
       * `token` is a coupon of this product, `number` (24 digits under AI 91 alone) and `ean-98-99` (GS1 prefixes 981–984 and 990–999) may be one:
       * the till knows which of them it printed. All others are coupons of another issuer: recognised, so that they are told as such and never as
       * goods, and not honoured. `ai-8110` stands for 8112 too.
       */
      readonly form: 'token' | 'number' | 'gcn' | 'ean-98-99' | 'ai-8110';
      readonly code: string;
      /** From a GS1 symbol, when there: 17 expiry, 390n and 394n value, 8111 points. */
      readonly elements?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'product';
      readonly gtin: string /** from GS1 elements, when there */;
      readonly elements?: Readonly<Record<string, string>>;
    }
  /** Dropped before anything is logged. */
  | { readonly kind: 'payment-card' }
  | { readonly kind: 'unknown'; readonly why: 'check-digit' | 'no-scheme' | 'unreadable' };
