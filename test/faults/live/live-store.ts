/**
 * A store that really runs: tills as processes of their own with API, printer and database on disk, mosquitto, HQ as a process on
 * SQLite or on PostgreSQL. Everything in it can be killed.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import type { Bundle } from '../../../agent/offers/types.ts';
import { systemClock } from '../../../clock.ts';
import { createHq } from '../../../sync/hq/hq.ts';
import { createSqliteLedger } from '../../../sync/hq/sqlite-ledger.ts';
import { silentLog } from '../../../sync/link/link.ts';
import { anna, beat } from '../../sale/core-till.ts';
import { startPostgres } from '../../support/postgres.ts';
import { freePort } from '../../support/programs.ts';
import { accountsOf, store, tenant } from '../../sync/support/line.ts';
import { openMosquitto } from '../../sync/support/mosquitto.ts';
import { type Killable, killableProgram } from './killable.ts';

const command = fileURLToPath(new URL('../../../tillside.ts', import.meta.url));
/** Where the processes keep their compiled program: they start in a quarter of the time. */
const cache = join(tmpdir(), 'tillside-compile-cache');

export type HqDatabase = 'sqlite' | 'postgres';
type Row = Readonly<Record<string, unknown>>;

export interface LiveTill {
  readonly id: string;
  readonly store: string;
  readonly url: string;
  readonly database: string;
  /** What HQ tells of members; not there where the till has a file of its own. */
  readonly members: string;
  /** Of the POS; null before its first start. */
  token(): string | null;
  readonly process: Killable;
}

