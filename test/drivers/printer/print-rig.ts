/** A driver and a simulated printer on one fake clock, and the question whether what the driver says is true of the paper. */
import assert from 'node:assert/strict';
import { createPrinter } from '../../../drivers/printer/printer.ts';
import type { Link, Printer, PrintOutcome, Slip, Transport } from '../../../drivers/printer/types.ts';
import {
  createVirtualPrinter,
  type VirtualPrinter,
  type VirtualPrinterOptions,
} from '../../../drivers/virtual/printer.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export interface Rig {
  readonly clock: FakeClock;
  readonly paper: VirtualPrinter;
  readonly printer: Printer;
  /** Everything that the driver gave to its links, in order. */
  readonly sent: Uint8Array[];
  /** Everything that came back. */
  readonly heard: Uint8Array[];
  /** Starts a print; `outcome` is filled when the driver has said. */
  print(slip?: Slip, abandon?: AbortSignal): Print;
}

export interface Print {
  readonly token: string;
  outcome: PrintOutcome | null;
  firstByte: boolean;
}

export function couponSlip(token: string): Slip {
  return [
    { kind: 'text', text: 'Für Käse 20 %', size: 2, align: 'center' },
    { kind: 'text', text: 'Gültig bis 5.12.2026' },
    { kind: 'barcode', type: 'qr', data: token, human: token },
    { kind: 'cut' },
  ];
}

export function rig(options: Omit<VirtualPrinterOptions, 'clock'> = {}): Rig {
  const clock = new FakeClock();
  const paper = createVirtualPrinter({ ...options, clock });
  const sent: Uint8Array[] = [];
  const heard: Uint8Array[] = [];
  const transport = overheard(paper.transport(), sent, heard);
  const printer = createPrinter({ transport, profile: paper.personality.profile, clock });
  let serial = 0;
  return {
    clock,
    paper,
    printer,
    sent,
    heard,
    print(slip, abandon) {
      const token = `TS1.${++serial}`;
      const print: Print = { token, outcome: null, firstByte: false };
      const job = {
        id: token,
        slip: slip ?? couponSlip(token),
        onFirstByte: () => {
          print.firstByte = true;
        },
      };
      void printer.print(abandon === undefined ? job : { ...job, abandon }).then(outcome => {
        print.outcome = outcome;
      });
      return print;
    },
  };
}

/** How often the code is on paper whole, cut off or hanging out. */
export function copies(paper: VirtualPrinter, token: string): number {
  const symbols = [...paper.slips().flatMap(slip => slip.symbols), ...paper.hanging().symbols];
  return symbols.filter(symbol => symbol.data === token).length;
}

/** The promise: never more than one, and the evidence is no stronger than what is on paper. */
export function assertTrue(paper: VirtualPrinter, print: Print, what: string, powerLost = false): void {
  const found = copies(paper, print.token);
  assert.ok(found <= 1, `${what}: ${found} copies on paper`);
  const outcome = print.outcome;
  assert.ok(outcome !== null, `${what}: no outcome`);
  const cutOff = paper.slips().some(slip => slip.symbols.some(symbol => symbol.data === print.token));
  if (outcome.evidence === 'confirmed') assert.ok(cutOff, `${what}: confirmed, but not on paper`);
  if (outcome.evidence === 'failed') assert.equal(found, 0, `${what}: failed, but on paper`);
  // A fence says parsed, not printed: only the loss of the printer's memory can part the two.
  if (outcome.evidence === 'fenced' && !powerLost) assert.ok(found === 1, `${what}: fenced, but not on paper`);
}

function overheard(transport: Transport, sent: Uint8Array[], heard: Uint8Array[]): Transport {
  return {
    device: transport.device,
    bidirectional: transport.bidirectional,
    async open() {
      const link: Link = await transport.open();
      return {
        ...link,
        write(bytes) {
          sent.push(bytes);
          return link.write(bytes);
        },
        onData(listener) {
          link.onData(bytes => {
            heard.push(bytes);
            listener(bytes);
          });
        },
      };
    },
  };
}
