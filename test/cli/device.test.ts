/** `tillside device` as a technician uses it, against a simulated printer on TCP. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { PNG } from 'pngjs';
import { deviceCommand } from '../../agent/cli/device.ts';
import { imageRecords } from '../../agent/printing/layout-logo.ts';
import { openStore } from '../../agent/store/index.ts';
import { createVirtualPrinter } from '../../drivers/virtual/printer.ts';
import { type PersonalityName, printerPersonalities } from '../../drivers/virtual/printer-personalities.ts';
import { FakeClock } from '../support/fake-clock.ts';

async function printerAt(t: TestContext, name: PersonalityName = 'TM-T88VI') {
  const paper = createVirtualPrinter({ personality: { ...printerPersonalities[name], speed: 3000 } });
  const server = await paper.listen(0);
  t.after(() => server.close());
  return { paper, device: `tcp://127.0.0.1:${server.port}` };
}

async function run(...args: string[]) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const code = await deviceCommand(args, { stdin, stdout, stderr });
  return { code, said: String(stdout.read() ?? ''), complained: String(stderr.read() ?? '') };
}

test('probe says that the printer is ready and how sure it can be of its slips', async t => {
  const { device } = await printerAt(t);
  const { code, said } = await run('probe', device);
  assert.equal(code, 0);
  assert.match(said, /: ready\nevidence: confirmed, it says of each slip/);
  const json = await run('probe', device, '--json');
  assert.deepEqual(JSON.parse(json.said), {
    device,
    problem: null,
    paperNearEnd: false,
    evidence: 'confirmed',
    printing: false,
    heldBy: [],
  });
});

test('probe tells an open cover, and still what the printer is', async t => {
  const { device, paper } = await printerAt(t);
  paper.set({ cover: 'open' });
  const { code, said } = await run('probe', device);
  assert.equal(code, 0);
  assert.match(said, /: its cover is open\n/);
});

test('test-print prints one slip and says with which evidence', async t => {
  const { device, paper } = await printerAt(t, 'TM-T88III');
  const { code, said } = await run('test-print', device, '--profile', 'TM-T88III');
  assert.equal(code, 0, said);
  assert.match(said, /^fenced: /);
  assert.equal(paper.slips().length, 1);
  assert.match(paper.slips()[0]?.text ?? '', /tillside/);
});

test('a printer that serves another program is told as such, exit 1', async t => {
  const { device, paper } = await printerAt(t);
  const other = await paper.transport().open();
  t.after(() => other.close());
  const { code, said } = await run('test-print', device);
  assert.equal(code, 1);
  assert.match(said, /another program or till has it/);
  assert.equal(paper.slips().length, 0);
});

test('list names what is plugged in as JSON, and wrong use says what would be right', async () => {
  const { code, said } = await run('list', '--json');
  assert.equal(code, 0);
  assert.deepEqual(Object.keys(JSON.parse(said) as object), ['printers', 'scanners']);
  const nothing = await run();
  assert.equal(nothing.code, 2);
  assert.match(nothing.complained, /usage: tillside device list/);
  await assert.rejects(run('probe'), { code: 'usage' });
  await assert.rejects(run('probe', 'lpt1'), { code: 'config-invalid' });
});

test('a logo goes into the memory of a printer that cannot confirm it: uploaded, seen by a person, forgotten when the printer is exchanged', async t => {
  const { device, paper } = await printerAt(t, 'SRP-350III');
  const folder = mkdtempSync(join(tmpdir(), 'device-logo-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const png = new PNG({ width: 64, height: 24 });
  png.data.fill(0);
  for (let at = 3; at < png.data.length; at += 4) png.data[at] = 255;
  writeFileSync(join(folder, 'logo.png'), PNG.sync.write(png));
  const file = join(folder, 'till.json');
  const till = { tenant: 'demo', store: '0042', till: '1', dataDir: './data', timezone: 'Europe/Zurich' };
  const printer = { device, profile: 'SRP-350III', logo: 'file:logo.png' };
  writeFileSync(file, JSON.stringify({ ...till, api: { port: 0 }, printer }));
  mkdirSync(join(folder, 'data'));
  const clock = new FakeClock();
  const known = () => {
    const address = { tenant: 'demo', store: '0042', till: '1' };
    const path = join(folder, 'data', 'till.sqlite');
    const store = openStore({ path, address, clock, timeZone: 'Europe/Zurich' });
    try {
      return imageRecords(store.settings)
        .read()
        .map(({ key, seenBy }) => [key, seenBy]);
    } finally {
      store.close();
    }
  };
  const uploaded = await run('logo', '--config', file);
  assert.equal(uploaded.code, 0, uploaded.said);
  assert.match(uploaded.said, /Printed from memory: fenced/);
  assert.match(uploaded.said, /--seen/);
  assert.deepEqual(known(), [], 'nothing is believed before a person has seen it');
  const slip = PNG.sync.read(Buffer.from(paper.slips().at(-1)?.png() ?? ''));
  const black = slip.data.filter((value, at) => at % 4 === 0 && value < 128).length;
  assert.ok(black > 64 * 24, 'the bar is on the slip');
  assert.equal((await run('logo', '--config', file, '--seen')).code, 0);
  assert.deepEqual(known(), [['01', 'person']]);
  assert.equal((await run('logo', '--config', file, '--forget')).code, 0);
  assert.deepEqual(known(), []);
  await assert.rejects(run('logo'), /needs the configuration/);
});
