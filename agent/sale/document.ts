/** The evaluator's sale, built from what the till knows: basket, member, history, counters cut to each cap's window. */
import { endOfLocalDay, localDay, startOfCalendar } from '../offers/time.ts';
import type { Cap, Counters, Member, Offer, PresentedCoupon, Sale, SaleLine, Window } from '../offers/types.ts';
import { type Zone, zoneOf } from '../offers/zone.ts';
import { asEvaluated, type BasketLine, type Members, type SaleRow, type Store } from '../store/index.ts';
import type { Active } from './active-bundle.ts';
import { mergedHistory, type PastElsewhere } from './past-elsewhere.ts';

const DAY = 86_400_000;
/** Coupons older than this matter to no chain, cap or policy; the store forgets them at the same age. */
const HISTORY_DAYS = 400;

export type Moment = { readonly at: string; readonly ms: number };

/** The member with the till's own points on top; null: none, or one that the members' file does not have any more. */
export function memberOf(memberId: string | null, members: Members, store: Store): Member | null {
  if (memberId === null) return null;
  const record = members.byId(memberId);
  return record === null ? null : asEvaluated(record, store.ledger.pointsSince(memberId, members.asOf(memberId)));
}

export function documentOf(
  sale: SaleRow,
  moment: Moment,
  member: Member | null,
  coupons: readonly PresentedCoupon[],
  active: Active,
  store: Store,
  past: PastElsewhere | null = null,
): Sale {
  const zone = zoneOf(active.bundle.timezone);
  return {
    saleId: sale.saleId,
    storeId: store.address.store,
    tillId: store.address.till,
    at: moment.at,
    lines: sale.lines.map(evaluatedLine),
    ...(member === null ? {} : { member, history: historyOf(member, moment.ms, active, store, past) }),
    counters: countersOf(member, moment.ms, zone, active, store),
    coupons,
  };
}

function evaluatedLine({ name: _, ...line }: BasketLine): SaleLine {
  return line;
}

function historyOf(
  member: Member,
  nowMs: number,
  active: Active,
  store: Store,
  past: PastElsewhere | null,
): NonNullable<Sale['history']> {
  const since = nowMs - HISTORY_DAYS * DAY;
  const { boughtWithinDays } = active;
  const own = {
    bought: boughtWithinDays === 0 ? [] : store.ledger.purchases(member.id, nowMs - boughtWithinDays * DAY),
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
  if ('days' in window) return nowMs - window.days * DAY;
  const first = startOfCalendar(localDay(nowMs, zone), window.calendar);
  return endOfLocalDay(first - 1, zone) + 1000;
}
