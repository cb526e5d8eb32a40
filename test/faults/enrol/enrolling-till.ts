/** `tillside enrol`, as a process of its own that starts quickly. */
import process from 'node:process';
import { enrolCommand } from '../../../agent/cli/enrol.ts';
import { isTillsideError } from '../../../errors.ts';

try {
  process.exitCode = await enrolCommand(process.argv.slice(2), process);
} catch (error) {
  if (!isTillsideError(error)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
