/** `tillside device` as a technician uses it, against a simulated printer on TCP. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { deviceCommand } from '../../agent/cli/device.ts';
import { createVirtualPrinter } from '../../drivers/virtual/printer.ts';
import { type PersonalityName, printerPersonalities } from '../../drivers/virtual/printer-personalities.ts';

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
