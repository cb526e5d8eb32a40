/** HQ's own disk full or failing under its SQLite ledger: nothing is acknowledged that is not committed, HQ says so, and goes on by itself. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import type { StatusView } from '../../../sync/hq/wire.ts';
import { openPrograms, untilSaid } from '../../support/programs.ts';
import { type Line, onLine, tenant } from '../../sync/support/line.ts';
import { bundleFile, saleBody, type TillOnLine, until } from '../../sync/support/till-end.ts';
import { hurried } from '../hurried-clock.ts';
import { noStrace } from '../power/trace.ts';
import { fillUp, smallDisk } from './small-disk.ts';

const day = '2026-11-21';
const net = 250;
const sell = ({ outbox }: TillOnLine) => outbox.append('sale.completed', saleBody(`S${outbox.events.length + 1}`, net));

/** What HQ has confirmed is in its file at this moment, read past HQ's own code. */
function assertKept(file: string, tills: readonly TillOnLine[]) {
  for (const { outbox } of tills) {
    const confirmed = outbox.acknowledged();
    const database = new SqliteDatabase(file, { readonly: true });
    try {
      const kept = database
        .prepare<[string], number>('SELECT contiguous FROM stream WHERE till = ?')
        .pluck()
        .get(outbox.address.till);
      assert.ok((kept ?? 0) >= confirmed, `till ${outbox.address.till} was told ${confirmed}, HQ has ${kept ?? 0}`);
    } finally {
      database.close();
    }
  }
}

test('on a full disk HQ confirms nothing, says so in status, metrics and readiness, refuses bundles with a code, and goes on when there is room', async t => {
  const disk = smallDisk(t);
  if (disk === null) return t.skip('this user may not mount');
  await onLine('aedes', async line => {
    const file = join(disk, 'hq.sqlite');
    const broker = { url: line.broker.url, username: 'hq', password: 'hq-secret' };
    const hq = line.hq({
      clock: hurried,
      config: { tenant, dataDir: join(line.dir, 'hq'), api: { port: 0 }, broker, database: `sqlite:${file}` },
    });
    await hq.start();
    const headers = { authorization: `Bearer ${hq.token}` };
    const ask = (path: string) => fetch(hq.url + path, { headers });
    const publish = (version: number) =>
      fetch(`${hq.url}/v1/bundles`, { method: 'POST', headers, body: new Uint8Array(bundleFile(version, 2000)) });
    const tills = ['1', '2'].map(id => line.till(id, hq, { clock: hurried }));
    for (const till of tills) {
      till.edge.start();
      sell(till);
    }
    await until(() => tills.every(({ outbox }) => outbox.acknowledged() === 1), 'the first sales');
    assert.match(await (await ask('/metrics')).text(), /^tillside_hq_database_ok 1$/m);

    const makeRoom = fillUp(disk);
    const status = async () => (await (await ask('/v1/status')).json()) as StatusView;
    // Its log may still have room for some.
    await until(async () => {
      for (const till of tills) sell(till);
      return !(await status()).database.ok;
    }, 'HQ is in trouble');
    assert.match((await status()).database.problem ?? '', /HQ's database can't be used: database or disk is full/);
    const ready = await ask('/readyz');
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /disk is full/);
    assert.match(await (await ask('/metrics')).text(), /^tillside_hq_database_ok 0$/m);
    const refused = await publish(1);
    assert.equal(refused.status, 503);
    assert.equal(((await refused.json()) as { code: string }).code, 'database-unavailable');
    assert(tills.some(({ outbox }) => outbox.acknowledged() < outbox.events.length));
    assertKept(file, tills);

    makeRoom();
    await until(() => tills.every(({ outbox }) => outbox.acknowledged() === outbox.events.length), 'all is at HQ');
    assertKept(file, tills);
    assert.equal((await status()).database.ok, true);
    assert.equal((await ask('/readyz')).status, 200);
    assert.ok((await publish(1)).ok);
    await until(() => tills.every(({ bundles }) => bundles.activated.length === 1), 'the bundle');
    const sales = tills.reduce((sum, { outbox }) => sum + outbox.events.length, 0);
    t.diagnostic(`${sales} sales`);
    const { events, today } = await hq.ledger.totals(day);
    assert.deepEqual(
      [events.committed, events.missing, events.quarantined, today.sales, today.net],
      [sales, 0, 0, sales, net * sales],
    );
  });
});

