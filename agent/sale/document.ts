/** The evaluator's sale, built from what the till knows: basket, member, history, counters cut to each cap's window. */
import { endOfLocalDay, localDay, startOfCalendar } from '../offers/time.ts';
import type {
  Cap,
  Counters,
  History,
  Member,
  Offer,
  PresentedCoupon,
  Sale,
  SaleLine,
  Window,
} from '../offers/types.ts';
import { type Zone, zoneOf } from '../offers/zone.ts';
import {
  asEvaluated,
  type BasketLine,
  type MemberRecord,
  type Members,
  type SaleRow,
  type Store,
} from '../store/index.ts';
import type { Active } from './active-bundle.ts';
import { mergedHistory, type PastElsewhere } from './past-elsewhere.ts';

export const dayMs = 86_400_000;
/** Coupons older than this matter to no chain, cap or policy; the store forgets them at the same age. */
const HISTORY_DAYS = 400;

export type Moment = { readonly at: string; readonly ms: number };

/** A member as the evaluator sees one. */
export type Customer = { readonly member: Member; readonly history: History };

/** The member with the till's own points on top. */
export function memberOf(record: MemberRecord, members: Members, store: Store): Member {
  const { memberId } = record;
  return asEvaluated(record, store.ledger.pointsSince(memberId, members.asOf(memberId)));
}

export function documentOf(
  sale: SaleRow,
  moment: Moment,
  customer: Customer | null,
  coupons: readonly PresentedCoupon[],
  active: Active,
  store: Store,
): Sale {
  const zone = zoneOf(active.bundle.timezone);
  return {
    saleId: sale.saleId,
    storeId: store.address.store,
    tillId: store.address.till,
    at: moment.at,
    lines: sale.lines.map(evaluatedLine),
    ...customer,
    counters: countersOf(customer?.member ?? null, moment.ms, zone, active, store),
    coupons,
  };
}

function evaluatedLine({ name: _, ...line }: BasketLine): SaleLine {
  return line;
}

/**
 * What this till, its store and HQ know of a member's past.
 * @param fromMs before all sales that it is for, by a day at most: windows are the evaluator's to cut
 */
export function historyOf(member: Member, past: PastElsewhere, fromMs: number, active: Active, store: Store): History {
  const since = fromMs - HISTORY_DAYS * dayMs;
  const { boughtWithinDays } = active;
  const own = {
    bought: boughtWithinDays === 0 ? [] : store.ledger.purchases(member.id, fromMs - boughtWithinDays * dayMs),
    coupons: store.coupons.historyOfMember(member.id, since),
    householdCoupons:
      member.household === undefined ? [] : store.coupons.historyOfHousehold(member.household, member.id, since),
  };
  return mergedHistory(own, boughtWithinDays === 0 ? { ...past, bought: [] } : past, since, store);
}

function countersOf(
  member: Member | null,
  nowMs: number,
  zone: Zone,
  active: Active,
  store: Store,
): Record<string, Counters> {
  const counters: Record<string, Counters> = {};
  for (const { offer, caps } of active.capped) {
    if (!store.ledger.everUsed(offer.id)) continue;
    const counted: { -readonly [Key in keyof Counters]: Counters[Key] } = {};
    for (const cap of caps) {
      if (cap.scope !== 'global') counted[cap.scope] = usedOf(cap, cap.scope, offer, member, nowMs, zone, store);
    }
    counters[offer.id] = counted;
  }
  return counters;
}

function usedOf(
  cap: Cap,
  scope: 'member' | 'household' | 'store',
  offer: Offer,
  member: Member | null,
  nowMs: number,
  zone: Zone,
  store: Store,
): number {
  const counts = cap.counts ?? (offer.phase === 'issue' ? 'issued' : 'redeemed');
  const kind = counts === 'issued' ? 'issued' : 'applied';
  const from = windowStart(cap.window, nowMs, zone);
  // Without a window everything counts, also what a clock dated ahead of this sale that was wrong then or is wrong now.
  const to = cap.window === undefined ? Number.MAX_SAFE_INTEGER : nowMs;
  if (scope === 'store') return store.ledger.usage(offer.id, kind, from, to);
  if (member === null) return 0;
  if (scope === 'member') return store.ledger.usageOfMember(member.id, offer.id, kind, from, to);
  // A member without household is a household of one.
  if (member.household === undefined) return store.ledger.usageOfMember(member.id, offer.id, kind, from, to);
  return store.ledger.usageOfHousehold(member.household, offer.id, kind, from, to);
}

/** First millisecond that counts. */
function windowStart(window: Window | undefined, nowMs: number, zone: Zone): number {
  if (window === undefined) return 0;
  if ('days' in window) return nowMs - window.days * dayMs;
  const first = startOfCalendar(localDay(nowMs, zone), window.calendar);
  return endOfLocalDay(first - 1, zone) + 1000;
}
