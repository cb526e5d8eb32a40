/**
 * Configuration and rights for RabbitMQ (3.10) with its MQTT plugin, as text. Every setting is one that the tests run with;
 * docs/brokers.md explains them. Its users are the names of the certificates: one entry for each till, made by HQ.
 */
import { serviceNames } from '../enrol/enrolment.ts';
import { type BrokerPlace, type HqPlace, hqNames, type TillRights } from './mosquitto.ts';

/** `rabbitmq.conf`. Certificates stand in `advanced.config`, for revoked ones can be named only there. */
export const rabbitConfig = ({ folder, port, host }: BrokerPlace): string =>
  lines(
    '# Written by tillside; docs/brokers.md explains it.',
    'listeners.tcp = none',
    'mqtt.listeners.tcp = none',
    `mqtt.listeners.ssl.default = ${host === undefined ? '' : `${host}:`}${port}`,
    '# The name of the certificate is the user.',
    'mqtt.ssl_cert_login = true',
    'ssl_cert_login_from = common_name',
    'mqtt.allow_anonymous = false',
    'mqtt.vhost = /',
    'mqtt.exchange = amq.topic',
    '# A batch is at most 1 MiB. What is more goes to nobody, and who sent it is done.',
    'max_message_size = 1050624',
    'vm_memory_high_watermark.relative = 0.6',
    `load_definitions = ${folder}/definitions.json`,
    'log.console = true',
    'log.console.level = info',
    'log.file = false',
  );

/** `advanced.config`: who may connect, and the lists of the revoked, which are read at each handshake. */
export const rabbitTls = ({ folder }: BrokerPlace): string =>
  lines(
    '[{rabbit, [{ssl_options, [',
    `  {cacertfile, "${folder}/ca.pem"},`,
    `  {certfile, "${folder}/broker.pem"},`,
    `  {keyfile, "${folder}/broker.key"},`,
    "  {versions, ['tlsv1.3', 'tlsv1.2']},",
    '  {verify, verify_peer},',
    '  {fail_if_no_peer_cert, true},',
    '  {crl_check, true},',
    `  {crl_cache, {ssl_crl_hash_dir, {internal, [{dir, "${folder}/crls"}]}}}`,
    ']}]}].',
  );

export const rabbitPlugins = '[rabbitmq_mqtt].\n';

/** Users without a password, whom only a certificate lets in, and what each may write and read. */
export function rabbitDefinitions(hq: HqPlace, tills: readonly TillRights[], storeBrokers: readonly string[]): string {
  const { tenant } = hq;
  const users = [
    ...hqNames(hq.machines).map(name => ({ name, ...hqRights(tenant) })),
    ...storeBrokers.map(store => ({ name: serviceNames.storeBroker(store), ...bridgeRights(tenant, store) })),
    ...tills
      .filter(({ revokedAt }) => revokedAt === null)
      .map(({ till, store }) => ({ name: till, ...tillRights(tenant, store) })),
  ];
  // The plugin's own: an exchange of topics, and a queue for each client.
  const own = '^(amq\\.topic|mqtt-subscription-.*)$';
  return `${JSON.stringify({
    vhosts: [{ name: '/' }],
    users: users.map(({ name }) => ({ name, password_hash: '', tags: '' })),
    permissions: users.map(({ name }) => ({ user: name, vhost: '/', configure: own, write: own, read: own })),
    topic_permissions: users.map(({ name, write, read }) => ({
      ...{ user: name, vhost: '/', exchange: 'amq.topic' },
      ...{ write: pattern(write), read: pattern(read) },
    })),
  })}\n`;
}

/** Who has no place among the users any more, a name a line. */
export const rabbitRevoked = (tills: readonly TillRights[], storeBrokers: readonly string[]): string =>
  [
    ...tills.filter(({ revokedAt }) => revokedAt !== null).map(({ till }) => till),
    ...storeBrokers.map(serviceNames.storeBroker),
  ]
    .map(name => `${name}\n`)
    .join('');

/** A program for the broker's machine: whoever is revoked is no user any more, which ends his connections; then the new ones. */
export const rabbitApply = (folder: string): string =>
  lines(
    '#!/bin/sh',
    '# Written by tillside: brings RabbitMQ up to date with HQ.',
    'set -eu',
    `cd '${folder}'`,
    'users=$(rabbitmqctl -q list_users --no-table-headers | cut -f1)',
    'for name in $(printf "%s\\n" "$users" | grep -Fxf revoked || true); do rabbitmqctl -q delete_user "$name"; done',
    'rabbitmqctl -q import_definitions definitions.json',
  );

interface Rights {
  readonly write: readonly string[];
  readonly read: readonly string[];
}

const id = '[a-z0-9-]+';
/** A level that a subscription may leave open: routing keys have `*` for `+`. */
const any = `(${id}|\\*)`;

function tillRights(tenant: string, store: string): Rights {
  const own = `${tenant}\\.t\\.${store}\\.{username}`;
  const of = `${tenant}\\.s\\.${store}`;
  return {
    write: [`${own}\\.(up|state|ask)`, `${of}\\.peer`],
    read: [
      `${own}\\.(ack|down|state)`,
      `${of}\\.(pointer|blocks|peer)`,
      `${tenant}\\.ring\\.${any}\\.pointer`,
      `${tenant}\\.hq\\.state`,
    ],
  };
}

const hqRights = (tenant: string): Rights => ({
  write: [
    `${tenant}\\.t\\.${id}\\.${id}\\.(ack|down)`,
    `${tenant}\\.s\\.${id}\\.(pointer|blocks)`,
    `${tenant}\\.ring\\.${id}\\.pointer`,
    `${tenant}\\.hq\\.state`,
  ],
  read: [`${tenant}\\.t\\.${any}\\.${any}\\.(up|state|ask)`, `${tenant}\\.hq\\.state`],
});

const bridgeRights = (tenant: string, store: string): Rights => ({
  write: [`${tenant}\\.t\\.${store}\\.${id}\\.(up|state|ask)`],
  read: [
    `${tenant}\\.t\\.${store}\\.${any}\\.(ack|down)`,
    `${tenant}\\.s\\.${store}\\.(pointer|blocks)`,
    `${tenant}\\.ring\\.${any}\\.pointer`,
    `${tenant}\\.hq\\.state`,
  ],
});

/** Routing keys are the topics with dots for slashes. */
const pattern = (topics: readonly string[]): string => `^tillside\\.1\\.(${topics.join('|')})$`;

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;
