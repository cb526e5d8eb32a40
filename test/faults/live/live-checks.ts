/** What must hold of a whole store once it is quiet, read from the databases themselves and not through the code under test. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import type { Bundle } from '../../../agent/offers/types.ts';
import { brokenPromises } from '../till-checks.ts';
import type { Floor } from './cashier.ts';
import { eventually, type LiveStore, type LiveTill } from './live-store.ts';

type Event = {
  readonly seq: number;
  readonly type: string;
  readonly bundle: { readonly version: number } | null;
  readonly body: Readonly<Record<string, unknown>>;
};

/** Reduction on coffee in permyriad: each version of the bundle has its own, so that a sale tells by which it was decided. */
export const coffeeShare = (version: number): number => 100 * (1 + (version % 50));

/** Every broken promise in plain words. */
export async function* brokenInStore(live: LiveStore, floor: Floor, lastBundle: Bundle): AsyncIterable<string> {
  yield* await salesAtHq(live, floor);
  for (const till of live.tills) {
    const own = <T extends { readonly till: string }>(list: readonly T[]) => list.filter(one => one.till === till.id);
    const told = {
      answered: new Map(own(floor.answered).map(({ saleId, serials }) => [saleId, serials])),
      voided: new Set(own(floor.voided).map(({ saleId }) => saleId)),
      paper: [],
      till: till.id,
    };
    for (const text of brokenPromises(till.database, told)) yield `till ${till.id}: ${text}`;
    yield* await outboxAtHq(live, till);
    yield* bundleOf(till, lastBundle);
  }
  yield* await capsAtHq(live, lastBundle);
}

async function* salesOf(live: LiveStore) {
  for (const row of await live.rows('SELECT till, sale_id, net, voided_at FROM sale'))
    yield { id: `${row.till}/${row.sale_id}`, net: Number(row.net), isVoided: row.voided_at !== null };
}

/** Every sale that was answered is there exactly once, with its money, and no other. */
export async function salesAtHq(live: LiveStore, floor: Floor): Promise<readonly string[]> {
  const broken: string[] = [];
  const found = new Map<string, { net: number; isVoided: boolean; times: number }>();
  for await (const { id, net, isVoided } of salesOf(live))
    found.set(id, { net, isVoided, times: (found.get(id)?.times ?? 0) + 1 });
  const voided = new Set(floor.voided.map(({ till, saleId }) => `${till}/${saleId}`));
  for (const { till, saleId, net } of floor.answered) {
    const id = `${till}/${saleId}`;
    const sale = found.get(id);
    if (sale === undefined) broken.push(`${id} was answered and is not at HQ`);
    else if (sale.times !== 1) broken.push(`${id} is at HQ ${sale.times} times`);
    else if (sale.net !== net) broken.push(`${id} was answered ${net} and is ${sale.net} at HQ`);
    else if (sale.isVoided !== voided.has(id))
      broken.push(`${id} is voided: ${voided.has(id)}; at HQ: ${sale.isVoided}`);
    found.delete(id);
  }
  for (const id of found.keys()) broken.push(`${id} is at HQ and was never answered`);
  const facts = await live.rows(
    "SELECT id, count(*) AS times FROM event WHERE type = 'sale.completed' GROUP BY id HAVING count(*) > 1",
  );
  for (const { id, times } of facts) broken.push(`the fact ${id} came ${times} times into HQ's events`);
  for (const { reason, till } of await live.rows('SELECT till, reason FROM quarantine'))
    broken.push(`HQ could not read something of till ${till}: ${reason}`);
  for (const { till, broken_at: at } of await live.rows(
    'SELECT till, broken_at FROM stream WHERE broken_at IS NOT NULL',
  ))
    broken.push(`HQ sees the chain of till ${till} broken at ${at}`);
  return broken;
}

/** HQ has the till's outbox, byte for byte. The till still lives and may say something new: it is read before HQ and after it. */
async function outboxAtHq(live: LiveStore, till: LiveTill): Promise<readonly string[]> {
  const broken: string[] = [];
  const before = outboxOf(till);
  const last = Math.max(0, ...before.events.keys());
  await eventually(async () => acknowledged(till).upTo >= last);
  const atHq = new Map(
    (await live.rows(`SELECT seq, json FROM event WHERE ${streamOf(till, before.epoch)}`)).map(row => [
      Number(row.seq),
      String(row.json),
    ]),
  );
  for (const [seq, json] of before.events)
    if (atHq.get(seq) !== json)
      broken.push(`event ${seq} of till ${till.id} is ${atHq.has(seq) ? 'another' : 'missing'} at HQ`);
  const after = outboxOf(till);
  for (const [seq, json] of atHq)
    if (!before.events.has(seq) && after.events.get(seq) !== json)
      broken.push(
        `HQ has event ${seq} of till ${till.id}, which the till has ${after.events.has(seq) ? 'otherwise' : 'not'}`,
      );
  return broken;
}

