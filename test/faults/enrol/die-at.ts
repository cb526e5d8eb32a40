/**
 * Loaded before a program (`--import`): kills it with -9 before or after the n-th thing that it writes. DIE_AT says which, in files;
 * a program that writes elsewhere too calls `written` there, and may say later when it dies.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import process from 'node:process';

let left = Number(process.env.DIE_AT ?? Number.POSITIVE_INFINITY);

/** After `writes` more halves of writes: each has a moment before it and one after. */
export function dieAfter(writes: number): void {
  left = writes;
}

/** A moment at which the program may end. */
export function moment(): void {
  if (left-- === 0) process.kill(process.pid, 'SIGKILL');
}

for (const name of ['writeSync', 'writeFileSync', 'renameSync', 'fsyncSync', 'rmSync', 'mkdirSync'] as const) {
  const real = fs[name] as (...args: unknown[]) => unknown;
  Object.assign(fs, {
    [name](...args: unknown[]) {
      moment();
      const result = real(...args);
      moment();
      return result;
    },
  });
}
syncBuiltinESMExports();
