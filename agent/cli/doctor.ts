/** `tillside doctor --config FILE`: what is ill on this till or HQ, and what to do about it. It changes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { systemClock } from '../../clock.ts';
import { isTillsideError, messageOf, TillsideError } from '../../errors.ts';
import { loadHqConfig } from '../../sync/hq/config.ts';
import { hasAuthority, openAuthority } from '../../sync/hq/enrol/authority.ts';
import { hqAddress } from '../../sync/hq/enrol/desk.ts';
import { openLedger } from '../../sync/hq/ledger-choice.ts';
import type { TillsAnswer, TillsSummary } from '../../sync/hq/tills-wire.ts';
import type { EnrolmentAnswer, StatusView as HqStatusView, LeasesAnswer } from '../../sync/hq/wire.ts';
import { silentLog } from '../../sync/link/link.ts';
import { hqSubscriptions, tillSubscriptions, topicOf } from '../../sync/protocol/topics.ts';
import type { StatusView } from '../api/wire.ts';
import { loadTillConfig, type TillConfig } from '../config/till-config.ts';
import { damageOf } from '../store/check.ts';
import { isWriterThere } from '../store/writer-lock.ts';
import type { Command } from './command.ts';
import { checkBroker } from './doctor-broker.ts';
import {
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
import { askHq } from './hq-client.ts';
import { readOptions } from './options.ts';

const help = `tillside doctor: what is ill here, and what to do about it

usage: tillside doctor --config FILE [--clock URL] [--json]

  --config FILE  till.json or hq.json: which of the two, the file itself says
  --clock URL    a web server whose time is right: holds this machine's clock against it. A running till knows HQ's time by itself
  --json         one JSON object

Looks at the data folder, secrets, disk, database and certificate; where the program runs, at what it says of its devices, line,
clock and bundle, at HQ also at every till; where it does not, goes to the broker in its stead. Changes nothing.
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
    await checkLine(config, status, database),
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

async function checkLine(config: TillConfig, status: StatusView | null, database: string): Promise<Finding> {
  const { broker, tenant, store, till, ring } = config;
  if (broker === null) return warn('broker', 'none is configured', 'Without "broker" no sale reaches HQ.');
  if (status?.line.connected === true) return well('broker', `${broker.url}, the till is on the line`);
  if (status === null && isWriterThere(database))
    return warn(
      'broker',
      `${broker.url} was not tried: the agent runs but does not answer here`,
      'Ask again when api.host and api.port are those of the running agent, or stop it.',
    );
  const { url, ca, cert, key, username, password } = broker;
  const files = Object.entries({ ca, cert, key, password }).flatMap(([name, file]) =>
    file === null || !existsSync(file) ? [] : [[name, readFileSync(file, 'utf8').trim()] as const],
  );
  return checkBroker({
    broker: { url, ...Object.fromEntries(files), ...(username === null ? {} : { username }) },
    subscriptions: tillSubscriptions({ tenant, store, till }, ring),
    hqState: topicOf({ kind: 'hq', tenant }),
  });
}

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
    ...ofClock(status),
    line.connected && isOld
      ? ill('outbox', waiting, 'The broker is there and HQ does not confirm: look at HQ (tillside doctor there).')
      : well('outbox', waiting),
  ];
}

async function ofHq(file: string): Promise<readonly Finding[]> {
  const config = loadHqConfig(file, process.env);
  const { dataDir } = config;
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
    ...(await checkLedger(config.database ?? process.env.DATABASE_URL, dataDir)),
    ...checkCertificate(pathOf(document.broker?.cert), pathOf(document.broker?.key), Date.now()),
    ...(await ofRunningHq(config)),
  ];
}

async function checkLedger(database: string | undefined, dataDir: string): Promise<readonly Finding[]> {
  const isPostgres = database !== undefined && !database.startsWith('sqlite:');
  if (!isPostgres) {
    const file = database?.slice('sqlite:'.length) ?? join(dataDir, 'hq.sqlite');
    return [checkDatabase(file, null)];
  }
  const ledger = openLedger({ database, dataDir, log: silentLog });
  try {
    await ledger.tillCount();
    const there = await ledger.serverTime();
    return [
      well('database', 'PostgreSQL answers, its tables are there'),
      ...(there === null ? [] : [clockFound(Date.now() - there, 'the database server')]),
    ];
  } catch (error) {
    const fix = /does not exist/.test(messageOf(error))
      ? 'Make the tables: tillside hq migrate --config FILE'
      : 'Look whether PostgreSQL runs, and at DATABASE_URL; HQ goes on by itself when it answers.';
    return [ill('database', messageOf(error), fix)];
  } finally {
    await ledger.close();
  }
}

type HqFileConfig = ReturnType<typeof loadHqConfig>;

const mostNamed = 20;

/** Of HQ itself while it runs: its line and every till. Else the broker is visited in its stead. */
async function ofRunningHq(config: HqFileConfig): Promise<readonly Finding[]> {
  const { api, broker, dataDir, tenant, enrolment } = config;
  const hq = { url: `http://127.0.0.1:${api.port}`, tokenFile: join(dataDir, 'tokens', 'hq') };
  const ask = (path: string) => askHq(hq, 'GET', path, undefined, AbortSignal.timeout(20_000));
  try {
    const { broker: line, clock } = (await ask('/v1/status')) as HqStatusView;
    const summary = (await ask('/v1/tills/summary')) as TillsSummary;
    const { tills } = (await ask(`/v1/tills?why=any&limit=${mostNamed}`)) as TillsAnswer;
    const leaving = enrolment === undefined ? [] : ((await ask('/v1/enrolment')) as EnrolmentAnswer).leaving;
    const { held } = (await ask('/v1/leases')) as LeasesAnswer;
    return [
      line.connected
        ? well('broker', `${broker.url}, HQ is on the line since ${line.since}`)
        : ill('broker', `${broker.url}: ${line.problem ?? 'no line'}`, 'See the broker’s log, and HQ’s.'),
      ...leaving.map(({ name, since }) =>
        warn(
          'broker',
          `it would let ${name} in, which is revoked since ${since}`,
          'It has not read the list of the revoked: docs/brokers.md, "A till that is revoked".',
        ),
      ),
      ...(clock === null ? [] : [clockFound(clock.seconds * 1000, middleOf(clock.tills))]),
      ...(held === null
        ? []
        : [
            ill(
              'leases',
              `none are granted since ${held.since}: ${held.reason}`,
              'docs/sync.md, "HQ put back from a backup".',
            ),
          ]),
      ...ofTills(summary, tills),
    ];
  } catch (error) {
    // No token: it was never started. Nobody there: it does not run.
    const isAway = isTillsideError(error, 'not-found') || !existsSync(hq.tokenFile);
    if (!isAway) return [ill('HQ', messageOf(error), 'See its log.')];
    const isOwn = enrolment !== undefined && hasAuthority(dataDir);
    const own = isOwn ? hqAddress(broker, tenant, openAuthority(dataDir), systemClock, config.machines) : broker;
    return [
      await checkBroker({ broker: own, subscriptions: hqSubscriptions(tenant), hqState: null }),
      warn('HQ', 'does not run', 'What the tills say can only be looked at while it runs: start the service.'),
    ];
  }
}

