import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHq } from '../../../sync/hq/hq.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { type LinkOptions, silentLog } from '../../../sync/link/link.ts';
import { encodeMessage } from '../../../sync/protocol/messages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('an HQ that ends answers the till that asked before, and closes its database afterwards', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'hq-ending-'));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const sqlite = createSqliteLedger(':memory:');
  let goOn: () => void = () => {};
  const slow = new Promise<void>(resolve => (goOn = resolve));
  const clock = new FakeClock();
  const line: LinkOptions[] = [];
  const sent: string[] = [];
  const hq = createHq({
    config: { tenant: 'demo', dataDir, api: { port: 0 }, broker: { url: 'mqtt://127.0.0.1:1' } },
    ...{ clock, log: silentLog },
    ledger: { ...sqlite, rollouts: () => slow.then(() => sqlite.rollouts()) },
    openApi: async () => ({ port: 0, close: async () => {} }),
    openLink(options) {
      line.push(options);
      return {
        ...{ start() {}, stop: async () => {}, up: true, onStatus: () => () => {} },
        status: () => ({ connected: true, since: '', problem: null }),
        publish: async topic => sent.push(topic) > 0,
      };
    },
  });
  await hq.start();
  const ask = encodeMessage({ kind: 'pointers', ring: 'all' });
  const answered = line[0]?.onMessage('tillside/1/demo/t/0042/1/ask', ask, false);
  const ended = hq.stop();
  await clock.advance(1000);
  goOn();
  await Promise.all([answered, ended]);
  assert.deepEqual(
    sent.filter(topic => topic.endsWith('/down')),
    ['tillside/1/demo/t/0042/1/down'],
  );
});
