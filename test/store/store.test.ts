import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { eventHash, openStore, type Store } from '../../agent/store/index.ts';
import { isTillsideError } from '../../errors.ts';
import { hashOf } from '../../sync/protocol/chain.ts';
import { coffee, coreTill, temporaryFolder } from '../sale/core-till.ts';
import { FakeClock } from '../support/fake-clock.ts';

const address = { tenant: 'demo', store: '0042', till: '1' };
const DAY = 86_400_000;

function withStore(run: (open: (clock?: FakeClock) => Store, path: string) => void | Promise<void>) {
  return async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'data', 'till.sqlite');
    const opened: Store[] = [];
    try {
      await run((clock = new FakeClock()) => {
        const store = openStore({ path, address, clock, timeZone: 'Europe/Zurich' });
        opened.push(store);
        return store;
      }, path);
    } finally {
      for (const store of opened) store.close();
      rmSync(dir, { recursive: true, force: true });
    }
  };
}
const note = (store: Store, n: number) => store.transaction(() => store.outbox.append('till.note', { n }));

test(
  'it writes as power cuts demand: log synced at every commit, foreign keys on, strict tables, no memory map',
  withStore((open, path) => {
    open();
    const database = new SqliteDatabase(path, { readonly: true });
    assert.equal(database.pragma('journal_mode', { simple: true }), 'wal');
    const tables = database.pragma('table_list') as { name: string; schema: string; type: string; strict: number }[];
    const own = tables.filter(table => table.schema === 'main' && !table.name.startsWith('sqlite_'));
    assert(own.length > 10);
    assert.deepEqual(
      own.filter(table => table.strict !== 1),
      [],
    );
    database.close();
    const source = readFileSync(join(import.meta.dirname, '../../agent/store/database.ts'), 'utf8');
    for (const pragma of ['synchronous = FULL', 'foreign_keys = ON', 'mmap_size = 0']) assert(source.includes(pragma));
  }),
);

test(
  'numbers ascend without gaps, each event names the hash of the one before, and a rollback leaves no trace',
  withStore(open => {
    const store = open();
    let heard = 0;
    store.outbox.onAppend(() => heard++);
    note(store, 1);
    assert.throws(() =>
      store.transaction(() => {
        store.outbox.append('till.note', { n: 2 });
        throw new Error('the sale broke');
      }),
    );
    store.transaction(() => {
      store.outbox.append('till.note', { n: 3 });
      store.outbox.append('till.note', { n: 4 });
    });
    const events = store.outbox.read(0, 10);
    assert.deepEqual(
      events.map(event => [event.seq, event.body.n]),
      [
        [1, 1],
        [2, 3],
        [3, 4],
      ],
    );
    assert.equal(events[0]?.prev, '0'.repeat(64));
    for (const [at, event] of events.slice(1).entries()) {
      const before = events[at];
      assert(before !== undefined);
      assert.equal(event.prev, hashOf(before));
      assert.equal(event.prev, eventHash(JSON.stringify(before)));
    }
    assert.equal(heard, 2, 'told once for each commit');
    assert.throws(() => store.outbox.append('till.note', {}), /transaction/);
    assert.deepEqual(store.outbox.depth(), { waiting: 3, oldestAt: '2026-11-21T10:15:00+01:00' });
  }),
);

test(
  'an acknowledgement only moves ahead, only within its epoch, and never past what there is',
  withStore(open => {
    const store = open();
    for (let n = 1; n <= 5; n++) note(store, n);
    const { outbox, epoch } = store;
    outbox.acknowledge(epoch, 3);
    outbox.acknowledge(epoch, 2);
    outbox.acknowledge(epoch + 1, 5);
    outbox.acknowledge(epoch, 99);
    outbox.acknowledge(epoch, Number.NaN);
    assert.equal(outbox.acknowledged(), 3);
    assert.equal(outbox.depth().waiting, 2);
    assert.equal(outbox.read(0, 10).length, 5, 'HQ may ask again');
  }),
);

test(
  'acknowledged events stay 35 days, others stay whatever their age, and the chain goes on',
  withStore(async open => {
    const clock = new FakeClock();
    const store = open(clock);
    for (let n = 1; n <= 4; n++) note(store, n);
    store.outbox.acknowledge(store.epoch, 3);
    await clock.advance(34 * DAY);
    store.prune();
    assert.equal(store.outbox.read(0, 10).length, 4);
    await clock.advance(2 * DAY);
    store.prune();
    assert.deepEqual(
      store.outbox.read(0, 10).map(event => event.seq),
      [4],
    );
    store.outbox.acknowledge(store.epoch, 4);
    store.prune();
    const [last] = store.outbox.read(0, 10);
    const next = note(store, 5);
    assert(last !== undefined);
    assert.deepEqual([next.seq, next.prev], [5, hashOf(last)]);
  }),
);

test(
  'a restart keeps the epoch and counts the boot',
  withStore(open => {
    const first = open();
    const { epoch, boot } = first;
    note(first, 1);
    first.close();
    const second = open();
    assert.deepEqual([second.epoch, second.boot], [epoch, boot + 1]);
    assert.equal(note(second, 2).seq, 2);
  }),
);

