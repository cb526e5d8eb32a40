import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { startApi, uiToken } from '../api/api-client.ts';
import { record } from './fake-electron.ts';

const fake = new URL('./fake-electron.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: fake, shortCircuit: true } : next(specifier, context),
});

/** An event that can be refused. */
function refusable(url = '') {
  const event = {
    url,
    refused: false,
    preventDefault: () => {
      event.refused = true;
    },
  };
  return event;
}

test('main wires the policy to Electron: shows the till with its token, and every lock is on', async t => {
  const api = await startApi(t);
  const home = `http://127.0.0.1:${api.port}`;
  const folder = mkdtempSync(join(tmpdir(), 'tillside-shell-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const tokenFile = join(folder, 'ui');
  writeFileSync(tokenFile, `${uiToken}\n`);
  process.argv = [process.execPath, 'main', '--till', home, '--token', tokenFile, '--kiosk'];
  const shown = (async () => {
    for (;;) {
      const [url] = await once(record.changes, 'loaded');
      if (String(url).startsWith('http')) return url;
    }
  })();
  await import('../../agent/electron/main.ts');

  assert.equal(await shown, `${home}/#token=${uiToken}`);
  assert.match(record.loaded[0] ?? '', /^data:text\/html/, 'the waiting page comes first');
  assert.equal(record.sandboxed, true);
  const window = record.windows[0];
  assert.ok(window !== undefined);
  assert.equal(record.windows.length, 1);
  assert.equal(window.options.webPreferences?.sandbox, true);
  assert.match(String(window.options.webPreferences?.preload), /preload\.cjs$/);

  const contents = window.webContents;
  assert.deepEqual(contents.windowOpen?.(), { action: 'deny' });
  for (const name of ['will-frame-navigate', 'will-redirect']) {
    const away = refusable('http://evil.example/');
    contents.emit(name, away);
    assert.equal(away.refused, true, name);
    const within = refusable(`${home}/x`);
    contents.emit(name, within);
    assert.equal(within.refused, false, name);
  }
  const webview = refusable();
  contents.emit('will-attach-webview', webview);
  assert.equal(webview.refused, true);
  const key = refusable();
  contents.emit('before-input-event', key, { key: 'F12', control: false, meta: false, alt: false, shift: false });
  assert.equal(key.refused, true);
  const close = refusable();
  window.emit('close', close);
  assert.equal(close.refused, true, 'a kiosk stays');

  const { session } = await import('./fake-electron.ts');
  const download = refusable();
  session.defaultSession.emit('will-download', download);
  assert.equal(download.refused, true);
  const answers: unknown[] = [];
  const permission = record.permissions.get('request') as (a: unknown, b: string, c: (v: unknown) => void) => void;
  permission(null, 'media', value => answers.push(value));
  assert.deepEqual(answers, [false]);
  assert.equal((record.permissions.get('check') as () => unknown)(), false);
  assert.equal((record.permissions.get('device') as () => unknown)(), false);

  const asked = (url: string, resourceType = 'xhr') => {
    let cancelled: unknown = null;
    record.requests.get('before')?.(
      { url, resourceType },
      value => (cancelled = (value as { cancel: boolean }).cancel),
    );
    return cancelled;
  };
  assert.equal(asked('http://evil.example/'), true);
  assert.equal(asked(`${home}/v1/status`), false);
  assert.equal(asked('data:text/html;charset=utf-8,x', 'subFrame'), true);
  assert.equal(asked('data:text/html;charset=utf-8,x', 'mainFrame'), false);

  const info = record.handlers.get('tillside:info');
  const event = (url: string, parent: unknown = null, id = 7) => ({ sender: { id }, senderFrame: { url, parent } });
  assert.deepEqual(info?.(event(`${home}/`)), { version: '0.1.0', electron: process.versions.electron, kiosk: true });
  assert.throws(() => info?.(event('http://evil.example/')), /not allowed/);
  assert.throws(() => info?.(event(`${home}/`, {})), /not allowed/);
  assert.throws(() => info?.(event(`${home}/`, null, 8)), /not allowed/);
  assert.throws(() => info?.({ sender: { id: 7 }, senderFrame: null }), /not allowed/);
  assert.throws(() => record.handlers.get('tillside:quit')?.(event(`${home}/`)), /not allowed/);

  const focused = once(record.changes, 'focused');
  const { app } = await import('./fake-electron.ts');
  app.emit('second-instance');
  await focused;

  const again = once(record.changes, 'loaded');
  contents.emit('render-process-gone');
  assert.deepEqual(await again, [`${home}/#token=${uiToken}`], 'a crashed page is shown again');
});
