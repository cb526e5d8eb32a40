import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHidDescriptor } from '../../../drivers/scanner/hid-descriptor.ts';
import {
  type HidPosLayout,
  layoutFor,
  layoutOfDescriptor,
  newlandLayout,
  standardLayout,
} from '../../../drivers/scanner/hid-pos-layout.ts';
import { createHidPosAssembler, longestScan, readReport } from '../../../drivers/scanner/hid-pos-report.ts';
import type { Scan } from '../../../drivers/scanner/types.ts';
import { posDescriptor, posReports } from '../../../drivers/virtual/scanner.ts';
import type { TillsideError } from '../../../errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { datalogic, honeywell, keyboard, newland, scanners, zebra } from './descriptors.ts';

function assembling(layout: HidPosLayout) {
  const clock = new FakeClock();
  const scans: Scan[] = [];
  const errors: TillsideError[] = [];
  const assembler = createHidPosAssembler({
    layout,
    source: 'hid:test',
    clock,
    onScan: scan => scans.push(scan),
    onError: error => errors.push(error),
  });
  const play = (code: string, aim: string | null = ']E0') => {
    for (const report of posReports(code, aim, layout)) assembler.push(report);
  };
  return { clock, scans, errors, assembler, play, texts: () => scans.map(scan => scan.text) };
}

test("every vendor's offsets are read from its descriptor", () => {
  assert.equal(posDescriptor.length, 75);
  assert.deepEqual(layoutOfDescriptor(posDescriptor), standardLayout);
  assert.deepEqual(layoutOfDescriptor(zebra.descriptor), standardLayout);
  assert.deepEqual(layoutOfDescriptor(honeywell.descriptor), standardLayout);
  assert.deepEqual(layoutOfDescriptor(newland.descriptor), newlandLayout);
  assert.deepEqual(layoutOfDescriptor(datalogic.descriptor), {
    reportId: 2,
    length: 1,
    aim: 3,
    data: 6,
    dataBytes: 55,
    continued: { byte: 61, bit: 0 },
  });
  assert.equal(layoutOfDescriptor(keyboard.descriptor), null);
});

test('where the system shows no descriptor, the profile of the vendor counts, then the standard', () => {
  assert.deepEqual(layoutFor(0x1eab, null), newlandLayout);
  assert.deepEqual(layoutFor(0xdead, null), standardLayout);
  assert.deepEqual(layoutFor(0x1eab, zebra.descriptor), standardLayout);
});

test('where no descriptor is shown, a model that differs from its vendor is known by its first identifier', () => {
  const long = `TS1.${'x1'.repeat(90)}`;
  const shifted = layoutFor(0x05f9, datalogic.descriptor);
  for (const [vendor, layout] of [
    [0x05f9, standardLayout],
    [0x05f9, shifted],
    [0x1eab, newlandLayout],
    [0x1eab, standardLayout],
  ] as const) {
    const scans: string[] = [];
    const assembler = createHidPosAssembler({
      layout: layoutFor(vendor, null),
      guessed: true,
      source: 'hid:test',
      clock: new FakeClock(),
      onScan: scan => scans.push(`${scan.aim} ${scan.text}`),
      onError: () => undefined,
    });
    const none = layout.aim === null;
    // A model without a field for the identifier puts it in front of the data, if it is told to.
    for (const [code, aim] of [
      ['7610200337450', ']E0'],
      [long, ']Q1'],
      ['no identifier', null],
    ] as const)
      for (const report of posReports(none ? `${aim ?? ''}${code}` : code, none ? null : aim, layout))
        assembler.push(report);
    assert.deepEqual(scans, [']E0 7610200337450', `]Q1 ${long}`, 'null no identifier'], `${vendor} ${layout.aim}`);
  }
});

test("a short and a long code arrive whole through every vendor's layout", () => {
  for (const each of scanners) {
    const layout = layoutFor(each.vendor, each.descriptor);
    const { play, scans, errors } = assembling(layout);
    const long = `TS1.${'x1'.repeat(90)}`;
    play('7610200337450', ']E0');
    play(long, ']Q1');
    assert.deepEqual(
      scans.map(scan => [scan.text, scan.aim]),
      layout.aim === null
        ? [
            ['7610200337450', null],
            [long, null],
          ]
        : [
            ['7610200337450', ']E0'],
            [long, ']Q1'],
          ],
      each.name,
    );
    assert.deepEqual(errors, []);
  }
});

test('an AIM identifier that the scanner puts in front of the data is taken off it', () => {
  const { play, scans } = assembling(newlandLayout);
  play(']E07610200337450', null);
  assert.deepEqual([scans[0]?.text, scans[0]?.aim, scans[0]?.symbology], ['7610200337450', ']E0', 'EAN13']);
});

