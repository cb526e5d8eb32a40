/** A whole agent with 10,000 offers on a real disk, its POS and its screen over real HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, Agent as KeepAlive, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createLog } from '../../agent/log.ts';
import { createActiveBundle } from '../../agent/sale/index.ts';
import { openStore } from '../../agent/store/index.ts';
import { systemClock } from '../../clock.ts';
import { nextVisit, pointerTo } from '../../test/sale/core-till.ts';
import { bundleOf } from '../offers/world/campaign.ts';

export interface BenchTill {
  readonly agent: Agent;
  post(method: 'PUT' | 'POST', path: string, body: unknown): Promise<unknown>;
  /** Calls back for every event of the screen's stream, as it is read from the socket. */
  listen(onEvent: (name: string) => void): Promise<void>;
  stop(): Promise<void>;
}

export async function startTill(offers: number, printer: string): Promise<BenchTill> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-print-'));
  await putBundle(dataDir, offers);
  const agent = createAgent(
    {
      tenant: 'bench',
      store: '0042',
      till: '3',
      dataDir,
      timezone: 'Europe/Zurich',
      api: { host: '127.0.0.1', port: 0 },
      broker: null,
      trust: null,
      ring: 'all',
      printer: { device: printer, profile: 'TM-T88VI', paper: 80, logo: null },
      scanners: [{ device: 'virtual:', layout: null, prefix: null }],
      weighed: [],
      languages: ['de'],
      window: { kiosk: false },
      screenSells: false,
      catalogue: null,
      members: null,
      coupons: null,
      log: { level: 'silent' },
    },
    { log: createLog('silent'), uiDir: null },
  );
  const { url } = await agent.start();
  const keepAlive = new KeepAlive({ keepAlive: true, maxSockets: 1 });
  const open = (method: string, path: string, token: string, body?: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = request(
        new URL(path, url),
        {
          method,
          // The stream stays open, and must not take the POS's socket.
          ...(body === undefined ? {} : { agent: keepAlive }),
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
        },
        resolve,
      );
      call.once('error', reject);
      call.end(body);
    });
  let stream: IncomingMessage | null = null;
  return {
    agent,
    async post(method, path, body) {
      const answer = await open(method, path, agent.tokens.pos, JSON.stringify(body));
      let text = '';
      for await (const chunk of answer) text += String(chunk);
      if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
      return JSON.parse(text);
    },
    async listen(onEvent) {
      stream = await open('GET', '/v1/events', agent.tokens.ui);
      let rest = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) onEvent(/^event: (.+)$/m.exec(block)?.[1] ?? '');
      });
      stream.on('error', () => {});
    },
    async stop() {
      stream?.destroy();
      keepAlive.destroy();
      await agent.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** As HQ's publication leaves it; the coupon that everybody gets comes on top. */
async function putBundle(dataDir: string, offers: number): Promise<void> {
  const world = bundleOf(offers - 1);
  const bundle = { ...world, offers: [{ ...nextVisit, priority: 1000 }, ...world.offers] };
  const bytes = new TextEncoder().encode(JSON.stringify(bundle));
  const store = openStore({
    path: join(dataDir, 'till.sqlite'),
    address: { tenant: 'bench', store: '0042', till: '3' },
    clock: systemClock,
    timeZone: 'Europe/Zurich',
  });
  try {
    const bundles = createActiveBundle({
      store,
      clock: systemClock,
      onFault: fault => {
        throw fault;
      },
    });
    const done = await bundles.activate(bytes, pointerTo(bytes, bundle.id, bundle.version));
    if (!done.ok) throw new Error(JSON.stringify(done));
  } finally {
    store.close();
  }
}
