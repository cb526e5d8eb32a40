/** A line with certificates for tests: HQ with its authority, mosquitto as HQ configures it, tills that enrolled over HTTPS. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Writable } from 'node:stream';
import { connectAsync, type MqttClient } from 'mqtt';
import { hqEnrolmentCommand } from '../../../agent/cli/hq-enrol.ts';
import { systemClock } from '../../../clock.ts';
import { requestEnrolment } from '../../../sync/edge/enrol.ts';
import { loadHqConfig } from '../../../sync/hq/config.ts';
import { createAuthority } from '../../../sync/hq/enrol/authority.ts';
import type { EnrolCodeAnswer } from '../../../sync/hq/enrol/routes.ts';
import { createHq, type Hq, type HqConfig } from '../../../sync/hq/hq.ts';
import type { TillsAnswer } from '../../../sync/hq/tills-wire.ts';
import type { EnrolmentAnswer, TillView } from '../../../sync/hq/wire.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { freePort, giveTo, openPrograms, type Running, untilSaid } from '../../support/programs.ts';
import { mosquittoPath } from './mosquitto.ts';
import { quick, type TillChange, tillAt, until } from './till-end.ts';

export const tenant = 'demo';
/** There once `npm run build` has made it. */
const consoleDir = join(import.meta.dirname, '..', '..', '..', 'ui', 'dist', 'hq');

export interface Certificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface SecureBroker {
  readonly url: string;
  readonly folder: string;
  readonly said: () => string;
  start(): Promise<void>;
  /** Ends it as a service is ended, or as the power does. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Has it read rights and revoked certificates again. */
  reload(): Promise<void>;
  close?(): Promise<void>;
}

export type SecureLine = Awaited<ReturnType<typeof openSecureLine>>;

export interface LineChange {
  /** HQs that share the stores; the line's own is the first. */
  readonly machines?: number;
  /** How many files and connections the operating system lets mosquitto have. */
  readonly files?: number;
  /** Instead of mosquitto: takes HQ's files of that kind; started by the test. */
  readonly other?: { readonly kind: string; readonly open: (folder: string, port: number) => Promise<SecureBroker> };
}

