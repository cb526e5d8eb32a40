/** What the console and the API ask of the ledger: statements that SQLite and PostgreSQL both understand. */
import { decodeState, encodeMessage, maxMissing, type StateMessage } from '../protocol/messages.ts';
import type { BundlePointer } from '../protocol/types.ts';
import type { Ledger, PublishedPointer, TillName } from './ledger.ts';
import type { CouponRow, ReconcileRow, SaleRow, TillView } from './wire.ts';

/** Runs one statement with `?` parameters. */
export type Query = <Row>(sql: string, parameters?: readonly (string | number | null)[]) => Promise<readonly Row[]>;

type Questions = Pick<
  Ledger,
  | 'tills'
  | 'totals'
  | 'sales'
  | 'sale'
  | 'saleRow'
  | 'events'
  | 'quarantined'
  | 'reconcile'
  | 'campaigns'
  | 'pointers'
  | 'highestVersion'
  | 'standing'
>;

export function askThrough(query: Query): Questions {
  const one = async <Row>(sql: string, parameters: readonly (string | number | null)[] = []) =>
    (await query<Row>(sql, parameters))[0];

  return {
    async tills(today, only) {
      const rows = await query<TillRow>(only === undefined ? TILLS : `${TILLS} WHERE n.store = ? AND n.till = ?`, [
        today,
        ...(only === undefined ? [] : [only.store, only.till]),
      ]);
      return rows.map(tillView).sort((a, b) => order(a.store, b.store) || order(a.till, b.till));
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

    async sales({ limit = 100, before, store, till }) {
      const where: string[] = ['s.completed_at IS NOT NULL'];
      const parameters: (string | number)[] = [];
      const only = (condition: string, value: string | number | undefined) => {
        if (value === undefined) return;
        where.push(condition);
        parameters.push(value);
      };
      only('s.arrival < ?', before);
      only('s.store = ?', store);
      only('s.till = ?', till);
      const rows = await query<SaleTableRow>(`${SALES} WHERE ${where.join(' AND ')} ORDER BY s.arrival DESC LIMIT ?`, [
        ...parameters,
        limit,
      ]);
      return { sales: rows.map(saleRow), next: rows.length === limit ? (rows.at(-1)?.arrival ?? null) : null };
    },

    async saleRow({ store, till }, saleId) {
      const row = await one<SaleTableRow>(`${SALES} WHERE s.store = ? AND s.till = ? AND s.sale_id = ?`, [
        store,
        till,
        saleId,
      ]);
      return row === undefined || row.completed_at === null ? null : saleRow(row);
    },

    async sale(store, till, saleId) {
      const row = await one<SaleTableRow>(
        `${SALES} WHERE s.till = ? AND s.sale_id = ?${store === null ? '' : ' AND s.store = ?'} ORDER BY s.arrival DESC LIMIT 1`,
        [till, saleId, ...(store === null ? [] : [store])],
      );
      if (row === undefined) return null;
      const key = [row.store, row.till, saleId];
      const events = await query<{ seq: number; epoch: number; json: string }>(SALE_EVENTS, key);
      const parsed = events.map(({ seq, epoch, json }) => ({ seq, epoch, event: JSON.parse(json) }));
      const completed = parsed.find(({ event }) => event.type === 'sale.completed')?.event;
      return {
        sale: saleRow(row),
        body: completed?.body ?? null,
        bundle: completed?.bundle ?? null,
        coupons: (
          await query<CouponTableRow>(`${COUPONS} WHERE c.store = ? AND c.till = ? AND c.sale_id = ?`, key)
        ).map(couponRow),
        redeemed: (await query<CouponTableRow>(COUPONS_REDEEMED_IN, key)).map(couponRow),
        events: parsed.map(({ seq, epoch, event }) => ({
          seq,
          epoch,
          type: event.type,
          at: event.at,
          body: event.body,
        })),
      };
    },

    async events({ after = 0, limit = 500, store, till, type }) {
      const where = ['cursor > ?'];
      const parameters: (string | number)[] = [after];
      for (const [column, value] of [
        ['store', store],
        ['till', till],
        ['type', type],
      ] as const) {
        if (value === undefined) continue;
        where.push(`${column} = ?`);
        parameters.push(value);
      }
      const rows = await query<EventTableRow>(
        `SELECT cursor, store, till, epoch, received_at, json FROM event WHERE ${where.join(' AND ')} ORDER BY cursor LIMIT ?`,
        [...parameters, limit],
      );
      return rows.map(row => ({
        cursor: Number(row.cursor),
        store: row.store,
        till: row.till,
        epoch: Number(row.epoch),
        receivedAt: row.received_at,
        event: JSON.parse(row.json),
      }));
    },

    async quarantined(limit) {
      const rows = await query<QuarantineRow>(QUARANTINED, [limit]);
      return rows.map(row => ({
        id: Number(row.id),
        store: row.store,
        till: row.till,
        receivedAt: row.received_at,
        reason: row.reason,
        bytes: Number(row.bytes),
        seq: row.seq === null ? null : Number(row.seq),
      }));
    },

    async reconcile(from, to) {
      const own = await query<OwnRow>(OWN_TOTALS, [from, to]);
      const rows = new Map<string, ReconcileRow>();
      for (const row of await query<HqTotalRow>(HQ_TOTALS, [from, to]))
        rows.set(`${row.store}/${row.till}/${row.day}`, {
          store: row.store,
          till: row.till,
          day: row.day,
          hq: { sales: Number(row.sales), voided: Number(row.voided), net: Number(row.net) },
          own: null,
          verdict: 'untold',
        });
      for (const told of own) {
        const key = `${told.store}/${told.till}/${told.day}`;
        // What the till counted when it spoke is held against what HQ has of exactly those events.
        const same = await one<HqTotalRow>(HQ_TOTALS_UP_TO, [
          told.epoch,
          told.up_to,
          told.epoch,
          told.up_to,
          told.store,
          told.till,
          told.day,
          told.epoch,
          told.up_to,
        ]);
        const ownTotals = { sales: Number(told.sales), voided: Number(told.voided), net: Number(told.net) };
        const hqTotals = {
          sales: Number(same?.sales ?? 0),
          voided: Number(same?.voided ?? 0),
          net: Number(same?.net ?? 0),
        };
        const agrees =
          ownTotals.sales === hqTotals.sales && ownTotals.voided === hqTotals.voided && ownTotals.net === hqTotals.net;
        const waiting = Number(told.up_to) > Number(told.contiguous ?? 0);
        const verdict = agrees ? 'agrees' : waiting ? 'waiting' : 'differs';
        const known = rows.get(key);
        const former = known?.own ?? { sales: 0, voided: 0, net: 0 };
        rows.set(key, {
          store: told.store,
          till: told.till,
          day: told.day,
          hq: known?.hq ?? hqTotals,
          own: {
            sales: former.sales + ownTotals.sales,
            voided: former.voided + ownTotals.voided,
            net: former.net + ownTotals.net,
          },
          verdict: known === undefined || known.own === null ? verdict : worse(known.verdict, verdict),
        });
      }
      return [...rows.values()].sort((a, b) => order(b.day, a.day) || order(a.store, b.store) || order(a.till, b.till));
    },

    async campaigns(from, to) {
      const issued = await query<CampaignTableRow>(CAMPAIGNS, [from, to]);
      const held = await query<{ offer: string; variant: string | null; suppressed: number }>(SUPPRESSED, [from, to]);
      const rows = new Map<string, Awaited<ReturnType<Ledger['campaigns']>>[number]>();
      const none = { confirmed: 0, fenced: 0, sent: 0, unknown: 0, failed: 0, queued: 0 };
      for (const row of issued)
        rows.set(`${row.offer} ${row.variant ?? ''}`, {
          offer: row.offer,
          variant: row.variant,
          issued: Number(row.issued),
          printed: {
            confirmed: Number(row.confirmed),
            fenced: Number(row.fenced),
            sent: Number(row.sent),
            unknown: Number(row.unknown),
            failed: Number(row.failed),
            queued: Number(row.queued),
          },
          redeemed: Number(row.redeemed),
          voided: Number(row.voided),
          suppressed: 0,
        });
      for (const { offer, variant, suppressed } of held) {
        const key = `${offer} ${variant ?? ''}`;
        const known = rows.get(key) ?? {
          offer,
          variant,
          issued: 0,
          printed: none,
          redeemed: 0,
          voided: 0,
          suppressed: 0,
        };
        rows.set(key, { ...known, suppressed: Number(suppressed) });
      }
      return [...rows.values()].sort((a, b) => order(a.offer, b.offer) || order(a.variant ?? '', b.variant ?? ''));
    },

    async pointers() {
      const rows = await query<PointerRow>(POINTERS);
      const seen = new Set<string>();
      return rows.map((row): PublishedPointer => {
        const pointer = JSON.parse(row.json) as BundlePointer;
        const current = !seen.has(pointer.ring);
        seen.add(pointer.ring);
        return { pointer, publishedAt: row.published_at, offers: Number(row.offers), current };
      });
    },

    async highestVersion(id) {
      const row = await one<{ version: number | null }>('SELECT max(version) AS version FROM bundle WHERE id = ?', [
        id,
      ]);
      return Number(row?.version ?? 0);
    },

    async standing({ store, till }, epoch) {
      const stream = await one<{ contiguous: number; highest: number }>(
        'SELECT contiguous, highest FROM stream WHERE store = ? AND till = ? AND epoch = ?',
        [store, till, epoch],
      );
      if (stream === undefined) return null;
      const contiguous = Number(stream.contiguous);
      const missing: number[] = [];
      if (Number(stream.highest) > contiguous) {
        const rows = await query<{ seq: number }>(BEYOND, [store, till, epoch, contiguous]);
        missing.push(
          ...gaps(
            contiguous,
            rows.map(row => Number(row.seq)),
          ),
        );
      }
      return { store, till, epoch, contiguous, missing };
    },
  };
}

/** Numbers between `contiguous` and the last of `present` (ascending) that are not there; at most one message full. */
export function gaps(contiguous: number, present: readonly number[]): readonly number[] {
  const missing: number[] = [];
  let expected = contiguous + 1;
  for (const seq of present) {
    for (; expected < seq; expected++) {
      if (missing.length === maxMissing) return missing;
      missing.push(expected);
    }
    expected = seq + 1;
  }
  return missing;
}

export const BEYOND =
  'SELECT seq FROM event WHERE store = ? AND till = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT 5000';

// --- tills ------------------------------------------------------------------------------------------------------------

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
const TILLS = `
SELECT n.store, n.till, t.online, t.since, t.state, m.epoch, m.contiguous,
  CASE WHEN m.highest > m.contiguous THEN m.highest - m.received ELSE 0 END AS missing,
  m.broken_at, m.last_event_at, m.last_received_at,
  (SELECT count(*) FROM quarantine q WHERE q.store = n.store AND q.till = n.till) AS quarantined,
  coalesce(d.sales, 0) AS sales, d.net
FROM (SELECT store, till FROM till UNION SELECT store, till FROM stream) n
LEFT JOIN till t ON t.store = n.store AND t.till = n.till
LEFT JOIN stream m ON m.store = n.store AND m.till = n.till
  AND m.epoch = (SELECT max(epoch) FROM stream x WHERE x.store = n.store AND x.till = n.till)
LEFT JOIN (SELECT store, till, count(*) AS sales, sum(CASE WHEN voided_at IS NULL THEN net ELSE 0 END) AS net
  FROM sale WHERE day = ? GROUP BY store, till) d ON d.store = n.store AND d.till = n.till`;

function tillView(row: TillRow): TillView {
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

// --- sales and coupons --------------------------------------------------------------------------------------------------

type SaleTableRow = TillName & {
  readonly sale_id: string;
  readonly completed_at: string | null;
  readonly voided_at: string | null;
  readonly received_at: string;
  readonly initial: number;
  readonly discount: number;
  readonly net: number;
  readonly lines: number;
  readonly member: string | null;
  readonly points: number;
  readonly arrival: number;
  readonly issued: number;
  readonly redeemed: number;
};

const SALES = `
SELECT s.store, s.till, s.sale_id, s.completed_at, s.voided_at, s.received_at, s.initial, s.discount, s.net, s.lines,
  s.member, s.points, s.arrival,
  (SELECT count(*) FROM coupon c WHERE c.store = s.store AND c.till = s.till AND c.sale_id = s.sale_id AND c.offer IS NOT NULL) AS issued,
  (SELECT count(*) FROM redemption r WHERE r.store = s.store AND r.till = s.till AND r.sale_id = s.sale_id) AS redeemed
FROM sale s`;

const SALE_EVENTS =
  'SELECT seq, epoch, json FROM event WHERE store = ? AND till = ? AND sale_id = ? ORDER BY epoch, seq';

function saleRow(row: SaleTableRow): SaleRow {
  return {
    store: row.store,
    till: row.till,
    saleId: row.sale_id,
    state: row.voided_at === null ? 'completed' : 'voided',
    completedAt: row.completed_at ?? row.voided_at ?? row.received_at,
    receivedAt: row.received_at,
    initial: Number(row.initial),
    discount: Number(row.discount),
    net: Number(row.net),
    lines: Number(row.lines),
    member: row.member !== null,
    points: Number(row.points),
    issued: Number(row.issued),
    redeemed: Number(row.redeemed),
  };
}

type CouponTableRow = TillName & {
  readonly serial: string;
  readonly offer: string | null;
  readonly variant: string | null;
  readonly title: string | null;
  readonly print: string;
  readonly sale_id: string | null;
  readonly issued_at: string | null;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly voided_at: string | null;
  readonly redeemed_at: string | null;
  readonly redeemed_till: string | null;
  readonly redeemed_sale: string | null;
};

/** A redemption counts while its sale is not voided, in whatever order the two facts came. */
const LIVE_REDEMPTION = `
SELECT r.serial, min(r.at) AS at, min(r.till) AS till, min(r.sale_id) AS sale_id
FROM redemption r LEFT JOIN sale s ON s.store = r.store AND s.till = r.till AND s.sale_id = r.sale_id
WHERE s.voided_at IS NULL GROUP BY r.serial`;

const COUPONS = `
SELECT c.serial, c.offer, c.variant, c.title, c.print, c.store, c.till, c.sale_id, c.issued_at, c.valid_from, c.valid_to,
  c.voided_at, l.at AS redeemed_at, l.till AS redeemed_till, l.sale_id AS redeemed_sale
FROM coupon c LEFT JOIN (${LIVE_REDEMPTION}) l ON l.serial = c.serial`;

const COUPONS_REDEEMED_IN = `
SELECT x.serial, coalesce(c.offer, x.offer) AS offer, c.variant, c.title, coalesce(c.print, 'unknown') AS print,
  coalesce(c.store, x.store) AS store, coalesce(c.till, x.till) AS till, c.sale_id, c.issued_at, c.valid_from, c.valid_to,
  c.voided_at, x.at AS redeemed_at, x.till AS redeemed_till, x.sale_id AS redeemed_sale
FROM redemption x LEFT JOIN coupon c ON c.serial = x.serial
WHERE x.store = ? AND x.till = ? AND x.sale_id = ?`;

function couponRow(row: CouponTableRow): CouponRow {
  return {
    serial: row.serial,
    offer: row.offer ?? '',
    variant: row.variant,
    title: row.title,
    state: row.redeemed_at !== null ? 'redeemed' : row.voided_at !== null ? 'voided' : 'issued',
    print: row.print,
    store: row.store,
    till: row.till,
    saleId: row.sale_id,
    issuedAt: row.issued_at ?? '',
    validFrom: row.valid_from,
    validTo: row.valid_to,
    redeemedAt: row.redeemed_at,
    redeemedTill: row.redeemed_till,
    redeemedSaleId: row.redeemed_sale,
  };
}

// --- events, quarantine, reconciliation, campaigns, bundles ---------------------------------------------------------------

type EventTableRow = TillName & {
  readonly cursor: number;
  readonly epoch: number;
  readonly received_at: string;
  readonly json: string;
};

type QuarantineRow = TillName & {
  readonly id: number;
  readonly received_at: string;
  readonly reason: string;
  readonly bytes: number;
  readonly seq: number | null;
};

const QUARANTINED =
  'SELECT id, store, till, received_at, reason, length(payload) AS bytes, seq FROM quarantine ORDER BY id DESC LIMIT ?';

type HqTotalRow = TillName & {
  readonly day: string;
  readonly sales: number;
  readonly voided: number;
  readonly net: number;
};
type OwnRow = HqTotalRow & { readonly epoch: number; readonly up_to: number; readonly contiguous: number | null };

const HQ_TOTALS = `
SELECT store, till, day, count(*) AS sales, sum(CASE WHEN voided_at IS NULL THEN 0 ELSE 1 END) AS voided,
  sum(CASE WHEN voided_at IS NULL THEN net ELSE 0 END) AS net
FROM sale WHERE day >= ? AND day <= ? GROUP BY store, till, day`;

const HQ_TOTALS_UP_TO = `
SELECT count(*) AS sales,
  sum(CASE WHEN void_seq IS NOT NULL AND void_epoch = ? AND void_seq <= ? THEN 1 ELSE 0 END) AS voided,
  sum(CASE WHEN void_seq IS NOT NULL AND void_epoch = ? AND void_seq <= ? THEN 0 ELSE net END) AS net
FROM sale WHERE store = ? AND till = ? AND day = ? AND epoch = ? AND seq <= ?`;

const OWN_TOTALS = `
SELECT o.store, o.till, o.epoch, o.day, o.up_to, o.sales, o.voided, o.net, m.contiguous
FROM own_total o LEFT JOIN stream m ON m.store = o.store AND m.till = o.till AND m.epoch = o.epoch
WHERE o.day >= ? AND o.day <= ? ORDER BY o.epoch`;

type CampaignTableRow = Readonly<
  Record<'issued' | 'confirmed' | 'fenced' | 'sent' | 'unknown' | 'failed' | 'queued' | 'redeemed' | 'voided', number>
> & { readonly offer: string; readonly variant: string | null };

const printed = (evidence: string) => `sum(CASE WHEN c.print = '${evidence}' THEN 1 ELSE 0 END) AS ${evidence}`;

const CAMPAIGNS = `
SELECT c.offer, c.variant, count(*) AS issued,
  ${['confirmed', 'fenced', 'sent', 'unknown', 'failed', 'queued'].map(printed).join(', ')},
  sum(CASE WHEN l.serial IS NULL THEN 0 ELSE 1 END) AS redeemed,
  sum(CASE WHEN c.voided_at IS NULL THEN 0 ELSE 1 END) AS voided
FROM coupon c LEFT JOIN (${LIVE_REDEMPTION}) l ON l.serial = c.serial
WHERE c.day >= ? AND c.day <= ? AND c.offer IS NOT NULL GROUP BY c.offer, c.variant`;

const SUPPRESSED =
  'SELECT offer, variant, count(*) AS suppressed FROM suppressed WHERE day >= ? AND day <= ? GROUP BY offer, variant';

type PointerRow = { readonly json: string; readonly published_at: string; readonly offers: number };

const POINTERS = `
SELECT p.json, p.published_at, b.offers FROM pointer p JOIN bundle b ON b.sha256 = p.sha256 ORDER BY p.number DESC LIMIT 200`;

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const gravity = { agrees: 0, untold: 1, waiting: 2, differs: 3 } as const;
const worse = (a: ReconcileRow['verdict'], b: ReconcileRow['verdict']): ReconcileRow['verdict'] =>
  gravity[a] >= gravity[b] ? a : b;
