/** A fault at many byte offsets and millimetres of a coupon: what the driver says is true of the paper. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrinterChange } from '../../../drivers/virtual/printer.ts';
import type { PersonalityName } from '../../../drivers/virtual/printer-personalities.ts';
import { assertTrue, type Print, type Rig, rig } from './print-rig.ts';

interface Fault {
  readonly name: string;
  readonly fault: PrinterChange;
  readonly cure: PrinterChange;
  readonly keepsLink?: boolean;
  /** The cashier opens the cover, takes the paper out, and closes it. */
  readonly lookInside?: boolean;
}

const faults: readonly Fault[] = [
  { name: 'cable pulled', fault: { cable: false }, cure: { cable: true } },
  { name: 'cover opened', fault: { cover: 'open' }, cure: { cover: 'closed' } },
  { name: 'paper out', fault: { paper: false }, cure: { paper: true } },
  { name: 'power lost with the link', fault: { power: false }, cure: { power: true } },
  { name: 'power lost behind an adapter', fault: { power: false }, cure: { power: true }, keepsLink: true },
  { name: 'line gone dead', fault: { line: 'dead' }, cure: { line: 'alive' } },
  { name: 'cutter jammed', fault: { cutter: 'jammed' }, cure: { cutter: 'free' }, lookInside: true },
];

const models: readonly PersonalityName[] = ['TM-T88VI', 'TM-T88III', 'TSP650II', 'silent-58'];
/** Coprime to nothing in a job in particular; `npm run test:faults` visits every byte. */
const stride = 11;

for (const model of models) {
  for (const { name, fault, cure, keepsLink = false, lookInside = false } of faults) {
    test(`${model}, ${name} at any byte: the evidence is never stronger than the paper`, async () => {
      const seen = new Map<string, number>();
      const job = await jobBytes(model);
      for (let offset = 0; offset < job; offset += stride) {
        const it = await readyRig(model, keepsLink);
        it.paper.after(offset, fault);
        const print = it.print();
        await it.clock.advance(7000);
        it.paper.set(cure);
        if (lookInside) {
          it.paper.set({ cover: 'open' });
          await it.clock.advance(1500);
          it.paper.set({ cover: 'closed' });
        }
        await finish(it, print);
        assertTrue(it.paper, print, `${model}, ${name} at byte ${offset}`, fault.power === false);
        const evidence = print.outcome?.evidence ?? 'none';
        seen.set(evidence, (seen.get(evidence) ?? 0) + 1);
        // The printer is fit again: the next coupon comes out with what this model can say.
        const next = it.print();
        await finish(it, next);
        assert.equal(
          next.outcome?.evidence,
          best[model],
          `${model}, next coupon after ${name} at byte ${offset}: ${next.outcome?.detail}`,
        );
        assertTrue(it.paper, next, `${model}, next coupon after ${name} at byte ${offset}`);
        await it.printer.stop();
      }
      assert.ok(seen.size > 0);
    });
  }

  test(`${model}, paper ends at any millimetre of the coupon: the evidence is never stronger than the paper`, async () => {
    for (let millimetres = 1; millimetres < 80; millimetres += 4) {
      const it = await readyRig(model, false);
      it.paper.set({ paper: { millimetres } });
      const print = it.print();
      await it.clock.advance(9000);
      it.paper.set({ paper: true });
      await finish(it, print);
      assertTrue(it.paper, print, `${model}, paper for ${millimetres} mm`);
      await it.printer.stop();
    }
  });
}

const best: Readonly<Partial<Record<PersonalityName, string>>> = {
  'TM-T88VI': 'confirmed',
  'TM-T88III': 'fenced',
  TSP650II: 'fenced',
  'silent-58': 'sent',
};

async function readyRig(model: PersonalityName, keepsLink: boolean): Promise<Rig> {
  const it = rig({ personality: model, keepsLink });
  it.printer.start();
  await it.clock.advance(3500);
  return it;
}

async function jobBytes(model: PersonalityName): Promise<number> {
  const it = await readyRig(model, false);
  const before = it.paper.received();
  const print = it.print();
  await finish(it, print);
  await it.printer.stop();
  return it.paper.received() - before;
}

async function finish(it: Rig, print: Print): Promise<void> {
  for (let seconds = 0; seconds < 120 && print.outcome === null; seconds++) await it.clock.advance(1000);
  // Whatever the printer still has comes out.
  await it.clock.advance(3000);
}
