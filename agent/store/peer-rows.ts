/** What the store's other tills told: reservations that hold for now, and facts that were taken in already. */
import type { Database } from './database.ts';

export type PeerReservation = {
  readonly serial: string;
  readonly till: string;
  readonly saleId: string;
  readonly at: string;
  readonly atMs: number;
  /** This till's own time at which it heard of it. */
  readonly heardMs: number;
};

export interface PeerRows {
  reserve(row: PeerReservation): void;
  release(serial: string, till: string): void;
  releaseAll(serial: string): void;
  /** Heard at or after `sinceMs`, earliest reservation first. */
  reservations(serial: string, sinceMs: number): readonly PeerReservation[];
  /** True the first time, false for a fact taken in before. */
  takeFact(id: string, nowMs: number): boolean;
  /** Remembers another till's void, whether or not its sale was heard of. */
  voidSale(till: string, saleId: string, nowMs: number): void;
  isVoided(till: string, saleId: string): boolean;
  prune(beforeMs: number): void;
}

const RESERVE = `INSERT INTO peer_reservation (serial, till, sale_id, at, at_ms, heard_ms)
  VALUES (@serial, @till, @saleId, @at, @atMs, @heardMs)
  ON CONFLICT (serial, till) DO UPDATE SET sale_id = excluded.sale_id, at = excluded.at, at_ms = excluded.at_ms,
    heard_ms = excluded.heard_ms`;
const RELEASE = 'DELETE FROM peer_reservation WHERE serial = ? AND till = ?';
const RELEASE_ALL = 'DELETE FROM peer_reservation WHERE serial = ?';
const RESERVATIONS = `SELECT serial, till, sale_id AS saleId, at, at_ms AS atMs, heard_ms AS heardMs FROM peer_reservation
  WHERE serial = ? AND heard_ms >= ? ORDER BY at_ms, till`;
const TAKE = 'INSERT INTO peer_fact (id, heard_ms) VALUES (?, ?) ON CONFLICT DO NOTHING';
const VOID = 'INSERT INTO voided_sale (till, sale_id, heard_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
const IS_VOIDED = 'SELECT 1 FROM voided_sale WHERE till = ? AND sale_id = ?';
const PRUNE = ['peer_fact', 'peer_reservation', 'voided_sale'].map(table => `DELETE FROM ${table} WHERE heard_ms < ?`);

export function createPeerRows(database: Database): PeerRows {
  const reserve = database.prepare<[PeerReservation]>(RESERVE);
  const release = database.prepare<[string, string]>(RELEASE);
  const releaseAll = database.prepare<[string]>(RELEASE_ALL);
  const reservations = database.prepare<[string, number], PeerReservation>(RESERVATIONS);
  const take = database.prepare<[string, number]>(TAKE);
  const voidSale = database.prepare<[string, string, number]>(VOID);
  const isVoided = database.prepare<[string, string], number>(IS_VOIDED).pluck();
  const prune = PRUNE.map(sql => database.prepare<[number]>(sql));
  return {
    reserve: row => void reserve.run(row),
    release: (serial, till) => void release.run(serial, till),
    releaseAll: serial => void releaseAll.run(serial),
    reservations: (serial, sinceMs) => reservations.all(serial, sinceMs),
    takeFact: (id, nowMs) => take.run(id, nowMs).changes === 1,
    voidSale: (till, saleId, nowMs) => void voidSale.run(till, saleId, nowMs),
    isVoided: (till, saleId) => isVoided.get(till, saleId) !== undefined,
    prune(beforeMs) {
      for (const statement of prune) statement.run(beforeMs);
    },
  };
}
