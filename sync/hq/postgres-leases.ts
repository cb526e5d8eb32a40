/** What tills tell of their leases, written to PostgreSQL: the caps are locked first and in order, as for a grant. */
import { admitSteps } from './lease-recovery.ts';
import type { Steps } from './lease-sql.ts';
import type { TillName } from './ledger.ts';
import { type Columns, column } from './postgres-columns.ts';
import type { Run } from './postgres-pool.ts';
import type { Change } from './projection.ts';
import { numbered } from './query.ts';

export interface ToldLease {
  readonly from: TillName & { readonly epoch: number; readonly seq: number };
  readonly change: Extract<Change, { table: 'lease' }>;
}

export const leaseKey = ({ store, till }: TillName, { epoch, number }: ToldLease['change']): string =>
  `${store}/${till}/${epoch}/${number}`;

const translated = new Map<string, string>();

function translate(sql: string): string {
  let known = translated.get(sql);
  if (known === undefined) {
    known = numbered(sql);
    translated.set(sql, known);
  }
  return known;
}

/** Only inside a transaction. */
export async function stepThrough<T>(run: Run, steps: Steps<T>): Promise<T> {
  for (let step = steps.next(); ; ) {
    if (step.done === true) return step.value;
    step = steps.next((await run(translate(step.value.sql), step.value.parameters)).rows);
  }
}

/** @param at RFC 3339, the time of arrival */
export async function writeLeases(run: Run, told: readonly ToldLease[], at: string): Promise<void> {
  if (told.length === 0) return;
  const { rows: unknown } = await run<{ nth: number }>(
    UNKNOWN,
    columns.slice(0, 4).map(([type, read]) => column(type, told, read)),
  );
  for (const { nth } of unknown) {
    const one = told[nth - 1];
    if (one !== undefined) await stepThrough(run, admitSteps(one.from, one.change, at));
  }
  const offers = [...new Set(told.map(({ change }) => change.offer))];
  await run(LOCK, [column('text', offers, offer => offer)]);
  await run(
    TOLD,
    columns.map(([type, read]) => column(type, told, read)),
  );
}

const columns: Columns<ToldLease> = [
  ['text', ({ from }) => from.store],
  ['text', ({ from }) => from.till],
  ['int8', ({ change }) => change.epoch],
  ['int8', ({ change }) => change.number],
  ['text', ({ change }) => change.offer],
  ['int8', ({ from }) => from.epoch],
  ['int8', ({ from }) => from.seq],
  ['int8', ({ change }) => change.used],
  ['int8', ({ change }) => change.returned],
  ['int8', ({ change }) => (change.open ? 1 : 0)],
  ['int8', ({ change }) => change.lastMs],
];

const UNKNOWN = `
SELECT k.nth FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[]) WITH ORDINALITY AS k (store, till, epoch, number, nth)
WHERE NOT EXISTS (SELECT 1 FROM lease l
  WHERE l.store = k.store AND l.till = k.till AND l.epoch = k.epoch AND l.number = k.number)
ORDER BY k.nth`;
const LOCK = 'SELECT offer FROM lease_cap WHERE offer = ANY ($1::text[]) ORDER BY offer FOR UPDATE';

/** The last word of the till counts; what came back stays back, what is closed stays closed. */
const TOLD = `
WITH told AS (
  SELECT l.store, l.till, l.epoch, l.number, l.offer, l.returned AS before, l.units,
    k.at_epoch, k.at_seq, k.used, k.returned, k.open, k.last_ms,
    (l.told_epoch, l.told_seq) < (k.at_epoch, k.at_seq) AS is_last
  FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::text[], $6::int8[], $7::int8[], $8::int8[], $9::int8[],
    $10::int8[], $11::int8[]) AS k (store, till, epoch, number, offer, at_epoch, at_seq, used, returned, open, last_ms)
  JOIN lease l ON l.store = k.store AND l.till = k.till AND l.epoch = k.epoch AND l.number = k.number AND l.offer = k.offer
), moved AS (
  UPDATE lease l SET
    used = CASE WHEN t.is_last THEN t.used ELSE l.used END,
    returned = greatest(l.returned, least(t.returned, l.units)),
    open = least(l.open, t.open::integer),
    until_ms = CASE WHEN t.open = 0 THEN least(l.until_ms, coalesce(t.last_ms, l.until_ms - 1) + 1) ELSE l.until_ms END,
    told_epoch = CASE WHEN t.is_last THEN t.at_epoch ELSE l.told_epoch END,
    told_seq = CASE WHEN t.is_last THEN t.at_seq ELSE l.told_seq END
  FROM told t WHERE l.store = t.store AND l.till = t.till AND l.epoch = t.epoch AND l.number = t.number
  RETURNING l.offer, l.returned - t.before AS more
)
UPDATE lease_cap c SET returned = c.returned + m.more
FROM (SELECT offer, sum(more) AS more FROM moved GROUP BY offer) m WHERE c.offer = m.offer AND m.more <> 0`;
