/** Device strings, and the links to real sockets and files. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../clock.ts';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import { openTransport } from '../../../drivers/printer/transports/open.ts';
import { type PrinterFile, usbTransport } from '../../../drivers/printer/transports/usb.ts';
import type { PrinterStatus } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { isTillsideError } from '../../../errors.ts';
import { couponSlip } from './print-rig.ts';

test('a device string is understood, or refused with what would be right', () => {
  assert.equal(openTransport('tcp://192.0.2.10:9100').device, 'tcp://192.0.2.10:9100');
  assert.equal(openTransport('tcp://printer.store').bidirectional, true);
  assert.equal(openTransport('tcp://[2001:db8::1]:9100').device, 'tcp://[2001:db8::1]:9100');
  assert.equal(
    openTransport('serial:/dev/ttyUSB0?baud=115200&flow=xonxoff').device,
    'serial:/dev/ttyUSB0?baud=115200&flow=xonxoff',
  );
  assert.equal(openTransport('usb:/dev/usb/lp0').bidirectional, true);
  const own = createVirtualPrinter().transport();
  assert.equal(openTransport('virtual:demo', { virtual: name => (name === 'demo' ? own : undefined) }), own);
  for (const [device, message] of [
    ['lpt1', /tcp:\/\/HOST:PORT/],
    ['tcp://', /HOST:PORT/],
    ['tcp://host:0', /0 is no port/],
    ['tcp://host:99999', /99999 is no port/],
    ['serial:', /names no port/],
    ['serial:/dev/ttyS0?speed=9600', /"speed" is not known/],
    ['serial:/dev/ttyS0?baud=fast', /baud is "fast"/],
    ['serial:/dev/ttyS0?flow=hardware', /none, xonxoff or dtr/],
    ['usb:', /usb:\/dev\/usb\/lp0/],
    ['virtual:none', /no simulated printer "none"/],
  ] as const)
    assert.throws(
      () => openTransport(device),
      error =>
        isTillsideError(error, 'config-invalid') && message.test(error.message) && error.message.includes(device),
      device,
    );
});

test('a coupon goes over a real TCP connection, and the printer confirms it', async t => {
  const paper = createVirtualPrinter({ personality: 'TM-T88VI' });
  const server = await paper.listen(0);
  const printer = createPrinter({
    transport: openTransport(`tcp://127.0.0.1:${server.port}`),
    profile: resolveProfile('TM-T88VI', 80),
    clock: systemClock,
  });
  t.after(async () => {
    await printer.stop();
    await server.close();
  });
  printer.start();
  const outcome = await printer.print({ id: 'job', slip: couponSlip('TS1.tcp') });
  assert.equal(outcome.evidence, 'confirmed');
  assert.deepEqual(paper.slips()[0]?.symbols, [{ type: 'qr', data: 'TS1.tcp' }]);

  // Pulled in the middle: the driver is told at once, and comes back when the cable does.
  const missing = seen(printer, status => status.problem === 'missing');
  paper.set({ cable: false });
  await missing;
  const back = seen(printer, status => status.problem === null);
  paper.set({ cable: true });
  await back;
});

test('a printer that nobody listens for is missing, and one that closes is lost', async t => {
  const sockets: Socket[] = [];
  const server = createServer(socket => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const transport = openTransport(`tcp://127.0.0.1:${port}`);
  const link = await transport.open();
  const lost = new Promise<unknown>(resolve => link.onLost(resolve));
  while (sockets.length === 0) await once(server, 'connection');
  sockets[0]?.end();
  assert.ok(isTillsideError(await lost, 'device-lost'));
  await assert.rejects(link.write(Buffer.from('x')), error => isTillsideError(error, 'device-lost'));
  await link.close();
  server.close();
  await once(server, 'close');
  await assert.rejects(transport.open(), error => isTillsideError(error, 'device-missing'));
  t.diagnostic('refused');
});

test('a serial port and a USB printer that are not there are missing', async () => {
  await assert.rejects(openTransport('usb:/dev/usb/lp-none').open(), error => isTillsideError(error, 'device-missing'));
  await assert.rejects(openTransport('serial:/dev/tty-none').open(), error => isTillsideError(error, 'device-missing'));
});

/** A device file that gives what a test puts in, and takes bytes as slowly as usblp does. */
function scriptedFile() {
  const incoming: (Uint8Array | string)[] = [];
  const taken: number[] = [];
  let refuseWrites = 0;
  let closed = 0;
  const failure = (code: string) => Object.assign(new Error(code), { code });
  const file: PrinterFile = {
    read(buffer) {
      const next = incoming.shift();
      if (next === undefined) return Promise.reject(failure('EAGAIN'));
      if (typeof next === 'string') return Promise.reject(failure(next));
      buffer.set(next);
      return Promise.resolve({ bytesRead: next.length });
    },
    write(bytes) {
      if (refuseWrites-- > 0) return Promise.reject(failure('EAGAIN'));
      const some = bytes.subarray(0, 7);
      taken.push(...some);
      return Promise.resolve({ bytesWritten: some.length });
    },
    close() {
      closed++;
      return Promise.resolve();
    },
  };
  return {
    file,
    incoming,
    taken,
    refuse: (times: number) => {
      refuseWrites = times;
    },
    closed: () => closed,
  };
}

