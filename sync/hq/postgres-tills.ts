/** What tills say of themselves, kept in PostgreSQL: thousands at once when HQ comes on line. */
import { compareSessions, type DayTotals, type StateMessage } from '../protocol/messages.ts';
import type { TillName, TillRecord } from './ledger.ts';
import { insert } from './postgres-changes.ts';
import { column } from './postgres-columns.ts';
import type { PostgresPool, Run } from './postgres-pool.ts';

interface KnownTill extends TillName {
  readonly epoch: number;
  readonly boot: number;
  readonly session: number;
  readonly online: number;
  readonly since: string;
  readonly state: string;
}

type OwnTotal = TillName & DayTotals & { readonly epoch: number; readonly upTo: number };

const nameOf = ({ store, till }: TillName): string => `${store}/${till}`;

/** Takes over states, in one transaction; answers those that no newer session had spoken over. */
export function saveStates(
  pool: PostgresPool,
  records: readonly TillRecord[],
  at: string,
): Promise<readonly TillRecord[]> {
  if (records.length === 0) return Promise.resolve([]);
  return pool.transaction(async run => {
    await oneAtATime(run);
    const known = new Map<string, KnownTill>();
    for (const row of (
      await run<KnownTill>(
        KNOWN,
        nameColumns.map(([type, read]) => column(type, records, read)),
      )
    ).rows)
      known.set(nameOf(row), row);
    const changed = new Map<string, KnownTill>();
    const totals = new Map<string, OwnTotal>();
    const taken = records.filter(({ state, ...name }) => {
      const before = known.get(nameOf(name));
      if (before !== undefined && compareSessions(state, before) < 0) return false;
      const after = merged(name, state, before, at);
      known.set(nameOf(name), after);
      changed.set(nameOf(name), after);
      for (const day of state.totals?.days ?? [])
        totals.set(`${nameOf(name)}/${state.epoch}/${day.day}`, {
          ...name,
          ...day,
          epoch: state.epoch,
          upTo: state.totals?.upTo ?? 0,
        });
      return true;
    });
    await insert(run, SAVE, tillColumns, [...changed.values()]);
    await insert(run, OWN_TOTALS, totalColumns, [...totals.values()]);
    return taken;
  });
}

/** Takes those off line that are on line by the ledger and not among `heard` (`store/till`); answers them. */
export function markSilent(
  pool: PostgresPool,
  heard: ReadonlySet<string>,
  at: string,
  isMine: (till: TillName) => boolean = () => true,
): Promise<readonly TillName[]> {
  return pool.transaction(async run => {
    await oneAtATime(run);
    const online = (await run<TillName>('SELECT store, till FROM till WHERE online = 1')).rows;
    const silent = online.filter(name => isMine(name) && !heard.has(nameOf(name)));
    await insert(run, SILENCE, nameColumns, silent, at);
    return silent;
  });
}

/** A Will says only that the line is gone; what is known of the till stays known. */
function merged(name: TillName, state: StateMessage, before: KnownTill | undefined, at: string): KnownTill {
  const { epoch, boot, session } = state;
  const online = state.online ? 1 : 0;
  return {
    ...name,
    epoch,
    boot,
    session,
    online,
    since: before !== undefined && before.online === online ? before.since : at,
    state: JSON.stringify(before === undefined ? state : { ...JSON.parse(before.state), ...state }),
  };
}

/** States are read, compared and written: two HQs must not do that at the same moment. */
const oneAtATime = (run: Run) => run('SELECT pg_advisory_xact_lock($1)', [statesLock]);
const statesLock = 7_471_106;

const nameColumns = [
  ['text', (row: TillName) => row.store],
  ['text', (row: TillName) => row.till],
] as const;

const KNOWN = `
SELECT t.store, t.till, t.epoch, t.boot, t.session, t.online, t.since, t.state
FROM unnest($1::text[], $2::text[]) AS k (store, till) JOIN till t ON t.store = k.store AND t.till = k.till`;

const tillColumns = [
  ...nameColumns,
  ['int8', (row: KnownTill) => row.epoch],
  ['int8', (row: KnownTill) => row.boot],
  ['int8', (row: KnownTill) => row.session],
  ['int8', (row: KnownTill) => row.online],
  ['text', (row: KnownTill) => row.since],
  ['text', (row: KnownTill) => row.state],
] as const;

const SAVE = `
INSERT INTO till (store, till, epoch, boot, session, online, since, state)
SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[], $5::int8[], $6::int8[], $7::text[], $8::text[])
ON CONFLICT (store, till) DO UPDATE SET epoch = excluded.epoch, boot = excluded.boot, session = excluded.session,
  online = excluded.online, since = excluded.since, state = excluded.state`;

const totalColumns = [
  ...nameColumns,
  ['int8', (row: OwnTotal) => row.epoch],
  ['text', (row: OwnTotal) => row.day],
  ['int8', (row: OwnTotal) => row.upTo],
  ['int8', (row: OwnTotal) => row.sales],
  ['int8', (row: OwnTotal) => row.voided],
  ['int8', (row: OwnTotal) => row.net],
] as const;

const OWN_TOTALS = `
INSERT INTO own_total (store, till, epoch, day, up_to, sales, voided, net)
SELECT * FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::int8[], $6::int8[], $7::int8[], $8::int8[])
ON CONFLICT (store, till, epoch, day) DO UPDATE SET up_to = excluded.up_to, sales = excluded.sales,
  voided = excluded.voided, net = excluded.net`;

const SILENCE = `
UPDATE till t SET online = 0, since = $3 FROM unnest($1::text[], $2::text[]) AS k (store, till)
WHERE t.store = k.store AND t.till = k.till`;