test('a firmware that flags every full report as continued does not swallow a code of exactly 56 or 112 bytes', async () => {
  for (const bytes of [56, 112]) {
    const { clock, assembler, texts } = assembling(standardLayout);
    const code = 'a'.repeat(bytes);
    for (const report of posReports(code, ']Q1', standardLayout)) {
      report[63] = 1;
      assembler.push(report);
    }
    assert.deepEqual(texts(), []);
    await clock.advance(100);
    assert.deepEqual(texts(), [code]);
    assert.equal(clock.waiting, 0);
  }
});

test('a flag that is stuck does not glue the next code of another symbology to it', () => {
  const { assembler, play, texts } = assembling(standardLayout);
  const [full] = posReports('b'.repeat(56), ']Q1', standardLayout);
  assert.ok(full !== undefined);
  full[63] = 1;
  assembler.push(full);
  play('7610200337450', ']E0');
  assert.deepEqual(texts(), ['b'.repeat(56), '7610200337450']);
});

test('a scan whose rest never comes is dropped and told, not delivered in part', async () => {
  const { clock, assembler, texts, errors } = assembling(standardLayout);
  const report = posReports('half', ']Q1', standardLayout)[0];
  assert.ok(report !== undefined);
  report[63] = 1;
  assembler.push(report);
  await clock.advance(100);
  assert.deepEqual(texts(), []);
  assert.deepEqual(
    errors.map(error => error.code),
    ['device-protocol'],
  );
});

test('a flag that never ends is stopped at the size cap and nothing is kept', async () => {
  const { clock, assembler, errors, scans } = assembling(standardLayout);
  const report = posReports('c'.repeat(56), ']Q1', standardLayout)[0];
  assert.ok(report !== undefined);
  report[63] = 1;
  for (let i = 0; i < longestScan / 56 + 1; i++) assembler.push(report);
  assert.equal(errors.length, 1);
  await clock.advance(1000);
  assert.ok(scans.every(scan => scan.raw.length <= longestScan));
  assert.equal(clock.waiting, 0);
});

test("Newland's answers to commands are no scans", () => {
  const { assembler, scans, errors } = assembling(newlandLayout);
  for (const text of ['\u0002\u0001\u0030000#SCNMOD0\u0006;\u0003', '\u0006', '\u0015'])
    for (const report of posReports(text, null, newlandLayout)) assembler.push(report);
  assert.deepEqual([scans, errors], [[], []]);
});

test('a long code whose second report begins like an answer is still whole, and an answer in between is not in it', () => {
  const { assembler, texts } = assembling(standardLayout);
  const code = `${'a'.repeat(56)}\u0002\u0001 not an answer`;
  const [first, second] = posReports(code, ']Q1', standardLayout);
  const [answer] = posReports('\u0002\u00010000#SCNMOD0\u0006;\u0003', null, standardLayout);
  assert.ok(first !== undefined && second !== undefined && answer !== undefined);
  for (const report of [first, answer, second]) assembler.push(report);
  assert.deepEqual(texts(), [code]);
});

/** A clock whose process was busy: timers run late, in the order of their times, before what came meanwhile is read. */
function busyClock() {
  let now = 0;
  const timers = new Map<() => void, number>();
  return {
    clock: {
      now: () => now,
      monotonic: () => now,
      after(ms: number, run: () => void) {
        timers.set(run, now + ms);
        return () => timers.delete(run);
      },
    },
    busyUntil(at: number) {
      now = at;
      for (const [run, due] of [...timers])
        if (due <= at) {
          timers.delete(run);
          run();
        }
    },
    waiting: () => timers.size,
  };
}

test('a till that was busy reads the rest of a code late and still takes it for one code', () => {
  const { clock, busyUntil, waiting } = busyClock();
  const scans: Scan[] = [];
  const errors: string[] = [];
  const assembler = createHidPosAssembler({
    layout: standardLayout,
    source: 'hid:test',
    clock,
    onScan: scan => scans.push(scan),
    onError: error => errors.push(error.code),
  });
  const code = `TS1.${'z'.repeat(150)}`;
  const [first, ...rest] = posReports(code, ']Q1', standardLayout);
  assert.ok(first !== undefined && rest.length === 2);
  assembler.push(first, 0);
  busyUntil(700); // the rest came at 8 and 16 ms and waits to be read
  rest.forEach((report, i) => {
    assembler.push(report, 8 * (i + 1));
  });
  assert.deepEqual([scans.map(scan => scan.text), errors, waiting()], [[code], [], 0]);
});

