import assert from 'node:assert/strict';
import { createMembersBook, type MembersBook } from '../../../sync/hq/members-book.ts';
import { createErasures } from '../../../sync/hq/members-erasures.ts';
import { type ImportedMember, nameOf, readImport } from '../../../sync/hq/members-import.ts';
import { chainStart } from '../../../sync/protocol/chain.ts';
import { hashOfCard } from '../../../sync/protocol/members-keys.ts';
import { unpackMember } from '../../../sync/protocol/members-row.ts';
import { onBoth, usePostgres } from './ledgers.ts';

usePostgres();

const secret = Buffer.alloc(32, 7);
const rules = { secret, names: true, now: Date.parse('2026-11-21T00:00:00Z') };
const keyOf = (id: string) => nameOf(secret, id).key;

function member(id: string, change: object = {}): ImportedMember {
  const read = readImport(
    { id, cards: [`card-${id}`], points: 10, home: '0042', segments: ['a'], asOf: '2026-11-20T00:00:00Z', ...change },
    rules,
  );
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

async function idsIn(book: MembersBook, store: string | null, since = '2026-01-01'): Promise<readonly number[]> {
  return (await book.rows(store, since, -1, 1000)).map(({ key }) => Number(key));
}
const sorted = (ids: readonly string[]) => ids.map(keyOf).sort((a, b) => a - b);

onBoth(
  'members are kept as they were imported last, with their cards, and come out by store in order of key',
  withLedger =>
    withLedger(async ledger => {
      const book = createMembersBook(ledger.members);
      await book.open();
      const many = Array.from({ length: 1200 }, (_, n) =>
        member(`m${n}`, { points: n, home: n % 3 === 0 ? '0017' : '0042' }),
      );
      assert.equal((await book.save(many, await book.nextImport())).size, 0);
      assert.equal(await book.count(), 1200);
      assert.equal(await book.nextImport(), 2);
      assert.deepEqual(await idsIn(book, '0017'), sorted(Array.from({ length: 400 }, (_, n) => `m${n * 3}`)));
      assert.deepEqual(await book.dirty(), new Set(['all', 'store/0017', 'store/0042']));
      for (const scope of await book.dirty()) await book.clean(scope);
      assert.equal((await book.byCard(hashOfCard('card-m7')))?.points, 7);

      // The same again changes nothing; the later of two lines counts; a card moves; a home moves.
      await book.save(many.slice(0, 50), 2);
      assert.deepEqual(await book.dirty(), new Set());
      await book.save(
        [member('m1', { points: 1 }), member('m1', { points: 99 }), member('m2', { cards: ['card-m5'] })],
        2,
      );
      assert.equal((await book.byCard(hashOfCard('card-m1')))?.points, 99);
      assert.equal((await book.byCard(hashOfCard('card-m5')))?.points, 10);
      assert.equal(await book.byCard(hashOfCard('card-m2')), null);
      const five = (await book.rows(null, '', keyOf('m5') - 1, 1))[0];
      assert.deepEqual(unpackMember(keyOf('m5'), five?.row ?? Buffer.alloc(0), book.words())?.cards, []);
      await book.save([member('m4', { home: '0099' })], 2);
      assert.deepEqual(await idsIn(book, '0099'), [keyOf('m4')]);
      assert.ok((await idsIn(book, '0042', '2026-11-01')).includes(keyOf('m4')), 'a visitor at the former home');
      assert.ok(!(await idsIn(book, '0042', '2026-12-01')).includes(keyOf('m4')));

      // Who was not in the last import goes; a second book reads the same dictionary.
      assert.equal(await book.removeOthers(2), 1200 - 50);
      const again = createMembersBook(ledger.members);
      await again.open();
      assert.deepEqual(again.words(), book.words());
      assert.equal((await again.byCard(hashOfCard('card-m1')))?.points, 99);
      assert.equal(await again.byCard(hashOfCard('card-m700')), null);
    }),
);

onBoth('who shopped in a store is among its members from then on, if HQ knows the member', withLedger =>
  withLedger(async ledger => {
    const book = createMembersBook(ledger.members);
    await book.open();
    await book.save([member('m1')], 1);
    const facts = await book.byCard(hashOfCard('card-m1'));
    const sale = (seq: number, of: string | null) => ({
      v: 1 as const,
      type: 'sale.completed' as const,
      id: `e${seq}`,
      seq,
      at: '2026-11-21T10:15:00+01:00',
      bundle: null,
      body: {
        saleId: `S${seq}`,
        startedAt: '2026-11-21T10:15:00+01:00',
        completedAt: '2026-11-21T10:15:00+01:00',
        member: of,
        lines: [],
        total: { initial: 0, discount: 0, net: 0 },
        applied: [],
        points: null,
      },
      prev: chainStart,
    });
    const events = [sale(1, facts?.id ?? ''), sale(2, 'm-nobody'), sale(3, null)];
    await ledger.commit(
      [{ store: '0077', till: '1', epoch: 1, boot: 1, events, unreadable: [] }],
      '2026-11-21T10:16:00Z',
    );
    await book.clean('store/0042');
    await book.followSales();
    await book.followSales();
    assert.deepEqual(await idsIn(book, '0077', '2026-11-21'), [keyOf('m1')]);
    assert.deepEqual(await idsIn(book, '0077', '2026-11-22'), [], 'too long ago, then');
    assert.ok((await book.dirty()).has('store/0077'));
    assert.deepEqual(await book.stores(), ['0042', '0077']);
  }),
);

onBoth(
  'an erasure is open for every till that HQ knew then, until the till’s own fact says that it is done',
  withLedger =>
    withLedger(async ledger => {
      const book = createMembersBook(ledger.members);
      const erasures = createErasures(ledger.members);
      await book.open();
      await book.save([member('m1'), member('m2')], 1);
      const state = { online: true, boot: 1, session: 1, epoch: 1, at: '2026-11-21T10:15:00Z' };
      await ledger.saveStates(
        ['1', '2'].map(till => ({ store: '0042', till, state })),
        '2026-11-21T10:15:00Z',
      );
      const number = await book.erase(keyOf('m1'), '2026-11-21T10:20:00Z');
      assert.equal(await book.byCard(hashOfCard('card-m1')), null);
      assert.equal(await book.count(), 1);
      assert.equal(await erasures.knows(keyOf('m1')), true);
      const open = await erasures.openOf({ store: '0042', till: '1' });
      assert.deepEqual(
        open.map(({ erasure }) => erasure),
        [number],
      );
      const fact = {
        v: 1 as const,
        type: 'member.erased' as const,
        id: 'e1',
        seq: 1,
        at: '2026-11-21T10:30:00Z',
        bundle: null,
        body: { erasure: number, member: open[0]?.member },
        prev: chainStart,
      };
      await ledger.commit(
        [{ store: '0042', till: '1', epoch: 1, boot: 1, events: [fact], unreadable: [] }],
        '2026-11-21T10:31:00Z',
      );
      await erasures.collect();
      assert.deepEqual(await erasures.openOf({ store: '0042', till: '1' }), []);
      const [view] = await erasures.view();
      assert.deepEqual([view?.acknowledged, view?.waiting], [1, [{ store: '0042', till: '2' }]]);
      // A stale import does not bring the member back, a newer one does.
      assert.match((await book.save([member('m1')], 2)).get(0) ?? '', /erased/);
      assert.equal((await book.save([member('m1', { asOf: '2026-11-21T12:00:00Z' })], 2)).size, 0);
      assert.equal(await book.count(), 2);
    }),
);

onBoth('a nightly import with nothing new but its date changes nobody who was not in a store', withLedger =>
  withLedger(async ledger => {
    const book = createMembersBook(ledger.members);
    await book.open();
    await book.save([member('m1'), member('m2')], 1);
    for (const scope of await book.dirty()) await book.clean(scope);
    const night = { asOf: '2026-11-21T03:00:00Z' };
    await book.save([member('m1', night), member('m2', { ...night, points: 11 })], 2);
    assert.equal((await book.byCard(hashOfCard('card-m1')))?.asOf, Date.parse('2026-11-20T00:00:00Z'));
    assert.equal((await book.byCard(hashOfCard('card-m2')))?.asOf, Date.parse('2026-11-21T03:00:00Z'));
  }),
);
