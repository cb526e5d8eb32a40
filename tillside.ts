#!/usr/bin/env node
/** The `tillside` command: finds the subcommand, loads only what it needs, turns every failure into one clear line. */
import process from 'node:process';
import type { Command } from './agent/cli/command.ts';
import { nearest } from './configuration.ts';
import { isTillsideError, messageOf } from './errors.ts';

type Entry = { readonly summary: string; readonly load: () => Promise<Command> };

const commands: Readonly<Record<string, Entry>> = {
  demo: {
    summary: 'broker, HQ and two tills of one store on simulated devices',
    load: async () => (await import('./agent/cli/demo.ts')).demoCommand,
  },
  agent: {
    summary: 'a till: agent --config FILE [--check]',
    load: async () => (await import('./agent/cli/agent.ts')).agentCommand,
  },
  hq: {
    summary: 'HQ: ingest, publisher, console: hq --config FILE',
    load: async () => (await import('./agent/cli/hq.ts')).hqCommand,
  },
  decide: {
    summary: 'what a bundle decides for a sale: decide --bundle FILE --sale FILE|-',
    load: async () => (await import('./agent/cli/decide.ts')).decideCommand,
  },
  simulate: {
    summary: 'what a bundle would have done with past sales: simulate --bundle FILE --sales FILE.ndjson',
    load: async () => (await import('./agent/cli/simulate.ts')).simulateCommand,
  },
  bundle: {
    summary: 'check, sign, publish, roll out and back bundles of offers; see who has which',
    load: async () => (await import('./agent/cli/bundle.ts')).bundleCommand,
  },
  enrol: {
    summary: "this till's key and certificate: enrol --hq URL --code CODE",
    load: async () => (await import('./agent/cli/enrol.ts')).enrolCommand,
  },
  doctor: {
    summary: 'what is ill on this till or HQ, and what to do: doctor --config FILE',
    load: async () => (await import('./agent/cli/doctor.ts')).doctorCommand,
  },
  device: {
    summary: 'list, probe and test printers and scanners',
    load: async () => (await import('./agent/cli/device.ts')).deviceCommand,
  },
};

const help = `tillside: check-out coupons for grocery tills

usage: tillside COMMAND [ARGUMENTS]      tillside COMMAND --help

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

Exit codes: 0 done, 1 failed, 2 wrong usage or input. --debug shows where a failure arose.
`;

async function main(argv: readonly string[]): Promise<number> {
  const debug = argv.includes('--debug');
  const [name, ...args] = argv.filter(arg => arg !== '--debug');
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? process.stderr : process.stdout).write(help);
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const near = nearest(name, Object.keys(commands), 3);
    process.stderr.write(
      `tillside: no command "${name}"${near === null ? '' : `; did you mean "${near}"?`} (tillside --help)\n`,
    );
    return 2;
  }
  try {
    const command = await entry.load();
    return await command(args, { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr });
  } catch (error) {
    if (debug) process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    else if (isTillsideError(error)) {
      process.stderr.write(`tillside ${name}: ${error.message} (${error.code})\n`);
      for (const fault of error.faults) process.stderr.write(`${fault.pointer}: ${fault.message}\n`);
    } else process.stderr.write(`tillside ${name}: ${messageOf(error)} (internal; run again with --debug)\n`);
    return isTillsideError(error, 'usage') || isTillsideError(error, 'config-invalid') ? 2 : 1;
  }
}

process.stdout.on('error', error => {
  // The reader of a pipe went away (`tillside … | head`): nothing more to say to it.
  if ('code' in error && error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await main(process.argv.slice(2));
