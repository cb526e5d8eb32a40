/** `tillside agent --config FILE`: a till, until it is told to stop. */
import { once } from 'node:events';
import process from 'node:process';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import { isTillsideError, TillsideError } from '../../errors.ts';
import { createAgent } from '../agent.ts';
import { loadTillConfig } from '../config/till-config.ts';
import { createLog } from '../log.ts';
import { readLogo } from '../printing/layout-logo.ts';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';

const help = `tillside agent: one till

usage: tillside agent --config FILE [--check]

  --config FILE  the till's configuration (docs/configuration.md); every key can be overridden by TILLSIDE_… variables
  --check        only says whether the configuration is right
`;

export const agentCommand: Command = async (args, io) => {
  const { values } = readOptions('agent', args, {
    config: { type: 'string' },
    check: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    io.stdout.write(help);
    return 0;
  }
  if (values.config === undefined)
    throw new TillsideError('usage', 'Which till? Give its configuration: --config FILE');
  const config = loadTillConfig(values.config, process.env);
  if (values.check) {
    if (config.printer?.logo)
      readLogo(config.printer.logo, resolveProfile(config.printer.profile, config.printer.paper));
    io.stdout.write(`${values.config}: right, till ${config.till} of store ${config.store}\n`);
    return 0;
  }
  const log = createLog(config.log.level);
  const agent = createAgent(config, { log });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  process.on('unhandledRejection', fault => {
    // Nothing may end a till that sells; the fault is for support.
    log.error({ fault: isTillsideError(fault) ? fault.code : String(fault) }, 'a promise failed unheard');
  });
  const { url } = await agent.start();
  io.stdout.write(`till ${config.till} of store ${config.store}: ${url}\n`);
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  await agent.stop();
  return 0;
};
