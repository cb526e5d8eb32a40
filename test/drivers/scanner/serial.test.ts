import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { longestScan } from '../../../drivers/scanner/hid-pos-report.ts';
import { createSerialPort, parseSerialDevice, type SerialLine } from '../../../drivers/scanner/serial.ts';
import { createSerialFrame, type Terminator } from '../../../drivers/scanner/serial-frame.ts';
import { createScannerSession } from '../../../drivers/scanner/session.ts';
import type { Scan } from '../../../drivers/scanner/types.ts';
import { isTillsideError } from '../../../errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function framing(terminator: Terminator = 'auto') {
  const clock = new FakeClock();
  const scans: Scan[] = [];
  const errors: string[] = [];
  const frame = createSerialFrame({
    source: 'serial:test',
    clock,
    terminator,
    idleMs: 100,
    onScan: scan => scans.push(scan),
    onError: error => errors.push(error.code),
  });
  const type = (text: string) => frame.push(Buffer.from(text));
  return { clock, frame, scans, errors, type, texts: () => scans.map(scan => scan.text) };
}

test('a code ends at CR, LF or both, in whatever pieces it comes', () => {
  for (const end of ['\r', '\n', '\r\n']) {
    const { type, texts } = framing();
    for (const char of `]E07610200337450${end}]C0ABC${end}`) type(char);
    assert.deepEqual(texts(), ['7610200337450', 'ABC']);
  }
});

test('a code without terminator ends when the line falls silent', async () => {
  const { clock, type, texts } = framing();
  type('761020');
  await clock.advance(99);
  type('0337450');
  await clock.advance(99);
  assert.deepEqual(texts(), []);
  await clock.advance(1);
  assert.deepEqual(texts(), ['7610200337450']);
  assert.equal(clock.waiting, 0);
});

test('codes that hold line ends stay whole where the terminator says so', async () => {
  const { clock, type, texts } = framing('idle');
  type('BEGIN\r\nEND');
  await clock.advance(100);
  assert.deepEqual(texts(), ['BEGIN\r\nEND']);
  const crlf = framing('crlf');
  crlf.type('A\nB\rC\r\n');
  assert.deepEqual(crlf.texts(), ['A\nB\rC']);
});

test('the AIM identifier tells the symbology, STX and ETX are taken off, FNC1 stays', () => {
  const { type, scans } = framing();
  type('\u0002]C12551234567890128\u001d17261231\u0003\r');
  assert.deepEqual([scans[0]?.symbology, scans[0]?.text], ['GS1-128', '2551234567890128\u001d17261231']);
});

test('a line that never ends is stopped at the size cap, dropped and told', async () => {
  const { clock, frame, texts, errors, type } = framing();
  for (let i = 0; i < 20; i++) frame.push(new Uint8Array(longestScan).fill(0x41));
  type('\r');
  assert.deepEqual([texts(), errors], [[], ['device-protocol']]);
  type('OK\r');
  assert.deepEqual(texts(), ['OK']);
  await clock.advance(1000);
  assert.equal(clock.waiting, 0);
});

test('a till that was busy does not take its own silence for that of the line', () => {
  let now = 0;
  let timer: { readonly due: number; readonly run: () => void } | null = null;
  const texts: string[] = [];
  const frame = createSerialFrame({
    source: 'serial:test',
    clock: {
      now: () => now,
      monotonic: () => now,
      after(ms, run) {
        timer = { due: now + ms, run };
        return () => {
          timer = null;
        };
      },
    },
    terminator: 'auto',
    idleMs: 100,
    onScan: scan => texts.push(scan.text),
    onError: () => undefined,
  });
  frame.push(Buffer.from('761020'));
  now = 800; // its timer runs before what came meanwhile is read
  (timer as { readonly run: () => void } | null)?.run();
  frame.push(Buffer.from('0337450\r'));
  assert.deepEqual(texts, ['7610200337450']);
  assert.equal(timer, null);
});

test('hostile bytes: no exception, no growth, no timer left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom<Terminator>('auto', 'cr', 'lf', 'crlf', 'idle'),
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(0, 0, 50, 150)), { maxLength: 30 }),
      async (terminator, pieces) => {
        const { clock, frame, scans } = framing(terminator);
        for (const [bytes, gap] of pieces) {
          frame.push(bytes);
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

test('device names are read strictly and say what would be right', () => {
  assert.deepEqual(parseSerialDevice('serial:/dev/ttyACM0'), {
    path: '/dev/ttyACM0',
    baud: 9600,
    dataBits: 8,
    parity: 'none',
    stopBits: 1,
    flow: 'none',
    terminator: 'auto',
    idleMs: 100,
  });
  assert.equal(parseSerialDevice('serial:COM3?baud=115200&end=crlf&parity=even&data=7')?.parity, 'even');
  for (const flow of ['none', 'xonxoff', 'rtscts'] as const)
    assert.equal(parseSerialDevice(`serial:/dev/ttyS1?flow=${flow}`)?.flow, flow);
  assert.equal(parseSerialDevice('hid:05e0:1900'), null);
  for (const wrong of [
    'serial:/dev/x?baud=1',
    'serial:/dev/x?bauds=9600',
    'serial:/dev/x?end=tab',
    'serial:/dev/x?flow=dtr',
    'serial:/dev/x?idle=x',
  ])
    assert.throws(
      () => parseSerialDevice(wrong),
      error => isTillsideError(error, 'config-invalid'),
      wrong,
    );
});

class FakeLine extends EventEmitter implements SerialLine {
  isOpen = true;
  close(done: (error?: Error | null) => void): void {
    this.isOpen = false;
    done(null);
    this.emit('close');
  }
}

test('an unplugged serial scanner is opened again when it is back', async () => {
  const clock = new FakeClock();
  const lines: FakeLine[] = [];
  let fault: string | null = null;
  const device = 'serial:/dev/ttyACM0?baud=9600';
  const address = parseSerialDevice(device);
  assert.ok(address !== null);
  const port = createSerialPort({
    device,
    address,
    clock,
    openLine: async () => {
      if (fault !== null) throw new Error(fault);
      const line = new FakeLine();
      lines.push(line);
      return line;
    },
  });
  const scanner = createScannerSession(port, { clock });
  const seen: string[] = [];
  scanner.on('scan', scan => seen.push(scan.text));
  scanner.on('error', error => seen.push(error.code));
  scanner.start();
  await clock.advance(0);
  lines[0]?.emit('data', Buffer.from('half'));
  fault = 'Error: No such file or directory, cannot open /dev/ttyACM0';
  if (lines[0] !== undefined) lines[0].isOpen = false;
  lines[0]?.emit('close', Object.assign(new Error('disconnected'), { disconnected: true }));
  await clock.advance(3000);
  fault = 'Error: Permission denied, cannot open /dev/ttyACM0';
  await clock.advance(2000);
  fault = null;
  await clock.advance(2000);
  lines[1]?.emit('data', Buffer.from('whole\r'));
  assert.deepEqual(seen, ['device-lost', 'device-missing', 'device-denied', 'whole']);
  lines[1]?.emit('error', 'a string, as some bindings throw');
  await clock.advance(2000);
  assert.equal(scanner.status().connected, true);
  await scanner.stop();
  assert.equal(lines[2]?.isOpen, false);
  assert.equal(clock.waiting, 0);
});
