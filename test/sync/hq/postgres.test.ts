/** What only PostgreSQL has to promise: several writers at once, its own death, rights, tables that are made and updated. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import pg from 'pg';
import { isTillsideError } from '../../../errors.ts';
import type { Arrival, Ledger } from '../../../sync/hq/ledger.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import type { TillEvent } from '../../../sync/protocol/types.ts';
import { noPostgres } from '../../support/postgres.ts';
import { memoryOutbox, saleBody, until } from '../support/till-end.ts';
import { emptyPlace, openPostgres, postgres, usePostgres } from './ledgers.ts';

usePostgres();
const skip = noPostgres;
const at = '2026-11-21T09:20:00Z';
const today = '2026-11-21';

interface TillDay {
  readonly store: string;
  readonly till: string;
  readonly events: readonly TillEvent[];
}

/** A till that sells, prints and takes coupons which its neighbour printed. */
function tillDay(till: number, of: number, sales: number): TillDay {
  const name = { store: '0042', till: String(till) };
  const outbox = memoryOutbox({ tenant: 'demo', ...name });
  for (let n = 1; n <= sales; n++) {
    const saleId = `S${till}-${n}`;
    outbox.append('sale.completed', saleBody(saleId, 100 * till + n));
    const serial = `C${till}-${n}`;
    outbox.append('coupon.issued', { serial, offer: 'coffee', saleId, issuedAt: '2026-11-21T10:15:00+01:00' });
    outbox.append('coupon.printed', { serial, evidence: n % 3 === 0 ? 'unknown' : 'confirmed' });
    if (n % 3 === 0) outbox.append('coupon.voided', { serial, reason: 'print-unknown' });
    const neighbours = `C${(till % of) + 1}-${n}`;
    if (n % 2 === 0) outbox.append('coupon.redeemed', { serial: neighbours, offer: 'coffee', saleId, amount: 180 });
    if (n % 5 === 0) outbox.append('sale.voided', { saleId });
  }
  return { ...name, events: outbox.events };
}

const arrival = ({ store, till, events }: TillDay, from = 0, to = events.length): Arrival => ({
  store,
  till,
  epoch: 1,
  boot: 1,
  events: events.slice(from, to),
  unreadable: [],
});

/** What HQ has, without the order in which it came. */
async function picture(ledger: Ledger) {
  const { sales } = await ledger.sales({ limit: 10_000 });
  return {
    sales: sales.map(({ receivedAt: _, ...sale }) => sale).sort((a, b) => (a.saleId < b.saleId ? -1 : 1)),
    campaigns: await ledger.campaigns('2026-01-01', '2026-12-31'),
    totals: await ledger.totals(today),
    tills: (await ledger.tills(today)).map(({ lastEventAt: _, lastReceivedAt: __, ...till }) => till),
  };
}

test('two HQs with four workers each, fed with the same overlapping batches, end with what one writer has', {
  skip,
}, async t => {
  const days = [1, 2, 3, 4, 5, 6].map(till => tillDay(till, 6, 30));
  const alone = createSqliteLedger(':memory:');
  t.after(() => alone.close());
  await alone.commit(
    days.map(day => arrival(day)),
    at,
  );

  const url = await emptyPlace();
  const both = [openPostgres(url), openPostgres(url)];
  t.after(() => Promise.all(both.map(ledger => ledger.close())));
  // Both make the tables at the same moment.
  const boots = await Promise.all(both.map(ledger => ledger.open()));
  assert.deepEqual(boots.sort(), [1, 2]);
  const jobs = both.flatMap((ledger, which) =>
    days.map(async day => {
      let news = 0;
      // Pieces of other sizes at each HQ, each piece overlapping the one before.
      const size = 7 + 4 * which;
      for (let from = 0; from < day.events.length; from += size)
        news += (await ledger.commit([arrival(day, Math.max(0, from - 3), from + size)], at)).events;
      return news;
    }),
  );
  const news = (await Promise.all(jobs)).reduce((sum, count) => sum + count, 0);
  // Each event was new exactly once, at whichever of the two.
  assert.equal(
    news,
    days.reduce((sum, day) => sum + day.events.length, 0),
  );
  assert.deepEqual(await picture(both[0] as Ledger), await picture(alone));
});