test('a process that is always late decides in the end', () => {
  const { clock, busyUntil, waiting } = busyClock();
  const scans: Scan[] = [];
  const assembler = createHidPosAssembler({
    layout: standardLayout,
    source: 'hid:test',
    clock,
    onScan: scan => scans.push(scan),
    onError: () => undefined,
  });
  const [full] = posReports('f'.repeat(56), ']Q1', standardLayout);
  assert.ok(full !== undefined);
  full[63] = 1;
  assembler.push(full, 0);
  for (let turn = 1; turn <= 10; turn++) busyUntil(turn * 1000);
  assert.deepEqual([scans.length, waiting()], [1, 0]);
});

test('two full reports with a stuck flag that came further apart than a code takes are two codes, however late they are read', () => {
  const { clock, busyUntil } = busyClock();
  const scans: string[] = [];
  const assembler = createHidPosAssembler({
    layout: standardLayout,
    source: 'hid:test',
    clock,
    onScan: scan => scans.push(scan.text),
    onError: () => undefined,
  });
  const stuck = (letter: string) => {
    const [report] = posReports(letter.repeat(56), ']Q1', standardLayout);
    assert.ok(report !== undefined);
    report[63] = 1;
    return report;
  };
  assembler.push(stuck('a'), 0);
  busyUntil(900);
  assembler.push(stuck('b'), 600);
  busyUntil(1000);
  assert.deepEqual(scans, ['a'.repeat(56), 'b'.repeat(56)]);
});

test('zero padding, terminators and empty reports never become part of a code', () => {
  const { assembler, play, texts } = assembling(standardLayout);
  const padded = posReports('12345670', ']E4', standardLayout)[0];
  assert.ok(padded !== undefined);
  padded[1] = 56; // counts the padding in
  assembler.push(padded);
  play('12345670\r\n', ']E4');
  assembler.push(new Uint8Array(64).fill(0).fill(2, 0, 1));
  assert.deepEqual(texts(), ['12345670', '12345670']);
});

test('a report of another kind is told and changes nothing', () => {
  const { assembler, play, texts, errors } = assembling(standardLayout);
  assembler.push(new Uint8Array([4, 1, 2]));
  assembler.push(new Uint8Array([2]));
  assembler.push(new Uint8Array(64).fill(0xff).fill(2, 0, 1));
  play('7610200337450');
  assert.deepEqual(texts(), ['7610200337450']);
  assert.equal(errors.length, 3);
});

test('hostile descriptors end the parser, with bounded results', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    // Valid descriptors with a few bytes changed reach deeper.
    fc
      .tuple(fc.constantFrom(...scanners), fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 6 }))
      .map(([scanner, changes]) => {
        const changed = scanner.descriptor.slice();
        for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
        return changed;
      }),
  );
  fc.assert(
    fc.property(bytes, descriptor => {
      const inputs = parseHidDescriptor(descriptor);
      assert.ok(inputs.length <= 512);
      for (const input of inputs) assert.ok(input.usages.length <= 256);
      const layout = layoutOfDescriptor(descriptor);
      if (layout !== null) assert.ok(layout.data + layout.dataBytes <= 4097);
    }),
    { numRuns: 3000 },
  );
});

test('a usage range of four billion does not hang the parser', () => {
  const range = Uint8Array.from(Buffer.from('058c1b000000002bffffffff9501750881020b', 'hex'));
  assert.equal(parseHidDescriptor(range).length, 1);
});

test('hostile reports: no exception, no growth, no timer left', async () => {
  const layouts = scanners.map(each => layoutFor(each.vendor, each.descriptor));
  const report = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.uint8Array({ minLength: 64, maxLength: 64 }).map(bytes => bytes.fill(2, 0, 1)),
    fc.tuple(fc.string({ maxLength: 130 }), fc.boolean()).map(([text, stuck]) => {
      const first = posReports(text, ']Q1', standardLayout)[0] ?? new Uint8Array(64);
      if (stuck) first[63] = 1;
      return first;
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...layouts),
      fc.array(fc.tuple(report, fc.constantFrom(0, 1, 99, 100, 500)), { maxLength: 40 }),
      async (layout, reports) => {
        const { clock, assembler, scans } = assembling(layout);
        for (const [bytes, gap] of reports) {
          readReport(bytes, layout);
          assembler.push(bytes);
          assert.ok(clock.waiting <= 1);
          if (gap > 0) await clock.advance(gap);
        }
        await clock.advance(100);
        assert.equal(clock.waiting, 0);
        for (const scan of scans) assert.ok(scan.raw.length > 0 && scan.raw.length <= longestScan);
      },
    ),
    { numRuns: 300 },
  );
});