test('a USB printer is written to in parts and read from while it is silent most of the time', async () => {
  const script = scriptedFile();
  const link = await usbTransport({ device: 'usb:x', path: 'x', openFile: () => Promise.resolve(script.file) }).open();
  script.refuse(3);
  const bytes = Uint8Array.from({ length: 100 }, (_, at) => at);
  await Promise.all([link.write(bytes.subarray(0, 60)), link.write(bytes.subarray(60))]);
  assert.deepEqual(script.taken, [...bytes], 'all bytes, in order');
  const data = new Promise<Uint8Array>(resolve => link.onData(resolve));
  script.incoming.push(new Uint8Array(0), Uint8Array.of(0x12));
  assert.deepEqual([...(await data)], [0x12]);
  await link.close();
  assert.equal(script.closed(), 1);
});

test('an unplugged USB printer is lost once, whether reading or writing finds it, and its file is closed', async () => {
  for (const code of ['ENODEV', 'EIO']) {
    const script = scriptedFile();
    const link = await usbTransport({
      device: 'usb:x',
      path: 'x',
      openFile: () => Promise.resolve(script.file),
    }).open();
    let losses = 0;
    const lost = new Promise<unknown>(resolve =>
      link.onLost(cause => {
        losses++;
        resolve(cause);
      }),
    );
    script.incoming.push(code);
    assert.ok(isTillsideError(await lost, 'device-lost'));
    await assert.rejects(link.write(Uint8Array.of(1)), error => isTillsideError(error, 'device-lost'));
    await link.close();
    assert.equal(losses, 1);
    assert.equal(script.closed(), 1);
  }
});

test('a real file opened without blocking is written, read while empty, and closed at once', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'lp-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'lp0');
  if (spawnSync('mkfifo', [path]).status !== 0) {
    t.skip('no mkfifo here');
    return;
  }
  // A FIFO opened for both gives back what was written: enough to see both directions and EAGAIN between them.
  const link = await openTransport(`usb:${path}`).open();
  const data = new Promise<Uint8Array>(resolve => link.onData(resolve));
  await link.write(Uint8Array.of(0x10, 0x04, 0x01));
  assert.deepEqual([...(await data)], [0x10, 0x04, 0x01]);
  await link.close();
});

function seen(printer: ReturnType<typeof createPrinter>, wanted: (status: PrinterStatus) => boolean): Promise<void> {
  return new Promise(resolve => {
    const off = printer.onStatus(status => {
      if (!wanted(status)) return;
      off();
      resolve();
    });
  });
}
