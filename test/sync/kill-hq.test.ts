import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSqliteLedger } from '../../sync/hq/sqlite-ledger.ts';
import { onLine, tenant } from './support/line.ts';
import { saleBody, until } from './support/till-end.ts';

const command = fileURLToPath(new URL('../../tillside.ts', import.meta.url));
/** `TILLSIDE_HQ_KILLS=100` for a long run. */
const kills = Number(process.env.TILLSIDE_HQ_KILLS ?? 3);

test(`HQ as a process, killed with -9 ${kills} times while two tills sell, has every sale once`, () =>
  onLine('aedes', async line => {
    const dataDir = join(line.dir, 'hq');
    mkdirSync(dataDir, { recursive: true });
    // The key and the schema are made by an HQ that is never started.
    const trusted = line.hq().publicKey;
    const config = join(line.dir, 'hq.json');
    writeFileSync(join(line.dir, 'secret'), 'hq-secret');
    const broker = { url: line.broker.url, username: 'hq', password: 'file:secret' };
    writeFileSync(
      config,
      JSON.stringify({ tenant, dataDir: 'hq', api: { port: 0 }, broker, log: { level: 'silent' } }),
    );

    let hq: ChildProcess | null = null;
    const start = () => {
      const child = spawn(process.execPath, [command, 'hq', '--config', config], { stdio: 'ignore' });
      hq = child;
      return child;
    };
    const kill = async () => {
      const child = hq;
      hq = null;
      if (child === null || child.exitCode !== null) return;
      const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
      child.kill('SIGKILL');
      await ended;
    };
    line.onClose(kill);

    const tills = ['1', '2'].map(id => line.till(id, { publicKey: trusted }));
    for (const till of tills) till.edge.start();
    const made = () => tills.reduce((sum, till) => sum + till.outbox.events.length, 0);
    const confirmed = () => tills.reduce((sum, till) => sum + till.outbox.acknowledged(), 0);
    const sell = (count: number) => {
      for (let n = 0; n < count; n++)
        for (const { outbox } of tills) outbox.append('sale.completed', saleBody(`S${outbox.events.length + 1}`, 250));
    };

    for (let round = 0; round < kills; round++) {
      start();
      const before = confirmed();
      sell(50);
      await until(() => confirmed() > before, 'some of it confirmed');
      // More is on its way when it dies: read but not committed, committed but not confirmed.
      sell(300);
      await until(() => confirmed() > before + 100, 'more of it confirmed');
      await kill();
    }
    start();
    await until(() => confirmed() === made(), 'all confirmed');
    await kill();

    const ledger = createSqliteLedger(join(dataDir, 'hq.sqlite'));
    await ledger.open();
    const { events, today } = await ledger.totals('2026-11-21');
    assert.deepEqual(
      {
        committed: events.committed,
        missing: events.missing,
        quarantined: events.quarantined,
        sales: today.sales,
        net: today.net,
      },
      { committed: made(), missing: 0, quarantined: 0, sales: made(), net: 250 * made() },
    );
    assert.deepEqual(
      (await ledger.tills('2026-11-21')).map(till => [till.till, till.chain, till.contiguous]),
      tills.map((till, index) => [String(index + 1), 'whole', till.outbox.events.length]),
    );
    await ledger.close();
  }));
