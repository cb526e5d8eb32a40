/** HQ's desk for enrolment as a process of its own: door, registry and broker files on disk; what else HQ does is asked for by messages. */
import { join } from 'node:path';
import process from 'node:process';
import SqliteDatabase from 'better-sqlite3';
import { systemClock } from '../../../clock.ts';
import { createDesk } from '../../../sync/hq/enrol/desk.ts';
import { createRegistry } from '../../../sync/hq/enrol/registry.ts';
import { alone } from '../../../sync/hq/machines.ts';
import type { Change, Parameter } from '../../../sync/hq/query.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import type { RenewAsk } from '../../../sync/protocol/renewal.ts';
import { dieAfter, moment } from './die-at.ts';

/** What it is asked. */
export type HqCall =
  | { readonly kind: 'code'; readonly store: string; readonly till: string }
  | { readonly kind: 'renew'; readonly store: string; readonly till: string; readonly ask: RenewAsk }
  | { readonly kind: 'revoke'; readonly till: string }
  | { readonly kind: 'tills' }
  | { readonly kind: 'certificates' }
  | { readonly kind: 'dieAfter'; readonly writes: number };

const [dir = '', aheadMs = '0'] = process.argv.slice(2);
const path = join(dir, 'hq.sqlite');
const ledger = createSqliteLedger(path);
await ledger.open();
await ledger.close();
const database = new SqliteDatabase(path);
/** Each statement commits by itself: before and after it HQ may end. */
const change: Change = async <Row>(sql: string, parameters: readonly Parameter[]) => {
  moment();
  const rows = database.prepare(sql).all(...parameters) as Row[];
  moment();
  return { rows, count: rows.length };
};
const desk = createDesk({
  ...{ tenant: 'demo', dataDir: dir, trust: 'root', log: silentLog, machines: alone },
  broker: { url: 'mqtts://broker.example' },
  config: { host: '127.0.0.1', port: 0, names: ['127.0.0.1'], brokerFiles: join(dir, 'broker') },
  registry: createRegistry(change),
  clock: { ...systemClock, now: () => systemClock.now() + Number(aheadMs) },
  onRefused: () => {},
  onEnrolment: () => {},
  onRevoked: () => {},
});
await desk.start();

async function answer(call: HqCall): Promise<unknown> {
  switch (call.kind) {
    case 'code':
      return (await desk.enrolment.makeCode(call, 24, null)).code;
    case 'renew': {
      const told = await desk.renew(call, call.ask);
      return told?.kind === 'certificate' ? told.pem : null;
    }
    case 'revoke':
      return desk.enrolment.revoke(call.till, 'stolen');
    case 'tills':
      return desk.enrolment.tills();
    case 'certificates':
      return desk.enrolment.certificates();
    case 'dieAfter':
      return dieAfter(call.writes);
  }
}

process.on('message', async ({ id, call }: { readonly id: number; readonly call: HqCall }) => {
  process.send?.({ id, said: await answer(call) });
});
process.on('disconnect', () => process.exit());
process.send?.({ id: 0, said: desk.port });
