/** Random troubles, one after the other and together, over many coupons of one till: the promise holds for each of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PrinterChange } from '../../../drivers/virtual/printer.ts';
import { type PersonalityName, printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { changes } from '../../faults/printer/long-run.ts';
import { assertTrue, copies, type Print, rig } from './print-rig.ts';

const trouble: fc.Arbitrary<PrinterChange> = fc.constantFrom(...changes);

const step = fc.record({
  after: fc.option(fc.nat({ max: 200 }), { nil: undefined }),
  change: trouble,
  prints: fc.boolean(),
  wait: fc.constantFrom(0, 1, 20, 100, 700, 3000, 12_000),
});

const healthy: PrinterChange = { line: 'alive', cable: true, power: true, paper: true, cutter: 'free', nearEnd: false };

test('whatever happens to the printer, no coupon is there twice and no evidence is too strong', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(printerPersonalities) as PersonalityName[])),
      fc.boolean(),
      fc.array(step, { minLength: 1, maxLength: 14 }),
      async (personality, keepsLink, steps) => {
        const it = rig({ personality, keepsLink });
        it.printer.start();
        await it.clock.advance(3500);
        const prints: Print[] = [];
        let powerLost = false;
        for (const { after, change, prints: printing, wait } of steps) {
          powerLost ||= change.power === false;
          if (after === undefined) it.paper.set(change);
          else it.paper.after(after, change);
          if (printing) prints.push(it.print());
          await it.clock.advance(wait);
        }
        // Someone sees to everything, and looks inside.
        it.paper.heal();
        // Bytes that vanish on a line that comes back end a TCP connection: the printer's end has another count.
        if (steps.some(({ change }) => change.line === 'dead')) {
          it.paper.set({ cable: false });
          await it.clock.advance(100);
        }
        it.paper.set(healthy);
        it.paper.set({ cover: 'open' });
        await it.clock.advance(1500);
        it.paper.set({ cover: 'closed' });
        for (let seconds = 0; seconds < 400 && prints.some(print => print.outcome === null); seconds += 5)
          await it.clock.advance(5000);
        await it.clock.advance(5000);
        for (const print of prints) assertTrue(it.paper, print, `${personality} ${print.token}`, powerLost);
        // And it prints again, as well as it can.
        const last = it.print();
        for (let seconds = 0; seconds < 100 && last.outcome === null; seconds += 5) await it.clock.advance(5000);
        assertTrue(it.paper, last, 'afterwards');
        assert.notEqual(last.outcome?.evidence, 'unknown', last.outcome?.detail);
        assert.equal(copies(it.paper, last.token), 1);
        await it.printer.stop();
      },
    ),
    { numRuns: 60 },
  );
});
