/** The shop's logo, from a file to the coupon. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PNG } from 'pngjs';
import { createLogo } from '../../agent/printing/layout-logo.ts';
import { isTillsideError } from '../../errors.ts';
import { type Rig, rig } from '../drivers/printer/print-rig.ts';

function logoFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'logo-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const png = new PNG({ width: 400, height: 100 });
  png.data.fill(0);
  for (let at = 0; at < 400 * 100; at++) png.data[at * 4 + 3] = at % 400 < 200 ? 255 : 0;
  const file = join(folder, 'logo.png');
  writeFileSync(file, PNG.sync.write(png));
  return file;
}

function logoOf(it: Rig, file: string, settings: Map<string, string>, busy = () => false) {
  return createLogo({
    file,
    device: 'tcp://printer',
    profile: it.paper.personality.profile,
    printer: it.printer,
    settings: {
      get: name => settings.get(name) ?? null,
      set: (name, value) => void settings.set(name, value),
    },
    busy,
    onFault: error => assert.fail(String(error)),
  });
}

test('it fits the paper, is put into the memory of a ready printer by itself, once, also over restarts', async t => {
  const file = logoFile(t);
  const settings = new Map<string, string>();
  const it = rig({ personality: 'TM-T88VI' });
  const logo = logoOf(it, file, settings);
  assert.deepEqual([logo.current().width, logo.current().height], [307, 76]);
  assert.equal(logo.current().storedAs, undefined, 'as dots until then');
  it.printer.start();
  await it.clock.advance(60_000);
  assert.equal(logo.current().storedAs, 't0');
  const stores = () => it.sent.filter(bytes => Buffer.from(bytes).includes(Buffer.from([0x30, 0x43, 0x30]))).length;
  assert.equal(stores(), 1);
  logo.stop();
  const again = logoOf(it, file, settings);
  await it.clock.advance(60_000);
  assert.equal(again.current().storedAs, 't0');
  assert.equal(stores(), 1);
  assert.deepEqual(it.paper.slips(), [], 'no paper is spent on it');
});

test('coupons go first, and a printer that confirms nothing is left alone', async t => {
  const file = logoFile(t);
  const waiting = rig({ personality: 'TM-T88VI' });
  const logo = logoOf(waiting, file, new Map(), () => true);
  waiting.printer.start();
  await waiting.clock.advance(60_000);
  assert.equal(logo.current().storedAs, undefined);
  const clone = rig({ personality: 'generic-80' });
  const settings = new Map<string, string>();
  logoOf(clone, file, settings);
  clone.printer.start();
  await clone.clock.advance(60_000);
  assert.equal(settings.size, 0);
});

test('a file that is not there is named', () => {
  assert.throws(
    () => logoOf(rig(), '/nowhere/logo.png', new Map()),
    error => isTillsideError(error, 'config-invalid') && error.message.includes('/nowhere/logo.png'),
  );
});