export async function openSecureLine({ machines = 1, files = 4096, other }: LineChange = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'tillside-secure-'));
  chmodSync(dir, 0o755);
  const { DATABASE_URL: _other, ...env } = process.env;
  const programs = openPrograms(env);
  const closing: (() => Promise<unknown>)[] = [];
  const [port, doorPort] = [await freePort(), await freePort()];
  const url = `mqtts://localhost:${port}`;
  const door = `https://localhost:${doorPort}`;
  const file = join(dir, 'hq.json');
  const folder = join(dir, 'mosquitto');
  const enrolment = { host: '127.0.0.1', port: doorPort, names: ['localhost'], broker: url, brokerFiles: folder };
  const shared = { machines: { count: machines, number: 1 } };
  writeFileSync(file, JSON.stringify({ tenant, dataDir: 'hq', broker: { url }, enrolment, ...shared }));
  const config = loadHqConfig(file, env);
  createAuthority(config.dataDir, tenant, Date.now());
  await command(
    'broker',
    '--config',
    file,
    '--out',
    folder,
    '--host',
    'localhost',
    '--port',
    String(port),
    '--kind',
    other?.kind ?? 'mosquitto',
  );
  const broker = other === undefined ? brokerIn(folder, port) : await other.open(folder, port);
  const hq = hqWith({});
  if (other === undefined) await broker.start();
  await hq.start();
  if (other === undefined) await until(() => hq.connected, 'HQ on the line');

  function hqWith(change: Partial<HqConfig>): Hq {
    const hq = createHq({
      config: { ...config, api: { port: 0 }, consoleDir, ...change },
      clock: systemClock,
      log: silentLog,
      backoff: quick,
    });
    closing.push(() => hq.stop());
    return hq;
  }

  function brokerIn(at: string, onPort: number): SecureBroker {
    giveTo('mosquitto', join(at, 'broker.key'));
    let running: Running | null = null;
    return {
      url: `mqtts://localhost:${onPort}`,
      folder: at,
      said: () => running?.said() ?? '',
      async start() {
        if (mosquittoPath === undefined) throw new Error('mosquitto is not installed');
        const own = [mosquittoPath, '-c', join(at, 'mosquitto.conf')];
        running = programs.start('prlimit', [`--nofile=${files}`, ...own]);
        await untilSaid(running, /mosquitto version \S+ running/);
      },
      async stop(signal = 'SIGKILL') {
        await running?.stop(signal);
      },
      async reload() {
        if (running === null) return;
        const times = () => (running?.said().match(/Reloading config/g) ?? []).length;
        const before = times();
        running.signal('SIGHUP');
        await until(() => times() > before, 'the broker reads its files again');
      },
    };
  }

  async function ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const response = await fetch(hq.url + path, {
      method,
      headers: { authorization: `Bearer ${hq.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (path === '/metrics' ? response.text() : response.json()) as T;
  }

  async function enrol(till: string, store = '0042'): Promise<Certificate> {
    const { code } = await ask<EnrolCodeAnswer>('POST', '/v1/enrolment/codes', { store, till });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { certificate, authority } = await requestEnrolment({ hq: door, code, key: privateKey, clock: systemClock });
    return { ca: authority, cert: certificate, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }

  return {
    dir,
    config,
    hqWith,
    door,
    broker,
    hq,
    ask,
    enrol,
    /** As HQ sees it. */
    tillOf: async (till: string): Promise<TillView | undefined> =>
      (await ask<TillsAnswer>('GET', '/v1/tills')).tills.find(one => one.till === till),
    enrolment: () => ask<EnrolmentAnswer>('GET', '/v1/enrolment'),
    metrics: () => ask<string>('GET', '/metrics'),
    /** A till of memory at a broker, with its certificate. */
    till(id: string, identity: Certificate, change: TillChange & { store?: string; at?: SecureBroker } = {}) {
      const { store = '0042', at = broker, ...rest } = change;
      const till = tillAt({ tenant, store, till: id }, { url: at.url, ...identity }, hq.publicKey, rest);
      closing.push(() => till.edge.stop());
      till.edge.start();
      return till;
    },
    /** Somebody's own program, with a certificate. */
    async stranger(
      { ca, cert, key }: Certificate,
      options: { clientId?: string; at?: SecureBroker; username?: string; password?: string } = {},
    ): Promise<MqttClient> {
      const client = await connectAsync((options.at ?? broker).url, {
        ...{ ca, cert, key: createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' }).toString() },
        clientId: options.clientId ?? 'stranger',
        ...(options.username === undefined ? {} : { username: options.username, password: options.password ?? '' }),
        protocolVersion: 4,
        reconnectPeriod: 0,
      });
      client.on('error', () => {});
      closing.push(() => client.endAsync(true));
      return client;
    },
    /** The broker of a store, bridged to the one of the chain. */
    async storeBroker(store: string): Promise<SecureBroker> {
      const own = await freePort();
      const at = join(dir, `store-${store}`);
      const names = ['--out', at, '--host', 'localhost', '--port', String(own)];
      await command('broker', '--config', file, ...names, '--store', store, '--upstream', `localhost:${port}`);
      await broker.reload();
      return brokerIn(at, own);
    },
    revocationList: () => readFileSync(join(folder, 'crl.pem'), 'utf8'),
    async close() {
      for (const close of closing.reverse()) await close();
      await broker.close?.();
      await programs.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function command(...args: readonly string[]) {
  const sink = new Writable({ write: (_chunk, _encoding, next) => next() });
  const code = await hqEnrolmentCommand(args, { stdin: process.stdin, stdout: sink, stderr: sink });
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
}

/** Opens a line, closes it whatever happens. */
export async function onSecureLine(run: (line: SecureLine) => Promise<void>, change?: LineChange): Promise<void> {
  const line = await openSecureLine(change);
  try {
    await run(line);
  } finally {
    await line.close();
  }
}
