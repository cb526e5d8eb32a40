/** Units of global caps: what HQ granted this till, and who used which. They end with the epoch in which they were granted. */
import type { Database } from './database.ts';
import type { Settings } from './settings.ts';

export type LeaseRow = {
  /** HQ's count, from 1. */
  readonly number: number;
  readonly offer: string;
  readonly units: number;
  /** Sales dated from, and before; milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly used: number;
  readonly returned: number;
  /** 0: all that is not used is returned. */
  readonly open: number;
  /** Latest date of a sale that used a unit. */
  readonly lastMs: number | null;
};

export type UnitRow = {
  readonly offer: string;
  /** Serial, or till, sale and place. */
  readonly key: string;
  readonly kind: 'issued' | 'applied';
  readonly number: number;
  readonly saleId: string;
  /** By the till's clock. */
  readonly spentMs: number;
};

export interface LeaseRows {
  /** Every lease that HQ numbered up to here has arrived. */
  last(): number;
  /** False: this number or a later one is there already. */
  add(lease: Pick<LeaseRow, 'number' | 'offer' | 'units' | 'fromMs' | 'untilMs'>): boolean;
  get(number: number): LeaseRow | null;
  /** Open ones; kept at hand, as every decision asks. */
  open(): readonly LeaseRow[];
  /** Takes a unit out of this lease. @param atMs date of the sale */
  spend(unit: UnitRow, atMs: number): void;
  unit(offer: string, key: string): (UnitRow & { readonly freed: number }) | null;
  unitsOfSale(saleId: string, kind: UnitRow['kind']): readonly UnitRow[];
  /** The unit goes back: to its lease, or, where that is closed, to HQ. */
  free(offer: string, key: string): void;
  /** The unit is now another coupon's. */
  move(offer: string, from: string, to: string): void;
  giveBack(number: number, units: number): void;
  /** All that is not used goes back; nothing of it is used any more. */
  close(number: number): void;
  /** Units used since, by offer; those that went back are not counted. */
  spentSince(sinceMs: number): ReadonlyMap<string, number>;
  /** Nothing of what is here may be used or given back any more. */
  forget(): void;
  prune(beforeMs: number): void;
}

const COLUMNS = 'number, offer, units, from_ms AS fromMs, until_ms AS untilMs, used, returned, open, last_ms AS lastMs';
const GET = `SELECT ${COLUMNS} FROM lease WHERE number = ?`;
const OPEN = `SELECT ${COLUMNS} FROM lease WHERE open = 1 ORDER BY until_ms, number`;
const ADD = `INSERT INTO lease (number, offer, units, from_ms, until_ms) VALUES (@number, @offer, @units, @fromMs, @untilMs)`;
const SPEND = `UPDATE lease SET used = used + 1, last_ms = max(coalesce(last_ms, @atMs), @atMs)
  WHERE number = @number AND open = 1`;
const ADD_UNIT = `INSERT INTO lease_unit (offer, key, kind, number, sale_id, spent_ms)
  VALUES (@offer, @key, @kind, @number, @saleId, @spentMs)
  ON CONFLICT (offer, key) DO UPDATE SET kind = excluded.kind, number = excluded.number, sale_id = excluded.sale_id,
    spent_ms = excluded.spent_ms, freed = 0 WHERE lease_unit.freed = 1`;
