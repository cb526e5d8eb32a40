/** `npm run bench`: every measurement, one after the other, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import process from 'node:process';

for (const file of globSync('bench/*/run.ts').sort()) {
  console.log(`\n${file}`);
  const { status } = spawnSync(process.execPath, [file, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
