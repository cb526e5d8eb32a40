/** `tillside hq ca|broker|enrol-code|revoke|enrolled`: the certificates of tills and brokers. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { systemClock } from '../../clock.ts';
import { TillsideError } from '../../errors.ts';
import { centralConfig, storeConfig, storeRights } from '../../sync/hq/broker/mosquitto.ts';
import { rabbitConfig, rabbitPlugins, rabbitTls } from '../../sync/hq/broker/rabbitmq.ts';
import { centralUpkeep, rabbitUpkeep, storeUpkeep, type Upkeep } from '../../sync/hq/broker/upkeep.ts';
import { type LoadedHqConfig, loadHqConfig } from '../../sync/hq/config.ts';
import { createAuthority, newKey, openAuthority, privatePem, publicOf } from '../../sync/hq/enrol/authority.ts';
import { replaceFile, writeBrokerFiles } from '../../sync/hq/enrol/broker-files.ts';
import { fingerprintOf } from '../../sync/hq/enrol/certificate.ts';
import { createEnrolment, issueService } from '../../sync/hq/enrol/enrolment.ts';
import type { EnrolCodeAnswer } from '../../sync/hq/enrol/routes.ts';
import type { Ledger } from '../../sync/hq/ledger.ts';
import { openLedger } from '../../sync/hq/ledger-choice.ts';
import { alone } from '../../sync/hq/machines.ts';
import type { EnrolmentAnswer } from '../../sync/hq/wire.ts';
import { silentLog } from '../../sync/link/link.ts';
import { isTopicId } from '../../sync/protocol/topics.ts';
import type { CommandIo } from './command.ts';
import { askHq } from './hq-client.ts';
import { readOptions } from './options.ts';

const help = `tillside hq ca|broker|enrol-code|revoke|enrolled: certificates of tills and brokers (docs/enrol.md, docs/brokers.md)

usage: tillside hq ca --config FILE
       tillside hq broker --config FILE --out DIR --host NAME [--host NAME …] [--port PORT] [--kind rabbitmq]
       tillside hq broker --config FILE --out DIR --host NAME --store STORE --upstream HOST:PORT
       tillside hq enrol-code --config FILE --store STORE --till TILL [--hours N] [--broker URL]
       tillside hq revoke NAME --config FILE [--reason TEXT]
       tillside hq enrolled --config FILE

  ca          makes HQ's own certificate authority, once
  broker      writes all that a mosquitto (or RabbitMQ) needs into DIR: its certificate and key, rights, revoked certificates,
              configuration. With --store: the broker of one store, with a bridge to the one of the chain
  enrol-code  a one-time code for a till, for "tillside enrol" (needs a running HQ)
  revoke      a till by its id, or a store's broker by its certificate's name: its certificates are worth nothing any
              more and HQ does not hear it (needs a running HQ)
  enrolled    tills, their certificates, and who was refused (needs a running HQ)

  --config FILE    hq.json, with "enrolment"
  --host NAME      a name or address under which tills reach the broker; as often as there are
  --port PORT      of the broker (default 8883)
  --kind KIND      mosquitto (default) or rabbitmq
  --hours N        how long the code is good (default 24, at most 744)
  --broker URL     the broker that this till is told, if not the usual one
  --hq URL, --token-file FILE   a running HQ that is not the one of --config
  --json           for programs
`;

export const enrolmentActions: ReadonlySet<string> = new Set(['ca', 'broker', 'enrol-code', 'revoke', 'enrolled']);

export async function hqEnrolmentCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = readOptions('hq', args, options, 2);
  if (values.help) {
    io.stdout.write(help);
    return 0;
  }
  const [action = '', name] = positionals;
  if (name !== undefined && action !== 'revoke')
    throw new TillsideError('usage', `"${name}" is one argument too many. See: tillside hq ${action} --help`);
  if (values.config === undefined)
    throw new TillsideError('usage', `needs --config FILE. See: tillside hq ${action} --help`);
  const config = loadHqConfig(values.config, process.env);
  const say = (text: string, json: unknown) => io.stdout.write(values.json ? `${JSON.stringify(json)}\n` : text);
  switch (action) {
    case 'ca': {
      const { certificate } = createAuthority(config.dataDir, config.tenant, systemClock.now());
      const folder = join(config.dataDir, 'ca');
      const sha256 = fingerprintOf(certificate);
      say(
        `The authority is made: ${folder}. Keep a copy of ca.key where nobody but you can read it: whoever has it can make tills.\n`,
        { folder, sha256 },
      );
      return 0;
    }
    case 'broker':
      return broker(config, values, say);
    case 'enrol-code': {
      const { store, till, hours } = values;
      if (store === undefined || till === undefined)
        throw new TillsideError('usage', 'needs --store STORE and --till TILL');
      const body = {
        ...{ store, till },
        ...(hours === undefined ? {} : { hours: Number(hours) }),
        ...(values.broker === undefined ? {} : { broker: values.broker }),
      };
      const answer = (await ask(config, values, 'POST', '/v1/enrolment/codes', body)) as EnrolCodeAnswer;
      const { names = ['HQ'], port } = config.enrolment ?? {};
      say(
        `${answer.code}\n\nGood once, until ${answer.expiresAt}. At till ${till}:\n  tillside enrol --hq https://${names[0]}:${port} --code ${answer.code}\n`,
        answer,
      );
      return 0;
    }
    case 'revoke': {
      if (name === undefined) throw new TillsideError('usage', 'whom? tillside hq revoke NAME --config FILE');
      const body = { name, ...(values.reason === undefined ? {} : { reason: values.reason }) };
      const answer = await ask(config, values, 'POST', '/v1/enrolment/revoke', body);
      const { brokerFiles } = config.enrolment ?? {};
      say(
        `${name} is revoked; HQ does not hear it any more.\n` +
          (brokerFiles === undefined
            ? `Fetch the list of revoked certificates for the broker: https://…:${config.enrolment?.port}/v1/crl\n`
            : `HQ ends its connection now, and again until the broker has read ${brokerFiles} (SIGHUP) and shuts it out by itself: see "tillside hq enrolled".\n`),
        answer,
      );
      return 0;
    }
    default: {
      const answer = (await ask(config, values, 'GET', '/v1/enrolment')) as EnrolmentAnswer;
      say(table(answer), answer);
      return 0;
    }
  }
}

const options = {
  config: { type: 'string' },
  out: { type: 'string' },
  host: { type: 'string', multiple: true },
  port: { type: 'string', default: '8883' },
  kind: { type: 'string', default: 'mosquitto' },
  store: { type: 'string' },
  till: { type: 'string' },
  upstream: { type: 'string' },
  hours: { type: 'string' },
  broker: { type: 'string' },
  reason: { type: 'string' },
  hq: { type: 'string' },
  'token-file': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof readOptions<typeof options>>['values'];
type Say = (text: string, json: unknown) => void;

async function broker(config: LoadedHqConfig, values: Values, say: Say): Promise<number> {
  const { out, kind, store, upstream, host: hosts = [] } = values;
  if (out === undefined || hosts.length === 0) throw new TillsideError('usage', 'needs --out DIR and --host NAME');
  if ((store === undefined) !== (upstream === undefined))
    throw new TillsideError('usage', "a store's broker needs both --store STORE and --upstream HOST:PORT");
  if (store !== undefined && !isTopicId(store)) throw new TillsideError('usage', `"${store}" can be no store`);
  if (kind !== 'mosquitto' && kind !== 'rabbitmq') throw new TillsideError('usage', '--kind is mosquitto or rabbitmq');
  if (kind === 'rabbitmq' && store !== undefined)
    throw new TillsideError('usage', "a store's broker is a mosquitto: only that has a bridge");
  const port = portOf(values.port);
  const folder = resolve(out);
  const { tenant, dataDir, machines = alone } = config;
  const authority = openAuthority(dataDir);
  await withLedger(config, async ({ registry }) => {
    const clock = systemClock;
    const enrolment = createEnrolment({
      ...{ tenant, registry, authority, clock, broker: null, trust: '' },
      onChange: async () => {},
    });
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const key = newKey();
    const purpose = store === undefined ? 'broker' : 'store-broker';
    const { pem } = await issueService(
      { tenant, registry, authority, clock },
      { purpose, publicKey: publicOf(key), store, hosts },
    );
    replaceFile(join(folder, 'broker.key'), privatePem(key), 0o600);
    replaceFile(join(folder, 'broker.pem'), pem);
    const place = { folder, port };
    if (kind === 'rabbitmq') {
      replaceFile(join(folder, 'rabbitmq.conf'), rabbitConfig(place));
      replaceFile(join(folder, 'advanced.config'), rabbitTls(place));
      replaceFile(join(folder, 'enabled_plugins'), rabbitPlugins);
      writeUpkeep(folder, rabbitUpkeep(folder));
    }
    await writeBrokerFiles(folder, { tenant, machines }, enrolment);
    if (kind === 'rabbitmq') return;
    if (store === undefined || upstream === undefined) {
      replaceFile(join(folder, 'mosquitto.conf'), centralConfig(place));
      writeUpkeep(folder, centralUpkeep(folder));
    } else {
      const at = upstream.lastIndexOf(':');
      const above = { host: upstream.slice(0, at), port: portOf(upstream.slice(at + 1)) };
      if (at < 1 || /[\s/]/.test(above.host)) throw new TillsideError('usage', '--upstream must be HOST:PORT');
      replaceFile(join(folder, 'mosquitto.conf'), storeConfig(place, { tenant, store, upstream: above }));
      replaceFile(join(folder, 'acl'), storeRights(tenant, store, await enrolment.tills()));
      const { names: [name = 'hq.example'] = [], port: door = 4793 } = config.enrolment ?? {};
      writeUpkeep(folder, storeUpkeep(folder, `https://${name}:${door}`));
    }
    // The chain's broker must know the new bridge.
    const central = config.enrolment?.brokerFiles;
    if (store !== undefined && central !== undefined && existsSync(central))
      await writeBrokerFiles(central, { tenant, machines }, enrolment);
  });
  say(
    `${folder} has all that ${kind} needs. broker.key must belong to the user that ${kind} runs as.\n` +
      (kind === 'rabbitmq' ? '' : `Start it with: mosquitto -c ${join(folder, 'mosquitto.conf')}\n`) +
      `What keeps it up to date is in ${join(folder, 'systemd')}.\n`,
    { folder },
  );
  return 0;
}

function writeUpkeep(folder: string, { units, program }: Upkeep) {
  for (const [name, text] of Object.entries(units)) {
    const file = join(folder, 'systemd', name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    replaceFile(file, text);
  }
  if (program !== null) replaceFile(join(folder, program.name), program.text, 0o755);
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new TillsideError('usage', `"${text}" is no port`);
  return port;
}

async function withLedger(config: LoadedHqConfig, use: (ledger: Ledger) => Promise<void>) {
  const { database = process.env.DATABASE_URL, dataDir } = config;
  const ledger = openLedger({ database, dataDir, log: silentLog });
  try {
    await ledger.migrate();
    await use(ledger);
  } finally {
    await ledger.close();
  }
}

function ask(
  config: LoadedHqConfig,
  values: Values,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const url = values.hq ?? `http://127.0.0.1:${config.api.port}`;
  const tokenFile = values['token-file'] ?? join(config.dataDir, 'tokens', 'hq');
  return askHq({ url, tokenFile }, method, path, body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
}

function table({ tills, services, leaving, refused }: EnrolmentAnswer): string {
  const state = ({ revokedAt, reason, certificate }: EnrolmentAnswer['tills'][number]) =>
    revokedAt !== null
      ? `revoked ${revokedAt}${reason === null ? '' : ` (${reason})`}`
      : certificate === null
        ? 'no certificate that is good: needs a new code'
        : `certificate until ${certificate.notAfter}`;
  return [
    ...tills.map(till => `${till.store}/${till.till}  ${state(till)}`),
    `${tills.length} tills`,
    ...services.map(({ name, notAfter }) => `${name}  certificate until ${notAfter}`),
    ...leaving.map(({ name, since }) => `not shut out: ${name}, revoked ${since}; the broker has not read the list`),
    ...refused.map(
      ({ store, till, channel, reason, times, lastAt }) =>
        `refused: ${store}/${till} on ${channel}, ${reason}, ${times} times, last ${lastAt}`,
    ),
    '',
  ].join('\n');
}
