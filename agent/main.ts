/** The till as a process of its own, without a window: `node agent/main.ts --config FILE`. Electron forks it too. */
import process from 'node:process';
import { isTillsideError, messageOf } from '../errors.ts';
import { agentCommand } from './cli/agent.ts';

try {
  process.exitCode = await agentCommand(process.argv.slice(2), process);
} catch (error) {
  process.stderr.write(`tillside agent: ${messageOf(error)}${isTillsideError(error) ? ` (${error.code})` : ''}\n`);
  if (isTillsideError(error))
    for (const { pointer, message } of error.faults) process.stderr.write(`${pointer}: ${message}\n`);
  process.exitCode = isTillsideError(error, 'usage') || isTillsideError(error, 'config-invalid') ? 2 : 1;
}
