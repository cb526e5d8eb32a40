/**
 * The thread that works on the members' files, so that a sale never waits for it: for garbage that it collects, for the disk,
 * for a commit. Carries out one order at a quarter of a processor and a lower rank, and ends.
 */
import { getPriority, setPriority } from 'node:os';
import process from 'node:process';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import type { Job } from '../store/members-jobs.ts';
import { type Done, type Order, workOn } from './work.ts';

export type WorkerStart = {
  readonly order: Order;
  /** Not 0: called off. In shared memory, so that it is heard within a pause. */
  readonly calledOff: Int32Array;
};
/** `done` null: called off. `code`: of SQLite or the system, where the error has one. */
export type WorkerOutput =
  | { readonly done: Done | null }
  | { readonly failed: string; readonly code: string | undefined };

const { order, calledOff } = workerData as WorkerStart;
/** Worked before a pause of three times as long. */
const workMs = 5;

// Linux ranks threads one by one (setpriority(2)); elsewhere this would slow the whole till down. A third of the usual share
// where processors are short: enough not to be starved by whatever else runs there.
if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + 5));

try {
  tell({ done: paced(workOn(order)) });
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  tell({ failed: messageOf(error), code });
}

function paced<T>(job: Job<T>): T | null {
  for (;;) {
    const began = performance.now();
    do {
      if (Atomics.load(calledOff, 0) !== 0) {
        // Files are closed by its end; the value is nobody's.
        job.return(null as never);
        return null;
      }
      const step = job.next();
      if (step.done === true) return step.value;
    } while (performance.now() - began < workMs);
    Atomics.wait(calledOff, 0, 0, 3 * (performance.now() - began));
  }
}

function tell(output: WorkerOutput): void {
  parentPort?.postMessage(output);
}
