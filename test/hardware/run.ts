/**
 * The scenarios on real kernel drivers without the test runner, each told with its time as it is done.
 * usage: node test/hardware/run.ts [REGEXP of scenario names]
 */
import process from 'node:process';
import { runInGuest, whyNoMachine } from './vm.ts';

const missing = whyNoMachine();
if (missing !== null) {
  console.error(missing);
  process.exit(2);
}
const start = performance.now();
const since = () => `${((performance.now() - start) / 1000).toFixed(0).padStart(4)} s`;
const run = await runInGuest({
  only: process.argv[2] ?? '',
  onResult({ name, ok, ms, detail }) {
    console.log(
      `${since()}  ${ok ? 'ok    ' : 'FAILED'} ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}${ok ? '' : `\n${detail}`}`,
    );
  },
});
console.log(`${since()}  exit ${run.exit}`);
if (run.exit !== 0) console.log(run.log);
process.exitCode = run.exit;
