import assert from 'node:assert/strict';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { coffee, coreTill, discard } from '../sale/core-till.ts';

const FILES = ['till.sqlite', 'till.sqlite-wal', 'till.sqlite-shm', 'members.sqlite', 'members.sqlite-wal'];
const unix = process.platform !== 'win32';

test("the till's databases are readable by its own user only, also those of an earlier version", {
  skip: !unix,
}, async () => {
  const first = await coreTill();
  await first.sell('S1', [coffee]);
  const rights = () => FILES.map(name => (statSync(join(first.dir, name)).mode & 0o777).toString(8));
  assert.deepEqual(
    rights(),
    FILES.map(() => '600'),
  );
  await first.close();
  for (const name of ['till.sqlite', 'members.sqlite']) chmodSync(join(first.dir, name), 0o644);
  const again = await coreTill({ dir: first.dir });
  await again.sell('S2', [coffee]);
  assert.equal(rights()[0], '600');
  assert.equal(rights()[3], '600');
  await discard(again);
});
