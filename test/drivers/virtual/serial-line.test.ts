/** The simulated serial line: wire time, both flow controls, and what happens without any. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import type { PrintOutcome } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter, type VirtualPrinterOptions } from '../../../drivers/virtual/printer.ts';
import { printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import type { SerialLine } from '../../../drivers/virtual/serial-line.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { copies, couponSlip } from '../printer/print-rig.ts';

async function overSerial(line: SerialLine, options: Omit<VirtualPrinterOptions, 'clock'> = {}) {
  const clock = new FakeClock();
  const paper = createVirtualPrinter({ keepsLink: true, bootMs: 1000, ...options, clock });
  const printer = createPrinter({ transport: paper.transport(line), profile: paper.personality.profile, clock });
  printer.start();
  await clock.advance(6000);
  const print = async (token: string, seconds = 60): Promise<PrintOutcome | null> => {
    let outcome: PrintOutcome | null = null;
    void printer.print({ id: token, slip: couponSlip(token) }).then(said => {
      outcome = said;
    });
    for (let passed = 0; passed < seconds && outcome === null; passed++) await clock.advance(1000);
    await clock.advance(3000);
    return outcome;
  };
  return { clock, paper, printer, print };
}

const small = (buffer: number) => ({ ...printerPersonalities['TM-T88VI'], buffer });

for (const [baud, ms] of [
  [9600, 625],
  [115_200, 52],
] as const)
  test(`600 bytes take ${ms} ms at ${baud} baud`, async () => {
    const clock = new FakeClock();
    const link = await createVirtualPrinter({ clock }).transport({ baud, flow: 'none' }).open();
    let done = -1;
    void link.write(Buffer.alloc(600)).then(() => {
      done = clock.monotonic();
    });
    await clock.advance(2000);
    assert.ok(Math.abs(done - ms) < 3, `${done} ms`);
    await link.close();
  });

for (const flow of ['xonxoff', 'dtr'] as const)
  for (const buffer of [45, 4096, 65_536] as const)
    test(`${flow} with a buffer of ${buffer} bytes: a stopped printer loses no byte, and the coupon is confirmed`, async () => {
      const { paper, printer, print, clock } = await overSerial(
        { baud: 115_200, flow },
        { personality: small(buffer) },
      );
      paper.set({ paper: { millimetres: 10 } });
      let outcome: PrintOutcome | null = null;
      void printer.print({ id: 'T', slip: couponSlip('TS1.stopped') }).then(said => {
        outcome = said;
      });
      await clock.advance(20_000);
      assert.equal(outcome, null);
      paper.set({ paper: true });
      await clock.advance(30_000);
      assert.equal((outcome as PrintOutcome | null)?.evidence, 'confirmed');
      assert.equal(copies(paper, 'TS1.stopped'), 1);
      assert.equal((await print('TS1.next'))?.evidence, 'confirmed');
      await printer.stop();
    });

test('XOFF and XON come between the bytes of answers, and a host that is not set to them reads the answers all the same', async () => {
  const { paper, printer, print } = await overSerial(
    { baud: 9600, flow: 'none', printerFlow: 'xonxoff' },
    { personality: small(4096) },
  );
  assert.equal((await print('TS1.plain'))?.evidence, 'confirmed');
  assert.equal(copies(paper, 'TS1.plain'), 1);
  await printer.stop();
});

test('without flow control a small buffer loses bytes, and nothing is confirmed that is not on paper', async () => {
  const { paper, printer, clock } = await overSerial({ baud: 115_200, flow: 'none' }, { personality: small(45) });
  let outcome: PrintOutcome | null = null;
  paper.set({ paper: { millimetres: 1 } });
  void printer.print({ id: 'T', slip: couponSlip('TS1.lost') }).then(said => {
    outcome = said;
  });
  await clock.advance(5000);
  paper.set({ paper: true });
  await clock.advance(60_000);
  assert.equal(paper.slips().length, 0, 'the cut is among what was lost');
  assert.notEqual((outcome as PrintOutcome | null)?.evidence, 'confirmed');
  await printer.stop();
});

test('a printer switched off and on while DTR held the job back has confirmed nothing', async () => {
  const { paper, printer, print } = await overSerial({ baud: 9600, flow: 'dtr' }, { keepsLink: 'holds' });
  assert.equal((await print('TS1.before'))?.evidence, 'confirmed');
  paper.after(100, () => {
    paper.set({ power: false });
    paper.set({ power: true });
  });
  assert.equal((await print('TS1.broken'))?.evidence, 'unknown');
  assert.equal((await print('TS1.after'))?.evidence, 'confirmed');
  await printer.stop();
});
