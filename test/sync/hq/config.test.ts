import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isTillsideError } from '../../../errors.ts';
import { HqConfigDocument, loadHqConfig } from '../../../sync/hq/config.ts';

const published = new URL('../../../docs/hq.schema.json', import.meta.url);

test('the published schema of hq.json is the one that the reader validates with', () => {
  assert.deepEqual(JSON.parse(readFileSync(published, 'utf8')), JSON.parse(JSON.stringify(HqConfigDocument)));
});

test('paths start at the folder of the file, secrets are read from the files they name', t => {
  const folder = mkdtempSync(join(tmpdir(), 'tillside-hq-config-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'hq.json');
  writeFileSync(join(folder, 'secret'), 'pass word\n');
  const document = {
    tenant: 'demo',
    dataDir: 'data',
    database: 'sqlite:facts/hq.sqlite',
    broker: { url: 'mqtt://127.0.0.1:1883', username: 'hq', password: 'file:secret' },
    signing: { key: 'file:sign.pem' },
  };
  writeFileSync(file, JSON.stringify(document));
  const config = loadHqConfig(file, { TILLSIDE_API_PORT: '4999' });
  assert.equal(config.dataDir, join(folder, 'data'));
  assert.equal(config.database, `sqlite:${join(folder, 'facts', 'hq.sqlite')}`);
  assert.equal(config.broker.password, 'pass word');
  assert.equal(config.signing?.key, join(folder, 'sign.pem'));
  assert.equal(config.api.port, 4999);

  writeFileSync(
    file,
    JSON.stringify({ ...document, broker: { ...document.broker, cert: 'file:x', password: 'file:gone' } }),
  );
  assert.throws(
    () => loadHqConfig(file, {}),
    error => isTillsideError(error, 'config-invalid') && error.faults.some(({ pointer }) => pointer === '/broker/key'),
  );
  writeFileSync(file, JSON.stringify({ ...document, broker: { ...document.broker, password: 'file:gone' } }));
  assert.throws(
    () => loadHqConfig(file, {}),
    error => isTillsideError(error, 'config-invalid') && error.faults[0]?.pointer === '/broker/password',
  );
});
