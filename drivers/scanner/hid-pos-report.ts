/**
 * HID POS input reports → scans.
 *
 *   64-byte report ──decode by layout──► part (AIM, data, continued?) ──assemble──► Scan
 *                                                      └─ nothing for 100 ms ──► whole (stuck flag) or dropped (lost part)
 *
 * The 100 ms are those of the reports' own stamps: a till that was busy reads late what came in time.
 */
import type { Cancel, Clock } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { confirmedLayout, type HidPosLayout } from './hid-pos-layout.ts';
import { scanOf } from './scan-text.ts';
import type { Scan } from './types.ts';

/** The reports of one scan follow each other within a few ms (interrupt interval 1–10 ms); past this none will come. */
export const continuationMs = 100;
/** A timer this late tells of a busy process: reports that came in time still wait to be read, and get a turn first. */
export const busyMs = 20;
/** Turns given at most, each as long as the time-out; a process that is always late decides in the end. */
export const mostTurns = 10;
/** The largest QR code holds 7,089 digits. */
export const longestScan = 8192;

export type ReportPart =
  | {
      readonly kind: 'data';
      readonly aim: string | null;
      readonly data: Uint8Array;
      readonly continued: boolean;
      /** Looks like the answer to a programming command, which Newland sends on the report of scans. */
      readonly reply: 'no' | 'likely' | 'certain';
    }
  | { readonly kind: 'empty' }
  | { readonly kind: 'foreign'; readonly why: string };

/** Reads one report as the device sent it, report ID first. Pure; never throws. */
export function readReport(report: Uint8Array, layout: HidPosLayout): ReportPart {
  if (layout.reportId !== 0 && report[0] !== layout.reportId) return { kind: 'foreign', why: `report ${report[0]}` };
  if (report.length <= layout.data) return { kind: 'foreign', why: `${report.length} bytes` };
  const field = report.subarray(layout.data, layout.data + layout.dataBytes);
  const length = layout.length === null ? field.length : (report[layout.length] ?? 0);
  if (length > layout.dataBytes) return { kind: 'foreign', why: `length ${length}` };
  const data = field.slice(0, length);
  const flag = layout.continued;
  const continued = flag !== null && (((report[flag.byte] ?? 0) >> flag.bit) & 1) === 1;
  if (!data.some(byte => byte !== 0)) return { kind: 'empty' };
  return { kind: 'data', aim: aimAt(report, layout.aim), data, continued, reply: replyOf(data) };
}

/** Three printable bytes, the first `]`; scanners without identifiers leave zeros. */
function aimAt(report: Uint8Array, at: number | null): string | null {
  if (at === null || report[at] !== 0x5d) return null;
  const text = String.fromCharCode(...report.subarray(at, at + 3));
  return /^\][!-~]{2}$/.test(text) ? text : null;
}

/** `STX SOH 0000…ETX`, or ACK/NAK alone (Newland serial programming command manual). */
function replyOf(data: Uint8Array): 'no' | 'likely' | 'certain' {
  if (data[0] === 0x02 && data[1] === 0x01) {
    const last = data.findLast(byte => byte !== 0);
    return last === 0x03 && data.subarray(2, 6).every(byte => byte === 0x30) ? 'certain' : 'likely';
  }
  const second = data[1] ?? 0;
  return (data[0] === 0x06 || data[0] === 0x15) && second === 0 ? 'likely' : 'no';
}

export interface HidPosAssembler {
  /** @param at monotonic ms at which the report arrived; now, if left out */
  push(report: Uint8Array, at?: number): void;
  /** Forgets a scan that is half there: the device is gone. */
  reset(): void;
}

export interface HidPosAssemblerOptions {
  readonly layout: HidPosLayout;
  /** The layout is not from the device's own descriptor (Windows, macOS): its reports may show another. */
  readonly guessed?: boolean;
  /** As configured; goes into each scan. */
  readonly source: string;
  readonly clock: Clock;
  readonly onScan: (scan: Scan) => void;
  readonly onError: (error: TillsideError) => void;
}

/** Puts the reports of a scan together. Holds at most `longestScan` bytes and one timer. */
export function createHidPosAssembler(options: HidPosAssemblerOptions): HidPosAssembler {
  const { source, clock } = options;
  let { layout } = options;
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let aim: string | null = null;
  let lastFull = false;
  let at = 0;
  let turns = 0;
  let cancel: Cancel | null = null;

  const reset = () => {
    cancel?.();
    cancel = null;
    parts = [];
    bytes = 0;
    aim = null;
  };
  const fault = (why: string) => {
    const context = { device: source };
    options.onError(
      new TillsideError('device-protocol', `The scanner sent something that is no scan (${why}).`, { context }),
    );
  };
  const deliver = () => {
    const scan = scanOf(Buffer.concat(parts), aim, source, at);
    reset();
    if (scan !== null) options.onScan(scan);
  };
  const awaitRest = () => {
    const due = clock.monotonic() + continuationMs;
    cancel = clock.after(continuationMs, () => {
      cancel = null;
      if (clock.monotonic() - due > busyMs && ++turns < mostTurns) return awaitRest();
      endOfWait();
    });
  };
  const endOfWait = () => {
    // One firmware flags every full report as continued. A flagged report that was not full has lost its rest.
    if (lastFull) return deliver();
    reset();
    fault('the rest of a scan did not come');
  };

  return {
    reset,
    push(report, arrived = clock.monotonic()) {
      if (options.guessed === true && parts.length === 0) layout = confirmedLayout(layout, report);
      const part = readReport(report, layout);
      if (part.kind === 'foreign') return fault(part.why);
      // In the middle of a long binary code the same bytes may stand at the start of a report.
      if (part.kind === 'data' && (part.reply === 'certain' || (part.reply === 'likely' && parts.length === 0))) return;
      // What waits has waited too long by the clock of the wire: it ends before this report is looked at.
      if (parts.length > 0 && arrived - at > continuationMs) endOfWait();
      if (part.kind === 'empty') {
        if (parts.length > 0) deliver(); // an empty last report after a scan that filled the one before it
        return;
      }
      // Another symbology: the scan before was whole, its flag was stuck.
      if (parts.length > 0 && part.aim !== null && aim !== null && part.aim !== aim) deliver();
      if (bytes + part.data.length > longestScan) {
        reset();
        return fault(`more than ${longestScan} bytes`);
      }
      cancel?.();
      cancel = null;
      parts.push(part.data);
      bytes += part.data.length;
      aim ??= part.aim;
      at = arrived;
      lastFull = part.data.length === layout.dataBytes;
      turns = 0;
      if (part.continued) awaitRest();
      else deliver();
    },
  };
}
