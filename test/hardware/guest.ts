/** Everything that is proved on real kernel drivers; started by guest.sh in the virtual machine. */
import process from 'node:process';
import { hidScenarios } from './hid-scenarios.ts';
import { lineScenarios } from './line-scenarios.ts';
import { runScenarios, type Scenario } from './scenario.ts';
import { tillScenarios } from './till-scenarios.ts';
import { wedgeScenarios } from './wedge-scenarios.ts';

// The drivers keep no process alive by themselves.
const alive = setInterval(() => undefined, 1000);
const survived: Scenario = {
  name: 'the process that used all these devices is still the same one',
  run: async () => undefined,
};
process.on('uncaughtException', error => {
  console.log(error);
  console.log(`\n@@${JSON.stringify({ name: survived.name, ok: false, ms: 0, detail: String(error) })}`);
  process.exit(1);
});
// TILLSIDE_SCENARIOS: only those whose name matches it, for a quick look while working on one.
const only = new RegExp(process.env.TILLSIDE_SCENARIOS ?? '');
const chosen = [...hidScenarios, ...lineScenarios, ...wedgeScenarios, ...tillScenarios, survived].filter(({ name }) =>
  only.test(name),
);
const all = await runScenarios(chosen);
clearInterval(alive);
process.exit(all ? 0 : 1);
