/** What is connected there means harm, or is no printer at all: it may say what it likes, the till goes on and believes nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import { resolveProfile } from '../../../drivers/printer/profiles.ts';
import type { PrintOutcome, Transport } from '../../../drivers/printer/types.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { couponSlip } from './print-rig.ts';

const profile = resolveProfile('TM-T88VI', 80);

interface Liar {
  readonly transport: Transport;
  opens: number;
  /** To the driver, over the link that is open. */
  say(bytes: Uint8Array): void;
  /** Everything that it was sent. */
  readonly heard: Uint8Array[];
}

/** @param answer what it says to each write */
function liar(answer: (bytes: Uint8Array) => Uint8Array): Liar {
  let listener: (bytes: Uint8Array) => void = () => {};
  const made: Liar = {
    opens: 0,
    heard: [],
    say: bytes => listener(bytes),
    transport: {
      device: 'tcp://192.0.2.66:9100',
      bidirectional: true,
      async open() {
        made.opens++;
        let mine: (bytes: Uint8Array) => void = () => {};
        let open = true;
        return {
          async write(bytes) {
            made.heard.push(bytes);
            const reply = answer(bytes);
            if (open && reply.length > 0) mine(reply);
          },
          onData(run) {
            mine = run;
            listener = bytes => {
              if (open) run(bytes);
            };
          },
          onLost() {},
          async close() {
            open = false;
          },
        };
      },
    },
  };
  return made;
}

test('an endless stream costs the till a few kilobytes every other second, is told once, and a printer in its place works', async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const noise = Uint8Array.from({ length: 65_536 }, (_, at) => (at * 7919) & 0xff);
  let endless = true;
  const there = liar(() => (endless ? noise : new Uint8Array()));
  const log = { info() {}, warn: (_: unknown, message: string) => told.push(message) };
  const printer = createPrinter({ transport: there.transport, profile, clock, log });
  printer.start();
  await clock.advance(60_000);
  assert.ok(there.opens >= 20 && there.opens <= 35, `${there.opens} connections in a minute`);
  assert.equal(printer.status().problem, 'missing');
  assert.deepEqual(told, ['what is connected there never stops talking: it is no printer, or the baud rate is wrong']);
  endless = false;
  await clock.advance(10_000);
  let outcome: PrintOutcome | null = null;
  void printer.print({ id: '1', slip: couponSlip('TS1.quiet') }).then(result => {
    outcome = result;
  });
  await clock.advance(60_000);
  assert.equal((outcome as PrintOutcome | null)?.evidence, 'sent', 'one that says nothing is told nothing of');
  await printer.stop();
  assert.equal(clock.waiting, 0);
});

test('noise between the bytes of a job ends it in doubt, and never as printed', async () => {
  const clock = new FakeClock();
  const there = liar(() => new Uint8Array());
  const printer = createPrinter({ transport: there.transport, profile, clock });
  printer.start();
  await clock.advance(10_000);
  let outcome: PrintOutcome | null = null;
  void printer.print({ id: '1', slip: couponSlip('TS1.noise') }).then(result => {
    outcome = result;
  });
  there.say(new Uint8Array(9000).fill(0x12));
  await clock.advance(1000);
  assert.equal((outcome as PrintOutcome | null)?.evidence, 'unknown');
  await printer.stop();
});

test('whatever it answers to what it is sent, whenever, nothing is confirmed, nothing is sent twice, and the driver ends when told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 30 }),
      fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 10 }),
      async (answers, pauses) => {
        const clock = new FakeClock();
        let turn = 0;
        const next = () => answers[turn++ % answers.length] ?? new Uint8Array();
        const there = liar(next);
        const printer = createPrinter({ transport: there.transport, profile, clock });
        printer.start();
        let outcome: PrintOutcome | null = null;
        void printer.print({ id: '1', slip: couponSlip('TS1.liar') }).then(result => {
          outcome = result;
        });
        for (const pause of pauses) {
          there.say(next());
          await clock.advance(pause);
        }
        await clock.advance(120_000);
        await printer.stop();
        const { evidence } = outcome ?? { evidence: 'failed' };
        assert.notEqual(evidence, 'confirmed');
        const times = Buffer.concat(there.heard).toString('latin1').split('TS1.liar').length - 1;
        assert.ok(times <= 2, 'code and its text, once');
        assert.equal(clock.waiting, 0, 'no timer is left');
      },
    ),
    { numRuns: 60 },
  );
});
