import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../clock.ts';
import type { Hq } from '../../sync/hq/hq.ts';
import type { TillRecord } from '../../sync/hq/ledger.ts';
import { tillMembers } from '../members/till-members.ts';
import { type BrokerKind, type Line, onLine } from './support/line.ts';
import { until } from './support/till-end.ts';

const memberOf = (n: number, change: object = {}) => ({
  id: `crm-${n}`,
  cards: [`25010000${String(n).padStart(5, '0')}`],
  firstName: `Anna${n}`,
  household: `house-${n >> 1}`,
  tier: 'silver',
  points: 100 + n,
  home: '0042',
  segments: ['coffee-lover', `segment-${n % 7}`],
  asOf: '2026-11-20T00:00:00Z',
  ...change,
});
const linesOf = (members: readonly object[]) => members.map(member => `${JSON.stringify(member)}\n`).join('');
const cardOf = (n: number) => `25010000${String(n).padStart(5, '0')}`;

function tillOn(line: Line, hq: Hq, id: string) {
  const end = tillMembers(systemClock, id);
  const { edge } = line.till(id, hq, { members: end.keeper, outbox: end.store.outbox as never });
  line.onClose(end.close);
  // Closed in reverse: the line before what it writes to.
  line.onClose(() => edge.stop());
  return { ...end, edge };
}

for (const kind of ['aedes', 'mosquitto'] satisfies BrokerKind[]) {
  test(`${kind}: members imported at HQ are at both tills of the store; a change follows, and an unknown card is HQ's to name`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const [first, second] = [tillOn(line, hq, '1'), tillOn(line, hq, '2')];
      for (const { edge } of [first, second]) edge.start();
      await until(() => hq.connected && first.edge.line().connected && second.edge.line().connected, 'all on line');

      const imported = await hq.members.nextImport();
      const many = Array.from({ length: 3000 }, (_, n) => memberOf(n));
      const answer = await hq.members.import(linesOf([...many, memberOf(9000, { home: '0017' })]), imported);
      assert.deepEqual(answer, { taken: 3001, refused: 0, faults: [] });
      assert.equal(await hq.members.publish(), 2);
      await until(() => [first, second].every(till => till.members.version()?.count === 3000), 'the first version');
      assert.equal(first.members.byCard(cardOf(7))?.firstName, 'Anna7');
      assert.equal(second.members.byCard(cardOf(2999))?.points, 3099);
      assert.equal(first.members.byCard(cardOf(9000)), null, 'who shops elsewhere is not here');

      // A change of three.
      await hq.members.import(
        linesOf([memberOf(7, { points: 5000 }), memberOf(3000), { id: 'crm-8', delete: true }]),
        imported,
      );
      assert.equal(await hq.members.publish(), 1);
      await until(() => [first, second].every(till => till.members.byCard(cardOf(7))?.points === 5000), 'the change');
      await first.keeper.idle();
      assert.equal(first.members.byCard(cardOf(8)), null);
      assert.equal(first.members.byCard(cardOf(3000))?.firstName, 'Anna3000');
      assert.equal(first.members.version()?.count, 3000);

      // A visitor from the other store.
      const late: unknown[] = [];
      const visitor = await first.edge.askMember?.(cardOf(9000), facts => late.push(facts));
      const named =
        visitor ?? (await until(() => late.length > 0, 'late answer').then(() => late[0] as { firstName: string }));
      assert.equal(named?.firstName, 'Anna9000');
      assert.equal(await first.edge.askMember?.('2501999999999', () => {}), null, 'nobody has this card');
    }));

  test(`${kind}: an erased member is gone at HQ, in every file and at every till, also one that was away; HQ sees who has done it`, () =>
    onLine(kind, async line => {
      const hq = line.hq();
      await hq.start();
      const [first, second] = [tillOn(line, hq, '1'), tillOn(line, hq, '2')];
      for (const { edge } of [first, second]) edge.start();
      const names = (n: number) => `Wilhelmine${n}`;
      await until(() => hq.connected && first.edge.line().connected && second.edge.line().connected, 'all on line');
      await until(async () => (await hq.ledger.tills('2026-11-21')).length === 2, 'HQ knows both');
      const members = Array.from({ length: 50 }, (_, n) => memberOf(n, { firstName: names(n) }));
      await hq.members.import(linesOf(members), 1);
      await hq.members.publish();
      await until(() => [first, second].every(till => till.members.version() !== null), 'the first version');
      await hq.members.import(linesOf([memberOf(7, { firstName: names(7), points: 1 })]), 1);
      await hq.members.publish();
      await until(() => [first, second].every(till => till.members.byCard(cardOf(7))?.points === 1), 'the change');
      const id = first.members.byCard(cardOf(7))?.memberId ?? '';

      await second.edge.stop();
      const erasure = await hq.members.erase('crm-7');
      await until(() => first.members.byId(id) === null, 'gone at till 1');
      const standing = async () => (await hq.members.view()).erasures[0];
      await until(async () => (await standing())?.acknowledged === 1, 'HQ has seen it');
      assert.deepEqual((await standing())?.waiting, [{ store: '0042', till: '2' }]);
      assert.notEqual(second.members.byId(id), null, 'till 2 has heard nothing');
      second.edge.start();
      await until(async () => (await standing())?.waitingCount === 0, 'both have');
      assert.equal((await standing())?.erasure, erasure);
      await until(() => [first, second].every(till => till.members.version()?.count === 49), 'the version without');
      for (const till of [first, second]) {
        await till.keeper.idle();
        assert.equal(till.members.byCard(cardOf(7)), null);
        assert.deepEqual(
          till.store.outbox.read(0, 10).map(({ type }) => type),
          ['member.erased'],
        );
        assert.deepEqual(filesWith(till.dir, names(7)), []);
      }
      assert.deepEqual(filesWith(join(line.dir, 'hq', 'members'), names(7)), []);

      // An import made before the erasure brings nobody back.
      const again = await hq.members.import(linesOf(members), 1);
      assert.equal(again.refused, 1);
      assert.match(again.faults[0]?.message ?? '', /erased/);
      const newer = memberOf(7, { firstName: 'Anna', asOf: new Date(Date.now() + 1000).toISOString() });
      assert.equal((await hq.members.import(linesOf([newer]), 1)).taken, 1);
    }));
}

test('a till that came on line a moment ago is told of a new version, though HQ has not written yet that it is there', () =>
  onLine('aedes', async line => {
    const hq = line.hq();
    // Its state is not written before the end.
    const saving = Promise.withResolvers<readonly TillRecord[]>();
    hq.ledger.saveStates = () => saving.promise;
    try {
      await hq.start();
      let asked = false;
      const till = tillOn(line, hq, '1');
      const { answer } = hq.members;
      hq.members.answer = async (...given) => {
        await answer(...given);
        asked = true;
      };
      till.edge.start();
      await until(() => asked, 'its question was answered');
      await hq.members.import(linesOf([memberOf(1)]), 1);
      await hq.members.publish();
      await until(() => till.members.version()?.count === 1, 'the version');
    } finally {
      saving.resolve([]);
    }
  }));

/** Files in which a text stands, packed or not. */
function filesWith(folder: string, text: string): readonly string[] {
  return globSync(join(folder, '**', '*'), { withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => readFileSync(path).includes(text));
}
