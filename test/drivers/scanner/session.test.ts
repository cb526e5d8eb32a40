import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScannerSession, type ScanPort, type ScanSink } from '../../../drivers/scanner/session.ts';
import type { Scan, ScannerStatus } from '../../../drivers/scanner/types.ts';
import { type ErrorCode, TillsideError } from '../../../errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A port whose device is there, missing or forbidden as the test says. */
function setUp(first: ErrorCode | null = null) {
  const clock = new FakeClock();
  const device = { fault: first, opens: 0, closes: 0, released: 0, sink: null as ScanSink | null };
  const port: ScanPort = {
    device: 'test:',
    async open(sink) {
      device.opens++;
      if (device.fault !== null) throw new TillsideError(device.fault, `is ${device.fault}`);
      device.sink = sink;
      return {
        async close() {
          device.closes++;
        },
      };
    },
    async release() {
      device.released++;
    },
  };
  const logged: string[] = [];
  const note = (fields: object, message: string) => logged.push(message + JSON.stringify(fields));
  const scanner = createScannerSession(port, { clock, log: { info: note, warn: note } });
  const seen = { scans: [] as string[], errors: [] as string[], states: [] as string[] };
  scanner.on('scan', scan => seen.scans.push(scan.text));
  scanner.on('error', error => seen.errors.push(error.code));
  scanner.on('status', (status: ScannerStatus) => seen.states.push(`${status.state}${status.connected ? '+' : '-'}`));
  const scan = (text: string, at = clock.monotonic()): Scan => ({
    raw: Buffer.from(text),
    text,
    aim: null,
    symbology: null,
    source: 'test:',
    at,
  });
  return { clock, device, scanner, seen, scan, logged };
}

test('a scanner goes from open over claimed to enabled, disabled and released', async () => {
  const { clock, scanner, seen, device } = setUp();
  assert.equal(scanner.status().state, 'open');
  scanner.start();
  scanner.start();
  await clock.advance(0);
  scanner.disable();
  scanner.enable();
  await scanner.stop();
  await scanner.stop();
  scanner.enable();
  assert.deepEqual(seen.states, [
    'claimed-',
    'enabled-',
    'enabled+',
    'disabled+',
    'enabled+',
    'released+',
    'released-',
  ]);
  assert.deepEqual([device.opens, device.closes, device.released], [1, 1, 1]);
  assert.equal(scanner.status().state, 'released');
  assert.equal(clock.waiting, 0);
});

test('nothing is delivered while disabled, nor later', async () => {
  const { clock, scanner, seen, device, scan } = setUp();
  scanner.start();
  await clock.advance(0);
  scanner.disable();
  device.sink?.scan(scan('lost'));
  scanner.enable();
  device.sink?.scan(scan('kept'));
  assert.deepEqual(seen.scans, ['kept']);
});

test('a scan older than five seconds is dropped and told', async () => {
  const { clock, scanner, seen, device, scan } = setUp();
  scanner.start();
  await clock.advance(6000);
  device.sink?.scan(scan('old', clock.monotonic() - 5001));
  device.sink?.scan(scan('just', clock.monotonic() - 5000));
  assert.deepEqual(seen.scans, ['just']);
  assert.deepEqual(seen.errors, ['device-protocol']);
});

test('a missing device is no fault of start, is told once, and is found within two seconds of being plugged in', async () => {
  const { clock, scanner, seen, device } = setUp('device-missing');
  scanner.start();
  await clock.advance(10_000);
  assert.deepEqual(seen.errors, ['device-missing']);
  assert.equal(scanner.status().problem, 'is device-missing');
  assert.ok(device.opens >= 10 && device.opens <= 12, `${device.opens} looks in 10 s`);
  device.fault = null;
  await clock.advance(2000);
  assert.deepEqual([scanner.status().connected, scanner.status().problem], [true, null]);
});

test('a device whose rights udev has not yet set is tried again at once, then each second', async () => {
  const { clock, scanner, device } = setUp('device-denied');
  scanner.start();
  await clock.advance(1000);
  assert.equal(device.opens, 5, 'at 0, 250, 500, 750, 1000 ms');
  await clock.advance(60_000);
  assert.ok(device.opens < 70, `${device.opens} looks in a minute`);
});

test('an unplugged device is told, closed and opened again; what the old link still says is not heard', async () => {
  const { clock, scanner, seen, device, scan } = setUp();
  scanner.start();
  await clock.advance(0);
  const old = device.sink;
  old?.lost(new TillsideError('device-lost', 'unplugged'));
  assert.equal(scanner.status().connected, false);
  await clock.advance(2000);
  assert.deepEqual([device.opens, device.closes], [2, 1]);
  old?.scan(scan('ghost'));
  old?.lost(new TillsideError('device-lost', 'again'));
  device.sink?.scan(scan('real'));
  assert.deepEqual([seen.scans, seen.errors], [['real'], ['device-lost']]);
  assert.equal(scanner.status().connected, true);
});

test('a listener that throws takes nothing down and what was scanned is not logged', async () => {
  const { clock, scanner, seen, device, scan, logged } = setUp();
  scanner.on('scan', () => {
    throw new Error('listener');
  });
  scanner.start();
  await clock.advance(0);
  device.sink?.scan(scan('2501000000017'));
  device.sink?.scan(scan('2501000000024'));
  assert.equal(seen.scans.length, 2);
  assert.ok(logged.length > 0 && !logged.join().includes('2501'));
});

test('a scanner that is stopped while it opens lets go of the device', async () => {
  const { scanner, device, clock } = setUp();
  scanner.start();
  await scanner.stop();
  await clock.advance(5000);
  assert.deepEqual([device.opens, device.closes, clock.waiting], [1, 1, 0]);
});

test('a thing that is no TillsideError is a missing device, for node-hid throws strings', async () => {
  const clock = new FakeClock();
  const port: ScanPort = { device: 'test:', open: () => Promise.reject('cannot open device') };
  const scanner = createScannerSession(port, { clock });
  const codes: string[] = [];
  scanner.on('error', error => codes.push(error.code));
  scanner.start();
  await clock.advance(0);
  assert.deepEqual(codes, ['device-missing']);
  await scanner.stop();
});
