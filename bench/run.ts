/** `npm run bench [-- NAME…]`: every measurement, or those of these folders, one after the other, each in a process of its own. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import process from 'node:process';

const given = process.argv.slice(2);
// What follows the first option is options and their values.
const firstOption = given.findIndex(argument => argument.startsWith('-'));
const names = firstOption === -1 ? given : given.slice(0, firstOption);
const options = firstOption === -1 ? [] : given.slice(firstOption);
const files = globSync('bench/*/run.ts').sort();
const known = files.map(file => basename(dirname(file)));
if (given.includes('--help')) {
  console.log(
    `usage: npm run bench [-- NAME… [--json] [its own options]]\n\nbenches: ${known.join(', ')}; docs/performance.md says what each measures`,
  );
  process.exit(0);
}
const unknown = names.find(name => !known.includes(name));
if (unknown !== undefined) {
  console.error(`There is no bench ${unknown}; there are: ${known.join(', ')}`);
  process.exit(2);
}
for (const file of files) {
  if (names.length > 0 && !names.includes(basename(dirname(file)))) continue;
  if (!options.includes('--json')) console.log(`\n${file}`);
  const { status } = spawnSync(process.execPath, [file, ...options], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
