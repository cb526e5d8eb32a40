import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forkHost, type HidHost, parseHidDevice } from '../../../drivers/scanner/hid-pos.ts';
import { standardLayout } from '../../../drivers/scanner/hid-pos-layout.ts';
import { type HidMessage, type HidRequest, machineMonotonic } from '../../../drivers/scanner/hid-protocol.ts';
import { openScanner } from '../../../drivers/scanner/index.ts';
import { posDescriptor, posReports } from '../../../drivers/virtual/scanner.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** Plays the child process that holds node-hid. */
class FakeHost implements HidHost {
  readonly requests: HidRequest[] = [];
  ended = false;
  #message: (message: HidMessage) => void = () => undefined;
  #exit: (why: string) => void = () => undefined;
  readonly #answers: (request: HidRequest) => HidMessage | null;

  constructor(answers: (request: HidRequest) => HidMessage | null) {
    this.#answers = answers;
  }
  send(request: HidRequest): void {
    this.requests.push(request);
    const answer = this.#answers(request);
    if (answer !== null) this.say(answer);
  }
  onMessage(listener: (message: HidMessage) => void): void {
    this.#message = listener;
  }
  onExit(listener: (why: string) => void): void {
    this.#exit = listener;
  }
  async end(): Promise<void> {
    this.ended = true;
  }
  say(message: HidMessage): void {
    this.#message(message);
  }
  crash(): void {
    this.#exit('SIGSEGV');
  }
}

const plugged = (request: HidRequest): HidMessage =>
  request.kind === 'open'
    ? {
        kind: 'opened',
        id: request.id,
        path: '/dev/hidraw0',
        vendor: 0x05e0,
        product: 0x1900,
        descriptor: posDescriptor,
      }
    : { kind: 'closed', id: request.id };

function setUp(answers: (request: HidRequest) => HidMessage | null = plugged) {
  const clock = new FakeClock();
  const hosts: FakeHost[] = [];
  const scanner = openScanner(
    { device: 'hid:05e0:1900' },
    {
      clock,
      startHidHost: () => {
        const host = new FakeHost(answers);
        hosts.push(host);
        return host;
      },
    },
  );
  const scans: string[] = [];
  const errors: string[] = [];
  scanner.on('scan', scan => scans.push(scan.text));
  scanner.on('error', error => errors.push(error.code));
  const report = (code: string, id: number, at = machineMonotonic()) => {
    for (const bytes of posReports(code, ']E0', standardLayout)) hosts.at(-1)?.say({ kind: 'report', id, bytes, at });
  };
  return { clock, hosts, scanner, scans, errors, report };
}

test('device names are read strictly', () => {
  assert.deepEqual(parseHidDevice('hid:05E0:1900'), { kind: 'ids', vendor: 0x05e0, product: 0x1900 });
  assert.deepEqual(parseHidDevice('hid:/dev/hidraw3'), { kind: 'path', path: '/dev/hidraw3' });
  for (const wrong of ['hid:', 'hid:5e0:1900', 'hid:05e0', 'hid:05e0:1900:1', 'hid:hidraw3', 'serial:/dev/ttyACM0'])
    assert.equal(parseHidDevice(wrong), null, wrong);
});

test('reports of the child process become scans', async () => {
  const { clock, scanner, scans, report } = setUp();
  scanner.start();
  await clock.advance(0);
  report('2501000000017', 1);
  assert.deepEqual(scans, ['2501000000017']);
  await scanner.stop();
});

test('a report that waited for the busy till longer than five seconds is dropped', async () => {
  const { clock, scanner, scans, errors, report } = setUp();
  scanner.start();
  await clock.advance(10_000);
  report('2501000000017', 1, machineMonotonic() - 5500);
  assert.deepEqual([scans, errors], [[], ['device-protocol']]);
  await scanner.stop();
});