test('who polls facts while several write never misses one that is committed late', { skip }, async t => {
  const ledger = openPostgres(await emptyPlace());
  t.after(() => ledger.close());
  await ledger.open();
  const [late, quick] = [tillDay(1, 2, 1), tillDay(2, 2, 1)];
  const [place] = (await ledger.events({})).map(event => event.cursor);
  assert.equal(place, undefined);

  // Somebody holds the coupon's row, so that the first till's transaction waits after it has drawn its cursors.
  const schema = await schemaOf(ledger);
  const holder = await connect(t);
  await holder.query(`BEGIN; INSERT INTO ${schema}.coupon (serial, store, till) VALUES ('C1-1', '0042', '1')`);
  const waiting = ledger.commit([arrival(late)], at);
  await until(
    async () => (await postgres().run('hq', 'SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length > 0,
    'the first commit waits',
  );
  await ledger.commit([arrival(quick)], at);
  assert.deepEqual(await ledger.events({}), []);
  await holder.query('ROLLBACK');
  await waiting;
  const seen = await ledger.events({});
  assert.equal(seen.length, late.events.length + quick.events.length);
  assert.deepEqual(
    seen.map(({ cursor }) => cursor),
    seen.map(({ cursor }) => cursor).sort((a, b) => a - b),
  );
});

test('a statement that waits too long is ended, tells that the database is at fault, and the same set passes later', {
  skip,
}, async t => {
  const ledger = openPostgres(`${await emptyPlace()}&lock_timeout=150`);
  t.after(() => ledger.close());
  await ledger.open();
  const holder = await connect(t);
  await holder.query(`BEGIN; LOCK TABLE ${await schemaOf(ledger)}.event`);
  const day = tillDay(1, 1, 3);
  await assert.rejects(ledger.commit([arrival(day)], at), error => isTillsideError(error, 'database-unavailable'));
  await holder.query('ROLLBACK');
  const committed = await ledger.commit([arrival(day)], at);
  assert.equal(committed.events, day.events.length);
});

test('events of any length and script come back as they came, wherever the chunks of a COPY are cut', {
  skip,
}, async t => {
  const ledger = openPostgres(await emptyPlace());
  t.after(() => ledger.close());
  await ledger.open();
  const outbox = memoryOutbox({ tenant: 'demo', store: '0042', till: '1' });
  // Chunks are of 256 KiB: many of a few KB, some of about a whole chunk, one of several.
  const lengths = [
    ...Array.from({ length: 300 }, (_, n) => (n * 37) % 4000),
    262_000,
    262_130,
    262_143,
    87_000,
    900_000,
  ];
  for (const [n, length] of lengths.entries())
    outbox.append('till.note', { text: ['x', 'é', '€', '😀'][n % 4]?.repeat(length) });
  const { events } = await ledger.commit([{ ...arrival({ store: '0042', till: '1', events: outbox.events }) }], at);
  assert.equal(events, lengths.length);
  const back = await ledger.events({ limit: 5000 });
  assert.deepEqual(
    back.map(({ event }) => event),
    outbox.events,
  );
});

test('a till that another HQ took in between goes on here from where it is', { skip }, async t => {
  const url = await emptyPlace();
  const [here, there] = [openPostgres(url), openPostgres(url)];
  t.after(() => Promise.all([here.close(), there.close()]));
  await here.open();
  const [day, neighbour] = [tillDay(1, 2, 20), tillDay(2, 2, 20)];
  await here.commit([arrival(day, 0, 10), arrival(neighbour, 0, 10)], at);
  await there.commit([arrival(day, 5, 20)], at);
  // Known here up to 10 by both, and only the neighbour is still there.
  const { events, standings } = await here.commit([arrival(day, 10, 30), arrival(neighbour, 10, 30)], at);
  assert.equal(events, 10 + 20);
  assert.deepEqual(
    standings.map(({ contiguous, missing }) => ({ contiguous, missing })),
    [30, 30].map(contiguous => ({ contiguous, missing: [] })),
  );
  const tills = await here.tills(today);
  assert.deepEqual(
    tills.map(({ chain, missing }) => ({ chain, missing })),
    [0, 0].map(missing => ({ chain: 'whole', missing })),
  );
});

test('a hundred commits at once share the connections that the pool may have', { skip }, async t => {
  const ledger = openPostgres(`${await emptyPlace()}&application_name=crowd`, { workers: 2, readers: 1 });
  t.after(() => ledger.close());
  await ledger.open();
  const days = Array.from({ length: 100 }, (_, index) => tillDay(index + 1, 100, 2));
  await Promise.all(days.flatMap(day => [ledger.commit([arrival(day)], at), ledger.totals(today)]));
  const open = await postgres().run('hq', "SELECT 1 FROM pg_stat_activity WHERE application_name = 'crowd'");
  // Two workers, two other writers, one reader.
  assert.ok(open.rows.length <= 5, `${open.rows.length} connections`);
  assert.equal((await ledger.totals(today)).today.sales, 200);
});

test('a database that was restored under a running HQ takes everything again', { skip }, async t => {
  const ledger = openPostgres(await emptyPlace());
  t.after(() => ledger.close());
  await ledger.open();
  const day = tillDay(1, 1, 10);
  await ledger.commit([arrival(day)], at);
  const before = await picture(ledger);
  const schema = await schemaOf(ledger);
  await postgres().run(
    'hq',
    ['event', 'stream', 'sale', 'coupon', 'redemption'].map(table => `TRUNCATE ${schema}.${table};`).join(' '),
  );
  assert.equal(await ledger.standing(day, 1), null);
  assert.equal((await ledger.commit([arrival(day)], at)).events, day.events.length);
  assert.deepEqual(await picture(ledger), before);
});

test('tables of a newer version are refused and left alone', { skip }, async t => {
  const url = await emptyPlace();
  const first = openPostgres(url);
  t.after(() => first.close());
  await first.open();
  await postgres().run('hq', `INSERT INTO ${await schemaOf(first)}.migration VALUES (9999, now())`);
  const second = openPostgres(url);
  t.after(() => second.close());
  await assert.rejects(second.open(), error => isTillsideError(error, 'store-newer'));
});

test('the rights that the documentation names are enough for HQ, and it can neither make tables nor delete a fact', {
  skip,
}, async t => {
  const document = readFileSync(new URL('../../../docs/hq-database.md', import.meta.url), 'utf8');
  const [, grants] = /```sql\n(-- As the owner, in the database[\s\S]*?)```/.exec(document) ?? [];
  assert.ok(grants !== undefined, 'the document lists the rights');
  await postgres().database('narrow');
  await postgres().run('narrow', 'CREATE ROLE tillside_owner LOGIN; CREATE ROLE tillside_hq LOGIN');
  await postgres().run(
    'narrow',
    'ALTER DATABASE narrow OWNER TO tillside_owner; ALTER SCHEMA public OWNER TO tillside_owner',
  );

  const hq = openPostgres(postgres().url('narrow', {}, 'tillside_hq'));
  t.after(() => hq.close());
  await assert.rejects(hq.open(), error => isTillsideError(error, 'config-invalid') && /migrate/.test(error.message));

  const owner = openPostgres(postgres().url('narrow', {}, 'tillside_owner'));
  await owner.migrate();
  await owner.close();
  const client = new pg.Client({ connectionString: postgres().url('narrow', {}, 'tillside_owner') });
  await client.connect();
  await client.query(grants);
  await client.end();

  assert.equal(await hq.open(), 1);
  const day = tillDay(1, 1, 10);
  await hq.commit([arrival(day)], at);
  await hq.quarantine({ store: '0042', till: '1', reason: 'rubbish', payload: Buffer.from('x') }, at);
  await hq.saveStates([{ store: '0042', till: '1', state: { online: true, boot: 1, session: 1, epoch: 1, at } }], at);
  await hq.markSilent(new Set(), at);
  const pointer = { id: 'b', version: 1, sha256: 'f'.repeat(64), size: 1, block: 1, notBefore: at, notAfter: at };
  await hq.publish(
    { id: 'b', version: 1, sha256: pointer.sha256, bytes: Buffer.from('x'), offers: 0, publishedAt: at },
    { ...pointer, ring: 'all', keyId: 'k', signature: 's' },
  );
  assert.equal((await hq.pointers()).length, 1);
  assert.deepEqual(Buffer.from((await hq.bundle(pointer.sha256))?.bytes ?? []), Buffer.from('x'));
  assert.equal((await hq.events({})).length, day.events.length);
  assert.equal((await picture(hq)).sales.length, 10);
  const narrow = new pg.Client({ connectionString: postgres().url('narrow', {}, 'tillside_hq') });
  await narrow.connect();
  t.after(() => narrow.end());
  for (const sql of ['DELETE FROM event', 'UPDATE event SET json = json', 'TRUNCATE sale', 'CREATE TABLE mine (a int)'])
    await assert.rejects(narrow.query(sql), /permission denied/, sql);
});

async function schemaOf(ledger: Ledger): Promise<string> {
  assert.equal(ledger.kind, 'postgres');
  const { rows } = await postgres().run(
    'hq',
    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'place_%' ORDER BY oid DESC LIMIT 1",
  );
  return rows[0].nspname;
}

async function connect(t: { after(run: () => Promise<void>): void }): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres().url('hq') });
  client.on('error', () => {});
  await client.connect();
  t.after(() => client.end());
  return client;
}
