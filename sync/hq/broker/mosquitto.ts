/**
 * Configuration and rights for mosquitto (2.0), as text: the broker of the whole chain, and the one of a store with a bridge
 * to it. Every setting is one that the tests run with; docs/brokers.md explains them.
 */
import { hqSubscriptions } from '../../protocol/topics.ts';
import { serviceNames } from '../enrol/enrolment.ts';
import type { Machines } from '../machines.ts';

export interface TillRights {
  readonly store: string;
  readonly till: string;
  readonly revokedAt: string | null;
}

export interface HqPlace {
  readonly tenant: string;
  readonly machines: Machines;
}

export interface BrokerPlace {
  /** Folder with ca.pem, crl.pem, acl, broker.pem and broker.key. */
  readonly folder: string;
  readonly port: number;
  /** Address to listen on; absent: all. */
  readonly host?: string | undefined;
}

export interface BridgePlace {
  readonly tenant: string;
  readonly store: string;
  /** Host and port of the chain's broker. */
  readonly upstream: { readonly host: string; readonly port: number };
}

/** The broker of the chain. */
export const centralConfig = (place: BrokerPlace): string => lines(listener(place, centralLimits));

/** The broker of one store: its tills talk to each other through it, and to HQ through its bridge. */
export function storeConfig(place: BrokerPlace, { tenant, store, upstream }: BridgePlace): string {
  const own = `t/${store}/+`;
  const root = `tillside/1/${tenant}/`;
  const out = ['up', 'state', 'ask'].map(channel => `topic ${own}/${channel} out 1 ${root} ${root}`);
  const incoming = [
    `${own}/ack`,
    `${own}/down`,
    `s/${store}/pointer`,
    `s/${store}/blocks`,
    'ring/+/pointer',
    'hq/state',
  ];
  return lines([
    ...listener(place, storeLimits),
    '',
    '# The line to the broker of the chain. What the tills say to each other (peer) stays in the store.',
    'connection hq',
    `address ${upstream.host}:${upstream.port}`,
    'bridge_protocol_version mqttv311',
    `bridge_cafile ${place.folder}/ca.pem`,
    `bridge_certfile ${place.folder}/broker.pem`,
    `bridge_keyfile ${place.folder}/broker.key`,
    `remote_clientid ${serviceNames.storeBroker(store)}`,
    '# Nothing has to be kept over a break: the tills send again what HQ has not confirmed.',
    'cleansession true',
    'notifications false',
    'try_private true',
    'start_type automatic',
    'restart_timeout 1 30',
    'keepalive_interval 30',
    ...out,
    ...incoming.map(topic => `topic ${topic} in 1 ${root} ${root}`),
  ]);
}

/**
 * Rights at the broker of the chain. `%u` is the name of the certificate: a till's id. Patterns bind a till to its own level;
 * which store it belongs to no pattern can say, so the store's shared topics are given to each till by name.
 */
export function centralRights(
  { tenant, machines }: HqPlace,
  tills: readonly TillRights[],
  storeBrokers: readonly string[],
): string {
  const root = `tillside/1/${tenant}`;
  return lines([
    `# Rights of tenant ${tenant}, written by HQ: changes made here are lost.`,
    ...tillPatterns(root, '+'),
    ...hqNames(machines).flatMap(name => hqRights(root, name)),
    ...storeBrokers.flatMap(store => bridgeRights(root, store)),
    ...tills.flatMap(till => tillRights(root, till)),
  ]);
}

/** Rights at the broker of one store: only its tills, and nothing of another store. */
export function storeRights(tenant: string, store: string, tills: readonly TillRights[]): string {
  const root = `tillside/1/${tenant}`;
  return lines([
    `# Rights of store ${store} of tenant ${tenant}: made by "tillside hq broker --store ${store}".`,
    ...tillPatterns(root, store),
    ...tills.filter(till => till.store === store).flatMap(till => tillRights(root, till)),
  ]);
}

/** @param store one store, or `+` */
function tillPatterns(root: string, store: string): readonly string[] {
  const own = `${root}/t/${store}/%u`;
  return [
    '# Every till: its own topics.',
    ...['up', 'ask', 'state'].map(channel => `pattern write ${own}/${channel}`),
    ...['ack', 'down', 'state'].map(channel => `pattern read ${own}/${channel}`),
    '',
  ];
}

function tillRights(root: string, { store, till, revokedAt }: TillRights): readonly string[] {
  if (revokedAt !== null) return [`user ${till}`, `topic deny ${root}/#`, ''];
  return [
    `user ${till}`,
    `topic readwrite ${root}/s/${store}/peer`,
    `topic read ${root}/s/${store}/pointer`,
    `topic read ${root}/s/${store}/blocks`,
    `topic read ${root}/ring/+/pointer`,
    `topic read ${root}/hq/state`,
    '',
  ];
}

/** One HQ, or those that share the stores. */
export const hqNames = ({ count }: Machines): readonly string[] =>
  Array.from({ length: count }, (_, index) => serviceNames.hq({ count, number: index + 1 }));

function hqRights(root: string, name: string): readonly string[] {
  const [, , tenant = ''] = root.split('/');
  const written = ['t/+/+/ack', 't/+/+/down', 's/+/pointer', 's/+/blocks', 'ring/+/pointer', 'hq/state'];
  return [
    `user ${name}`,
    ...hqSubscriptions(tenant).map(filter => `topic read ${filter}`),
    ...written.map(topic => `topic write ${root}/${topic}`),
    '',
  ];
}

function bridgeRights(root: string, store: string): readonly string[] {
  return [
    `user ${serviceNames.storeBroker(store)}`,
    ...['up', 'state', 'ask'].map(channel => `topic write ${root}/t/${store}/+/${channel}`),
    ...['ack', 'down'].map(channel => `topic read ${root}/t/${store}/+/${channel}`),
    ...['pointer', 'blocks'].map(channel => `topic read ${root}/s/${store}/${channel}`),
    `topic read ${root}/ring/+/pointer`,
    `topic read ${root}/hq/state`,
    '',
  ];
}

interface Limits {
  readonly connections: number;
  readonly memoryBytes: number;
}

const centralLimits: Limits = { connections: 25_000, memoryBytes: 2 * 1024 ** 3 };
const storeLimits: Limits = { connections: 200, memoryBytes: 128 * 1024 ** 2 };

function listener({ folder, port, host }: BrokerPlace, limits: Limits): readonly string[] {
  return [
    '# Written by tillside; docs/brokers.md explains it.',
    `listener ${port}${host === undefined ? '' : ` ${host}`}`,
    `max_connections ${limits.connections}`,
    `cafile ${folder}/ca.pem`,
    `crlfile ${folder}/crl.pem`,
    `certfile ${folder}/broker.pem`,
    `keyfile ${folder}/broker.key`,
    'require_certificate true',
    '# The name of the certificate is the user, and the client id too: nobody can push another off the line by its id.',
    'use_identity_as_username true',
    'use_username_as_clientid true',
    'allow_anonymous false',
    `acl_file ${folder}/acl`,
    '',
    '# A batch is at most 1 MiB; the packet around it has a topic and a few bytes more. Who sends more is disconnected.',
    'max_packet_size 1050624',
    'max_inflight_messages 64',
    'max_queued_messages 10000',
    'max_queued_bytes 67108864',
    `memory_limit ${limits.memoryBytes}`,
    '',
    '# Nothing relies on what the broker remembers.',
    'persistence false',
    'set_tcp_nodelay true',
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type notice',
    '# Who connects from where, and who leaves.',
    'log_type information',
  ];
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;
