/** Why a till is behind or not well, by how much, since when: for the console, `/metrics` and `tillside doctor`. */
import type { KnownTill } from './ledger.ts';
import type { TillAilment } from './wire.ts';

/** A fact that waits so long though its till is on line is not just on its way. */
const slowMs = 5 * 60_000;

/**
 * All that ails it, what matters most first.
 * @param nowMs milliseconds since 1970 UTC
 * @param current the newest bundle that it should have; null: none is published for it
 */
export function ailmentsOf(
  till: KnownTill,
  nowMs: number,
  current: { readonly id: string; readonly version: number; readonly notAfter: string } | null,
): readonly TillAilment[] {
  const why: TillAilment[] = [];
  const add = (code: TillAilment['code'], since: string | null = null, detail: string | null = null) =>
    why.push({ code, since, detail });
  if (till.agent === null && !till.online) add('never-seen', till.lastReceivedAt);
  else if (!till.online) add('offline', till.since);
  if (till.chain === 'broken') add('chain-broken');
  if (till.missing > 0) add('facts-missing', null, String(till.missing));
  if (till.quarantined > 0) add('facts-unreadable', null, String(till.quarantined));
  const { waiting, oldestAt } = till.outbox;
  if (waiting > 0 && (!till.online || (oldestAt !== null && nowMs - Date.parse(oldestAt) > slowMs)))
    add('facts-waiting', oldestAt, String(waiting));
  if (till.bundleRefused !== null)
    add('bundle-refused', null, `${till.bundleRefused.id} ${till.bundleRefused.version}: ${till.bundleRefused.code}`);
  if (current !== null && till.agent !== null) {
    const own = till.bundle?.id === current.id ? till.bundle.version : 0;
    if (own < current.version)
      add('bundle-old', null, own === 0 ? 'none' : `${current.id} ${own} of ${current.version}`);
    else if (Date.parse(current.notAfter) < nowMs)
      add('bundle-expired', current.notAfter, `${current.id} ${current.version}`);
  }
  if (till.printer?.problem != null) add('printer', null, till.printer.problem);
  if (till.scanner?.problem != null) add('scanner', null, till.scanner.problem);
  return why;
}