test(
  'a second process is kept from writing, and told so',
  withStore((open, path) => {
    open();
    assert.throws(
      () => openStore({ path, address, clock: new FakeClock() }),
      error => isTillsideError(error, 'store-busy'),
    );
    const reader = new SqliteDatabase(path, { readonly: true });
    assert.equal(reader.prepare('SELECT count(*) FROM outbox').pluck().get(), 0, 'reading is free');
    reader.close();
  }),
);

test(
  'a database of a newer version is refused and not touched',
  withStore((open, path) => {
    open().close();
    const database = new SqliteDatabase(path);
    database.pragma('user_version = 999');
    database.close();
    assert.throws(
      () => open(),
      error => isTillsideError(error, 'store-newer') && error.message.includes('999'),
    );
    assert.deepEqual(
      readdirSync(join(path, '..')).filter(name => name.includes('damaged')),
      [],
    );
  }),
);

test(
  'a file that is no database is set aside, HQ is told, and selling goes on under a new epoch',
  withStore((open, path) => {
    const first = open();
    const { epoch } = first;
    first.close();
    writeFileSync(path, 'this is no database, whatever its name says'.repeat(100));
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
    const second = open();
    assert(second.epoch > epoch);
    assert(second.damaged !== null && existsSync(second.damaged.setAside));
    const [event] = second.outbox.read(0, 10);
    assert.deepEqual([event?.type, event?.body.note, event?.seq], ['till.note', 'store-damaged', 1]);
  }),
);

test('a database with torn pages gives up what can still be read: sales for HQ, coupons, bundle', async () => {
  const before = await coreTill();
  const serials: string[] = [];
  for (let sale = 0; sale < 40; sale++) serials.push(...(await before.sell(`S${sale}`, [coffee], '2501000000017')));
  const acknowledged = 10;
  before.store.outbox.acknowledge(before.store.epoch, acknowledged);
  const told = before.events();
  const { epoch } = before.store;
  await before.close();
  // Every page of one index and one page in the midst of the sales is lost.
  const path = join(before.dir, 'till.sqlite');
  tear(path, 'sqlite_autoindex_sale_1', 1000);
  tear(path, 'sale', 1);

  const after = await coreTill({ dir: before.dir, clock: before.clock, bundle: null });
  assert(after.store.damaged !== null);
  assert(after.store.epoch > epoch);
  const events = after.events();
  assert.equal(events[0]?.body.note, 'store-damaged');
  // The outbox was whole: all that HQ may not have is there again, same ids, new numbers.
  assert.deepEqual(
    events.slice(1).map(event => event.id),
    told.slice(acknowledged).map(event => event.id),
  );
  assert.deepEqual(
    events.map(event => event.seq),
    events.map((_, at) => at + 1),
  );
  for (const serial of serials) assert.equal(after.sales.coupon(serial).state, 'issued');
  assert.deepEqual(after.bundles.current()?.version, 1);
  assert.equal(after.bundles.highest('weekly'), 1);
  // And it sells.
  assert.equal((await after.sell('S-new', [coffee], '2501000000017')).length, 1);
  await after.close();
  rmSync(after.dir, { recursive: true });
});

test(
  'an older copy that was put back starts a new epoch, so that no number is used twice',
  withStore(async (open, path) => {
    const clock = new FakeClock();
    const first = open(clock);
    note(first, 1);
    first.close();
    const copy = readFileSync(path);
    const second = open(clock);
    note(second, 2);
    const { epoch } = second;
    second.close();
    writeFileSync(path, copy);
    for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
    const third = open(clock);
    assert(third.epoch > epoch);
    assert.deepEqual(
      third.outbox.read(0, 10).map(event => [event.seq, event.body.note ?? event.body.n]),
      [
        [1, 'store-restored'],
        [2, 1],
      ],
    );
  }),
);

test('after 35 days a sale is forgotten, after 400 its coupons and purchases', async () => {
  const till = await coreTill();
  const [serial = ''] = await till.sell('S1', [coffee], '2501000000017');
  till.queue.start();
  await till.clock.advance(1000);
  till.sales.putSale('S2', { startedAt: till.now(), lines: [coffee] }, 'en');
  await till.clock.advance(36 * DAY);
  till.store.prune();
  assert.throws(() => till.sales.getSale('S1', 'en'));
  assert.throws(() => till.sales.getSale('S2', 'en'), 'nor does one that nobody ever completed');
  assert.equal(till.sales.coupon(serial).state, 'expired');
  assert.equal(till.store.ledger.purchases('m-anna', 0).length, 1);
  await till.clock.advance(400 * DAY);
  till.store.prune();
  assert.equal(till.store.coupons.get(serial), null);
  assert.equal(till.store.ledger.purchases('m-anna', 0).length, 0);
  await till.close();
  rmSync(till.dir, { recursive: true });
});

/** Overwrites the first `count` pages of a table or index, but never page 1. */
function tear(path: string, name: string, count: number): void {
  const database = new SqliteDatabase(path);
  const pages = database
    .prepare<[string], number>('SELECT rootpage FROM sqlite_schema WHERE name = ?')
    .pluck()
    .all(name);
  const size = Number(database.pragma('page_size', { simple: true }));
  database.pragma('journal_mode = DELETE');
  database.close();
  const bytes = readFileSync(path);
  for (const page of pages.slice(0, count)) bytes.fill(0xa5, (page - 1) * size, page * size);
  writeFileSync(path, bytes);
}
