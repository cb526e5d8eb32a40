/** One core's share of a simulation: gets lines, plays them, gives its counts at the end. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Bundle } from '../offers/types.ts';
import { Player } from './player.ts';

export type WorkerStart = { readonly bundle: Bundle; readonly against: Bundle | null; readonly carry: boolean };
/** Lines with the number of the first one, `null`: no more. Numbers are given where lines are not consecutive. */
export type WorkerInput = { readonly lines: readonly string[]; readonly numbers: readonly number[] } | null;

const { bundle, against, carry } = workerData as WorkerStart;
const player = new Player(bundle, against, carry);
parentPort?.on('message', (input: WorkerInput) => {
  if (input === null) {
    parentPort?.postMessage({ done: player.result() });
    parentPort?.close();
    return;
  }
  for (const [i, line] of input.lines.entries()) player.play(line, input.numbers[i] ?? 0);
  parentPort?.postMessage({ played: input.lines.length });
});
