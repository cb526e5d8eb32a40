/** What must hold in a till's database after any kill, read from the file itself and not through the till's own code. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';

/** What POS and customer saw before the kill. */
export type Seen = {
  readonly answered: ReadonlyMap<string, readonly string[]>;
  readonly voided: ReadonlySet<string>;
  /** Serials in the order in which their slips came out. */
  readonly paper: readonly string[];
  /** Coupons handed over in sales that were dropped again. */
  readonly shown?: ReadonlySet<string>;
  /** The till's number, where it hears others: their coupons and counts are theirs to keep. */
  readonly till?: string;
};

type Event = { seq: number; type: string; prev: string; body: Record<string, unknown> };
type Sale = { sale_id: string; state: string; serials: string | null; member_id: string | null };
type Coupon = {
  serial: string;
  state: string;
  print: string;
  sale_id: string;
  replaced_by: string | null;
  redeemed_till: string | null;
  revoked: string | null;
};

/** Every broken promise in plain words; empty: all kept. */
export function brokenPromises(path: string, seen: Seen): readonly string[] {
  // Killed before its first table was made: then nobody can have been told anything.
  if (!existsSync(path)) return unborn(seen);
  const database = new SqliteDatabase(path, { readonly: true });
  try {
    const born = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'outbox'").get() !== undefined;
    return born ? [...check(database, seen)] : unborn(seen);
  } finally {
    database.close();
  }
}

function unborn({ answered, voided, paper }: Seen): readonly string[] {
  const told = [...answered.keys(), ...voided, ...paper];
  return told.length === 0 ? [] : [`the till has no tables, and ${told.join(', ')} was told`];
}

