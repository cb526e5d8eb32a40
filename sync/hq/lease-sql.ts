/** Statements about leases as one transaction runs them, the same on every database. */

/** Each statement is answered with its rows. */
export type Steps<T> = Generator<Statement, T, readonly unknown[]>;
export interface Statement {
  readonly sql: string;
  /** In the places of its `?`. */
  readonly parameters: readonly (string | number | null)[];
}

export function* rows<Row>(sql: string, parameters: Statement['parameters']): Steps<readonly Row[]> {
  return (yield { sql, parameters }) as readonly Row[];
}

/** The till's row, locked: how far it has said that it has its leases. */
export const LOCK_TILL = `
INSERT INTO lease_till (store, till, epoch, confirmed) VALUES (?, ?, ?, ?)
ON CONFLICT (store, till, epoch) DO UPDATE SET confirmed =
  CASE WHEN excluded.confirmed > lease_till.confirmed THEN excluded.confirmed ELSE lease_till.confirmed END
RETURNING confirmed`;
/** Written only to be locked: SQLite knows no FOR UPDATE. */
export const LOCK_CAP = `
INSERT INTO lease_cap (offer) VALUES (?) ON CONFLICT (offer) DO UPDATE SET offer = excluded.offer
RETURNING granted, returned`;
export const ADD = `
INSERT INTO lease (store, till, epoch, number, offer, units, from_ms, until_ms, granted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
export const GRANTED = 'UPDATE lease_cap SET granted = granted + ? WHERE offer = ?';
