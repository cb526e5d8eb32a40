import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  admits,
  channels,
  homeOf,
  mayClose,
  mayHavePermission,
  mayNavigate,
  mayPress,
  mayRequest,
  pauseBeforeRestart,
  screenUrl,
  waitingPage,
  windowOptions,
} from '../../agent/electron/policy.ts';

const home = 'http://127.0.0.1:4780';

test('home is loopback and nothing else', () => {
  assert.equal(homeOf('127.0.0.1', 4780), home);
  assert.equal(homeOf('::1', 80), 'http://[::1]');
  for (const host of ['0.0.0.0', 'till.example', '127.0.0.1@evil.example', ''])
    assert.throws(() => homeOf(host, 4780), RangeError);
});

test('the token goes in the fragment, which no request carries', () => {
  assert.equal(screenUrl(home, 'a+b/='), 'http://127.0.0.1:4780/#token=a%2Bb%2F%3D');
});

const elsewhere = [
  'http://evil.example/',
  'https://127.0.0.1:4780/',
  'http://127.0.0.1:4781/',
  'http://127.0.0.1:4780.evil.example/',
  'http://127.0.0.1:4780@evil.example/',
  'http://evil.example/http://127.0.0.1:4780/',
  'http://user:pass@127.0.0.1:4780/',
  'http://localhost:4780/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'about:blank',
  'chrome://gpu',
  'view-source:http://127.0.0.1:4780/',
  'blob:http://evil.example/1',
  'ws://127.0.0.1:4780/',
  '',
  'nonsense',
];

test('the window goes nowhere but to its own till', () => {
  for (const url of [`${home}/`, `${home}/#token=x`, `${home}/assets/x.js?y`, 'HTTP://127.0.0.1:4780/'])
    assert.equal(mayNavigate(url, home), true, url);
  for (const url of elsewhere) assert.equal(mayNavigate(url, home), false, url);
});

test('nothing in the window asks for anything but its till and its own pictures', () => {
  for (const url of [`${home}/v1/status`, `blob:${home}/1f`, 'data:image/png;base64,AA=='])
    assert.equal(mayRequest(url, home), true, url);
  for (const url of elsewhere) assert.equal(mayRequest(url, home), false, url);
});

test('whatever the address, it is let through only if a browser would take it to home', () => {
  const part = fc.constantFrom(
    'http:',
    'https:',
    '//',
    '/',
    '\\',
    '127.0.0.1',
    ':4780',
    ':4781',
    '@',
    'evil.example',
    '#',
    '?',
    '.',
    '%00',
    '\t',
    '\n',
    '[::1]',
    'x',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), parts => {
      const url = parts.join('');
      if (!mayNavigate(url, home)) return;
      const { protocol, hostname, port, username } = new URL(url);
      assert.deepEqual([protocol, hostname, port, username], ['http:', '127.0.0.1', '4780', '']);
    }),
    { numRuns: 5000 },
  );
});

test('no permission is ever given', () => {
  assert.equal(mayHavePermission(), false);
});

test('a call is admitted only on a known channel, from the window, its main frame, and the till’s own page', () => {
  const shell = { home, window: 7, kiosk: false };
  const call = { channel: channels.info as string, sender: 7, frame: { url: `${home}/`, isMain: true } };
  assert.equal(admits(call, shell), true);
  assert.equal(admits({ ...call, channel: 'tillside:exec' }, shell), false);
  assert.equal(admits({ ...call, channel: '__proto__' }, shell), false);
  assert.equal(admits({ ...call, sender: 8 }, shell), false);
  assert.equal(admits({ ...call, frame: null }, shell), false);
  assert.equal(admits({ ...call, frame: { ...call.frame, isMain: false } }, shell), false);
  for (const url of elsewhere) assert.equal(admits({ ...call, frame: { url, isMain: true } }, shell), false, url);
});

test('a kiosk can’t be quit by its page or closed by its window, but closes with the program', () => {
  const call = { channel: channels.quit, sender: 7, frame: { url: `${home}/`, isMain: true } };
  assert.equal(admits(call, { home, window: 7, kiosk: true }), false);
  assert.equal(admits(call, { home, window: 7, kiosk: false }), true);
  assert.equal(mayClose({ kiosk: true, quitting: false }), false);
  assert.equal(mayClose({ kiosk: true, quitting: true }), true);
  assert.equal(mayClose({ kiosk: false, quitting: false }), true);
});

test('in a kiosk no key leaves, reloads or inspects; typing, scanning and the number keys work', () => {
  const none = { control: false, meta: false, alt: false, shift: false };
  const press = (key: string, held: Partial<typeof none> = {}) => mayPress({ key, ...none, ...held }, true);
  const refused: [string, Partial<typeof none>][] = [
    ['F5', {}],
    ['F11', {}],
    ['F12', {}],
    ['F4', { alt: true }],
    ['ArrowLeft', { alt: true }],
    ['r', { control: true }],
    ['R', { control: true, shift: true }],
    ['I', { control: true, shift: true }],
    ['C', { control: true, shift: true }],
    ['w', { control: true }],
    ['q', { meta: true }],
    ['+', { control: true }],
    ['p', { control: true }],
  ];
  for (const [key, held] of refused) assert.equal(press(key, held), false, `${key} ${JSON.stringify(held)}`);
  for (const key of ['a', '7', 'Enter', 'Escape', 'F9', 'F1', 'ArrowLeft', 'Tab', ' '])
    assert.equal(press(key), true, key);
  assert.equal(press('c', { control: true }), true);
  assert.equal(press('Q', { shift: true }), true);
  assert.equal(mayPress({ key: 'F12', ...none }, false), true);
});

test('the window is locked in: sandbox, isolated context, no Node', () => {
  for (const kiosk of [true, false]) {
    const { webPreferences, ...window } = windowOptions(kiosk, '/preload.cjs');
    assert.equal(window.kiosk, kiosk);
    assert.equal(webPreferences?.sandbox, true);
    assert.equal(webPreferences?.contextIsolation, true);
    assert.equal(webPreferences?.nodeIntegration, false);
    assert.equal(webPreferences?.webSecurity, true);
    assert.equal(webPreferences?.webviewTag, false);
    assert.equal(webPreferences?.allowRunningInsecureContent, false);
    assert.equal(webPreferences?.devTools, !kiosk);
  }
});

test('what ends is started again at once, then after 1, 2, 4 … 60 s, and at once again after ten calm minutes', () => {
  const ends: number[] = [];
  const pauses: number[] = [];
  let now = 0;
  for (let crash = 0; crash < 9; crash++) {
    ends.push(now);
    const pause = pauseBeforeRestart(ends, now);
    pauses.push(pause);
    now += pause;
  }
  assert.deepEqual(pauses, [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  ends.push(now + 600_000 + 60_000);
  assert.equal(pauseBeforeRestart(ends, now + 660_000), 0);
});

test('the pause before a restart is never longer than a minute, however often it ended', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e9 })), fc.integer({ min: 0, max: 1e9 }), (ends, now) => {
      const pause = pauseBeforeRestart(ends, now);
      assert.ok(pause >= 0 && pause <= 60_000);
    }),
  );
});

test('the waiting page runs no script, whatever the problem says', () => {
  const page = decodeURIComponent(waitingPage('<script>alert(1)</script> & more'));
  assert.doesNotMatch(page, /<script/);
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt; &amp; more/);
  assert.match(page, /default-src 'none'/);
  assert.match(page, /Die Kasse startet/);
});
