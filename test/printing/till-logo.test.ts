/** A whole till with a logo in its configuration: what comes out of its printer, and what a bad file does. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { PNG } from 'pngjs';
import { createAgent } from '../../agent/agent.ts';
import { agentCommand } from '../../agent/cli/agent.ts';
import { loadTillConfig } from '../../agent/config/till-config.ts';
import { createLog } from '../../agent/log.ts';
import { createActiveBundle } from '../../agent/sale/index.ts';
import { openStore } from '../../agent/store/index.ts';
import { createVirtualPrinter, type VirtualPrinter } from '../../drivers/virtual/printer.ts';
import { isTillsideError } from '../../errors.ts';
import { bundleOf, coffee, nextVisit, pointerTo } from '../sale/core-till.ts';
import { FakeClock } from '../support/fake-clock.ts';

const logoWidth = 200;
const logoHeight = 40;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'till-logo-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A black bar. */
function logoIn(folder: string): string {
  const png = new PNG({ width: logoWidth, height: logoHeight });
  png.data.fill(0);
  for (let at = 3; at < png.data.length; at += 4) png.data[at] = 255;
  writeFileSync(join(folder, 'logo.png'), PNG.sync.write(png));
  return 'file:logo.png';
}

function configured(folder: string, logo: string | null): string {
  const file = join(folder, 'till.json');
  const printer = { device: 'virtual:', profile: 'TM-T88VI', ...(logo === null ? {} : { logo }) };
  const place = { tenant: 'demo', store: '0042', till: '1', dataDir: './data' };
  writeFileSync(file, JSON.stringify({ ...place, timezone: 'Europe/Zurich', api: { port: 0 }, printer }));
  return file;
}

/** A till that has a coupon to give to everybody, and its printer, which counts what goes into its memory. */
async function tillIn(folder: string, logo: string | null) {
  const clock = new FakeClock();
  const config = loadTillConfig(configured(folder, logo), {});
  const printer = createVirtualPrinter({ clock, personality: 'TM-T88VI' });
  const stores = { count: 0 };
  const overheard: VirtualPrinter = {
    ...printer,
    transport: (...line) => {
      const transport = printer.transport(...line);
      return {
        ...transport,
        async open() {
          const link = await transport.open();
          return {
            ...link,
            write(bytes) {
              if (Buffer.from(bytes).includes(Buffer.from([0x30, 0x43, 0x30]))) stores.count++;
              return link.write(bytes);
            },
          };
        },
      };
    },
  };
  const agent = createAgent(config, { log: createLog('silent'), clock, virtualPrinter: overheard, uiDir: null });
  await agent.start();
  const sell = async (saleId: string) => {
    const before = printer.slips().length;
    const startedAt = new Date(clock.now()).toISOString();
    const quote = agent.service.putSale(saleId, { startedAt, lines: [coffee] }, 'de');
    agent.service.complete(saleId, { completedAt: startedAt, total: quote.total.net }, 'de');
    await clock.advance(20_000);
    const slips = printer.slips().slice(before);
    assert.equal(slips.length, 1, 'one coupon');
    return slips[0];
  };
  return { agent, clock, stores, sell };
}

/** Puts the offers where the till finds them at its start. */
async function prepared(folder: string): Promise<void> {
  const clock = new FakeClock();
  const { dataDir } = loadTillConfig(configured(folder, null), {});
  mkdirSync(dataDir, { recursive: true });
  const address = { tenant: 'demo', store: '0042', till: '1' };
  const store = openStore({ path: join(dataDir, 'till.sqlite'), address, clock, timeZone: 'Europe/Zurich' });
  try {
    const bundles = createActiveBundle({ store, clock, onFault: error => assert.fail(String(error)) });
    const bytes = new TextEncoder().encode(JSON.stringify(bundleOf([nextVisit])));
    const result = await bundles.activate(bytes, pointerTo(bytes));
    assert.ok(result.ok, JSON.stringify(result));
  } finally {
    store.close();
  }
}

/** Longest row of black dots in a slip's picture. */
function widestBlack(slip: { png(): Uint8Array } | undefined): number {
  assert.ok(slip !== undefined);
  const { width, height, data } = PNG.sync.read(Buffer.from(slip.png()));
  let widest = 0;
  // The logo stands above all else, so that no rule or inverse line is taken for it.
  for (let y = 0; y < Math.min(height, 2 * logoHeight); y++) {
    let run = 0;
    for (let x = 0; x < width; x++) {
      run = (data[(y * width + x) * 4] ?? 255) < 128 ? run + 1 : 0;
      widest = Math.max(widest, run);
    }
  }
  return widest;
}

test('every coupon bears the logo, and the printer is given it once, also over a restart', async t => {
  const folder = folderOf(t);
  await prepared(folder);
  const logo = logoIn(folder);
  const first = await tillIn(folder, logo);
  try {
    await first.clock.advance(60_000);
    assert.equal(first.stores.count, 1, 'put there while nothing prints');
    assert.equal(first.agent.service.status('de').printer.logoProblem, null);
    assert.equal(widestBlack(await first.sell('S1')), logoWidth);
    assert.equal(widestBlack(await first.sell('S2')), logoWidth);
    assert.equal(first.stores.count, 1);
  } finally {
    await first.agent.stop();
  }
  const later = await tillIn(folder, logo);
  try {
    await later.clock.advance(60_000);
    assert.equal(later.stores.count, 0);
  } finally {
    await later.agent.stop();
  }
});

test('a till whose logo is no picture sells and prints without it, and --check says so', async t => {
  const folder = folderOf(t);
  await prepared(folder);
  writeFileSync(join(folder, 'logo.png'), 'no picture');
  const till = await tillIn(folder, 'file:logo.png');
  try {
    await till.clock.advance(10_000);
    assert.ok(widestBlack(await till.sell('S1')) < logoWidth);
    assert.match(till.agent.service.status('de').printer.logoProblem ?? '', /logo\.png/);
  } finally {
    await till.agent.stop();
  }
  const check = async () => {
    const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    return agentCommand(['--config', join(folder, 'till.json'), '--check'], io);
  };
  await assert.rejects(check(), error => {
    assert.ok(isTillsideError(error, 'config-invalid'));
    assert.equal(error.faults[0]?.pointer, '/printer/logo');
    return error.message.includes('logo.png');
  });
  logoIn(folder);
  assert.equal(await check(), 0);
  rmSync(join(folder, 'logo.png'));
  await assert.rejects(check(), error => isTillsideError(error, 'config-invalid'));
});