const middleOf = (tills: number): string => (tills === 1 ? 'its only till that spoke' : `the middle of ${tills} tills`);

/** How many tills each thing ails, then the first of them by name. */
function ofTills(
  { known, well: areWell, waiting, why }: TillsSummary,
  tills: TillsAnswer['tills'],
): readonly Finding[] {
  if (why.length === 0) return [well('tills', `${known}, nothing ails them`)];
  const oldest = waiting.oldest === null ? '' : `, the oldest since ${waiting.oldest.since}`;
  const sums = why.map(({ code, tills: count, stores }) => `${code} at ${count} in ${stores} stores`).join('; ');
  const facts = waiting.facts === 0 ? '' : `. ${waiting.facts} facts wait at ${waiting.tills}${oldest}`;
  const fix = 'docs/operations.md says for each reason what to do.';
  const named = tills.map(({ store, till, why }) => {
    const reasons = why.map(({ code, detail }) => (detail === null ? code : `${code} (${detail})`)).join(', ');
    return ill('tills', `${store}/${till}: ${reasons}`, fix);
  });
  const rest = known - areWell - named.length;
  return [
    ill('tills', `${known - areWell} of ${known}: ${sums}${facts}`, fix),
    ...named,
    ...(rest === 0 ? [] : [ill('tills', `and ${rest} more`, 'The console lists them: tills, by reason.')]),
  ];
}

/** Further off than this, dates on coupons and receipts are wrong, and signed commands come near their ends. */
const clockMs = 5 * 60_000;

async function checkClock(url: string): Promise<Finding> {
  try {
    const { headers } = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5000) });
    const there = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(there)) return warn('clock', `${url} tells no time`, 'Name another server.');
    return clockFound(Date.now() - there, new URL(url).host);
  } catch (error) {
    return warn('clock', `${url}: ${messageOf(error)}`, 'Name a server that this machine reaches.');
  }
}

/** As HQ told its time to the running till. */
function ofClock({ clock, line }: StatusView): readonly Finding[] {
  if (clock != null) return [clockFound(clock.aheadSeconds * 1000, 'HQ')];
  if (!line.connected) return [];
  return [
    warn('clock', 'HQ has not told its time', 'Look whether HQ runs (tillside doctor there), or give --clock URL.'),
  ];
}

function clockFound(aheadMs: number, of: string): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const found = seconds === 0 ? `as ${of}` : `${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} ${of}`;
  return Math.abs(aheadMs) > clockMs
    ? ill('clock', found, 'Set this machine’s clock and let it follow a time server (systemd-timesyncd, w32time).')
    : well('clock', found);
}
