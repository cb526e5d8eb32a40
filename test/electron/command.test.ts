import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agentCommand, shellCommand } from '../../agent/electron/command.ts';
import { findElectron, whyNoWindow as whyNot } from '../../agent/electron/find-electron.ts';

test('without arguments the shell shows the machine’s own till', () => {
  assert.deepEqual(shellCommand([], 'linux', {}), { kind: 'config', file: '/etc/tillside/till.json' });
  const windows = shellCommand([], 'win32', { PROGRAMDATA: '/ProgramData' });
  assert.deepEqual(windows, { kind: 'config', file: '/ProgramData/tillside/till.json' });
});

test('a configuration or a running till can be named, and switches of Chromium are let through', () => {
  assert.deepEqual(shellCommand(['--config', 'a.json'], 'linux', {}), { kind: 'config', file: 'a.json' });
  assert.deepEqual(shellCommand(['--force-device-scale-factor=2', '--config=a.json'], 'linux', {}), {
    kind: 'config',
    file: 'a.json',
  });
  assert.deepEqual(shellCommand(['--till', 'http://127.0.0.1:4780/', '--token', 't'], 'linux', {}), {
    kind: 'attach',
    till: 'http://127.0.0.1:4780',
    tokenFile: 't',
    kiosk: false,
  });
});

test('a till of another machine is not shown', () => {
  for (const till of [
    'http://192.0.2.1:4780',
    'https://127.0.0.1:4780',
    'http://127.0.0.1:4780/x',
    'http://127.0.0.1@evil:1',
    'file:///x',
  ])
    assert.throws(() => shellCommand(['--till', till, '--token', 't'], 'linux', {}), { code: 'usage' }, till);
});

test('half an answer is wrong usage', () => {
  for (const args of [
    ['--config'],
    ['--config', '--kiosk'],
    ['--till', 'http://127.0.0.1:1'],
    ['--config', 'a', '--till', 'http://127.0.0.1:1', '--token', 't'],
  ])
    assert.throws(() => shellCommand(args, 'linux', {}), { code: 'usage' }, args.join(' '));
});

test('the agent is run by the Node that the package carries', () => {
  const { command, args } = agentCommand(
    '/opt/tillside/resources/app.asar.unpacked',
    '/etc/tillside/till.json',
    'linux',
  );
  assert.equal(command, '/opt/tillside/resources/app.asar.unpacked/node_modules/node/bin/node');
  assert.deepEqual(args, [
    '--max-semi-space-size=1',
    '/opt/tillside/resources/app.asar.unpacked/agent/main.ts',
    '--config',
    '/etc/tillside/till.json',
  ]);
});

test('Electron is found only where its binary lies, and looking for it downloads nothing', t => {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-electron-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const installed = join(folder, 'node_modules', 'electron');
  assert.equal(findElectron(folder, {}, 'linux'), null);
  mkdirSync(join(installed, 'dist'), { recursive: true });
  writeFileSync(join(installed, 'path.txt'), 'electron');
  assert.equal(findElectron(folder, {}, 'linux'), null);
  writeFileSync(join(installed, 'dist', 'electron'), '');
  chmodSync(join(installed, 'dist', 'electron'), 0o755);
  assert.equal(findElectron(folder, {}, 'linux'), join(installed, 'dist', 'electron'));
  assert.equal(findElectron(folder, { ELECTRON_OVERRIDE_DIST_PATH: '/nowhere' }, 'linux'), null);
});

test('without a display, as root, or with nothing built, no window is tried', () => {
  const built = fileURLToPath(import.meta.url);
  const whyNoWindow = (env: NodeJS.ProcessEnv, platform: string, uid: number | null, main = built) =>
    whyNot(env, platform, uid, main);
  assert.match(whyNoWindow({ DISPLAY: ':0' }, 'linux', 1000, '/nowhere/main.js') ?? '', /not been built/);
  assert.equal(whyNoWindow({ DISPLAY: ':0' }, 'linux', 1000), null);
  assert.equal(whyNoWindow({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', 1000), null);
  assert.match(whyNoWindow({}, 'linux', 1000) ?? '', /no display/);
  assert.match(whyNoWindow({ DISPLAY: ':0' }, 'linux', 0) ?? '', /root/);
  assert.equal(whyNoWindow({}, 'win32', null), null);
});
