import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openTokens } from '../../agent/api/tokens.ts';

function dataDir(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-tokens-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const warnings: string[] = [];
  const log = { warn: (_facts: object, message: string) => void warnings.push(message) };
  return {
    folder,
    warnings,
    open: () => openTokens(folder, log),
    file: (role: string) => join(folder, 'tokens', role),
  };
}

test('at first start two different tokens are made that only the owner may read', t => {
  const { open, file, warnings } = dataDir(t);
  const tokens = open();
  assert.notEqual(tokens.pos, tokens.ui);
  // 32 random bytes in base64url: ceil(32 × 4 / 3) = 43 characters.
  for (const token of [tokens.pos, tokens.ui]) assert.match(token, /^[A-Za-z0-9_-]{43}$/);
  for (const role of ['pos', 'ui']) assert.equal(statSync(file(role)).mode & 0o777, 0o600);
  assert.equal(readFileSync(file('pos'), 'utf8'), `${tokens.pos}\n`);
  assert.deepEqual(warnings, []);
});

test('the next start finds the same tokens', t => {
  const { open } = dataDir(t);
  assert.deepEqual(open(), open());
});

test('a token that others could read is not used any more, and the log says so without telling it', t => {
  const { open, file, warnings } = dataDir(t);
  const before = open();
  chmodSync(file('pos'), 0o644);
  const after = open();
  assert.notEqual(after.pos, before.pos);
  assert.equal(after.ui, before.ui);
  assert.equal(statSync(file('pos')).mode & 0o777, 0o600);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /tokens\/pos was readable by other users/);
  assert.ok(!warnings[0]?.includes(before.pos) && !warnings[0]?.includes(after.pos));
});

test('an empty or cut token file is made anew', t => {
  const { open, file, warnings } = dataDir(t);
  open();
  writeFileSync(file('ui'), 'short\n', { mode: 0o600 });
  assert.match(open().ui, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(warnings.length, 1);
});

test('a token that an installer wrote is taken, line end or not', t => {
  const { open, file } = dataDir(t);
  open();
  writeFileSync(file('pos'), `${'k'.repeat(40)}\r\n`, { mode: 0o600 });
  assert.equal(open().pos, 'k'.repeat(40));
});

test('a folder that cannot be used is told with what to do', t => {
  const { folder } = dataDir(t);
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => openTokens(join(folder, 'file'), { warn() {} }), { code: 'config-invalid', message: /must own/ });
});
