/** What the bench of scale starts: a mosquitto, an HQ in a process of its own, and what they use. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { connect } from 'mqtt';

export interface Part {
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const program = fileURLToPath(new URL('../../tillside.ts', import.meta.url));

export async function startBroker(path: string, dir: string, port: number): Promise<Part> {
  const config = join(dir, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'user root',
    'allow_anonymous true',
    'persistence false',
    'message_size_limit 2097152',
    // HQ is one client: what all tills send at once waits for it here.
    'max_queued_messages 100000',
    'sys_interval 1',
    'set_tcp_nodelay true',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return started(spawn(path, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] }), 'stderr', /running/);
}

export async function startHq(dir: string, brokerUrl: string, database: string): Promise<Part> {
  mkdirSync(dir, { recursive: true });
  const config = join(dir, 'hq.json');
  const document = {
    tenant: 'bench',
    dataDir: 'data',
    api: { port: 0 },
    broker: { url: brokerUrl },
    log: { level: 'error' },
  };
  writeFileSync(config, JSON.stringify(document));
  const env = { ...process.env, DATABASE_URL: database };
  const child = spawn(process.execPath, [program, 'hq', '--config', config], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return started(child, 'stdout', /HQ is at/);
}

async function started(child: ChildProcess, stream: 'stdout' | 'stderr', sign: RegExp): Promise<Part> {
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child[stream]?.on('data', chunk => {
      said += chunk;
      if (sign.test(said)) resolve();
    });
    child.once('exit', code => reject(new Error(`ended with ${code}: ${said}`)));
  });
  return {
    pid: child.pid ?? 0,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

/** Processor seconds of a process, by Linux's account (proc(5): fields 14 and 15, in hundredths). */
export function processorSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Bytes in memory. */
export function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

export interface BrokerCount {
  /** Bytes on the wire since the broker began, as it counts them. */
  bytes(): { readonly received: number; readonly sent: number };
  close(): Promise<void>;
}

/** Mosquitto tells every second what went over its sockets. */
export async function countBytes(url: string): Promise<BrokerCount> {
  const client = connect(url, { protocolVersion: 4, clean: true });
  const seen = { received: 0, sent: 0 };
  client.on('message', (topic, payload) => {
    const value = Number(payload.toString());
    if (topic.endsWith('/received')) seen.received = value;
    else seen.sent = value;
  });
  await client.subscribeAsync(['$SYS/broker/bytes/received', '$SYS/broker/bytes/sent']);
  return {
    bytes: () => ({ ...seen }),
    close: () => client.endAsync(),
  };
}