export interface LiveStore {
  readonly tills: readonly LiveTill[];
  readonly couponKey: Uint8Array;
  readonly victims: readonly Killable[];
  readonly hqUrl: string;
  readonly hqToken: string;
  readonly hqConfig: string;
  /** HQ takes the bundle, sooner or later. */
  publish(bundle: Bundle): Promise<void>;
  /** Rows of HQ's database, read past HQ's own code. */
  rows(sql: string): Promise<readonly Row[]>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function openLiveStore(options: {
  readonly tills: number;
  readonly database: HqDatabase;
  /** Each till stands in a store of its own and has its members from HQ, not from a file. */
  readonly apart?: boolean;
  /** A process ended that nobody killed. */
  readonly onDeath: (why: string) => void;
  /** Loaded before HQ, for controls. */
  readonly hqPreload?: string;
  readonly tillPreload?: string;
}): Promise<LiveStore> {
  const { onDeath, apart = false } = options;
  const stores = new Map(
    Array.from({ length: options.tills }, (_, index) => [String(index + 1), apart ? `004${index + 2}` : store]),
  );
  const dir = mkdtempSync(join(tmpdir(), 'tillside-live-'));
  const closing: (() => Promise<void>)[] = [async () => rmSync(dir, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const broker = await openMosquitto(accountsOf(stores));
    closing.push(broker.close);
    const server = options.database === 'postgres' ? await startPostgres({ durable: true }) : null;
    if (server !== null) closing.push(server.close);
    const database = server === null ? `sqlite:${join(dir, 'hq', 'hq.sqlite')}` : await server.database('hq');

    const couponKey = randomBytes(32);
    const file = (name: string, content: string) => {
      writeFileSync(join(dir, name), content, { mode: 0o600 });
      return join(dir, name);
    };
    file('coupon.key', `${couponKey.toString('hex')}\n`);
    file('members.json', JSON.stringify([anna, beat]));
    file('hq.secret', 'hq-secret');
    const hqPort = await freePort();
    const hqDir = join(dir, 'hq');
    const hqBroker = { url: broker.url, username: 'hq', password: 'hq-secret' };
    // Keys and token are made by an HQ that is never started.
    const memory = createSqliteLedger(':memory:');
    const maker = createHq({
      config: { tenant, dataDir: hqDir, api: { port: 0 }, broker: hqBroker },
      clock: systemClock,
      log: silentLog,
      ledger: memory,
    });
    await memory.close();
    file('root.pub', maker.publicKey);
    const hqConfig = file(
      'hq.json',
      JSON.stringify({
        tenant,
        dataDir: 'hq',
        api: { port: hqPort },
        broker: { ...hqBroker, password: 'file:hq.secret' },
        database,
        ...(apart ? { members: { share: 'all' } } : {}),
        log: { level: 'error' },
      }),
    );
    const preload = (module?: string) => (module === undefined ? [] : ['--import', module]);
    const hq = killableProgram({
      name: 'HQ',
      args: [...preload(options.hqPreload), command, 'hq', '--config', hqConfig],
      env: { NODE_COMPILE_CACHE: cache },
      onDeath,
      // It needs its database to start.
      mayEnd: /database-unavailable|can't be used|ECONNREFUSED|ENOENT|starting up/,
    });
    closing.push(hq.kill);

    const tills: LiveTill[] = [];
    for (const [id, store] of stores) {
      const port = await freePort();
      const dataDir = join(dir, `till-${id}`);
      mkdirSync(dataDir);
      file(`till-${id}.secret`, `secret-${id}`);
      const config = file(
        `till-${id}.json`,
        JSON.stringify({
          tenant,
          store,
          till: id,
          dataDir: `till-${id}`,
          timezone: 'Europe/Zurich',
          api: { port },
          broker: { url: broker.url, username: `till-${id}`, password: `file:till-${id}.secret` },
          trust: { root: 'file:root.pub' },
          printer: { device: 'virtual:' },
          ...(apart ? {} : { members: 'file:members.json' }),
          coupons: { key: 'file:coupon.key' },
          log: { level: 'silent' },
        }),
      );
      const process = killableProgram({
        name: `till ${id}`,
        args: [...preload(options.tillPreload), command, 'agent', '--config', config],
        env: { NODE_COMPILE_CACHE: cache },
        onDeath,
      });
      closing.push(process.kill);
      tills.push({
        id,
        store,
        url: `http://127.0.0.1:${port}`,
        database: join(dataDir, 'till.sqlite'),
        members: join(dataDir, 'members.sqlite'),
        token() {
          try {
            return readFileSync(join(dataDir, 'tokens', 'pos'), 'utf8').trim();
          } catch {
            return null;
          }
        },
        process,
      });
    }

    const mosquitto: Killable = {
      name: 'mosquitto',
      async start() {
        await broker.kill();
        await broker.start();
      },
      kill: broker.kill,
    };
    const postgres: readonly Killable[] =
      server === null
        ? []
        : [
            {
              name: 'PostgreSQL',
              async start() {
                await server.kill();
                await server.start();
              },
              kill: server.kill,
            },
          ];
    const hqUrl = `http://127.0.0.1:${hqPort}`;
    return {
      tills,
      couponKey,
      victims: [...tills.map(till => till.process), mosquitto, hq, ...postgres],
      hqUrl,
      hqToken: maker.token,
      hqConfig,
      async publish(bundle) {
        await eventually(async () => {
          const response = await fetch(`${hqUrl}/v1/bundles`, {
            method: 'POST',
            headers: { authorization: `Bearer ${maker.token}`, 'content-type': 'application/json' },
            body: JSON.stringify(bundle),
          });
          if (response.status >= 400 && response.status < 500)
            throw new GivenUp(`HQ refused bundle ${bundle.version}: ${response.status} ${await response.text()}`);
          return response.ok;
        });
      },
      async rows(sql) {
        if (server !== null) return (await server.run('hq', sql)).rows as Row[];
        const file = new SqliteDatabase(join(hqDir, 'hq.sqlite'), { readonly: true });
        try {
          return file.prepare<[], Row>(sql).all();
        } finally {
          file.close();
        }
      },
      async start() {
        await broker.start();
        await hq.start();
        for (const till of tills) await till.process.start();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** No use in trying again. */
export class GivenUp extends Error {}

/** Tries until it is done; whatever is killed comes back. Two minutes are far more than any start takes. */
export async function eventually(attempt: () => Promise<boolean>, ms = 120_000): Promise<void> {
  const end = performance.now() + ms;
  let last: unknown = 'no';
  for (;;) {
    try {
      if (await attempt()) return;
    } catch (error) {
      if (error instanceof GivenUp) throw error;
      last = error;
    }
    if (performance.now() > end) throw new Error(`never came: ${String(last)}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
