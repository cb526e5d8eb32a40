/**
 * Coverage-guided fuzzing of everything that reads bytes of a scanner: inputs that reach new code are kept and changed further.
 * usage: node test/drivers/scanner/fuzz.ts [--minutes 10] [--seed 1]      exit 1 with the input in hex when a rule is broken
 */
import { Session } from 'node:inspector/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { classify } from '../../../drivers/scanner/codes.ts';
import { parseHidDescriptor } from '../../../drivers/scanner/hid-descriptor.ts';
import { parseHidDevice } from '../../../drivers/scanner/hid-pos.ts';
import { layoutFor, layoutOfDescriptor, standardLayout } from '../../../drivers/scanner/hid-pos-layout.ts';
import { createHidPosAssembler, longestScan } from '../../../drivers/scanner/hid-pos-report.ts';
import { parseSerialDevice } from '../../../drivers/scanner/serial.ts';
import { createSerialFrame, type Terminator } from '../../../drivers/scanner/serial-frame.ts';
import type { Scan, Symbology } from '../../../drivers/scanner/types.ts';
import { posReports } from '../../../drivers/virtual/scanner.ts';
import { isTillsideError } from '../../../errors.ts';
import { scanners } from './descriptors.ts';

/** No input of at most 2 KB may take more of the processor: a till that waits for a parser does not sell. */
const longestCpuMs = 250;
const longestInput = 2048;
const batchSize = 100;

type Target = {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly run: (input: Uint8Array) => void;
};

const text = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'));
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
  restrictedCoupons: true,
};

/** A clock whose timers run when the input says so. */
function inputClock() {
  const timers = new Set<() => void>();
  let now = 0;
  return {
    clock: {
      now: () => now,
      monotonic: () => now,
      after(_ms: number, run: () => void) {
        timers.add(run);
        return () => timers.delete(run);
      },
    },
    pass() {
      now += 1000;
      for (const run of [...timers]) {
        timers.delete(run);
        run();
      }
    },
    waiting: () => timers.size,
  };
}

function must(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`broken: ${rule}`);
}

const sane = (scan: Scan) => {
  must(scan.raw.length > 0 && scan.raw.length <= longestScan, 'a scan has 1 to 8192 bytes');
  must(scan.aim === null || /^\][!-~]{2}$/.test(scan.aim), 'an AIM identifier is three characters');
};