type Trouble = { readonly name: string; readonly inject: string };
/** Calls on HQ's log from `when` on fail, so many of them; then the disk is good again. */
const troubles: readonly Trouble[] = [
  { name: 'is full', inject: 'pwrite64:error=ENOSPC:when=90..94' },
  { name: 'fails to write', inject: 'pwrite64:error=EIO:when=90..94' },
  { name: 'fails to sync', inject: 'fsync,fdatasync:error=EIO:when=30..33' },
];
const command = fileURLToPath(new URL('../../../tillside.ts', import.meta.url));

for (const { name, inject } of troubles)
  test(
    `HQ as a process whose disk ${name} for a while has every sale once, and confirmed none that it did not have`,
    {
      skip: noStrace,
    },
    t => onLine('aedes', line => underTrouble(t, line, inject)),
  );

async function underTrouble(t: TestContext, line: Line, inject: string): Promise<void> {
  const dataDir = join(line.dir, 'hq');
  mkdirSync(dataDir, { recursive: true });
  const { publicKey } = line.hq();
  const config = join(line.dir, 'hq.json');
  writeFileSync(join(line.dir, 'secret'), 'hq-secret');
  const broker = { url: line.broker.url, username: 'hq', password: 'file:secret' };
  writeFileSync(config, JSON.stringify({ tenant, dataDir: 'hq', api: { port: 0 }, broker, log: { level: 'warn' } }));
  const programs = openPrograms();
  line.onClose(programs.close);
  const tills = ['1', '2'].map(id => line.till(id, { publicKey }));
  const file = join(dataDir, 'hq.sqlite');
  // strace knows a file by its path once it is there: a first life makes it and is killed.
  const first = programs.startTillside('hq', '--config', config);
  for (const till of tills) {
    till.edge.start();
    sell(till);
  }
  await until(() => tills.every(({ outbox }) => outbox.acknowledged() === 1), 'the first sales');
  await first.stop();

  const flags = ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-P', `${file}-wal`, '-e', `inject=${inject}`];
  const hq = programs.start('strace', [...flags, process.execPath, command, 'hq', '--config', config], { group: true });
  await untilSaid(hq, /HQ is at/);
  const isOver = () => /the database is away; trying again/.test(hq.said());
  for (let round = 0; round < 60 && !isOver(); round++) {
    for (const till of tills) sell(till);
    await until(() => tills.every(({ outbox }) => outbox.acknowledged() === outbox.events.length), `round ${round}`);
    assertKept(file, tills);
  }
  assert.ok(isOver(), `no commit of HQ failed, so that this shows nothing: ${hq.said()}`);
  for (const till of tills) sell(till);
  await until(() => tills.every(({ outbox }) => outbox.acknowledged() === outbox.events.length), 'all is at HQ');
  await hq.stop();

  assertKept(file, tills);
  const sales = tills.reduce((sum, { outbox }) => sum + outbox.events.length, 0);
  t.diagnostic(`${sales} sales`);
  const ledger = createSqliteLedger(file);
  try {
    await ledger.open();
    const { events, today } = await ledger.totals(day);
    assert.deepEqual(
      [events.committed, events.missing, events.quarantined, today.sales, today.net],
      [sales, 0, 0, sales, net * sales],
    );
    assert.deepEqual(
      (await ledger.tills(day)).map(({ chain }) => chain),
      ['whole', 'whole'],
    );
  } finally {
    await ledger.close();
  }
}
