/** A real mosquitto on a free port, with names, secrets and topic rights like those of the embedded broker. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerAccount } from '../../../sync/hq/embedded-broker.ts';
import { hqSubscriptions } from '../../../sync/protocol/topics.ts';
import { freePort } from '../../support/programs.ts';

export const mosquittoPath = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto', '/usr/local/sbin/mosquitto'].find(
  existsSync,
);

export interface Mosquitto {
  readonly url: string;
  start(): Promise<void>;
  /** kill -9: what it had in memory is gone. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export async function openMosquitto(accounts: readonly BrokerAccount[]): Promise<Mosquitto> {
  if (mosquittoPath === undefined) throw new Error('mosquitto is not installed');
  const program = mosquittoPath;
  const dir = mkdtempSync(join(tmpdir(), 'tillside-mosquitto-'));
  const port = await freePort();
  const passwords = join(dir, 'passwords');
  writeFileSync(passwords, '', { mode: 0o600 });
  for (const { username, password } of accounts)
    execFileSync('mosquitto_passwd', ['-b', passwords, username, password]);
  writeFileSync(join(dir, 'acl'), accounts.map(rights).join('\n'), { mode: 0o600 });
  const config = join(dir, 'mosquitto.conf');
  writeFileSync(
    config,
    [
      `listener ${port} 127.0.0.1`,
      'user root',
      'allow_anonymous false',
      `password_file ${passwords}`,
      `acl_file ${join(dir, 'acl')}`,
      'message_size_limit 2097152',
      'persistence false',
      '',
    ].join('\n'),
  );
  let running: ChildProcess | null = null;

  async function kill() {
    const child = running;
    running = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  return {
    url: `mqtt://127.0.0.1:${port}`,
    async start() {
      const child = spawn(program, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
      running = child;
      await new Promise<void>((resolve, reject) => {
        let said = '';
        child.stderr.on('data', chunk => {
          said += chunk;
          if (/running/.test(said)) resolve();
        });
        child.once('exit', () => reject(new Error(`mosquitto ended: ${said}`)));
      });
    },
    kill,
    async close() {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Rights of an account in mosquitto's ACL form; the shipped configuration says the same with patterns. */
function rights(account: BrokerAccount): string {
  const root = `tillside/1/${account.tenant}`;
  const lines = [`user ${account.username}`];
  if (account.role === 'hq') {
    for (const filter of hqSubscriptions(account.tenant)) lines.push(`topic read ${filter}`);
    for (const topic of ['t/+/+/ack', 't/+/+/down', 's/+/pointer', 's/+/blocks', 'ring/+/pointer', 'hq/state'])
      lines.push(`topic write ${root}/${topic}`);
  } else {
    const own = `${root}/t/${account.store}/${account.till}`;
    for (const channel of ['up', 'ask', 'state']) lines.push(`topic write ${own}/${channel}`);
    for (const channel of ['ack', 'down', 'state']) lines.push(`topic read ${own}/${channel}`);
    lines.push(`topic readwrite ${root}/s/${account.store}/peer`);
    for (const topic of [`s/${account.store}/pointer`, `s/${account.store}/blocks`, 'ring/+/pointer', 'hq/state'])
      lines.push(`topic read ${root}/${topic}`);
  }
  return `${lines.join('\n')}\n`;
}
