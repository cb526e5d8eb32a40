/** A whole till whose process for node-hid crashes in the middle of sales, as a faulty USB library makes it: nobody at the till notices. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { createAgent } from '../../../agent/agent.ts';
import { loadTillConfig } from '../../../agent/config/till-config.ts';
import { createLog } from '../../../agent/log.ts';
import { createActiveBundle } from '../../../agent/sale/index.ts';
import { openStore } from '../../../agent/store/index.ts';
import { systemClock } from '../../../clock.ts';
import { createVirtualPrinter } from '../../../drivers/virtual/printer.ts';
import { printerPersonalities } from '../../../drivers/virtual/printer-personalities.ts';
import { bundleOf, coffee, nextVisit, pointerTo } from '../../sale/core-till.ts';

const crashes = 2;

test(`node-hid's process crashes ${crashes} times during sales: each sale is answered, each coupon comes out, and it is there again`, {
  skip: process.platform === 'linux' ? false : 'looks for the process in /proc',
  timeout: 120_000,
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hid-crash-'));
  const file = join(folder, 'till.json');
  writeFileSync(
    file,
    JSON.stringify({
      tenant: 'demo',
      store: '0042',
      till: '1',
      dataDir: './data',
      timezone: 'Europe/Zurich',
      api: { port: 0 },
      printer: { device: 'virtual:', profile: 'TM-T88VI' },
      scanners: [{ device: 'hid:05e0:1900' }],
    }),
  );
  const config = loadTillConfig(file, {});
  mkdirSync(config.dataDir, { recursive: true });
  await prepare(config.dataDir);
  const printer = createVirtualPrinter({
    clock: systemClock,
    personality: { ...printerPersonalities['TM-T88VI'], speed: 5000 },
  });
  const agent = createAgent(config, { log: createLog('silent'), virtualPrinter: printer, uiDir: null });
  await agent.start();
  t.after(() => agent.stop());
  t.after(() => rmSync(folder, { recursive: true, force: true }));

  let before = 0;
  for (let crash = 1; crash <= crashes; crash++) {
    const slip = nextSlip(printer);
    const saleId = `S${crash}`;
    const startedAt = new Date().toISOString();
    const quote = agent.service.putSale(saleId, { startedAt, lines: [coffee] }, 'de');
    const child = await other(before);
    process.kill(child, 'SIGSEGV');
    const answer = agent.service.complete(saleId, { completedAt: startedAt, total: quote.total.net }, 'de');
    assert.equal(answer.serials.length, 1);
    await slip;
    assert.deepEqual(
      agent.service.status('de').scanners.map(({ connected }) => connected),
      [false],
    );
    before = child;
  }
  assert.notEqual(await other(before), before);
});

/** The living process that holds node-hid, once it is another one than this. */
async function other(than: number): Promise<number> {
  for (;;) {
    const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ');
    const found = children.map(Number).find(pid => pid !== than && commandOf(pid).includes('hid-host'));
    if (found !== undefined) return found;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function nextSlip(printer: ReturnType<typeof createVirtualPrinter>): Promise<void> {
  return new Promise(resolve => {
    const forget = printer.onSlip(() => {
      forget();
      resolve();
    });
  });
}

async function prepare(dataDir: string): Promise<void> {
  const address = { tenant: 'demo', store: '0042', till: '1' };
  const path = join(dataDir, 'till.sqlite');
  const store = openStore({ path, address, clock: systemClock, timeZone: 'Europe/Zurich' });
  try {
    const bundles = createActiveBundle({ store, clock: systemClock, onFault: error => assert.fail(String(error)) });
    const bundle = { ...bundleOf([nextVisit]), notAfter: '2099-12-31T23:59:59+01:00' };
    const bytes = new TextEncoder().encode(JSON.stringify(bundle));
    const done = await bundles.activate(bytes, pointerTo(bytes));
    assert.ok(done.ok, JSON.stringify(done));
  } finally {
    store.close();
  }
}
