/** One core's share of a simulation: gets pieces of the file, plays their lines, gives its counts at the end. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Bundle } from '../offers/types.ts';
import type { SaleResult } from '../offers/validate/sale.ts';
import { Player } from './player.ts';
import { hashOf } from './reach.ts';
import { createSaleReader } from './sale-reader.ts';

export type WorkerStart = {
  readonly bundle: Bundle;
  readonly against: Bundle | null;
  readonly carry: boolean;
  /** With `carry` every worker gets every piece, and plays the members that are its own. */
  readonly index: number;
  readonly workers: number;
};
/** Whole lines; the number of the first one in the file. `null`: no more. */
export type WorkerInput = { readonly bytes: Uint8Array; readonly firstLine: number } | null;
export type WorkerOutput = { readonly played: number } | { readonly done: ReturnType<Player['result']> };

const { bundle, against, carry, index, workers } = workerData as WorkerStart;
const player = new Player(bundle, against, carry);
const read = createSaleReader(carry);

parentPort?.on('message', (input: WorkerInput) => {
  if (input === null) {
    tell({ done: player.result() });
    parentPort?.close();
  } else
    tell({
      played: playLines(
        Buffer.from(input.bytes.buffer, input.bytes.byteOffset, input.bytes.byteLength),
        input.firstLine,
      ),
    });
});

function tell(output: WorkerOutput): void {
  parentPort?.postMessage(output);
}

function playLines(bytes: Buffer, firstLine: number): number {
  let line = firstLine;
  let played = 0;
  for (let start = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    if (!isBlank(bytes, start, end)) {
      const reading = read(bytes, start, end);
      if (isOwn(reading, line)) {
        player.play(reading, line);
        played++;
      }
    }
    start = end + 1;
  }
  return played;
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 32 && bytes[at] !== 9 && bytes[at] !== 13) return false;
  return true;
}

/** With `carry` a household's sales must meet the same memory, in their order. */
function isOwn(reading: SaleResult, line: number): boolean {
  if (!carry || workers === 1) return true;
  const member = reading.ok ? reading.sale.member : undefined;
  // Guests are remembered nowhere, and neither are lines that are no sales; they are shared out evenly.
  const owner = member === undefined ? line % workers : hashOf(member.household ?? member.id) % workers;
  return owner === index;
}
