/** A real till in the guest: broker and HQ in this process, the agent as a process of its own, spoken to as a POS does. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bundle } from '../../agent/offers/types.ts';
import { systemClock } from '../../clock.ts';
import { startBroker } from '../../sync/hq/embedded-broker.ts';
import { createHq } from '../../sync/hq/hq.ts';
import { silentLog } from '../../sync/link/link.ts';
import { until } from './scenario.ts';

const root = resolve(import.meta.dirname, '../..');
const tenant = 'demo';
const store = '0042';
const till = '3';
export const card = '2501000000017';
/** 64 hex digits, as each till of the retailer holds it. */
export const couponKey = '5e'.repeat(32);

/** Each sale of a member earns this coupon, redeemable at once. */
export const bundle: Bundle = {
  format: 'tillside/bundle/1',
  id: 'hardware',
  version: 1,
  createdAt: '2020-01-01T00:00:00Z',
  notAfter: '2099-01-01T00:00:00Z',
  currency: 'CHF',
  timezone: 'Europe/Zurich',
  defaultLanguage: 'de',
  cardSchemes: [{ id: 'club', prefix: '2501', length: 13, check: 'gs1-mod10' }],
  offers: [
    {
      id: 'coffee-next-time',
      version: 1,
      name: 'Kaffee',
      phase: 'issue',
      priority: 100,
      benefit: { amount: { off: 100 } },
      coupon: {
        validDays: 30,
        barcode: 'qr',
        bearer: true,
        offline: 'accept',
        texts: {
          de: {
            title: 'Fr. 1.– geschenkt',
            body: 'auf Ihren nächsten Einkauf',
            legal: 'Nicht kumulierbar. Größe, Süßes, 3 €.',
          },
        },
      },
    },
  ],
};

export type Answer = { readonly status: number; readonly body: unknown };

export interface TillProcess {
  /** A call as the POS makes it. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  readonly process: ChildProcess;
  /** What the process wrote, for the reader of a failure. */
  log(): string;
  stop(): Promise<void>;
}

export const devices = {
  printer: { device: 'usb:/dev/usb/lp0', profile: 'TM-T20III', paper: 80 },
  scanners: [{ device: 'hid:05e0:1900' }, { device: 'serial:/dev/ttyACM0?baud=9600' }],
};

/** @param configured other devices, to try the rest on a machine without these */
export async function startTill(configured: Readonly<Record<string, unknown>> = devices): Promise<TillProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-hardware-'));
  const account = { tenant, password: 'secret-of-this-test' };
  const broker = await startBroker({
    port: 0,
    accounts: [
      { ...account, role: 'hq', username: 'hq' },
      { ...account, role: 'till', store, till, username: 'till' },
    ],
  });
  const hq = createHq({
    config: {
      tenant,
      dataDir: join(folder, 'hq'),
      api: { port: 0 },
      broker: { url: broker.url, username: 'hq', password: account.password },
    },
    clock: systemClock,
    log: silentLog,
  });
  await hq.start();
  await until('HQ on the line', () => hq.connected);
  await hq.publishBundle(Buffer.from(JSON.stringify(bundle)));

  mkdirSync(join(folder, 'till'));
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  put('root.pub', hq.publicKey);
  put('broker.password', account.password);
  put('coupon.key', couponKey);
  put(
    'members.json',
    JSON.stringify([{ memberId: 'M1', firstName: 'Anna', points: 120, language: 'de', cards: [card] }]),
  );
  put(
    'till.json',
    JSON.stringify({
      tenant,
      store,
      till,
      dataDir: './till',
      api: { host: '127.0.0.1', port: 4780 },
      broker: { url: broker.url, username: 'till', password: 'file:broker.password' },
      trust: { root: 'file:root.pub' },
      ...configured,
      languages: ['de'],
      members: 'file:members.json',
      coupons: { key: 'file:coupon.key' },
    }),
  );
  const child = spawn(process.execPath, [join(root, 'agent/main.ts'), '--config', join(folder, 'till.json')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => said.push(String(text)));
  let token = '';
  const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`http://127.0.0.1:4780${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'accept-language': 'de',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const read = () => readFileSync(join(folder, 'till/tokens/pos'), 'utf8').trim();
  await until(
    () => `the till to answer\n${said.join('')}`,
    async () => {
      if (child.exitCode !== null) throw new Error(`the till ended with ${child.exitCode}:\n${said.join('')}`);
      return call('GET', '/healthz').then(
        answer => answer.status === 200,
        () => false,
      );
    },
    // Asking costs the guest the time that the till needs to start.
    1000,
  );
  token = read();
  return {
    call,
    process: child,
    log: () => said.join(''),
    async stop() {
      const gone = new Promise(done => child.once('exit', done));
      child.kill('SIGTERM');
      await gone;
      await hq.stop();
      await broker.stop();
    },
  };
}

/** Follows names into an answer: `field(answer.body, 'member', 'firstName')`. */
export function field(value: unknown, ...names: readonly (string | number)[]): unknown {
  let at = value;
  for (const name of names) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[name];
  }
  return at;
}

export function ok(answer: Answer): Answer {
  assert.ok(answer.status >= 200 && answer.status < 300, JSON.stringify(answer));
  return answer;
}
