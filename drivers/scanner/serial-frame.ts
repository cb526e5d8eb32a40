/** Serial bytes → scans: a code ends at CR, LF or CRLF, or when the line falls silent. Pure; holds at most one code. */
import type { Cancel, Clock } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { busyMs, longestScan, mostTurns } from './hid-pos-report.ts';
import { scanOf } from './scan-text.ts';
import type { Scan } from './types.ts';

/** `auto`: CR or LF, whichever comes, and silence. `idle`: silence only, for codes that hold line ends themselves. */
export type Terminator = 'auto' | 'cr' | 'lf' | 'crlf' | 'idle';

export interface SerialFrameOptions {
  readonly source: string;
  readonly clock: Clock;
  readonly terminator: Terminator;
  /** A scanner sends a code in one go; at 9600 baud a byte takes 1 ms. */
  readonly idleMs: number;
  readonly onScan: (scan: Scan) => void;
  readonly onError: (error: TillsideError) => void;
}

export interface SerialFrame {
  push(bytes: Uint8Array): void;
  reset(): void;
}

const CR = 0x0d;
const LF = 0x0a;

export function createSerialFrame(options: SerialFrameOptions): SerialFrame {
  const { source, clock, terminator } = options;
  let held = new Uint8Array(longestScan);
  let length = 0;
  /** Too long: everything up to the next end is dropped. */
  let overflow = false;
  let cancel: Cancel | null = null;

  const end = () => {
    cancel?.();
    cancel = null;
    const bytes = held.slice(0, length);
    const dropped = overflow;
    length = 0;
    overflow = false;
    if (dropped) {
      const context = { device: source };
      options.onError(
        new TillsideError('device-protocol', `The scanner sent more than ${longestScan} bytes without an end.`, {
          context,
        }),
      );
      return;
    }
    const scan = scanOf(bytes, null, source, clock.monotonic());
    if (scan !== null) options.onScan(scan);
  };
  const awaitMore = (turns = 0) => {
    const due = clock.monotonic() + options.idleMs;
    cancel = clock.after(options.idleMs, () => {
      // The process was busy, not the line silent: what came meanwhile still waits to be read.
      if (clock.monotonic() - due > busyMs && turns < mostTurns) awaitMore(turns + 1);
      else end();
    });
  };
  const isEnd = (byte: number) => {
    if (terminator === 'idle') return false;
    if (terminator === 'cr') return byte === CR;
    if (terminator === 'lf') return byte === LF;
    if (terminator === 'crlf') return byte === LF && held[length - 1] === CR;
    return byte === CR || byte === LF;
  };

  return {
    push(bytes) {
      for (const byte of bytes) {
        if (isEnd(byte)) {
          if (length > 0) end();
        } else if (length === longestScan) overflow = true;
        else held[length++] = byte;
      }
      cancel?.();
      cancel = null;
      if (length > 0) awaitMore();
    },
    reset() {
      cancel?.();
      cancel = null;
      held = new Uint8Array(longestScan);
      length = 0;
      overflow = false;
    },
  };
}
