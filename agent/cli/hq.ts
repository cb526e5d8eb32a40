/** `tillside hq`: runs HQ, makes its tables, or asks a running one whether its totals agree with the tills' own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { systemClock } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import { type LoadedHqConfig, loadHqConfig } from '../../sync/hq/config.ts';
import { createHq } from '../../sync/hq/hq.ts';
import type { Ledger } from '../../sync/hq/ledger.ts';
import { openLedger } from '../../sync/hq/ledger-choice.ts';
import type { ReconcileAnswer } from '../../sync/hq/wire.ts';
import type { SyncLog } from '../../sync/link/link.ts';
import type { CommandIo } from './command.ts';
import { askHq, demoToken, demoUrl, type HqAddress } from './hq-client.ts';
import { enrolmentActions, hqEnrolmentCommand } from './hq-enrol.ts';
import { leasesCommand } from './hq-leases.ts';
import { membersCommand } from './members.ts';

const help = `tillside hq: takes the tills' facts, publishes bundles, serves the console

usage: tillside hq --config FILE [--check]
       tillside hq migrate --config FILE
       tillside hq ca|broker|enrol-code|revoke|enrolled …   (tillside hq ca --help)
       tillside hq reconcile [--config FILE | --hq URL --token-file FILE] [--from DATE] [--to DATE] [--json]
       tillside hq leases [--config FILE | --hq URL --token-file FILE] [--offer ID [--recall] | --resume] [--json]
       tillside hq members import|publish|erase|status …     (tillside hq members --help)

  --config FILE      hq.json
  --check            reads the configuration, says what is wrong, and ends
  --hq URL           a running HQ (default ${demoUrl})
  --token-file FILE  its token (default ${demoToken})
  --from, --to DATE  local dates, both inclusive
  --offer ID         the tills that hold units of this offer's global cap
  --recall           asks them to give back what they have not used
  --resume           grants again where HQ holds, before all tills have told (docs/sync.md)

Facts are kept where "database" of hq.json says, else in the PostgreSQL of the environment variable DATABASE_URL, else in
hq.sqlite in dataDir. migrate makes or updates the tables and ends: for a role that may do so, where HQ's own may not.
reconcile holds HQ's totals of each till and day against the till's own. leases tells, for every offer with a global cap,
how many units were granted to tills, used, returned and left; overdue ones count as used until their till tells.
Exit codes: 0 done, all agree; 1 something differs or failed; 2 wrong usage or input.
`;

export async function hqCommand(args: readonly string[], io: CommandIo): Promise<number> {
  if (enrolmentActions.has(args[0] ?? '')) return hqEnrolmentCommand(args, io);
  if (args[0] === 'members') return membersCommand(args.slice(1), io);
  const { values, positionals } = parse(args);
  if (values.help === true) {
    io.stdout.write(help);
    return 0;
  }
  const [action] = positionals;
  if (action === 'reconcile' && positionals.length === 1) return reconcile(values, io);
  if (action === 'leases' && positionals.length === 1) return leasesCommand(addressOf(values), values, io);
  if ((positionals.length > 0 && (action !== 'migrate' || positionals.length > 1)) || values.config === undefined)
    throw new TillsideError('usage', 'needs --config FILE or reconcile; see tillside hq --help');
  const config = loadHqConfig(values.config, process.env);
  if (action === 'migrate') return migrate(config, io);
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
        offer: { type: 'string' },
        recall: { type: 'boolean' },
        resume: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new TillsideError('usage', `${messageOf(error)}; see tillside hq --help`);
  }
}

const logOf = ({ logLevel }: LoadedHqConfig) =>
  pino({ level: logLevel, base: null }, pino.destination({ dest: 2, sync: false }));

/** A database named in the configuration goes before DATABASE_URL, which may be there for another program. */
const ledgerOf = (config: LoadedHqConfig, log: SyncLog): Ledger =>
  openLedger({ database: config.database ?? process.env.DATABASE_URL, dataDir: config.dataDir, log });

