/**
 * A simulated HID POS scanner at byte level: what it plays goes out as 64-byte input reports, laid out by its own report
 * descriptor, through the very parser and session that a real scanner's reports go through.
 */
import type { Clock } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { aimOf } from '../scanner/aim.ts';
import { type HidPosLayout, layoutFor } from '../scanner/hid-pos-layout.ts';
import { createHidPosAssembler } from '../scanner/hid-pos-report.ts';
import { createScannerSession, type ScannerLog, type ScanPort, type ScanSink } from '../scanner/session.ts';
import type { Scanner, Symbology } from '../scanner/types.ts';

/** The 75-byte descriptor of a common HID POS scanner (contract devices.md, section 2). */
export const posDescriptor: Uint8Array = Buffer.from(
  '058c0902a10185020912a102150026ff00750895010501093b8102058c950309fb09fc09fd8102953809fe8202010666ff9502090409008102058c25017501950109ff810275078103c0c0',
  'hex',
);

export interface VirtualScanner {
  readonly scanner: Scanner;
  /**
   * Scans a code. Without `symbology` it is guessed from the text: EAN-13, EAN-8 or QR.
   * @throws TillsideError device-missing while unplugged or not started
   */
  play(code: string, symbology?: Symbology): void;
  unplug(): void;
  plug(): void;
}

export interface VirtualScannerOptions {
  readonly clock: Clock;
  readonly device?: string;
  readonly log?: ScannerLog;
}

export function createVirtualScanner(options: VirtualScannerOptions): VirtualScanner {
  const { clock, device = 'virtual:' } = options;
  const layout = layoutFor(null, posDescriptor);
  let plugged = true;
  let wire: {
    readonly push: (report: Uint8Array) => void;
    readonly sink: ScanSink;
    readonly reset: () => void;
  } | null = null;
  const port: ScanPort = {
    device,
    async open(sink) {
      if (!plugged) throw new TillsideError('device-missing', 'The simulated scanner is unplugged.');
      const assembler = createHidPosAssembler({
        layout,
        source: device,
        clock,
        onScan: scan => sink.scan(scan),
        onError: error => sink.error(error),
      });
      const mine = { push: (report: Uint8Array) => assembler.push(report), sink, reset: () => assembler.reset() };
      wire = mine;
      return {
        async close() {
          mine.reset();
          if (wire === mine) wire = null;
        },
      };
    },
  };
  const scanner = createScannerSession(port, options.log === undefined ? { clock } : { clock, log: options.log });
  return {
    scanner,
    play(code, symbology = guessed(code)) {
      if (wire === null) throw new TillsideError('device-missing', 'The simulated scanner is not connected.');
      for (const report of posReports(code, aimOf(symbology), layout)) wire.push(report);
    },
    unplug() {
      plugged = false;
      const old = wire;
      wire = null;
      old?.reset();
      old?.sink.lost(new TillsideError('device-lost', 'The scanner was unplugged.', { context: { device } }));
    },
    plug() {
      plugged = true;
    },
  };
}

function guessed(code: string): Symbology {
  if (/^\d{13}$/.test(code)) return 'EAN13';
  if (/^\d{8}$/.test(code)) return 'EAN8';
  return 'QR';
}

/** The input reports that a scanner with this layout sends for one code. */
export function posReports(code: string, aim: string | null, layout: HidPosLayout): readonly Uint8Array[] {
  const bytes = Buffer.from(code, 'utf8');
  const last = layout.continued === null ? layout.data + layout.dataBytes - 1 : layout.continued.byte;
  const size = Math.max(64, last + 1, layout.data + layout.dataBytes);
  const reports: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += layout.dataBytes) {
    const chunk = bytes.subarray(at, at + layout.dataBytes);
    const report = new Uint8Array(size);
    if (layout.reportId !== 0) report[0] = layout.reportId;
    if (layout.length !== null) report[layout.length] = chunk.length;
    if (layout.aim !== null && aim !== null) report.set(Buffer.from(aim, 'latin1'), layout.aim);
    report.set(chunk, layout.data);
    const flag = layout.continued;
    if (flag !== null && at + chunk.length < bytes.length) report[flag.byte] = 1 << flag.bit;
    reports.push(report);
  }
  return reports;
}
