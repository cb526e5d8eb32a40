/** Who else has the printer, and lines that died without a word: what the driver finds out, and what it tells. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../../clock.ts';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import { openTransport } from '../../../drivers/printer/transports/open.ts';
import type { Printer, PrinterStatus, Transport } from '../../../drivers/printer/types.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { type ErrorCode, TillsideError } from '../../../errors.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { couponSlip, rig } from './print-rig.ts';

test('a network printer that serves another till turns this one away: busy, and ready once the other has gone', async t => {
  const paper = createVirtualPrinter();
  const server = await paper.listen(0);
  const { profile } = paper.personality;
  const make = () =>
    createPrinter({ transport: openTransport(`tcp://127.0.0.1:${server.port}`), profile, clock: systemClock });
  const first = make();
  const second = make();
  t.after(async () => {
    await first.stop();
    await second.stop();
    await server.close();
  });
  const ready = seen(first, ({ evidence }) => evidence === 'confirmed');
  first.start();
  await ready;
  const busy = seen(second, ({ problem }) => problem === 'busy');
  second.start();
  await busy;
  const free = seen(second, ({ problem, evidence }) => problem === null && evidence !== null);
  await first.stop();
  await free;
  assert.equal((await second.print({ id: '1', slip: couponSlip('TS1.second') })).evidence, 'confirmed');
});

for (const [code, problem] of [
  ['device-busy', 'busy'],
  ['device-denied', 'denied'],
  ['device-missing', 'missing'],
] as const satisfies readonly (readonly [ErrorCode, string])[])
  test(`a printer that can't be opened for ${code} is ${problem}, and found again when that is over`, async () => {
    const clock = new FakeClock();
    const paper = createVirtualPrinter({ clock });
    const real = paper.transport();
    let open = false;
    const transport: Transport = {
      ...real,
      open: () => (open ? real.open() : Promise.reject(new TillsideError(code, 'as a test says'))),
    };
    const printer = createPrinter({ transport, profile: paper.personality.profile, clock });
    printer.start();
    await clock.advance(10_000);
    assert.equal(printer.status().problem, problem);
    open = true;
    await clock.advance(5000);
    assert.equal(printer.status().problem, null);
    paper.set({ cable: false });
    await clock.advance(10);
    assert.equal(printer.status().problem, 'missing');
    await printer.stop();
  });

test('a network printer whose cable is pulled is missing, not busy, and is there again when it is plugged', async t => {
  const { clock, paper, printer, until } = await networkPrinter(t);
  const problems = new Set<string | null>();
  printer.onStatus(({ problem }) => problems.add(problem));
  printer.start();
  const isWell = () => printer.status().evidence === 'confirmed' && printer.status().problem === null;
  await until(isWell);
  paper.set({ cable: false });
  await until(() => printer.status().problem === 'missing');
  // Longer than it takes to call one busy that turns a till away.
  const since = clock.monotonic();
  await until(() => clock.monotonic() - since > 10_000);
  paper.set({ cable: true });
  await until(isWell);
  assert.ok(!problems.has('busy'));
});

test('a half-open TCP connection is found by questions that nobody answers, and made anew', async t => {
  const { clock, paper, printer, until } = await networkPrinter(t);
  printer.start();
  await until(() => printer.status().evidence === 'confirmed' && printer.status().problem === null);
  paper.set({ line: 'dead' });
  const since = clock.monotonic();
  await until(() => printer.status().problem === 'missing');
  assert.ok(clock.monotonic() - since < 15_000, 'three questions, five seconds apart at first');
  paper.set({ line: 'alive' });
  await until(() => printer.status().problem === null);
});

test('a job on a printer that is held by another waits, and prints when it is free', async () => {
  const it = rig();
  const other = await it.paper.transport().open();
  it.printer.start();
  const print = it.print();
  const evidence = () => print.outcome?.evidence ?? null;
  await it.clock.advance(10_000);
  assert.equal(it.printer.status().problem, 'busy');
  assert.equal(evidence(), null);
  await other.close();
  await it.clock.advance(10_000);
  assert.equal(evidence(), 'confirmed');
  await it.printer.stop();
});

async function networkPrinter(t: TestContext) {
  const clock = new FakeClock();
  const paper = createVirtualPrinter({ clock });
  const server = await paper.listen(0);
  const printer = createPrinter({
    transport: openTransport(`tcp://127.0.0.1:${server.port}`),
    profile: paper.personality.profile,
    clock,
  });
  t.after(async () => {
    await printer.stop();
    await server.close();
  });
  /** Lets the clock go on whenever real sockets have had their turn. */
  const until = async (wanted: () => boolean) => {
    while (!wanted()) {
      await settle(20);
      await clock.advance(50);
    }
  };
  return { clock, paper, printer, until };
}

function seen(printer: Printer, wanted: (status: PrinterStatus) => boolean): Promise<void> {
  return new Promise(resolve => {
    const off = printer.onStatus(status => {
      if (!wanted(status)) return;
      off();
      resolve();
    });
  });
}
