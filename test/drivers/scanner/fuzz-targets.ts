/** What the fuzzer runs: every parser of bytes that a device or a person at the keyboard sends, with the rules it must keep. */

import { createDemux, longestMessage, type PrinterReport } from '../../../drivers/printer/escpos/demux.ts';
import { classify } from '../../../drivers/scanner/codes.ts';
import { parseDigitalLink, parseElements } from '../../../drivers/scanner/gs1.ts';
import { parseHidDescriptor } from '../../../drivers/scanner/hid-descriptor.ts';
import { parseHidDevice } from '../../../drivers/scanner/hid-pos.ts';
import { layoutFor, layoutOfDescriptor, standardLayout } from '../../../drivers/scanner/hid-pos-layout.ts';
import { createHidPosAssembler, longestScan } from '../../../drivers/scanner/hid-pos-report.ts';
import { parseSerialDevice } from '../../../drivers/scanner/serial.ts';
import { createSerialFrame, type Terminator } from '../../../drivers/scanner/serial-frame.ts';
import type { Scan, Symbology } from '../../../drivers/scanner/types.ts';
import { posReports } from '../../../drivers/virtual/scanner.ts';
import { isTillsideError } from '../../../errors.ts';
import type { LayoutName } from '../../../ui/shared/keyboard-layouts.ts';
import { createWedge, type WedgeKey } from '../../../ui/shared/wedge.ts';
import { scanners } from './descriptors.ts';

export type Target = {
  readonly name: string;
  /** Only code whose address holds this counts as new. */
  readonly code: string;
  readonly seeds: readonly Uint8Array[];
  /** @throws Error that names the rule which `input` breaks */
  readonly run: (input: Uint8Array) => void;
};

export const text = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'));

export function must(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`broken: ${rule}`);
}

const symbologies: readonly (Symbology | null)[] = [
  null,
  'EAN13',
  'GS1-128',
  'QR',
  'GS1-QR',
  'DATABAR',
  'UPCA',
  'DOTCODE',
];
const config = {
  schemes: [
    { id: 'club', prefix: '2501', length: 13, check: 'gs1-mod10' as const, symbologies: ['EAN13', 'QR'] },
    { id: 'bank', prefix: '4111', length: 16, check: 'luhn' as const },
    { id: 'old', prefix: 'A', length: 8, check: 'none' as const },
  ],
  weighedPrefixes: [{ prefix: '21', value: 'price' as const, digits: 5, decimals: 2 }],
};

/** A clock that moves when the input says so: timers run when they are due, or late and before what came meanwhile. */
function inputClock() {
  const timers = new Map<() => void, number>();
  let now = 0;
  return {
    clock: {
      now: () => now,
      monotonic: () => now,
      after(ms: number, run: () => void) {
        timers.set(run, now + ms);
        return () => timers.delete(run);
      },
    },
    /** Everything that waits runs, each at its time. */
    pass() {
      for (let step = 0; timers.size > 0; step++) {
        must(step < 100, 'timers come to an end');
        const [next] = [...timers].sort((a, b) => a[1] - b[1]);
        if (next === undefined) return;
        timers.delete(next[0]);
        now = Math.max(now, next[1]);
        next[0]();
      }
    },
    /** The process was busy for a second. */
    late() {
      now += 1000;
      for (const [run, due] of [...timers])
        if (due <= now) {
          timers.delete(run);
          run();
        }
    },
    move(ms: number) {
      now += ms;
    },
    waiting: () => timers.size,
  };
}

const sane = (scan: Scan) => {
  must(scan.raw.length > 0 && scan.raw.length <= longestScan, 'a scan has 1 to 8192 bytes');
  must(scan.aim === null || /^\][!-~]{2}$/.test(scan.aim), 'an AIM identifier is three characters');
};

const wedgeLayouts: readonly LayoutName[] = ['us', 'de', 'de-CH', 'fr', 'fr-CH'];
const wedgeCodes = [
  ...[...'0123456789'].map(digit => `Digit${digit}`),
  ...[...'ABCYZQMW'].map(letter => `Key${letter}`),
  ...['Minus', 'Equal', 'BracketRight', 'Space', 'Numpad1', 'F9', 'Enter', 'Tab', 'Escape', 'ShiftLeft', 'Unheard'],
];
const wedgeGaps = [0, 3, 12, 35, 36, 60, 61, 120, 240, 400];

