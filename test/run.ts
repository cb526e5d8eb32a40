/** `npm test`: brings what the tests need from the system, checks the code, builds the screens, runs every test. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import process from 'node:process';
import { systemNeeds } from './support/system-needs.ts';

const missing = systemNeeds.filter(need => !need.files.some(file => existsSync(file)));
if (missing.length > 0) {
  const packages = missing.map(need => need.package);
  const root = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  console.log(`${root ? 'Installing' : 'Please install (as root: apt-get install)'}: ${packages.join(' ')}`);
  if (root) {
    run('apt-get', ['update', '-q'], { quiet: true });
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { quiet: true });
  } else if (missing.some(need => !need.optional)) process.exit(1);
}

const only = process.argv.slice(2);
if (only.length === 0) {
  run('npm', ['run', '-s', 'check']);
  run('npm', ['run', '-s', 'build']);
}
// The longest first, so that no core waits for one of them at the end.
const longest = ['test/faults/', 'test/ui/', 'test/conformance/', 'test/e2e/', 'test/sync/'];
const rank = (file: string) =>
  (longest.findIndex(folder => file.startsWith(folder)) + longest.length + 1) % (longest.length + 1);
const files = globSync(only.length > 0 ? only : ['test/**/*.test.ts']).sort(
  (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
);
const alone = files.filter(file => file.startsWith('test/hardware/'));
const together = files.filter(file => !alone.includes(file));
console.log(`${files.length} test files`);
const guarded = ['--import', './test/support/seed.ts', '--import', './test/support/watchdog.ts', '--test'];
if (together.length > 0) run(process.execPath, [...guarded, '--test-concurrency=2', ...together]);
// The virtual machine wants both cores: starved, its devices are slower than any scanner that was ever built.
if (alone.length > 0) run(process.execPath, ['--import', './test/support/seed.ts', '--test', ...alone]);

/** Runs a command; a failure ends the whole run with its exit code. */
function run(command: string, args: readonly string[], { quiet = false } = {}): void {
  const done = spawnSync(command, args, {
    stdio: quiet ? ['ignore', 'pipe', 'inherit'] : ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    // Whatever hangs ends in a red run that says so, not in one that never ends.
    timeout: 40 * 60_000,
    killSignal: 'SIGKILL',
  });
  if (done.status === 0) return;
  console.error(`${command} ${args.join(' ')} failed (${done.status ?? done.signal ?? done.error?.message})`);
  process.exit(done.status ?? 1);
}
