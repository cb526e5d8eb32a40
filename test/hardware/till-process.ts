/** A real till in the guest: broker and HQ in this process, the agent as a process of its own, spoken to as a POS does. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bundle } from '../../agent/offers/types.ts';
import { systemClock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import { startBroker } from '../../sync/hq/embedded-broker.ts';
import { createHq } from '../../sync/hq/hq.ts';
import { silentLog } from '../../sync/link/link.ts';
import { until } from './scenario.ts';

const root = resolve(import.meta.dirname, '../..');
const tenant = 'demo';
const store = '0042';
const till = '3';
const address = 'http://127.0.0.1:4780';
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
  /** What a keyboard wedge typed, as the screen hands it over. */
  tellScan(code: string): Promise<Answer>;
  /** Sources of the `scan` events so far, in order. */
  readonly heard: readonly string[];
  readonly process: ChildProcess;
  /** What the process wrote, for the reader of a failure. */
  log(): string;
  stop(): Promise<void>;
}

/** What the till is told to have; the last one is the keyboard, which the screen reads. */
export const scannerDevices = [
  'hid:05e0:1900',
  'hid:0c2e:0b87',
  'hid:05f9:2216',
  'serial:/dev/ttyACM0?baud=9600',
  'wedge',
] as const;
export const wedge = { layout: 'de-CH', prefix: 'F9' } as const;

export const devices = {
  printer: { device: 'usb:/dev/usb/lp0', profile: 'TM-T20III', paper: 80 },
  scanners: scannerDevices.map(device => ({ device, ...(device === 'wedge' ? wedge : {}) })),
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
  const tokens = { pos: '', ui: '' };
  const callAs = async (role: 'pos' | 'ui', method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens[role]}`,
        'accept-language': 'de',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const call = (method: string, path: string, body?: unknown) => callAs('pos', method, path, body);
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
  for (const role of ['pos', 'ui'] as const)
    tokens[role] = readFileSync(join(folder, 'till/tokens', role), 'utf8').trim();
  const heard: string[] = [];
  const deaf = new AbortController();
  const listening = hear(tokens.pos, heard, deaf.signal);
  return {
    call,
    tellScan: code => callAs('ui', 'POST', '/v1/scans', { code }),
    heard,
    process: child,
    log: () => said.join(''),
    async stop() {
      deaf.abort();
      await listening;
      const gone = new Promise(done => child.once('exit', done));
      child.kill('SIGTERM');
      await gone;
      await hq.stop();
      await broker.stop();
    },
  };
}

/** Follows the till's event stream and notes where each scan came from, until told to stop. */
async function hear(token: string, heard: string[], signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  let rest = '';
  try {
    const { body } = await fetch(`${address}/v1/events`, { headers, signal });
    if (body === null) return;
    const text = new TextDecoder();
    for await (const chunk of body) {
      rest += text.decode(chunk, { stream: true });
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const source = /^data: .*"source":"([^"]+)"/.exec(line)?.[1];
        if (source !== undefined) heard.push(source);
      }
    }
  } catch (error) {
    if (!signal.aborted) heard.push(`the event stream broke: ${messageOf(error)}`);
  }
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
