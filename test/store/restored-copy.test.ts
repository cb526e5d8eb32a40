import assert from 'node:assert/strict';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { coffee, coreTill, discard } from '../sale/core-till.ts';

test('a copy made and put back between two starts begins a new epoch, though it has counted the same starts', async () => {
  const before = await coreTill();
  const { dir } = before;
  const file = join(dir, 'till.sqlite');
  await before.sell('S1', [coffee]);
  await before.close();
  copyFileSync(file, `${file}.copy`);
  const same = await coreTill({ dir });
  assert.equal(same.store.epoch, before.store.epoch);
  await same.close();
  copyFileSync(file, `${file}.copy`);

  const after = await coreTill({ dir });
  // The copy is of this very boot: made while the till runs, its log not yet written back.
  for (const end of ['', '-wal']) copyFileSync(file + end, `${file}.copy${end}`);
  await after.sell('S2', [coffee]);
  await after.close();
  for (const end of ['', '-wal']) copyFileSync(`${file}.copy${end}`, file + end);
  rmSync(`${file}-shm`, { force: true });

  const restored = await coreTill({ dir });
  assert(restored.store.epoch > after.store.epoch);
  assert.equal(restored.store.sales.get('S2'), null);
  const [note] = restored.events();
  assert.deepEqual([note?.type, note?.body.note], ['till.note', 'store-restored']);
  await discard(restored);
});

test('a note that a power cut left empty, old or spoilt starts no new epoch', async () => {
  const first = await coreTill();
  const { dir } = first;
  const { epoch } = first.store;
  const note = join(dir, 'till.sqlite.starts');
  await first.sell('S1', [coffee]);
  await first.close();
  for (const text of [
    '',
    '\0'.repeat(96),
    `{"epoch":${epoch},"boot":0}`,
    `{"epoch":${epoch},"boot":0,"seq":1}`,
    'null',
  ]) {
    writeFileSync(note, text);
    const next = await coreTill({ dir });
    assert.equal(next.store.epoch, epoch, text);
    await next.close();
  }
  await discard(await coreTill({ dir }));
});

test('after a copy was put back the till tells and counts again what it has, also what HQ had confirmed: HQ may have been put back too', async () => {
  const before = await coreTill();
  const { dir } = before;
  const file = join(dir, 'till.sqlite');
  await before.sell('told', [coffee]);
  before.store.outbox.acknowledge(before.store.epoch, before.events().length);
  await before.sell('carried', [coffee]);
  await before.close();
  copyFileSync(file, `${file}.copy`);
  await (await coreTill({ dir })).close();
  copyFileSync(`${file}.copy`, file);
  const restored = await coreTill({ dir });
  const sold = restored.events().filter(({ type }) => type === 'sale.completed');
  assert.deepEqual(
    sold.map(({ body }) => body.saleId),
    ['told', 'carried'],
  );
  // Coffee for 9.00 less a tenth.
  const carried = { day: '2026-11-21', sales: 2, voided: 0, net: 1620 };
  assert.deepEqual(restored.store.dayTotals(0), [carried]);
  await restored.sell('new', [coffee]);
  restored.sales.voidSale('told', 'en');
  restored.sales.voidSale('carried', 'en');
  assert.deepEqual(restored.store.dayTotals(0), [{ ...carried, sales: 3, voided: 2, net: 810 }]);
  await discard(restored);
});
