import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { setFuses } from '../../agent/electron/fuses.ts';
import { importsOf } from '../support/imports.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the build makes a main script and a preload script that need nothing but Electron and Node', () => {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const built = spawnSync(
    process.execPath,
    [vite, 'build', '-c', 'agent/electron/vite.config.ts', '--logLevel', 'warn'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  assert.equal(built.status, 0, built.stderr);
  const main = readFileSync(join(root, 'dist', 'electron', 'main.js'), 'utf8');
  const needs = importsOf('main.js', main).map(found => found.specifier);
  assert.ok(needs.includes('electron'));
  assert.deepEqual(
    needs.filter(name => name !== 'electron' && !name.startsWith('node:')),
    [],
  );
  assert.doesNotMatch(main, /\brequire\(/);
  const preload = readFileSync(join(root, 'dist', 'electron', 'preload.cjs'), 'utf8');
  // A sandboxed preload can require "electron" and hardly anything else.
  assert.deepEqual(
    [...preload.matchAll(/require\("([^"]+)"\)/g)].map(match => match[1]),
    ['electron'],
  );
  assert.deepEqual(importsOf('preload.cjs', preload), []);
  for (const file of ['main.js', 'preload.cjs']) {
    const checked = spawnSync(process.execPath, ['--check', join(root, 'dist', 'electron', file)], {
      encoding: 'utf8',
    });
    assert.equal(checked.status, 0, checked.stderr);
  }
});

test('package.json starts what the build makes', () => {
  const { main } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.equal(main, 'dist/electron/main.js');
});

test('the preload script offers two calls and no more', async () => {
  const code = readFileSync(join(root, 'dist', 'electron', 'preload.cjs'), 'utf8');
  const exposed: [string, Record<string, () => unknown>][] = [];
  const invoked: unknown[][] = [];
  const electron = {
    contextBridge: {
      exposeInMainWorld: (name: string, api: Record<string, () => unknown>) => exposed.push([name, api]),
    },
    ipcRenderer: { invoke: (...args: unknown[]) => invoked.push(args) },
  };
  new Function('require', code)(() => electron);
  const [name, api] = exposed[0] ?? ['', {}];
  assert.equal(name, 'tillsideShell');
  assert.deepEqual(Object.keys(api).sort(), ['info', 'quit']);
  for (const call of Object.values(api)) call();
  assert.deepEqual(invoked, [['tillside:info'], ['tillside:quit']]);
});

// The wire as it stands in Electron's binary: sentinel, version, length, one character a fuse.
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const binaryWith = (fuses: string) =>
  Buffer.concat([Buffer.from(`ELF…${sentinel}`), Buffer.of(1, fuses.length), Buffer.from(`${fuses}…end`)]);

test('the fuses are set in a binary, each as decided', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-fuses-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, 'electron');
  writeFileSync(binary, binaryWith('101100011'));
  await setFuses(binary);
  const wire = await getCurrentFuseWire(binary);
  const on = [
    FuseV1Options.EnableCookieEncryption,
    FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
    FuseV1Options.OnlyLoadAppFromAsar,
    FuseV1Options.WasmTrapHandlers,
  ];
  for (let fuse: FuseV1Options = 0; fuse <= FuseV1Options.WasmTrapHandlers; fuse++)
    assert.equal(wire[fuse], on.includes(fuse) ? FuseState.ENABLE : FuseState.DISABLE, FuseV1Options[fuse]);
});

test('a fuse that nobody decided keeps a package from being made', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-fuses-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const binary = join(folder, 'electron');
  writeFileSync(binary, binaryWith('1011000110'));
  await assert.rejects(setFuses(binary));
});

test('everything that electron-builder.yml names is there', () => {
  const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8');
  const named = [...text.matchAll(/(?:from|afterPack|afterInstall|afterRemove): (\S+)/g)].map(match => match[1] ?? '');
  assert.equal(named.length, 4);
  for (const path of named) assert.ok(existsSync(join(root, path)), path);
  for (const needed of ['asar: true', '- deb', '- AppImage', '- nsis', 'libusb-1.0-0', 'libudev1'])
    assert.ok(text.includes(needed), needed);
});

test('the package’s install scripts are shell without a fault, once electron-builder has filled them in', () => {
  for (const name of ['after-install.sh', 'after-remove.sh']) {
    const template = readFileSync(join(root, 'agent', 'electron', 'linux', name), 'utf8');
    const macros = [...template.matchAll(/\$\{([a-zA-Z]+)\}/g)].map(match => match[1]);
    // Any other macro ends electron-builder with an error.
    assert.deepEqual(
      macros.filter(macro => macro !== 'executable' && macro !== 'sanitizedProductName'),
      [],
    );
    const filled = template.replace(/\$\{[a-zA-Z]+\}/g, 'tillside');
    const checked = spawnSync('sh', ['-n'], { input: filled, encoding: 'utf8' });
    assert.equal(checked.status, 0, checked.stderr);
  }
});
