/** Counts whatever changes what the till knows of its customers (coupons, purchases, points): while it stands, what was read still holds. */
import type { Database } from './database.ts';

const TABLES = ['coupon', 'purchase', 'points_change'];

/** The count; null inside a transaction, of which nothing may remain. */
export function countCustomerChanges(database: Database): () => number | null {
  let changes = 0;
  database.function('customer_changed', () => {
    changes++;
  });
  // By triggers of this connection, the only one that writes: no statement can be forgotten.
  for (const table of TABLES)
    for (const change of ['INSERT', 'UPDATE', 'DELETE'])
      database.exec(`CREATE TEMP TRIGGER customer_${table}_${change} AFTER ${change} ON main.${table}
        BEGIN SELECT customer_changed(); END`);
  return () => (database.inTransaction ? null : changes);
}
