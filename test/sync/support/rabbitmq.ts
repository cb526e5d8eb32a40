/** A real RabbitMQ with its MQTT plugin, for one test file: an own node, own folder, own ports, own port mapper. */
import { createHash, randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { BrokerAccount } from '../../../sync/hq/embedded-broker.ts';
import { freePort, openPrograms, type Running, untilSaid } from '../../support/programs.ts';

const program = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server')[0];
const mapper = globSync('/usr/{bin,lib/erlang/bin}/epmd')[0];

/** Why tests with RabbitMQ can't run here, for the `skip` of a test; false where they can. */
export const noRabbit: string | false =
  program === undefined || mapper === undefined
    ? 'RABBITMQ IS NOT TESTED HERE: it is not installed (apt-get install rabbitmq-server)'
    : false;

export interface Rabbit {
  readonly url: string;
  start(): Promise<void>;
  /** kill -9 of the node. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function openRabbit(accounts: readonly BrokerAccount[]): Promise<Rabbit> {
  if (program === undefined || mapper === undefined) throw new Error(String(noRabbit));
  const dir = mkdtempSync(join(tmpdir(), 'tillside-rabbit-'));
  const programs = openPrograms();
  const [mqtt, amqp, names, distribution] = [await freePort(), await freePort(), await freePort(), await freePort()];
  writeFileSync(join(dir, 'plugins'), '[rabbitmq_mqtt].\n');
  writeFileSync(join(dir, 'definitions.json'), JSON.stringify(definitions(accounts)));
  writeFileSync(
    join(dir, 'rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqp}`,
      `mqtt.listeners.tcp.1 = 127.0.0.1:${mqtt}`,
      'mqtt.allow_anonymous = false',
      'mqtt.vhost = /',
      'mqtt.exchange = amq.topic',
      `load_definitions = ${dir}/definitions.json`,
      'log.console = true',
      'log.console.level = info',
      'log.file = false',
      '',
    ].join('\n'),
  );
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    LC_ALL: 'C.UTF-8',
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `tillside-${mqtt}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(dir, 'feature_flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-start_epmd false +S 1:1 -kernel inet_dist_use_interface {127,0,0,1}',
  };
  programs.start(mapper, ['-port', String(names), '-address', '127.0.0.1'], { env });
  let node: Running | null = null;
  return {
    url: `mqtt://127.0.0.1:${mqtt}`,
    async start() {
      if (program === undefined) return;
      node = programs.start(program, [], { env, cwd: dir, group: true });
      await untilSaid(node, /Server startup complete/, 120_000);
    },
    async stop() {
      await node?.stop('SIGKILL');
    },
    async close() {
      await programs.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Users, and what each may write and read: routing keys are the topics with dots for slashes. */
function definitions(accounts: readonly BrokerAccount[]): object {
  const own = '^(amq\\.topic|mqtt-subscription-.*)$';
  const of = (levels: readonly string[]) => `^tillside\\.1\\.(${levels.join('|')})$`;
  const id = '[a-z0-9-]+';
  const rights = (account: BrokerAccount) => {
    const { tenant } = account;
    if (account.role === 'hq')
      return {
        write: of([
          `${tenant}\\.t\\.${id}\\.${id}\\.(ack|down)`,
          `${tenant}\\.s\\.${id}\\.(pointer|blocks)`,
          `${tenant}\\.ring\\.${id}\\.pointer`,
          `${tenant}\\.hq\\.state`,
        ]),
        read: of([`${tenant}\\.t\\.(${id}|\\*)\\.(${id}|\\*)\\.(up|state|ask)`, `${tenant}\\.hq\\.state`]),
      };
    const till = `${tenant}\\.t\\.${account.store}\\.${account.till}`;
    const store = `${tenant}\\.s\\.${account.store}`;
    return {
      write: of([`${till}\\.(up|state|ask)`, `${store}\\.peer`]),
      read: of([
        `${till}\\.(ack|down|state)`,
        `${store}\\.(pointer|blocks|peer)`,
        `${tenant}\\.ring\\.${id}\\.pointer`,
        `${tenant}\\.hq\\.state`,
      ]),
    };
  };
  return {
    vhosts: [{ name: '/' }],
    users: accounts.map(({ username, password }) => ({
      name: username,
      password_hash: hashed(password),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: accounts.map(({ username }) => ({
      user: username,
      vhost: '/',
      configure: own,
      write: own,
      read: own,
    })),
    topic_permissions: accounts.map(account => ({
      ...{ user: account.username, vhost: '/', exchange: 'amq.topic' },
      ...rights(account),
    })),
  };
}

/** RabbitMQ's form: four random bytes, then the SHA-256 of them and the password. */
function hashed(password: string): string {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
}