const UNIT_COLUMNS = 'offer, key, kind, number, sale_id AS saleId, spent_ms AS spentMs';
const UNIT = `SELECT ${UNIT_COLUMNS}, freed FROM lease_unit WHERE offer = ? AND key = ?`;
const OF_SALE = `SELECT ${UNIT_COLUMNS} FROM lease_unit WHERE sale_id = ? AND kind = ? AND freed = 0`;
const FREE_UNIT = 'UPDATE lease_unit SET freed = 1 WHERE offer = ? AND key = ? AND freed = 0 RETURNING number';
const FREE = 'UPDATE lease SET used = used - 1, returned = returned + iif(open = 1, 0, 1) WHERE number = ?';
const MOVE = 'UPDATE lease_unit SET key = ? WHERE offer = ? AND key = ? AND freed = 0';
const GIVE = 'UPDATE lease SET returned = returned + ? WHERE number = ? AND open = 1';
const CLOSE = 'UPDATE lease SET returned = units - used, open = 0 WHERE number = ? AND open = 1';
const SPENT = 'SELECT offer, count(*) AS units FROM lease_unit WHERE spent_ms >= ? AND freed = 0 GROUP BY offer';
const FORGET = 'DELETE FROM lease_unit; DELETE FROM lease';
const PRUNE_UNITS = 'DELETE FROM lease_unit WHERE spent_ms < ?';
const PRUNE = 'DELETE FROM lease WHERE open = 0 AND until_ms < ? AND number NOT IN (SELECT number FROM lease_unit)';

export function createLeaseRows(database: Database, settings: Settings, epoch: number): LeaseRows {
  const get = database.prepare<[number], LeaseRow>(GET);
  const open = database.prepare<[], LeaseRow>(OPEN);
  const add = database.prepare<[object]>(ADD);
  const spend = database.prepare<[{ atMs: number; number: number }]>(SPEND);
  const addUnit = database.prepare<[UnitRow]>(ADD_UNIT);
  const unit = database.prepare<[string, string], UnitRow & { freed: number }>(UNIT);
  const ofSale = database.prepare<[string, string], UnitRow>(OF_SALE);
  const freeUnit = database.prepare<[string, string], number>(FREE_UNIT).pluck();
  const free = database.prepare<[number]>(FREE);
  const move = database.prepare<[string, string, string]>(MOVE);
  const give = database.prepare<[number, number]>(GIVE);
  const close = database.prepare<[number]>(CLOSE);
  const spent = database.prepare<[number], { offer: string; units: number }>(SPENT);
  const pruneUnits = database.prepare<[number]>(PRUNE_UNITS);
  const prune = database.prepare<[number]>(PRUNE);
  let atHand: readonly LeaseRow[] | null = null;
  const changed = () => {
    atHand = null;
  };

  // A database made anew or restored may have forgotten what it had used up: all of a former epoch counts as used.
  if (settings.number('lease.epoch') !== epoch)
    database
      .transaction(() => {
        database.exec(FORGET);
        settings.set('lease.epoch', epoch);
        settings.set('lease.last', 0);
      })
      .immediate();
  const last = () => settings.number('lease.last') ?? 0;

  return {
    last,
    add(lease) {
      if (lease.number !== last() + 1) return false;
      add.run(lease);
      settings.set('lease.last', lease.number);
      changed();
      return true;
    },
    get: number => get.get(number) ?? null,
    open() {
      // What is read inside a transaction may yet be rolled back.
      if (database.inTransaction) return open.all();
      atHand ??= open.all();
      return atHand;
    },
    spend(row, atMs) {
      changed();
      if (spend.run({ atMs, number: row.number }).changes !== 1) throw new Error(`lease ${row.number} is closed`);
      if (addUnit.run(row).changes !== 1) throw new Error(`${row.offer}: ${row.key} has a unit already`);
    },
    unit: (offer, key) => unit.get(offer, key) ?? null,
    unitsOfSale: (saleId, kind) => ofSale.all(saleId, kind),
    free(offer, key) {
      changed();
      const number = freeUnit.get(offer, key);
      if (number !== undefined) free.run(number);
    },
    move: (offer, from, to) => void move.run(to, offer, from),
    giveBack(number, units) {
      changed();
      give.run(units, number);
    },
    close(number) {
      changed();
      close.run(number);
    },
    spentSince: sinceMs => new Map(spent.all(sinceMs).map(({ offer, units }) => [offer, units])),
    forget() {
      changed();
      database.exec(FORGET);
    },
    prune(beforeMs) {
      changed();
      pruneUnits.run(beforeMs);
      prune.run(beforeMs);
    },
  };
}