function* check(database: SqliteDatabase.Database, seen: Seen): Iterable<string> {
  const damage = database.pragma('quick_check(1)', { simple: true });
  if (damage !== 'ok') yield `the database is damaged: ${damage}`;

  const events: Event[] = [];
  let prev = '0'.repeat(64);
  const rows = database
    .prepare<[], { seq: number; json: string }>('SELECT seq, json FROM outbox ORDER BY seq')
    .iterate();
  for (const { seq, json } of rows) {
    const event = JSON.parse(json) as Event;
    if (seq !== events.length + 1 || event.seq !== seq) yield `the outbox has a gap before ${seq}`;
    if (event.prev !== prev) yield `the chain breaks at ${seq}`;
    prev = createHash('sha256').update(json).digest('hex');
    events.push(event);
  }
  const told = (type: string, key: string) =>
    Map.groupBy(
      events.filter(event => event.type === type),
      event => String(event.body[key]),
    );
  const completed = told('sale.completed', 'saleId');
  const voids = told('sale.voided', 'saleId');
  const issued = told('coupon.issued', 'serial');
  const redeemed = told('coupon.redeemed', 'serial');
  const voidedCoupons = told('coupon.voided', 'serial');

  const sales = new Map(
    database
      .prepare<[], Sale>('SELECT sale_id, state, serials, member_id FROM sale')
      .all()
      .map(sale => [sale.sale_id, sale]),
  );
  for (const [saleId, serials] of seen.answered) {
    const sale = sales.get(saleId);
    if (sale?.state !== 'completed' && sale?.state !== 'voided')
      yield `${saleId} was answered and is ${sale?.state ?? 'lost'}`;
    if (sale?.serials !== JSON.stringify(serials)) yield `${saleId} was answered ${serials} and has ${sale?.serials}`;
  }
  for (const saleId of seen.voided) if (sales.get(saleId)?.state !== 'voided') yield `${saleId} was voided and is not`;
  for (const [saleId, sale] of sales) {
    const times = completed.get(saleId)?.length ?? 0;
    if (times !== (sale.serials === null ? 0 : 1)) yield `${saleId} is ${sale.state} and was told ${times} times`;
    const undone = sale.serials !== null && sale.state === 'voided' ? 1 : 0;
    if ((voids.get(saleId)?.length ?? 0) !== undone) yield `${saleId} is ${sale.state}; its void was told otherwise`;
  }
  for (const saleId of completed.keys()) if (!sales.has(saleId)) yield `${saleId} was told and is not there`;

  const till = seen.till ?? '1';
  const coupons = database
    .prepare<[string], Coupon>(
      'SELECT serial, state, print, sale_id, replaced_by, redeemed_till, revoked FROM coupon WHERE till = ?',
    )
    .all(till);
  const bySerial = new Map(coupons.map(coupon => [coupon.serial, coupon]));
  const held = new Set(
    database
      .prepare<[], string>(
        "SELECT p.serial FROM presented p JOIN sale s ON s.sale_id = p.sale_id WHERE s.state = 'open'",
      )
      .pluck()
      .all(),
  );
  const presented = database.prepare<[], string>('SELECT serial FROM presented').pluck().all();
  const shown = new Set([...presented, ...(seen.shown ?? [])]);
  const jobs = Map.groupBy(
    database
      .prepare<[], { serial: string; state: string }>("SELECT serial, state FROM print_job WHERE kind = 'coupon'")
      .all(),
    job => job.serial,
  );
  for (const coupon of coupons) {
    const { serial, state } = coupon;
    if (issued.get(serial)?.length !== 1)
      yield `${serial} exists and was told ${issued.get(serial)?.length ?? 0} times`;
    const [job, ...more] = jobs.get(serial) ?? [];
    if (job === undefined || more.length > 0) yield `${serial} has ${more.length + (job ? 1 : 0)} print jobs`;
    else if (job.state !== coupon.print) yield `${serial} is ${coupon.print} and its job is ${job.state}`;
    // One that an open sale holds and another till spent, when they could not hear each other, drops out of the sale at its end.
    const spentElsewhere = state === 'redeemed' && coupon.redeemed_till !== till;
    if (!spentElsewhere && (state === 'reserved') !== held.has(serial))
      yield `${serial} is ${state}, held: ${held.has(serial)}`;
    // Void, heard to be spent by a till that was off line, given back there: void again, and told again.
    const voids = voidedCoupons.get(serial)?.length ?? 0;
    if (state === 'voided' && (voids < 1 || (voids > 1 && coupon.revoked === null)))
      yield `${serial} is void and HQ was not told once`;
    if (state === 'redeemed' && coupon.redeemed_till === till && (redeemed.get(serial)?.length ?? 0) < 1)
      yield `${serial} is redeemed and was not told`;
    // A slip that a customer held out did come out, whatever the printer could tell.
    if (coupon.print === 'unknown' && state !== 'voided' && !shown.has(serial))
      yield `${serial} is in doubt and still ${state}`;
    if (coupon.replaced_by !== null && state !== 'voided') yield `${serial} was replaced and is ${state}`;
  }
  // A coupon may be used once for each time that a void gave it back, and once more.
  for (const [serial, uses] of redeemed) {
    const back = events.filter(
      event => event.type === 'sale.voided' && (event.body.reopenedCoupons as string[]).includes(serial),
    ).length;
    if (uses.length > back + 1) yield `${serial} was redeemed ${uses.length} times and given back ${back} times`;
  }
  for (const [saleId, sale] of sales) {
    for (const serial of JSON.parse(sale.serials ?? '[]') as string[])
      if (!bySerial.has(serial)) yield `${saleId} gave out ${serial}, which is not there`;
  }

  const onPaper = new Set<string>();
  for (const serial of seen.paper) {
    if (onPaper.has(serial)) yield `${serial} came out twice`;
    onPaper.add(serial);
    const coupon = bySerial.get(serial);
    if (coupon === undefined) yield `${serial} is on paper and not in the book`;
    else if (coupon.print === 'queued') yield `${serial} is on paper and would print again`;
  }

  const earned = events
    .filter(event => event.type === 'points.changed')
    .reduce((sum, event) => sum + Number(event.body.delta), 0);
  const kept =
    database
      .prepare<[string], number>('SELECT coalesce(sum(points), 0) FROM points_change WHERE till = ?')
      .pluck()
      .get(till) ?? 0;
  if (earned !== kept) yield `points told: ${earned}, kept: ${kept}`;
  // What others spent of voided coupons is counted as they tell it.
  const certain = coupons.filter(coupon => seen.till === undefined || coupon.revoked === null);
  const counted = new Set(
    database.prepare<[string], string>("SELECT key FROM usage WHERE kind = 'issued' AND till = ?").pluck().all(till),
  );
  const uses = seen.till === undefined ? counted.size : certain.filter(({ serial }) => counted.has(serial)).length;
  const live = certain.filter(coupon => coupon.state !== 'voided').length;
  const undone = certain.filter(
    coupon => coupon.state !== 'voided' && sales.get(coupon.sale_id)?.state === 'voided',
  ).length;
  if (uses !== live - undone) yield `caps count ${uses} coupons where ${live - undone} are out`;
}
