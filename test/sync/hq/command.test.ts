/** `tillside hq` on PostgreSQL by DATABASE_URL: its tables, its ingest, its reconciliation, as a person runs them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noPostgres } from '../../support/postgres.ts';
import { onLine, tenant } from '../support/line.ts';
import { saleBody, until } from '../support/till-end.ts';
import { postgres, usePostgres } from './ledgers.ts';

usePostgres();
const program = fileURLToPath(new URL('../../../tillside.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

test(
  'tillside hq keeps its facts in the PostgreSQL of DATABASE_URL, and reconcile ends with 1 on a difference of one cent',
  {
    skip: noPostgres,
  },
  () =>
    onLine('aedes', async line => {
      const dataDir = join(line.dir, 'hq');
      mkdirSync(dataDir, { recursive: true });
      const trusted = line.hq().publicKey;
      const config = join(line.dir, 'hq.json');
      writeFileSync(join(line.dir, 'secret'), 'hq-secret');
      const broker = { url: line.broker.url, username: 'hq', password: 'file:secret' };
      const document = { tenant, dataDir: 'hq', api: { port: 0 }, broker, log: { level: 'silent' } };
      writeFileSync(config, JSON.stringify(document));
      const env = { ...process.env, DATABASE_URL: await postgres().database('facts') };
      const children = new Set<ChildProcess>();
      line.onClose(async () => {
        for (const child of children) child.kill('SIGKILL');
      });
      const start = (...args: readonly string[]) => {
        const child = spawn(process.execPath, [program, 'hq', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
        children.add(child);
        const said = { out: '', err: '' };
        child.stdout.on('data', chunk => {
          said.out += chunk;
        });
        child.stderr.on('data', chunk => {
          said.err += chunk;
        });
        const ended = new Promise<Ended>(resolve =>
          child.once('close', code => {
            children.delete(child);
            resolve({ code, ...said });
          }),
        );
        return { child, said, ended };
      };

      const migrated = await start('migrate', '--config', config).ended;
      assert.deepEqual([migrated.code, migrated.out], [0, 'The tables in PostgreSQL are up to date.\n']);

      const hq = start('--config', config);
      await until(() => /http:\/\/127\.0\.0\.1:\d+/.test(hq.said.out), 'HQ is up');
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(hq.said.out) ?? [];
      const totals = { upTo: 2, days: [{ day: '2026-11-21', sales: 2, voided: 0, net: 2999 }] };
      const till = line.till('1', { publicKey: trusted }, { stateOf: () => ({ totals }) });
      till.edge.start();
      till.outbox.append('sale.completed', saleBody('S1', 1000));
      till.outbox.append('sale.completed', saleBody('S2', 2000));
      await until(() => till.outbox.acknowledged() === 2, 'both sales are acknowledged');
      const { rows } = await postgres().run('facts', 'SELECT count(*)::int AS sales, sum(net)::int AS net FROM sale');
      assert.deepEqual(rows, [{ sales: 2, net: 3000 }]);

      const token = join(dataDir, 'tokens', 'hq');
      const reconcile = () =>
        start('reconcile', '--hq', url ?? '', '--token-file', token, '--from', '2026-11-21').ended;
      let answer = await reconcile();
      assert.equal(answer.code, 1, answer.err);
      assert.deepEqual(answer.out.split('\n'), [
        'day         till    sales  voided    net  own sales  own voided  own net',
        '2026-11-21  0042/1      2       0  30.00          2           0    29.99  differs',
        '1 till days, 1 differ',
        '',
      ]);
      totals.days = [{ day: '2026-11-21', sales: 2, voided: 0, net: 3000 }];
      till.edge.touch();
      await until(async () => {
        answer = await reconcile();
        return answer.code === 0;
      }, 'agreement');
      assert.match(answer.out, /agrees\n1 till days, 0 differ, all agree\n$/);

      hq.child.kill('SIGTERM');
      assert.equal((await hq.ended).code, 0);
    }),
);

test('an address of another kind of database is refused without repeating it', async () => {
  const { openLedger } = await import('../../../sync/hq/ledger-choice.ts');
  const { silentLog } = await import('../../../sync/link/link.ts');
  assert.throws(
    () => openLedger({ database: 'mysql://hq:secret@db/hq', dataDir: '/nowhere', log: silentLog }),
    (error: Error) => /sqlite:PATH/.test(error.message) && !/secret/.test(error.message),
  );
});
