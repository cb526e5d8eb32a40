/** `tillside doctor --config FILE`: what is ill on this till or HQ, and what to do about it. It changes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { messageOf, TillsideError } from '../../errors.ts';
import { loadHqConfig } from '../../sync/hq/config.ts';
import { openLedger } from '../../sync/hq/ledger-choice.ts';
import type { TillsAnswer } from '../../sync/hq/wire.ts';
import { silentLog } from '../../sync/link/link.ts';
import type { StatusView } from '../api/wire.ts';
import { loadTillConfig, type TillConfig } from '../config/till-config.ts';
import { damageOf } from '../store/check.ts';
import type { Command } from './command.ts';
import {
  checkBroker,
  checkCertificate,
  checkDisk,
  checkFolder,
  checkSecrets,
  exitCodeOf,
  type Finding,
  ill,
  render,
  warn,
  well,
} from './doctor-checks.ts';
import { readOptions } from './options.ts';

const help = `tillside doctor: what is ill here, and what to do about it

usage: tillside doctor --config FILE [--clock URL] [--json]

  --config FILE  till.json or hq.json: which of the two, the file itself says
  --clock URL    a web server whose time is right (HQ behind its proxy): holds this machine's clock against it
  --json         one JSON object

Looks at the data folder, secrets, disk, database, certificate and the way to the broker; where the program runs, at what it
says of its devices, line and bundle; at HQ also at every till. Changes nothing.
Exit codes: 0 well (or soon to be looked at), 1 something is ill, 2 wrong usage or configuration.
`;

export const doctorCommand: Command = async (args, io) => {
  const { values } = readOptions('doctor', args, {
    config: { type: 'string' },
    clock: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    io.stdout.write(help);
    return 0;
  }
  if (values.config === undefined) throw new TillsideError('usage', 'Which till or HQ? Give its file: --config FILE');
  const findings = [
    well('configuration', values.config),
    ...(isTill(values.config) ? await ofTill(values.config) : await ofHq(values.config)),
    ...(values.clock === undefined ? [] : [await checkClock(values.clock)]),
  ];
  if (values.json) io.stdout.write(`${JSON.stringify({ findings })}\n`);
  else io.stdout.write(render(findings));
  return exitCodeOf(findings);
};

/** Only a till's configuration names a store. A file that can't be read is told by the till's own reader. */
function isTill(file: string): boolean {
  try {
    const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof document !== 'object' || document === null || 'till' in document || 'store' in document;
  } catch {
    return true;
  }
}

async function ofTill(file: string): Promise<readonly Finding[]> {
  const config = loadTillConfig(file, process.env);
  const { broker, dataDir } = config;
  const status = await askAgent(config);
  const database = join(dataDir, 'till.sqlite');
  return [
    checkFolder(dataDir),
    ...checkSecrets({
      'coupon key': config.coupons?.key ?? join(dataDir, 'coupon.key'),
      key: broker?.key,
      password: broker?.password,
      token: join(dataDir, 'tokens', 'pos'),
      'screen token': join(dataDir, 'tokens', 'ui'),
      database: database,
    }),
    checkDisk(dataDir),
    checkDatabase(database, status === null ? null : status.database.problem),
    ...checkCertificate(broker?.cert, broker?.key, Date.now()),
    broker === null
      ? warn('broker', 'none is configured', 'Without "broker" no sale reaches HQ.')
      : await checkBroker({ url: broker.url, ...contents(broker) }),
    ...(status === null
      ? [
          warn(
            'till',
            'the agent does not run',
            'Devices, line and bundle can only be looked at while it runs: start the service.',
          ),
        ]
      : ofStatus(status)),
  ];
}

const contents = (files: { readonly ca: string | null; readonly cert: string | null; readonly key: string | null }) =>
  Object.fromEntries(
    (['ca', 'cert', 'key'] as const).flatMap(name => {
      const file = files[name];
      return file === null || !existsSync(file) ? [] : [[name, readFileSync(file, 'utf8')]];
    }),
  );

function checkDatabase(file: string, problem: string | null): Finding {
  if (!existsSync(file)) return well('database', `${file} will be made at the first start`);
  const damage = problem ?? damageOf(file);
  return damage === null
    ? well('database', `${file} is sound`)
    : ill(
        'database',
        damage,
        'Start the service again: it sets a damaged file aside, saves what can be read, and goes on.',
      );
}

async function askAgent({ api, dataDir }: TillConfig): Promise<StatusView | null> {
  const token = join(dataDir, 'tokens', 'pos');
  if (!existsSync(token)) return null;
  const host = api.host.includes(':') ? `[${api.host}]` : api.host;
  try {
    const answer = await fetch(`http://${host}:${api.port}/v1/status`, {
      headers: { authorization: `Bearer ${readFileSync(token, 'utf8').trim()}`, 'accept-language': 'en' },
      signal: AbortSignal.timeout(5000),
    });
    return answer.ok ? ((await answer.json()) as StatusView) : null;
  } catch {
    return null;
  }
}

/** A fact that waits longer than this, though the line is up, is not on its way. */
const oldFactMs = 10 * 60_000;