export const targets: readonly Target[] = [
  {
    name: 'descriptor',
    code: '/drivers/scanner/',
    seeds: scanners.map(scanner => scanner.descriptor),
    run(input) {
      const inputs = parseHidDescriptor(input);
      must(inputs.length <= 512, 'at most 512 fields');
      const layout = layoutOfDescriptor(input);
      must(layout === null || layout.data + layout.dataBytes <= 4097, 'a report has at most 4 KB');
    },
  },
  {
    name: 'reports',
    code: '/drivers/scanner/',
    seeds: [
      ...scanners.flatMap(scanner => posReports('TS1.abc'.repeat(20), ']Q1', layoutFor(scanner.vendor, null))),
      ...posReports('7610200337450', ']E0', standardLayout),
    ],
    run(input) {
      const time = inputClock();
      const scanner = scanners[(input[0] ?? 0) % scanners.length];
      const layout = layoutFor(scanner?.vendor ?? null, scanner?.descriptor ?? null);
      const assembler = createHidPosAssembler({
        layout,
        guessed: ((input[0] ?? 0) & 0x40) !== 0,
        source: 'fuzz',
        clock: time.clock,
        onScan: sane,
        onError: () => undefined,
      });
      // The input is cut into reports of 64 bytes; a report that begins with 3 lets time pass, with 4 the process is busy.
      for (let at = 1; at < input.length; at += 64) {
        const report = input.slice(at, at + 64);
        if (report[0] === 3) time.pass();
        else if (report[0] === 4) time.late();
        else assembler.push(report);
        must(time.waiting() <= 1, 'one timer at most');
      }
      time.pass();
      must(time.waiting() === 0, 'no timer is left');
    },
  },
  {
    name: 'serial',
    code: '/drivers/scanner/',
    seeds: [text('\u0001]E07610200337450\r\n'), text('\u0000TS1.abc\r]C0X\n'), text('\u0004no end')],
    run(input) {
      const time = inputClock();
      const ends: readonly Terminator[] = ['auto', 'cr', 'lf', 'crlf', 'idle'];
      const frame = createSerialFrame({
        source: 'fuzz',
        clock: time.clock,
        terminator: ends[(input[0] ?? 0) % ends.length] ?? 'auto',
        idleMs: 100,
        onScan: sane,
        onError: () => undefined,
      });
      for (let at = 1; at < input.length; at += 50) {
        frame.push(input.subarray(at, at + 50));
        if (input[at] === 0xfe) time.pass();
        if (input[at] === 0xfd) time.late();
        must(time.waiting() <= 1, 'one timer at most');
      }
      time.pass();
      must(time.waiting() === 0, 'no timer is left');
    },
  },
  {
    name: 'codes',
    code: '/drivers/scanner/',
    seeds: [
      ...[
        '2501000000017',
        '4111111111111111',
        '036000291452',
        '96385074',
        '04252614',
        'TS1.abc',
        '7K3M-9P2Q-XXYZ-0001',
      ].map(code => text(`\u0000${code}`)),
      text('\u00020107610200337450\u001d17261231\u001d21ABC'),
      text('\u0002]C125576102000000120042\u001d3902500\u001d17261231'),
      text('\u0002]C18018761020012345678905\u001d80191'),
      text('\u00058110012345612345611110123101101230123456\u001d'),
      text('\u0003https://id.example/8018/761020012345678905?17=261231'),
      text('\u0000%B4111111111111111^DOE/JOHN^2612101?'),
      text('\u00012101234012345'),
    ],
    run(input) {
      const code = Buffer.from(input.subarray(1)).toString('latin1');
      const symbology = symbologies[(input[0] ?? 0) % symbologies.length] ?? null;
      const result = classify({ text: code, symbology }, config);
      must(['member', 'coupon', 'product', 'payment-card', 'unknown'].includes(result.kind), 'a known kind');
      if (result.kind === 'product') must(/^(\d{8}|\d{13}|\d{14})$/.test(result.gtin), 'goods have a number');
      for (const parsed of [parseElements(code), parseDigitalLink(code)])
        if (parsed?.ok === true) must(Object.keys(parsed.elements).length <= 64, 'at most 64 elements');
    },
  },
  {
    name: 'names',
    code: '/drivers/scanner/',
    seeds: [
      'hid:05e0:1900',
      'serial:/dev/ttyACM0?baud=9600&end=crlf',
      'serial:COM3?idle=20&parity=odd&data=7&stop=2&flow=rtscts',
    ].map(text),
    run(input) {
      const name = Buffer.from(input).toString('latin1');
      parseHidDevice(name);
      try {
        parseSerialDevice(name);
      } catch (error) {
        must(isTillsideError(error, 'config-invalid'), 'a wrong name is told as config-invalid');
      }
    },
  },
  {
    name: 'wedge',
    code: '/ui/shared/',
    seeds: [
      text('\u0000\u0001\u0011\u0021\u0031\u0041\u0051\u0061\u0071'),
      Uint8Array.from({ length: 40 }, (_, i) => (i * 37) & 0xff),
    ],
    run(input) {
      const time = inputClock();
      const layout = wedgeLayouts[(input[0] ?? 0) % wedgeLayouts.length] ?? 'us';
      const prefix = ((input[0] ?? 0) & 0x80) === 0 ? {} : { prefix: 'F9' };
      let swallowed = 0;
      let given = 0;
      let scanned = 0;
      const wedge = createWedge<WedgeKey>({
        layout,
        ...prefix,
        clock: { now: () => time.clock.monotonic(), after: (ms, run) => time.clock.after(ms, run) },
        onScan: scan => {
          scanned++;
          must(scan.length > 0 && scan.length <= 2 * 4096, 'a scan has characters, and not without end');
        },
        onReplay: keys => {
          given += keys.length;
        },
      });
      // Two bytes a key: which, and how long after the one before with which modifiers.
      for (let at = 1; at + 1 < input.length; at += 2) {
        const how = input[at + 1] ?? 0;
        const gap = wedgeGaps[how % wedgeGaps.length] ?? 0;
        if (how >= 240) time.pass();
        else if (how >= 230) time.late();
        else time.move(gap);
        const code = wedgeCodes[(input[at] ?? 0) % wedgeCodes.length] ?? 'KeyA';
        const bits = (input[at] ?? 0) >> 5;
        const verdict = wedge.key({
          code,
          key: '?',
          shift: (bits & 1) === 1,
          altGr: (bits & 2) === 2,
          ctrl: (bits & 4) === 4,
          repeat: how % 31 === 30,
          isComposing: how % 61 === 60,
          time: time.clock.monotonic(),
        });
        if (verdict === 'swallow') swallowed++;
        must(time.waiting() <= 1, 'one timer at most');
      }
      time.pass();
      wedge.flush();
      must(time.waiting() === 0, 'no timer is left');
      must(given <= swallowed, 'no key is given back twice');
      if (scanned === 0 && !('prefix' in prefix)) must(given === swallowed, 'every key that is no scan is given back');
    },
  },
  {
    name: 'demux',
    code: '/drivers/printer/escpos/demux.ts',
    seeds: [
      [0x16, 0x12, 0x37, 0x22, 0x30, 0x30, 0x30, 0x31, 0x00],
      [0x10, 0x00, 0x00, 0x0f, 0x37, 0x23, 0x41, 0x42, 0x00],
      [0x5f, 0x45, 0x50, 0x53, 0x4f, 0x4e, 0x00, 0x37, 0x25, 0x00],
      [0x37, 0x22, 0x13, 0x30, 0x30, 0x11, 0x30, 0x31, 0x00, 0x0c],
      [0x37, 0x22, 0x30, 0x14, 0x20, 0x00, 0x00, 0x30, 0x30, 0x31, 0x00],
    ].map(bytes => Uint8Array.from(bytes)),
    run(input) {
      const whole = createDemux();
      const atOnce = whole.push(input);
      const singly = createDemux();
      const oneByOne: PrinterReport[] = [];
      for (const byte of input) {
        oneByOne.push(...singly.push(Uint8Array.of(byte)));
        must(singly.pending <= longestMessage, 'no more than one message is held');
      }
      must(JSON.stringify(oneByOne) === JSON.stringify(atOnce), 'what was sent means the same however it is cut');
      const told = atOnce.reduce((sum, report) => sum + lengthOf(report), 0);
      must(told + whole.pending === input.length, 'every byte is told once');
      whole.reset();
      must(whole.pending === 0, 'a new connection begins with nothing');
    },
  },
];

/** Bytes that a printer sends for this report. */
function lengthOf(report: PrinterReport): number {
  switch (report.kind) {
    case 'asb':
      return 4;
    case 'process-id':
      return 7;
    case 'offline':
      return report.causes.length + 3;
    case 'cleared':
      return 3;
    case 'printer-id':
      return report.text.length + 2;
    default:
      return 1;
  }
}