const outboxOf = (till: LiveTill) =>
  reading(till, database => ({
    epoch: Number(database.prepare<[], string>("SELECT value FROM setting WHERE name = 'epoch'").pluck().get()),
    events: new Map(
      database
        .prepare<[], { seq: number; json: string }>('SELECT seq, json FROM outbox ORDER BY seq')
        .all()
        .map(({ seq, json }) => [seq, json]),
    ),
  }));

/** What HQ has acknowledged to the till. */
export function acknowledged(till: LiveTill): { readonly epoch: number; readonly upTo: number } {
  if (!existsSync(till.database)) return { epoch: 0, upTo: 0 };
  return reading(till, database => {
    // Killed before its first table was made: then nobody has confirmed anything.
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'setting'").get() === undefined)
      return { epoch: 0, upTo: 0 };
    const setting = database.prepare<[string], string>('SELECT value FROM setting WHERE name = ?').pluck();
    return { epoch: Number(setting.get('epoch') ?? 0), upTo: Number(setting.get('outbox.acknowledged') ?? 0) };
  });
}

/**
 * What HQ has acknowledged is in its database at this very moment: nothing was confirmed before its commit. Asked in this order it
 * may be asked while all run.
 */
export async function* acknowledgedButMissing(live: LiveStore): AsyncIterable<string> {
  for (const till of live.tills) {
    const { epoch, upTo } = acknowledged(till);
    if (upTo === 0) continue;
    const [row] = await live.rows(`SELECT contiguous FROM stream WHERE ${streamOf(till, epoch)}`);
    const contiguous = Number(row?.contiguous ?? 0);
    if (contiguous < upTo) yield `HQ acknowledged ${upTo} events of till ${till.id} and its database has ${contiguous}`;
  }
}

const streamOf = ({ store, id }: LiveTill, epoch: number) =>
  `store = '${store}' AND till = '${id}' AND epoch = ${epoch}`;

/** The bundle is whole and the last one; every sale was decided by exactly the version that it names. */
function bundleOf(till: LiveTill, last: Bundle): readonly string[] {
  const broken: string[] = [];
  reading(till, database => {
    const row = database
      .prepare<[], { version: number; sha256: string; bytes: Buffer }>(
        "SELECT version, sha256, bytes FROM bundle WHERE slot = 'current'",
      )
      .get();
    if (row === undefined) return void broken.push(`till ${till.id} has no bundle`);
    if (createHash('sha256').update(row.bytes).digest('hex') !== row.sha256)
      broken.push(`till ${till.id} has a bundle that is not whole`);
    if (row.version !== last.version) broken.push(`till ${till.id} has bundle ${row.version}, not ${last.version}`);
    for (const { json } of database
      .prepare<[], { json: string }>("SELECT json FROM outbox WHERE type = 'sale.completed'")
      .iterate()) {
      const { seq, bundle, body } = JSON.parse(json) as Event;
      const applied = (body.applied as { offer: string; amount: number }[]).find(({ offer }) => offer === 'coffee-10');
      // Coffee for 9.00: a hundredth is 9.
      const right = bundle === null ? 0 : (900 * coffeeShare(bundle.version)) / 10_000;
      if ((applied?.amount ?? 0) !== right)
        broken.push(`till ${till.id}, event ${seq}: ${applied?.amount} off by bundle ${bundle?.version}, not ${right}`);
    }
  });
  return broken;
}

/** No global cap is passed, whatever was off line and killed. */
async function capsAtHq(live: LiveStore, { offers }: Bundle): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const { id, caps = [] } of offers)
    for (const { scope, limit } of caps) {
      if (scope !== 'global') continue;
      const [row] = await live.rows(
        `SELECT count(*) AS issued FROM coupon WHERE offer = '${id}' AND voided_at IS NULL`,
      );
      if (Number(row?.issued) > limit) broken.push(`${id} was issued ${row?.issued} times; its cap is ${limit}`);
    }
  return broken;
}

function reading<T>(till: LiveTill, run: (database: SqliteDatabase.Database) => T): T {
  const database = new SqliteDatabase(till.database, { readonly: true });
  try {
    return run(database);
  } finally {
    database.close();
  }
}
