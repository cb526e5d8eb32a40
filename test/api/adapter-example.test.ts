import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { posToken, startApi } from './api-client.ts';

test('the file-drop adapter of docs/api.md turns a file into a completed sale', async t => {
  const document = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(document)?.[1];
  assert.ok(code !== undefined);
  const api = await startApi(t);
  const folder = mkdtempSync(join(tmpdir(), 'tillside-adapter-'));
  const drop = join(folder, 'drop');
  mkdirSync(join(folder, 'data', 'tokens'), { recursive: true });
  mkdirSync(drop);
  writeFileSync(join(folder, 'data', 'tokens', 'pos'), `${posToken}\n`);
  // The first line says that the watcher is set: nothing dropped before it would be seen.
  writeFileSync(join(folder, 'adapter.mjs'), `${code}\nconsole.log('ready');\n`);
  const adapter = spawn(process.execPath, ['adapter.mjs', drop, `http://127.0.0.1:${api.port}`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => adapter.kill());
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await once(adapter.stdout, 'data');

  const sale = {
    startedAt: '2026-11-21T10:15:00+01:00',
    lines: [{ lineId: '1', quantity: '1', amount: 890 }],
    card: '2501000000011',
    completedAt: '2026-11-21T10:16:00+01:00',
    total: 890,
  };
  const watcher = watch(drop);
  const quoted = (async () => {
    for (;;) {
      const [, name] = await once(watcher, 'change');
      if (name === 's1.quote') return;
    }
  })();
  writeFileSync(join(folder, 's1.json'), JSON.stringify(sale));
  renameSync(join(folder, 's1.json'), join(drop, 's1.json'));
  await quoted;
  watcher.close();
  const answer = JSON.parse(readFileSync(join(drop, 's1.quote'), 'utf8'));
  assert.equal(answer.sale.state, 'completed');
  assert.equal(answer.sale.member.firstName, 'Anna');
  assert.deepEqual(answer.serials, ['T1']);
});
