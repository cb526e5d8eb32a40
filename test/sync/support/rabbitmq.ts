/** A real RabbitMQ with its MQTT plugin, with the files that HQ ships for it: an own node, own folder, own ports, own port mapper. */
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { freePort, openPrograms, type Running, untilSaid } from '../../support/programs.ts';
import type { SecureBroker } from './secure-line.ts';

const program = globSync('/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server')[0];
const mapper = globSync('/usr/{bin,lib/erlang/bin}/epmd')[0];

/** Why tests with RabbitMQ can't run here, for the `skip` of a test; false where they can. */
export const noRabbit: string | false =
  program === undefined || mapper === undefined
    ? 'RABBITMQ IS NOT TESTED HERE: it is not installed (apt-get install rabbitmq-server)'
    : false;

/** @param folder as "tillside hq broker --kind rabbitmq" makes it */
export async function openRabbit(folder: string, port: number): Promise<SecureBroker> {
  if (program === undefined || mapper === undefined) throw new Error(String(noRabbit));
  const dir = mkdtempSync(join(tmpdir(), 'tillside-rabbit-'));
  const programs = openPrograms();
  const [names, distribution] = [await freePort(), await freePort()];
  const env = {
    // Debian's own rabbitmqctl changes to another user.
    PATH: `${dirname(program)}:${process.env.PATH}`,
    HOME: dir,
    LC_ALL: 'C.UTF-8',
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `tillside-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(dir, 'feature_flags'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-start_epmd false +S 1:1 -kernel inet_dist_use_interface {127,0,0,1}',
  };
  programs.start(mapper, ['-port', String(names), '-address', '127.0.0.1'], { env });
  let node: Running | null = null;
  return {
    url: `mqtts://localhost:${port}`,
    folder,
    said: () => node?.said() ?? '',
    async start() {
      if (program === undefined) return;
      node = programs.start(program, [], { env, cwd: dir, group: true });
      await untilSaid(node, /Server startup complete/);
    },
    async stop() {
      await node?.stop('SIGKILL');
    },
    async reload() {
      const { code, out, err } = await programs.start(join(folder, 'apply'), [], { env, cwd: dir }).ended;
      if (code !== 0) throw new Error(`apply ended with ${code}: ${out}${err}`);
    },
    async close() {
      await programs.close();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
