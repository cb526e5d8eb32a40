/** Gives an order on the members' files to a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { Done, Order } from './work.ts';
import type { WorkerOutput, WorkerStart } from './worker.ts';

export interface Work {
  /** Null: called off. Rejects with what the work threw, with its `code`. */
  readonly done: Promise<Done | null>;
  callOff(): void;
}

export type StartWork = (order: Order) => Work;

export const startThread: StartWork = order => {
  const calledOff = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { order, calledOff } satisfies WorkerStart,
  });
  let output: WorkerOutput | null = null;
  const done = new Promise<Done | null>((resolve, reject) => {
    worker.once('message', (message: WorkerOutput) => {
      output = message;
    });
    worker.once('error', reject);
    // Only then are its files closed for certain.
    worker.once('exit', () => {
      if (output === null) reject(new Error('the thread ended before its work'));
      else if ('done' in output) resolve(output.done);
      else reject(Object.assign(new Error(output.failed), output.code === undefined ? {} : { code: output.code }));
    });
  });
  return {
    done,
    callOff() {
      Atomics.store(calledOff, 0, 1);
      Atomics.notify(calledOff, 0);
    },
  };
};
