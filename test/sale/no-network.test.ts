/** A whole till that starts while nothing of its network is there. */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { pino } from 'pino';
import { createAgent } from '../../agent/agent.ts';
import { loadTillConfig } from '../../agent/config/till-config.ts';
import { makeSigningKey } from '../../sync/protocol/signing.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { coffee, coreTill, temporaryFolder } from './core-till.ts';

test('a till whose broker is not there decides its first sale by the bundle on its disk, and knows what it trusted', async t => {
  const folder = temporaryFolder();
  const before = await coreTill();
  await before.close();
  renameSync(before.dir, join(folder, 'data'));
  writeFileSync(join(folder, 'root.pub'), makeSigningKey().publicPem);
  const file = join(folder, 'till.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...{ tenant: 'demo', store: '0042', till: '1', dataDir: './data', timezone: 'Europe/Zurich' },
      ...{ api: { port: 0 }, broker: { url: 'mqtt://127.0.0.1:1' }, trust: { root: 'file:root.pub' } },
    }),
  );
  const agent = createAgent(loadTillConfig(file, {}), {
    log: pino({ level: 'silent' }),
    clock: new FakeClock(),
    uiDir: null,
  });
  t.after(() => agent.stop());
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await agent.start();
  const quote = agent.service.putSale('S1', { startedAt: '2026-11-21T10:15:00+01:00', lines: [coffee] }, 'en');
  // 10 % of 9.00.
  assert.equal(quote.total.discount, 90);
  assert.equal(agent.service.status('en').line.connected, false);
  assert.deepEqual(
    [agent.service.status('en').bundle?.version, agent.service.status('en').bundle?.expired],
    [1, false],
  );
});
