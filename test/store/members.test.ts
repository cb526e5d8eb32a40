import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createCatalogue, loadCatalogue, type NewMember, openMembers } from '../../agent/store/index.ts';
import { isTillsideError } from '../../errors.ts';
import { anna, beat, coffee, coreTill, discard, temporaryFolder } from '../sale/core-till.ts';

test('a snapshot replaces all members at once; one that breaks off changes nothing', () => {
  const dir = temporaryFolder();
  const members = openMembers(join(dir, 'members.sqlite'));
  assert.equal(members.importMembers([anna, beat], 1000), 2);
  const { cards: _, ...record } = anna;
  assert.deepEqual(members.byCard('2501000000017'), record);
  assert.equal(members.byCard('2501000000099'), null);
  function* broken(): Iterable<NewMember> {
    yield beat;
    throw new Error('the file was cut off');
  }
  assert.throws(() => members.importMembers(broken(), 2000));
  assert.deepEqual([members.count(), members.asOf('m-anna')], [2, 1000]);
  assert.equal(members.importMembers([beat], 3000), 1);
  assert.equal(members.byId('m-anna'), null);
  members.close();
  rmSync(dir, { recursive: true });
});

test('a member has as many cards as it likes; a card that moved belongs to the new one', () => {
  const dir = temporaryFolder();
  const members = openMembers(join(dir, 'members.sqlite'));
  members.importMembers([{ ...anna, cards: ['A', 'B'] }, beat], 0);
  assert.equal(members.byCard('B')?.memberId, 'm-anna');
  members.put({ ...beat, cards: ['B'] }, 5);
  assert.equal(members.byCard('B')?.memberId, 'm-beat');
  assert.equal(members.byCard('2501000000024'), null, 'his old card went with his old record');
  members.hide('m-beat');
  assert.equal(members.byCard('B'), null);
  members.close();
  rmSync(dir, { recursive: true });
});

test("a damaged members' file is made anew, empty, and the till opens", () => {
  const dir = temporaryFolder();
  const path = join(dir, 'members.sqlite');
  openMembers(path).close();
  writeFileSync(path, 'rubbish'.repeat(1000));
  const members = openMembers(path);
  assert.equal(members.count(), 0);
  members.importMembers([anna], 0);
  assert.equal(members.count(), 1);
  members.close();
  rmSync(dir, { recursive: true });
});

test("points of a newer snapshot are not counted twice with the till's own", async () => {
  const till = await coreTill();
  // 8.10 net: 8 points on 120.
  await till.sell('S1', [coffee], '2501000000017');
  assert.equal(till.sales.member('2501000000017', 'en').points, 128);
  await till.clock.advance(60_000);
  till.members.importMembers([{ ...anna, points: 128 }], till.clock.now());
  assert.equal(till.sales.member('2501000000017', 'en').points, 128);
  await till.clock.advance(60_000);
  await till.sell('S2', [coffee], '2501000000017');
  assert.equal(till.sales.member('2501000000017', 'en').points, 136);
  await discard(till);
});

test('an erased member leaves nothing that leads to it', async () => {
  const till = await coreTill();
  await till.sell('S1', [coffee], '2501000000017');
  till.store.transaction(() => till.store.ledger.erase('m-anna'));
  till.members.hide('m-anna');
  assert.deepEqual(till.store.ledger.purchases('m-anna', 0), []);
  assert.deepEqual(till.store.coupons.historyOfMember('m-anna', 0), []);
  const view = till.sales.getSale('S1', 'en');
  assert.deepEqual([view.state, view.member], ['completed', null]);
  await discard(till);
});

test('the catalogue answers in each language and finds a GTIN in any of its lengths', () => {
  const dir = temporaryFolder();
  const path = join(dir, 'products.json');
  const product = {
    gtin: '7610200337450',
    names: { de: 'Kaffee', en: 'Coffee' },
    price: 450,
    unit: 'ea',
    category: 'c',
  };
  writeFileSync(path, JSON.stringify([product]));
  const catalogue = loadCatalogue(path);
  assert.equal(catalogue.find('07610200337450', 'de')?.name, 'Kaffee');
  assert.equal(catalogue.find('7610200337450', 'fr')?.name, 'Coffee', 'not in French: English');
  assert.equal(catalogue.find('7610200337451', 'de'), null);
  assert.equal(createCatalogue([]).all('de').length, 0);
  for (const bad of ['{', '{}', '[{"gtin": 7}]']) {
    writeFileSync(path, bad);
    assert.throws(
      () => loadCatalogue(path),
      error => isTillsideError(error, 'config-invalid') && error.message.includes(path),
    );
  }
  rmSync(dir, { recursive: true });
});
