/** What must hold of a store that has come to rest, whatever happened to it before. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { brokenPromises } from '../till-checks.ts';
import type { Model } from './play.ts';
import { coffeeShare, limits, type World, type WorldTill } from './world.ts';

type Row = Readonly<Record<string, unknown>>;
type Event = {
  readonly bundle: { readonly version: number } | null;
  readonly body: Readonly<Record<string, unknown>>;
};

export async function lookAtAll(world: World, model: Model): Promise<void> {
  const hq = new SqliteDatabase(world.hqFile, { readonly: true });
  try {
    model.broken.push(
      ...salesAtHq(hq, model),
      ...world.tills.flatMap(till => [...streamAtHq(hq, till), ...tillItself(till, model), ...ownCaps(till)]),
      ...globalCap(hq),
      ...(await reconciled(world)),
    );
  } finally {
    hq.close();
  }
}

function* salesAtHq(hq: SqliteDatabase.Database, model: Model): Iterable<string> {
  const found = new Map(
    hq
      .prepare<[], Row>('SELECT till, sale_id, net, voided_at FROM sale')
      .all()
      .map(row => [`${row.till}/${row.sale_id}`, row]),
  );
  for (const sale of model.sales) {
    const id = `${sale.till}/${sale.saleId}`;
    const row = found.get(id);
    found.delete(id);
    if (sale.forgotten) continue;
    if (row === undefined) yield `${id} was answered and is not at HQ`;
    else if (row.net !== sale.net) yield `${id} was answered ${sale.net} and is ${row.net} at HQ`;
    else if ((row.voided_at !== null) !== sale.voided) yield `${id} is voided: ${sale.voided}, at HQ: ${row.voided_at}`;
  }
  for (const id of found.keys()) yield `${id} is at HQ and was never answered`;
  for (const { reason } of hq.prepare<[], Row>('SELECT reason FROM quarantine').all())
    yield `HQ could not read something: ${reason}`;
  for (const row of hq.prepare<[], Row>('SELECT till, epoch, broken_at FROM stream WHERE broken_at IS NOT NULL').all())
    yield `HQ sees the chain of till ${row.till}/${row.epoch} broken at ${row.broken_at}`;
}

function* streamAtHq(hq: SqliteDatabase.Database, till: WorldTill): Iterable<string> {
  const { outbox } = till.core.store;
  const events = outbox.read(0, 1_000_000);
  const rows = new Map(
    hq
      .prepare<[string, number], { seq: number; json: string }>(
        'SELECT seq, json FROM event WHERE till = ? AND epoch = ?',
      )
      .all(till.id, outbox.epoch)
      .map(({ seq, json }) => [seq, json]),
  );
  for (const event of events)
    if (rows.get(event.seq) !== JSON.stringify(event)) yield `till ${till.id}: event ${event.seq} is not so at HQ`;
  let prev: string | null = null;
  for (const event of events) {
    if (prev !== null && event.prev !== prev) yield `till ${till.id}: the chain breaks at ${event.seq}`;
    prev = createHash('sha256').update(JSON.stringify(event)).digest('hex');
  }
}

/** The till's own file, and that each sale was decided by the bundle that it names. */
function* tillItself(till: WorldTill, model: Model): Iterable<string> {
  const own = model.sales.filter(sale => sale.till === till.id);
  if (!till.restored) {
    const told = {
      answered: new Map(own.map(({ saleId, serials }) => [saleId, serials])),
      voided: new Set(own.filter(sale => sale.voided).map(sale => sale.saleId)),
      paper: [],
      till: till.id,
    };
    for (const text of brokenPromises(join(till.dir, 'till.sqlite'), told)) yield `till ${till.id}: ${text}`;
  }
  if (till.core.bundles.current()?.version !== model.version)
    yield `till ${till.id} has bundle ${till.core.bundles.current()?.version}, HQ ${model.version}`;
  for (const event of till.core.events('sale.completed') as readonly Event[]) {
    const version = event.bundle?.version ?? 0;
    const lines = event.body.lines as { lineId: string; amount: number }[];
    const amount = lines.find(line => line.lineId === '1')?.amount ?? 0;
    const applied = (event.body.applied as { offer: string; amount: number }[]).find(one => one.offer === 'coffee-10');
    if ((applied?.amount ?? 0) !== (amount * coffeeShare(version)) / 10_000)
      yield `till ${till.id}: ${event.body.saleId} was decided by another bundle than ${version}`;
  }
}

/** Caps of store and member count what the till knows, and it always knows what it did itself; what others spent of voided coupons it did not. */
function* ownCaps(till: WorldTill): Iterable<string> {
  if (till.restored) return;
  const database = new SqliteDatabase(join(till.dir, 'till.sqlite'), { readonly: true });
  try {
    const rows = database
      .prepare<[string], { offer: string; member: string | null }>(`SELECT c.offer, c.member_id AS member FROM coupon c
        JOIN sale s ON s.sale_id = c.sale_id WHERE c.till = ? AND c.state <> 'voided' AND c.revoked IS NULL AND s.state = 'completed'`)
      .all(till.id);
    const ofStore = rows.filter(row => row.offer === 'store-cap').length;
    if (ofStore > limits.store) yield `till ${till.id} issued ${ofStore} of store-cap; its cap is ${limits.store}`;
    for (const [member, coupons] of Map.groupBy(
      rows.filter(row => row.offer === 'member-cap' && row.member !== null),
      row => row.member,
    ))
      if (coupons.length > limits.member)
        yield `till ${till.id} issued ${coupons.length} of member-cap to ${member}; its cap is ${limits.member}`;
  } finally {
    database.close();
  }
}

/** Whatever was off line, jumped, killed or restored. */
function* globalCap(hq: SqliteDatabase.Database): Iterable<string> {
  const issued = hq
    .prepare<[], number>("SELECT count(*) FROM coupon WHERE offer = 'global-cap' AND voided_at IS NULL")
    .pluck()
    .get();
  if ((issued ?? 0) > limits.global) yield `global-cap was issued ${issued} times; its cap is ${limits.global}`;
}

async function reconciled(world: World): Promise<readonly string[]> {
  const rows = await world.ledger().reconcile('2026-11-01', '2026-12-31');
  return (
    rows
      .filter(({ verdict }) => verdict !== 'agrees')
      // What a till had counted aloud, or HQ has heard of it, and an old copy put back made it forget, comes from it never again.
      .filter(
        ({ till, verdict }) =>
          (verdict !== 'waiting' && verdict !== 'untold') || world.tills.every(one => one.id !== till || !one.restored),
      )
      .map(row => `reconcile: ${row.day}, till ${row.till} ${row.verdict}: ${JSON.stringify(row)}`)
  );
}