export const targets: readonly Target[] = [
  {
    name: 'descriptor',
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
        source: 'fuzz',
        clock: time.clock,
        onScan: sane,
        onError: () => undefined,
      });
      // The input is cut into reports of 64 bytes; a report that begins with 3 lets time pass.
      for (let at = 1; at < input.length; at += 64) {
        const report = input.slice(at, at + 64);
        if (report[0] === 3) time.pass();
        else assembler.push(report);
        must(time.waiting() <= 1, 'one timer at most');
      }
      time.pass();
      must(time.waiting() === 0, 'no timer is left');
    },
  },
  {
    name: 'serial',
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
      }
      time.pass();
      must(time.waiting() === 0, 'no timer is left');
    },
  },
  {
    name: 'codes',
    seeds: [
      ...['2501000000017', '4111111111111111', '036000291452', '96385074', 'TS1.abc', '7K3M-9P2Q-XXYZ-0001'].map(code =>
        text(`\u0000${code}`),
      ),
      text('\u00020107610200337450\u001d17261231\u001d21ABC'),
      text('\u0002]C125576102000000120042\u001d3902500\u001d8018761020012345678905'),
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
    },
  },
  {
    name: 'device names',
    seeds: [
      'hid:05e0:1900',
      'serial:/dev/ttyACM0?baud=9600&end=crlf',
      'serial:COM3?idle=20&parity=odd&data=7&stop=2',
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
];

const tokens = [
  ']C1',
  ']E0',
  ']Q1',
  '\u001d',
  '\r\n',
  'TS1.',
  '8018',
  '255',
  '3902',
  '17',
  '21',
  '%B',
  '=',
  '^',
  '/01/',
  'https://',
  '?17=',
  '\u0000',
  '\u0002',
  '\u00ff',
  '&end=idle',
].map(text);

/** xorshift32: repeatable, fast. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % Math.max(1, below);
  };
}

function changed(input: Uint8Array, other: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = [...input];
  for (let step = random(4); step >= 0; step--) {
    const at = random(bytes.length + 1);
    const kind = random(8);
    if (kind === 0) bytes[Math.min(at, bytes.length - 1)] = random(256);
    else if (kind === 1) bytes.splice(at, 0, random(256));
    else if (kind === 2) bytes.splice(at, 1 + random(8));
    else if (kind === 3) bytes.splice(at, 0, ...(tokens[random(tokens.length)] ?? []));
    else if (kind === 4) bytes = [...bytes.slice(0, at), ...other.slice(random(other.length + 1))];
    else if (kind === 5) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random(64)));
    else if (kind === 6 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (at < bytes.length) bytes[at] = 48 + random(10);
  }
  return Uint8Array.from(bytes.slice(0, longestInput));
}

export type FuzzResult = { readonly runs: number; readonly kept: number };

/**
 * Fuzzes all targets in turn until `goOn` says no.
 * @throws Error naming target, input in hex and rule
 */
export async function fuzz(seed: number, goOn: (runs: number) => boolean): Promise<FuzzResult> {
  const random = randomOf(seed);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const seen = new Set<string>();
  const corpora = targets.map(target => [...target.seeds]);
  let runs = 0;
  try {
    while (goOn(runs)) {
      const which = Math.floor(runs / batchSize) % targets.length;
      const target = targets[which];
      const corpus = corpora[which];
      if (target === undefined || corpus === undefined) break;
      const batch = Array.from({ length: batchSize }, () => {
        const base = corpus[random(corpus.length)] ?? new Uint8Array();
        return changed(base, corpus[random(corpus.length)] ?? base, random);
      });
      for (const input of batch) attempt(target, input);
      runs += batch.length;
      // Asking V8 for coverage costs more than a hundred inputs: only a batch that reached something new is looked at singly.
      if (!(await places(session)).some(place => !seen.has(place))) continue;
      for (const input of batch) {
        attempt(target, input);
        const fresh = (await places(session)).filter(place => !seen.has(place));
        for (const place of fresh) seen.add(place);
        if (fresh.length > 0 && corpus.length < 5000) corpus.push(input);
      }
    }
  } finally {
    session.disconnect();
  }
  return { runs, kept: corpora.reduce((sum, corpus) => sum + corpus.length, 0) };
}

function attempt(target: Target, input: Uint8Array): void {
  const start = process.threadCpuUsage();
  try {
    target.run(input);
    const { user, system } = process.threadCpuUsage(start);
    must((user + system) / 1000 < longestCpuMs, `done within ${longestCpuMs} ms`);
  } catch (error) {
    throw new Error(`${target.name} ${Buffer.from(input).toString('hex')}: ${String(error)}`, { cause: error });
  }
}

/** Places of the drivers that ran since it was last asked. */
async function places(session: Session): Promise<readonly string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const ran: string[] = [];
  for (const script of result) {
    if (!script.url.includes('/drivers/scanner/')) continue;
    for (const { ranges } of script.functions)
      for (const { count, startOffset, endOffset } of ranges)
        if (count > 0) ran.push(`${script.scriptId}:${startOffset}:${endOffset}`);
  }
  return ran;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
  });
  const end = performance.now() + Number(values.minutes) * 60_000;
  const before = process.memoryUsage().heapUsed;
  try {
    const { runs, kept } = await fuzz(Number(values.seed), () => performance.now() < end);
    const grown = Math.round((process.memoryUsage().heapUsed - before) / 1e6);
    console.log(
      `seed ${values.seed}: ${runs} inputs, ${kept} kept, heap grown by ${grown} MB (the kept inputs), no rule broken`,
    );
  } catch (error) {
    console.error(`seed ${values.seed}: ${String(error)}`);
    process.exitCode = 1;
  }
}
