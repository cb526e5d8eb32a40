/** One core's share of a simulation: gets pieces of the file, plays their lines, gives its counts at the end. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Bundle, Sale } from '../offers/types.ts';
import { Player } from './player.ts';
import { readSale, readSaleText } from './quick-sale.ts';
import { hashOf } from './reach.ts';

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
    const text = bytes.toString('utf8', start, end);
    start = end + 1;
    if (text.trim() === '') continue;
    if (carry && workers > 1) {
      if (!playOwn(text, line)) continue;
    } else player.play(readSaleText(text), line);
    played++;
  }
  return played;
}

/** A household's sales must meet the same memory, in their order. */
function playOwn(text: string, line: number): boolean {
  let sale: Partial<Sale> | null = null;
  try {
    sale = JSON.parse(text);
  } catch {
    // Told by whoever has the lines without a member.
  }
  const key = sale?.member?.household ?? sale?.member?.id;
  // Guests are remembered nowhere; they are shared out evenly.
  const owner = typeof key === 'string' ? hashOf(key) % workers : line % workers;
  if (owner !== index) return false;
  player.play(sale === null ? readSaleText(text) : readSale(sale), line);
  return true;
}
