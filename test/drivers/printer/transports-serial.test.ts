/** The serial transport on real terminals: the kernel's own XON/XOFF, one owner, plug and unplug. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../clock.ts';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import { openTransport } from '../../../drivers/printer/transports/open.ts';
import type { Printer, PrinterStatus } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { isTillsideError } from '../../../errors.ts';
import { couponSlip } from './print-rig.ts';

/** Millimetres a second: these tests live in real time. */
const quick = { ...printerPersonalities['TM-T88VI'], speed: 3000 };
const able = spawnSync('script', ['--version']).status === 0 && process.platform === 'linux';
const options = able ? {} : { skip: 'needs Linux and script (util-linux)' };

async function plugged(t: TestContext, flow: 'none' | 'xonxoff', buffer = quick.buffer) {
  const paper = createVirtualPrinter({ personality: { ...quick, buffer } });
  const pty = await paper.plug(flow);
  t.after(() => pty.close());
  return { paper, pty, device: `serial:${pty.path}?baud=115200&flow=${flow}` };
}

test(
  'a coupon goes over a real serial port, is confirmed, and again after the cable was pulled and plugged',
  options,
  async t => {
    const { paper, pty, device } = await plugged(t, 'none');
    const printer = createPrinter({
      transport: openTransport(device),
      profile: resolveProfile('TM-T88VI', 80),
      clock: systemClock,
    });
    t.after(() => printer.stop());
    printer.start();
    const first = await printer.print({ id: '1', slip: couponSlip('TS1.pty') });
    assert.equal(first.evidence, 'confirmed', first.detail);
    assert.deepEqual(paper.slips()[0]?.symbols, [{ type: 'qr', data: 'TS1.pty' }]);

    const missing = seen(printer, ({ problem }) => problem === 'missing');
    paper.set({ cable: false });
    await missing;
    paper.set({ cable: true });
    await pty.replug();
    const second = await printer.print({ id: '2', slip: couponSlip('TS1.again') });
    assert.equal(second.evidence, 'confirmed', second.detail);
  },
);

test('with flow=dtr the kernel is told to send only while CTS is up, with xonxoff to heed XOFF', options, async t => {
  const { pty } = await plugged(t, 'none');
  const modes = async (flow: string) => {
    const link = await openTransport(`serial:${pty.path}?baud=9600&flow=${flow}`).open();
    try {
      return spawnSync('stty', ['-a', '-F', pty.path], { encoding: 'utf8' }).stdout.split(/[\s;]+/);
    } finally {
      await link.close();
    }
  };
  const dtr = await modes('dtr');
  assert.deepEqual([dtr.includes('crtscts'), dtr.includes('-ixon')], [true, true]);
  const xonxoff = await modes('xonxoff');
  assert.deepEqual([xonxoff.includes('-crtscts'), xonxoff.includes('ixon')], [true, true]);
  const none = await modes('none');
  assert.deepEqual([none.includes('-crtscts'), none.includes('-ixon')], [true, true]);
});

test('the port has one owner', options, async t => {
  const { device } = await plugged(t, 'none');
  const link = await openTransport(device).open();
  t.after(() => link.close());
  await assert.rejects(openTransport(device).open(), error => isTillsideError(error, 'device-busy'));
});

test(
  'a write that XOFF holds up goes on after XON, also when answers were read meanwhile, and the driver sees neither',
  options,
  async t => {
    const paper = createVirtualPrinter({ personality: { ...quick, buffer: 45 } });
    const pty = await paper.plug('xonxoff');
    t.after(() => pty.close());
    paper.set({ cover: 'open' });
    const link = await openTransport(`serial:${pty.path}?baud=115200&flow=xonxoff`).open();
    t.after(() => link.close());
    const heard: number[] = [];
    let woken = () => {};
    link.onData(bytes => {
      heard.push(...bytes);
      woken();
    });
    const answers = async (count: number) => {
      while (heard.length < count)
        await new Promise<void>(resolve => {
          woken = resolve;
        });
    };
    // 27 bytes and a question: the buffer has 15 left, so that XOFF goes out before the answer.
    await link.write(Buffer.concat([Buffer.alloc(27, 'x'), Buffer.of(0x10, 4, 1)]));
    await answers(1);
    assert.deepEqual(heard, [0x1a]);
    const received = paper.received();
    let written = false;
    const rest = link.write(Buffer.of(0x10, 4, 1)).then(() => {
      written = true;
    });
    // Something else comes back meanwhile: the line lives, and only this direction stands.
    paper.set({ cover: 'closed' });
    await answers(2);
    await rest;
    assert.equal(written, true);
    assert.ok(paper.received() > received);
    assert.ok(
      heard.every(byte => byte === 0x1a || byte === 0x12),
      Buffer.from(heard).toString('hex'),
    );
  },
);

function seen(printer: Printer, wanted: (status: PrinterStatus) => boolean): Promise<void> {
  return new Promise(resolve => {
    const off = printer.onStatus(status => {
      if (!wanted(status)) return;
      off();
      resolve();
    });
  });
}