async function migrate(config: LoadedHqConfig, io: CommandIo): Promise<number> {
  const ledger = ledgerOf(config, logOf(config));
  try {
    await ledger.migrate();
  } finally {
    await ledger.close();
  }
  io.stdout.write(`The tables in ${ledger.kind === 'postgres' ? 'PostgreSQL' : 'SQLite'} are up to date.\n`);
  return 0;
}

/** Runs until it is told to stop. */
async function run(config: LoadedHqConfig, io: CommandIo): Promise<number> {
  const log = logOf(config);
  const root = join(import.meta.dirname, '..', '..');
  const consoleDir = join(root, 'ui', 'dist', 'hq');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const hq = createHq({
    config: { ...config, version, consoleDir: existsSync(consoleDir) ? consoleDir : undefined },
    clock: systemClock,
    log,
    ledger: ledgerOf(config, log),
  });
  const stop = new Promise<void>(resolve => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const isUp = await Promise.race([hq.start().then(() => true), stop.then(() => false)]);
  if (!isUp) {
    await hq.stop();
    return 0;
  }
  // The address holds the token: for the person at the terminal, not for the log of a service.
  const seen = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  io.stdout.write(
    seen
      ? `HQ is at ${hq.url}/#token=${hq.token}\n`
      : `HQ is at ${hq.url}; the console opens with /#token= and the token from ${join(config.dataDir, 'tokens', 'hq')}\n`,
  );
  await stop;
  await hq.stop();
  return 0;
}

function addressOf(values: Values): HqAddress {
  const config = values.config === undefined ? null : loadHqConfig(values.config, process.env);
  return {
    url: values.hq ?? (config === null ? demoUrl : `http://127.0.0.1:${config.api.port}`),
    tokenFile: values['token-file'] ?? (config === null ? demoToken : join(config.dataDir, 'tokens', 'hq')),
  };
}

async function reconcile(values: Values, io: CommandIo): Promise<number> {
  const days = new URLSearchParams();
  for (const name of ['from', 'to'] as const) {
    const day = values[name];
    if (day === undefined) continue;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new TillsideError('usage', `--${name} must be a date like 2026-11-21`);
    days.set(name, day);
  }
  const answer = (await askHq(addressOf(values), 'GET', `/v1/reconcile?${days}`)) as ReconcileAnswer;
  if (values.json === true) io.stdout.write(`${JSON.stringify(answer)}\n`);
  else {
    io.stdout.write(table(answer.rows));
    const differing = answer.rows.filter(row => row.verdict === 'differs').length;
    io.stdout.write(`${answer.rows.length} till days, ${differing} differ${answer.agrees ? ', all agree' : ''}\n`);
  }
  return answer.rows.some(row => row.verdict === 'differs') ? 1 : 0;
}

/** Rows of a till and day: HQ's sales, voided and net, then the till's own. */
function table(rows: ReconcileAnswer['rows']): string {
  if (rows.length === 0) return '';
  const none = { sales: '-', voided: '-', net: '-' };
  const cells = [
    ['day', 'till', 'sales', 'voided', 'net', 'own sales', 'own voided', 'own net', ''],
    ...rows.map(({ day, store, till, hq, own, verdict }) => {
      const told = own === null ? none : shown(own);
      const { sales, voided, net } = shown(hq);
      return [day, `${store}/${till}`, sales, voided, net, told.sales, told.voided, told.net, verdict];
    }),
  ];
  const widths = cells[0]?.map((_, index) => Math.max(...cells.map(row => row[index]?.length ?? 0))) ?? [];
  // Names to the left, figures to the right.
  const line = (row: readonly string[]) =>
    row.map((cell, index) =>
      index > 1 && index < 8 ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
    );
  return cells.map(row => `${line(row).join('  ').trimEnd()}\n`).join('');
}

/** Money in minor units as HQ adds it; the currency's form is the console's affair. */
const shown = ({ sales, voided, net }: { sales: number; voided: number; net: number }) => ({
  sales: String(sales),
  voided: String(voided),
  net: (net / 100).toFixed(2),
});