test('a crash of the child is a lost device; it is started again, later and later, and works again', async () => {
  const { clock, hosts, scanner, scans, errors, report } = setUp();
  scanner.start();
  await clock.advance(0);
  const gaps: number[] = [];
  for (let crash = 0; crash < 7; crash++) {
    const from = clock.monotonic();
    const count = hosts.length;
    hosts.at(-1)?.crash();
    while (hosts.length === count) await clock.advance(250);
    await clock.advance(0);
    gaps.push(clock.monotonic() - from);
    assert.equal(scanner.status().connected, true);
  }
  assert.deepEqual(gaps, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  report('2501000000017', 8);
  assert.deepEqual(scans, ['2501000000017']);
  assert.ok(errors.every(code => code === 'device-lost'));
  await clock.advance(61_000);
  const from = clock.monotonic();
  hosts.at(-1)?.crash();
  await clock.advance(1250);
  assert.equal(
    scanner.status().connected,
    true,
    `a child that was well for a minute is back within ${clock.monotonic() - from} ms`,
  );
  await scanner.stop();
});

test('a crash while the device is being opened is tried again as well', async () => {
  const { clock, hosts, scanner } = setUp(() => null);
  scanner.start();
  await clock.advance(0);
  hosts[0]?.crash();
  await clock.advance(3000);
  assert.equal(hosts.length, 2);
  hosts[1]?.crash();
  const stopped = scanner.stop();
  await clock.advance(10_000);
  await stopped;
});

test('a child that does not answer is replaced', async () => {
  let answering = false;
  const { clock, hosts, scanner } = setUp(request => (answering ? plugged(request) : null));
  scanner.start();
  await clock.advance(30_000);
  assert.equal(hosts[0]?.ended, true);
  answering = true;
  await clock.advance(1000);
  assert.equal(hosts.length, 2);
  assert.equal(scanner.status().connected, true);
  await scanner.stop();
  assert.equal(hosts[1]?.ended, true);
});

test('an unplugged scanner is closed, looked for, and told in words', async () => {
  let there = true;
  const { clock, hosts, scanner, scans, report } = setUp(request =>
    request.kind === 'open' && !there
      ? { kind: 'failed', id: request.id, code: 'device-missing', message: 'not plugged in' }
      : plugged(request),
  );
  scanner.start();
  await clock.advance(0);
  there = false;
  hosts[0]?.say({ kind: 'lost', id: 1, message: 'could not read from HID device' });
  assert.match(scanner.status().problem ?? '', /unplugged: plug it in/);
  await clock.advance(5000);
  assert.match(scanner.status().problem ?? '', /not there: plug it in/);
  there = true;
  await clock.advance(2000);
  assert.equal(hosts.length, 1, 'the child stays');
  const id = hosts[0]?.requests.filter(request => request.kind === 'open').at(-1)?.id ?? 0;
  report('2501000000017', id);
  assert.deepEqual(scans, ['2501000000017']);
  await scanner.stop();
});

test('stopping ends the child, also while it opens', async () => {
  const { clock, hosts, scanner } = setUp(request => (request.kind === 'open' ? null : plugged(request)));
  scanner.start();
  await clock.advance(0);
  const stopped = scanner.stop();
  await clock.advance(31_000);
  await stopped;
  assert.equal(hosts[0]?.ended, true);
  assert.equal(clock.waiting, 0);
});

test('the real child process loads node-hid, answers for a device that is not there, and ends with its till', async () => {
  const host = forkHost();
  const awake = setInterval(() => undefined, 1000); // the child keeps no process alive
  const answer = await new Promise<HidMessage>(resolve => {
    host.onMessage(resolve);
    host.send({ kind: 'open', id: 1, address: { kind: 'ids', vendor: 0xdead, product: 0xbeef } });
  });
  assert.deepEqual(answer, { kind: 'failed', id: 1, code: 'device-missing', message: 'not plugged in' });
  const gone = new Promise<string>(resolve => host.onExit(resolve));
  await host.end();
  assert.equal(await gone, 'exit 0');
  clearInterval(awake);
});
