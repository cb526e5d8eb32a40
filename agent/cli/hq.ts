/** `tillside hq`: runs HQ, or asks a running one whether its totals agree with the tills' own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { systemClock } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { type LoadedHqConfig, loadHqConfig } from '../../sync/hq/config.ts';
import { createHq } from '../../sync/hq/hq.ts';
import type { ReconcileAnswer } from '../../sync/hq/wire.ts';
import type { CommandIo } from './command.ts';
import { askHq, demoToken, demoUrl } from './hq-client.ts';

const help = `tillside hq: takes the tills' facts, publishes bundles, serves the console

usage: tillside hq --config FILE [--check]
       tillside hq reconcile [--config FILE | --hq URL --token-file FILE] [--from DATE] [--to DATE] [--json]

  --config FILE      hq.json
  --check            reads the configuration, says what is wrong, and ends
  --hq URL           a running HQ (default ${demoUrl})
  --token-file FILE  its token (default ${demoToken})
  --from, --to DATE  local dates, both inclusive

reconcile holds HQ's totals of each till and day against the till's own.
Exit codes: 0 done, all agree; 1 something differs or failed; 2 wrong usage or input.
`;

export async function hqCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help === true) {
    io.stdout.write(help);
    return 0;
  }
  if (positionals[0] === 'reconcile' && positionals.length === 1) return reconcile(values, io);
  if (positionals.length > 0 || values.config === undefined)
    throw new TillsideError('usage', 'needs --config FILE or reconcile; see tillside hq --help');
  const config = loadHqConfig(values.config, process.env);
  if (values.check === true) {
    io.stdout.write(values.json === true ? `${JSON.stringify({ ok: true })}\n` : `${values.config} is right.\n`);
    return 0;
  }
  return run(config, io);
}

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        check: { type: 'boolean' },
        hq: { type: 'string' },
        'token-file': { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new TillsideError('usage', `${messageOf(error)}; see tillside hq --help`);
  }
}

/** Runs until it is told to stop. */
async function run(config: LoadedHqConfig, io: CommandIo): Promise<number> {
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: false }));
  const root = join(import.meta.dirname, '..', '..');
  const consoleDir = join(root, 'ui', 'dist', 'hq');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const hq = createHq({
    config: { ...config, version, consoleDir: existsSync(consoleDir) ? consoleDir : undefined },
    clock: systemClock,
    log,
  });
  await hq.start();
  // The address holds the token: for the person at the terminal, not for the log of a service.
  const seen = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  io.stdout.write(
    seen
      ? `HQ is at ${hq.url}/#token=${hq.token}\n`
      : `HQ is at ${hq.url}; the console opens with /#token= and the token from ${join(config.dataDir, 'tokens', 'hq')}\n`,
  );
  await new Promise<void>(resolve => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await hq.stop();
  return 0;
}

async function reconcile(values: Values, io: CommandIo): Promise<number> {
  const config = values.config === undefined ? null : loadHqConfig(values.config, process.env);
  const url = values.hq ?? (config === null ? demoUrl : `http://127.0.0.1:${config.api.port}`);
  const tokenFile = values['token-file'] ?? (config === null ? demoToken : join(config.dataDir, 'tokens', 'hq'));
  const days = new URLSearchParams();
  for (const name of ['from', 'to'] as const) {
    const day = values[name];
    if (day === undefined) continue;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new TillsideError('usage', `--${name} must be a date like 2026-11-21`);
    days.set(name, day);
  }
  const answer = (await askHq({ url, tokenFile }, 'GET', `/v1/reconcile?${days}`)) as ReconcileAnswer;
  if (values.json === true) io.stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    for (const { day, store, till, hq, own, verdict } of answer.rows)
      io.stdout.write(
        `${day}  ${store}/${till}  HQ ${shown(hq)}  till ${own === null ? 'has not told' : shown(own)}  ${verdict}\n`,
      );
    const differing = answer.rows.filter(row => row.verdict === 'differs').length;
    io.stdout.write(`${answer.rows.length} till days, ${differing} differ${answer.agrees ? ', all agree' : ''}\n`);
  }
  return answer.rows.some(row => row.verdict === 'differs') ? 1 : 0;
}

/** Money in minor units as HQ adds it; the currency's form is the console's affair. */
const shown = ({ sales, voided, net }: { sales: number; voided: number; net: number }): string =>
  `${sales} sales, ${voided} voided, net ${(net / 100).toFixed(2)}`;