function ofStatus(status: StatusView): readonly Finding[] {
  const { printer, scanners, bundle, bundleRefused, line, outbox } = status;
  const absent = scanners.filter(({ connected }) => !connected);
  const waiting = `${outbox.waiting} facts wait${outbox.oldestAt === null ? '' : `, the oldest since ${outbox.oldestAt}`}`;
  const isOld = outbox.oldestAt !== null && Date.now() - Date.parse(outbox.oldestAt) > oldFactMs;
  return [
    printer.problem === null
      ? well('printer', `${printer.device}, ${printer.evidence ?? 'no evidence known'}`)
      : ill(
          'printer',
          `${printer.device}: ${printer.problem}`,
          printer.message ?? 'tillside device list shows what is there.',
        ),
    scanners.length === 0
      ? well('scanner', 'none is configured')
      : absent.length === 0
        ? well('scanner', scanners.map(({ device }) => device).join(', '))
        : ill(
            'scanner',
            absent.map(({ device, problem }) => `${device}: ${problem ?? 'not there'}`).join(', '),
            'Look at its cable; tillside device list shows what is there and what may be opened.',
          ),
    bundle === null
      ? ill('bundle', 'none', 'Publish one at HQ; the till fetches it when the line is up.')
      : bundle.expired
        ? ill(
            'bundle',
            `${bundle.id} ${bundle.version} ended ${bundle.notAfter}: no coupon is issued`,
            'Publish the next one at HQ.',
          )
        : well('bundle', `${bundle.id} ${bundle.version}, until ${bundle.notAfter}`),
    ...(bundleRefused === null
      ? []
      : [
          ill(
            'bundle',
            `${bundleRefused.id} ${bundleRefused.version} was refused: ${bundleRefused.code}`,
            'HQ shows every fault at its bundles; publish a version without them.',
          ),
        ]),
    line.connected
      ? well('line', `to the broker since ${line.since}`)
      : ill(
          'line',
          line.problem ?? 'down',
          'Selling goes on and nothing is lost. See the broker above, then the certificate.',
        ),
    line.connected && isOld
      ? ill('outbox', waiting, 'The broker is there and HQ does not confirm: look at HQ (tillside doctor there).')
      : well('outbox', waiting),
  ];
}

async function ofHq(file: string): Promise<readonly Finding[]> {
  const config = loadHqConfig(file, process.env);
  const { dataDir, broker } = config;
  const document = JSON.parse(readFileSync(file, 'utf8')) as { broker?: { cert?: string; key?: string } };
  const pathOf = (reference: string | undefined) =>
    reference === undefined ? null : join(file, '..', reference.replace(/^file:/, ''));
  return [
    checkFolder(dataDir),
    ...checkSecrets({
      'signing key': config.signing?.key ?? join(dataDir, 'signing.key'),
      token: join(dataDir, 'tokens', 'hq'),
      'broker key': pathOf(document.broker?.key),
    }),
    checkDisk(dataDir),
    await checkLedger(config.database ?? process.env.DATABASE_URL, dataDir),
    ...checkCertificate(pathOf(document.broker?.cert), pathOf(document.broker?.key), Date.now()),
    await checkBroker(broker),
    ...(await askTills(config.api.port, join(dataDir, 'tokens', 'hq'))),
  ];
}

async function checkLedger(database: string | undefined, dataDir: string): Promise<Finding> {
  const isPostgres = database !== undefined && !database.startsWith('sqlite:');
  if (!isPostgres) {
    const file = database?.slice('sqlite:'.length) ?? join(dataDir, 'hq.sqlite');
    return checkDatabase(file, null);
  }
  const ledger = openLedger({ database, dataDir, log: silentLog });
  try {
    await ledger.tillCount();
    return well('database', 'PostgreSQL answers, its tables are there');
  } catch (error) {
    const fix = /does not exist/.test(messageOf(error))
      ? 'Make the tables: tillside hq migrate --config FILE'
      : 'Look whether PostgreSQL runs, and at DATABASE_URL; HQ goes on by itself when it answers.';
    return ill('database', messageOf(error), fix);
  } finally {
    await ledger.close();
  }
}

const mostNamed = 20;

async function askTills(port: number, tokenFile: string): Promise<readonly Finding[]> {
  let tills: TillsAnswer['tills'];
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/tills`, {
      headers: { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` },
      signal: AbortSignal.timeout(20_000),
    });
    if (!answer.ok) return [ill('HQ', `answers ${answer.status}`, 'See its log.')];
    ({ tills } = (await answer.json()) as TillsAnswer);
  } catch {
    return [warn('HQ', 'does not run', 'What the tills say can only be looked at while it runs: start the service.')];
  }
  const ailing = tills.filter(({ why }) => why.length > 0);
  if (ailing.length === 0) return [well('tills', `${tills.length}, nothing ails them`)];
  const named = ailing.slice(0, mostNamed).map(({ store, till, why }) => {
    const reasons = why.map(({ code, detail }) => (detail === null ? code : `${code} (${detail})`)).join(', ');
    return ill('tills', `${store}/${till}: ${reasons}`, 'docs/operations.md says for each reason what to do.');
  });
  const rest = ailing.length - named.length;
  return rest === 0
    ? named
    : [...named, ill('tills', `and ${rest} more of ${tills.length}`, 'The console lists them all.')];
}

/** Further off than this, dates on coupons and receipts are wrong, and signed commands come near their ends. */
const clockMs = 5 * 60_000;

async function checkClock(url: string): Promise<Finding> {
  try {
    const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
    const there = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(there)) return warn('clock', `${url} tells no time`, 'Name another server.');
    const off = Date.now() - there;
    const found = `${Math.abs(Math.round(off / 1000))} s ${off < 0 ? 'behind' : 'ahead of'} ${new URL(url).host}`;
    return Math.abs(off) > clockMs
      ? ill('clock', found, 'Set this machine’s clock and let it follow a time server (systemd-timesyncd, w32time).')
      : well('clock', found);
  } catch (error) {
    return warn('clock', `${url}: ${messageOf(error)}`, 'Name a server that this machine reaches.');
  }
}
