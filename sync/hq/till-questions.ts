/** What the console asks about tills: how each one stands, and the sums over all. */
import { decodeState, encodeMessage, type StateMessage } from '../protocol/messages.ts';
import type { KnownTill, Ledger, TillName, TillsWanted } from './ledger.ts';
import { firstOf, type Parameter, type Query } from './query.ts';

export function tillQuestions(query: Query): Pick<Ledger, 'tills' | 'totals'> {
  const one = firstOf(query);
  return {
    async tills(today, wanted = {}) {
      const { sql, parameters } = tillsAsked(wanted);
      return (await query<TillRow>(sql, [...parameters, today, today])).map(tillView);
    },

    async totals(today) {
      const events = await one<{ committed: number | null; missing: number | null }>(EVENT_TOTALS);
      const quarantined = await one<{ count: number }>(QUARANTINE_COUNT);
      const day = await one<{ sales: number; net: number | null }>(DAY_TOTALS, [today]);
      const issued = await one<{ count: number }>(DAY_ISSUED, [today]);
      const redeemed = await one<{ count: number }>(DAY_REDEEMED, [today]);
      return {
        events: {
          committed: Number(events?.committed ?? 0),
          missing: Number(events?.missing ?? 0),
          quarantined: Number(quarantined?.count ?? 0),
        },
        today: {
          date: today,
          sales: Number(day?.sales ?? 0),
          net: Number(day?.net ?? 0),
          issued: Number(issued?.count ?? 0),
          redeemed: Number(redeemed?.count ?? 0),
        },
      };
    },
  };
}

type TillRow = TillName & {
  readonly online: number | null;
  readonly since: string | null;
  readonly state: string | null;
  readonly epoch: number | null;
  readonly contiguous: number | null;
  readonly missing: number | null;
  readonly broken_at: number | null;
  readonly last_event_at: string | null;
  readonly last_received_at: string | null;
  readonly quarantined: number;
  readonly sales: number;
  readonly net: number | null;
};

/** Every till that ever spoke, with the stream of its newest epoch. */
function tillsAsked({ store, till, after, limit }: TillsWanted) {
  const conditions: readonly (readonly [string, readonly Parameter[]])[] = [
    ...(store === undefined ? [] : [['store = ?', [store]] as const]),
    ...(till === undefined ? [] : [['till = ?', [till]] as const]),
    ...(after == null ? [] : [['(store, till) > (?, ?)', [after.store, after.till]] as const]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
  const of = `${where} ORDER BY store, till ${limit === undefined ? '' : 'LIMIT ?'}`;
  const own: readonly Parameter[] = [
    ...conditions.flatMap(([, values]) => values),
    ...(limit === undefined ? [] : [limit]),
  ];
  const last: readonly Parameter[] = limit === undefined ? [] : [limit];
  return {
    sql: `
WITH known AS (
  SELECT store, till FROM (SELECT store, till FROM till ${of}) a
  UNION SELECT store, till FROM (SELECT DISTINCT store, till FROM stream ${of}) b
  ORDER BY store, till ${limit === undefined ? '' : 'LIMIT ?'})
${TILLS} ORDER BY n.store, n.till`,
    parameters: [...own, ...own, ...last],
  };
}

const TILLS = `
SELECT n.store, n.till, t.online, t.since, t.state, m.epoch, m.contiguous,
  CASE WHEN m.highest > m.contiguous THEN m.highest - m.received ELSE 0 END AS missing,
  m.broken_at, m.last_event_at, m.last_received_at, coalesce(q.count, 0) AS quarantined,
  (SELECT count(*) FROM sale d WHERE d.day = ? AND d.store = n.store AND d.till = n.till) AS sales,
  (SELECT sum(CASE WHEN d.voided_at IS NULL THEN d.net ELSE 0 END) FROM sale d
    WHERE d.day = ? AND d.store = n.store AND d.till = n.till) AS net
FROM known n
LEFT JOIN till t ON t.store = n.store AND t.till = n.till
LEFT JOIN (SELECT store, till, count(*) AS count FROM quarantine GROUP BY store, till) q
  ON q.store = n.store AND q.till = n.till
LEFT JOIN stream m ON m.store = n.store AND m.till = n.till
  AND m.epoch = (SELECT max(epoch) FROM stream x WHERE x.store = n.store AND x.till = n.till)`;

function tillView(row: TillRow): KnownTill {
  const state = row.state === null ? null : stateOf(row.state);
  return {
    store: row.store,
    till: row.till,
    online: Number(row.online ?? 0) === 1,
    since: row.since,
    boot: state?.boot ?? 0,
    epoch: state?.epoch ?? Number(row.epoch ?? 0),
    agent: state?.agent ?? null,
    bundle: state?.bundle ?? null,
    bundleRefused: state?.bundleRefused ?? null,
    printer: state?.printer ?? null,
    scanner: state?.scanner ?? null,
    members: state?.members ?? null,
    outbox: {
      waiting: waiting(state, row),
      oldestAt: waiting(state, row) === 0 ? null : (state?.outbox?.oldestAt ?? null),
    },
    contiguous: Number(row.contiguous ?? 0),
    missing: Number(row.missing ?? 0),
    chain: row.broken_at === null ? 'whole' : 'broken',
    quarantined: Number(row.quarantined),
    lastEventAt: row.last_event_at,
    lastReceivedAt: row.last_received_at,
    today: { sales: Number(row.sales), net: Number(row.net ?? 0) },
  };
}

/** What the till had waiting when it spoke, less what has arrived since. */
function waiting(state: StateMessage | null, row: TillRow): number {
  if (state?.outbox === undefined) return 0;
  const last = state.outbox.acknowledged + state.outbox.waiting;
  return state.epoch === Number(row.epoch) ? Math.max(0, last - Number(row.contiguous ?? 0)) : state.outbox.waiting;
}

const stateOf = (json: string): StateMessage | null => {
  const state = decodeState(encodeMessage(JSON.parse(json)));
  return state.ok ? state.value : null;
};

const EVENT_TOTALS =
  'SELECT sum(received) AS committed, sum(CASE WHEN highest > contiguous THEN highest - received ELSE 0 END) AS missing FROM stream';
const QUARANTINE_COUNT = 'SELECT count(*) AS count FROM quarantine';
const DAY_TOTALS =
  'SELECT count(*) AS sales, sum(CASE WHEN voided_at IS NULL THEN net ELSE 0 END) AS net FROM sale WHERE day = ?';
const DAY_ISSUED = 'SELECT count(*) AS count FROM coupon WHERE day = ? AND offer IS NOT NULL';
const DAY_REDEEMED = `
SELECT count(*) AS count FROM redemption r JOIN sale s ON s.store = r.store AND s.till = r.till AND s.sale_id = r.sale_id
WHERE s.day = ? AND s.voided_at IS NULL`;
