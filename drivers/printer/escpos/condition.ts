/** What a printer's status bytes mean; bits as in contract devices.md section 1 (Epson reference: GS a, DLE EOT). */
import type { PrinterProblem } from '../types.ts';

export interface Condition {
  readonly offline: boolean;
  readonly cover: boolean;
  readonly paperEnd: boolean;
  readonly paperNearEnd: boolean;
  readonly cutter: boolean;
  /** Recoverable by the host (`DLE ENQ`), the cutter among them. */
  readonly recoverable: boolean;
  readonly error: boolean;
}

export const cleanCondition: Condition = {
  offline: false,
  cover: false,
  paperEnd: false,
  paperNearEnd: false,
  cutter: false,
  recoverable: false,
  error: false,
};

export function conditionOfAsb([one, two, three]: readonly [number, number, number, number]): Condition {
  return {
    offline: (one & 0x08) !== 0,
    cover: (one & 0x20) !== 0,
    paperEnd: (three & 0x0c) !== 0,
    paperNearEnd: (three & 0x03) !== 0,
    cutter: (two & 0x08) !== 0,
    recoverable: (two & 0x0c) !== 0,
    error: (two & 0x60) !== 0,
  };
}

/** From the answers to `DLE EOT` 1, 2, 3, 4. */
export function conditionOfRealTime([one = 0, two = 0, three = 0, four = 0]: readonly number[]): Condition {
  return {
    offline: (one & 0x08) !== 0,
    cover: (two & 0x04) !== 0,
    paperEnd: (two & 0x20) !== 0 || (four & 0x60) !== 0,
    paperNearEnd: (four & 0x0c) !== 0,
    cutter: (three & 0x08) !== 0,
    recoverable: (three & 0x0c) !== 0,
    error: (three & 0x60) !== 0 || ((two & 0x40) !== 0 && (three & 0x6c) === 0),
  };
}

/** What the cashier has to see to first: an open cover hides the rest, and most of it is cured by opening it. */
export function problemOf(condition: Condition): PrinterProblem | null {
  if (condition.cover) return 'cover-open';
  if (condition.paperEnd) return 'paper-out';
  if (condition.cutter) return 'cutter';
  if (condition.error || condition.recoverable) return 'error';
  return condition.offline ? 'offline' : null;
}
