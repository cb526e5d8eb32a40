/**
 * How units of global caps are granted: one transaction, the same on every database and from every HQ. The till's row is
 * locked first, then the caps' in the order of their offers, so that no two grants of a cap are reckoned side by side.
 * What a till returns comes by its events (`lease.used`), never by its questions.
 */
import type { LeaseRefusal } from '../protocol/lease.ts';
import type { GrantedLease } from './lease-journal.ts';
import { holdOf, holdSteps } from './lease-recovery.ts';
import { ADD, GRANTED, LOCK_CAP, LOCK_TILL, rows, type Steps } from './lease-sql.ts';
import type { TillName } from './ledger.ts';
import { order } from './query.ts';

export interface LeaseRequest extends TillName {
  readonly epoch: number;
  /** The till has every lease up to this number. */
  readonly after: number;
  readonly wants: readonly WantedLease[];
}

/** What a till wants of a cap that HQ knows. */
export interface WantedLease {
  readonly offer: string;
  readonly units: number;
  readonly limit: number;
  /** Of what is left; the larger part stays for others. Between 0 and 1. */
  readonly share: number;
  /** A customer stands there: one unit at least, if there is one. */
  readonly now: boolean;
  /** Sales dated from, and before; milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Leases that reach into this time count towards the limit; null: all that were ever granted do. */
  readonly reach: { readonly fromMs: number; readonly untilMs: number } | null;
}

export interface LeaseAnswer {
  /** All that the till does not have yet. */
  readonly leases: readonly GrantedLease[];
  readonly refused: readonly { readonly offer: string; readonly reason: LeaseRefusal }[];
  /** As in the command. */
  readonly had?: number;
}

/** @param at RFC 3339, now */
export function* grantSteps({ store, till, epoch, after, wants }: LeaseRequest, at: string): Steps<LeaseAnswer> {
  const refuse = (reason: LeaseRefusal) => ({
    leases: [],
    refused: wants.map(({ offer }) => ({ offer, reason })),
  });
  const [known] = yield* rows<{ confirmed: number }>(LOCK_TILL, [store, till, epoch, after]);
  // It had more once: its database was restored unnoticed, and would use again what it has used already. Or this is an old question.
  const had = Number(known?.confirmed ?? 0);
  if (had > after) return { ...refuse('forgotten'), had };
  const [newer] = yield* rows<{ epoch: number | null }>(NEWEST_EPOCH, [store, till]);
  if ((newer?.epoch ?? epoch) > epoch) return refuse('forgotten');
  // An answer was lost on its way: the same again, and nothing new before it has arrived.
  const sent = yield* rows<GrantedLease>(SENT, [store, till, epoch, after]);
  if (sent.length > 0) return { leases: sent, refused: [] };
  const [last] = yield* rows<{ number: number | null }>(LAST, [store, till, epoch]);
  if (after > Number(last?.number ?? 0))
    yield* holdSteps(
      Date.parse(at),
      `till ${store}/${till} has leases up to ${after}, HQ knows up to ${last?.number ?? 0}`,
    );
  if ((yield* holdOf()) !== null) return refuse('exhausted');

  const leases: GrantedLease[] = [];
  const refused: LeaseAnswer['refused'][number][] = [];
  for (const want of [...wants].sort((a, b) => order(a.offer, b.offer))) {
    const { offer, fromMs, untilMs, reach } = want;
    const [cap] = yield* rows<{ granted: number; returned: number }>(LOCK_CAP, [offer]);
    const counted =
      reach === null
        ? Number(cap?.granted ?? 0) - Number(cap?.returned ?? 0)
        : Number((yield* rows<{ units: number | null }>(COUNTED, [offer, reach.fromMs, reach.untilMs]))[0]?.units ?? 0);
    const left = want.limit - counted;
    const units = Math.min(want.units, left, Math.max(want.now ? 1 : 0, Math.floor(left * want.share)));
    if (units <= 0) {
      refused.push({ offer, reason: 'exhausted' });
      continue;
    }
    const number = after + leases.length + 1;
    yield* rows(ADD, [store, till, epoch, number, offer, units, fromMs, untilMs, at]);
    yield* rows(GRANTED, [units, offer]);
    leases.push({ number, offer, units, fromMs, untilMs });
  }
  return { leases, refused };
}

const NEWEST_EPOCH = 'SELECT max(epoch) AS epoch FROM lease_till WHERE store = ? AND till = ?';
const SENT = `
SELECT number, offer, units, from_ms AS "fromMs", until_ms AS "untilMs" FROM lease
WHERE store = ? AND till = ? AND epoch = ? AND number > ? ORDER BY number LIMIT 64`;
const COUNTED = `
SELECT sum(units - returned) AS units FROM lease WHERE offer = ? AND until_ms > ? AND from_ms < ?`;
const LAST = 'SELECT max(number) AS number FROM lease WHERE store = ? AND till = ? AND epoch = ?';
