/**
 * The order in which facts are polled (`GET /v1/events?after=`), with several transactions side by side. A cursor is drawn
 * when an event is written and seen when it is committed, so a lower one may appear after a higher one, and whoever polled
 * in between would never see it. Therefore each writing transaction announces, by a shared advisory lock, that its cursors lie above the
 * last one drawn; a reader stops at the lowest announcement.
 */
import type { Run } from './postgres-pool.ts';

/** Upper 16 bits of the locks' keys; the lower 48 are a cursor. Shared locks: nobody ever waits for one. */
const prefix = 0x5449;

/** To be called in a transaction before its first event is written. */
export async function announceCursors(run: Run): Promise<void> {
  await run(ANNOUNCE);
}

/** The highest cursor below which nothing can appear any more. */
export async function settledCursor(run: Run): Promise<number> {
  // In this order and apart: whoever announces between the two draws above what was last drawn before.
  const drawn = (await run<{ last: number }>('SELECT last_value AS last FROM event_cursor')).rows[0]?.last ?? 0;
  const announced = (await run<{ lowest: number | null }>(LOWEST)).rows[0]?.lowest ?? null;
  return announced === null ? drawn : Math.min(drawn, announced);
}

const ANNOUNCE = `
SELECT pg_advisory_xact_lock_shared((${prefix}::bigint << 48) | last_value) FROM event_cursor`;

const LOWEST = `
SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) AS lowest FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = ${prefix}
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
