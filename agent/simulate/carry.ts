/**
 * What the simulation remembers of a member from sale to sale: coupons that it would have printed, applications and products
 * bought. Without it member caps, contact policies and chains would see a stranger in every sale. Nobody redeems what a simulation
 * prints, so every coupon stays unredeemed.
 */
import type { CompiledBundle } from '../offers/compile.ts';
import { expiresAt, localDay, parseInstant, startOfCalendar } from '../offers/time.ts';
import type { BoughtProduct, Cap, Counters, CouponHistory, Offer, Sale, Window } from '../offers/types.ts';
import type { Zone } from '../offers/zone.ts';
import type { Judged } from './judge.ts';

interface Memory {
  /** In order of time. */
  bought: { readonly at: number; readonly product: BoughtProduct }[];
  readonly coupons: CouponHistory[];
  /** Applications and coupons of capped offers. */
  readonly counted: { readonly offer: string; readonly at: number }[];
  /** Of the whole household, this member's included. */
  readonly household: Set<Memory>;
}

export interface Carry {
  /** The sale as the till would have seen it: its own history and what was carried. */
  enrich(sale: Sale): Sale;
  remember(sale: Sale, happened: Pick<Judged, 'applied' | 'points' | 'issue'>): void;
}

const dayMs = 86_400_000;
/** A global cap is compared with at the end of the simulation; here every till has a lease. */
const unlimited = 1_000_000_000;

/** @param bundle that is played: its windows say how long purchases matter, its caps what is counted */
export function createCarry({ bundle: { offers, timezone }, zone, keys }: CompiledBundle): Carry {
  const memories = new Map<string, Memory>();
  const households = new Map<string, Set<Memory>>();
  const boughtMs = keys.boughtWithinDays * dayMs;
  const byId = new Map(offers.map(offer => [offer.id, offer]));
  const counted = offers.filter(offer => (offer.caps ?? []).some(cap => isCounted(offer, cap)));
  const countedIds = new Set(counted.map(({ id }) => id));
  const leased = offers.filter(offer => offer.caps?.some(cap => cap.scope === 'global'));
  const leases: Readonly<Record<string, Counters>> = Object.fromEntries(
    leased.map(({ id }) => [id, { lease: unlimited }]),
  );

  const memoryOf = (id: string, household: string | undefined): Memory => {
    const known = memories.get(id);
    if (known !== undefined) return known;
    const key = household ?? id;
    const all = households.get(key) ?? new Set();
    households.set(key, all);
    const memory: Memory = { bought: [], coupons: [], counted: [], household: all };
    all.add(memory);
    memories.set(id, memory);
    return memory;
  };

  const countersOf = (sale: Sale, memory: Memory | undefined): Readonly<Record<string, Counters>> | undefined => {
    if (leased.length === 0 && (memory === undefined || counted.length === 0)) return sale.counters;
    const counters: Record<string, Counters> = { ...leases };
    const now = parseInstant(sale.at) ?? 0;
    for (const offer of memory === undefined ? [] : counted) {
      const own: { member?: number; household?: number } = {};
      for (const cap of offer.caps ?? []) {
        if (!isCounted(offer, cap)) continue;
        const whose = cap.scope === 'member' ? [memory] : [...(memory?.household ?? [])];
        let count = 0;
        for (const each of whose)
          for (const event of each?.counted ?? [])
            if (event.offer === offer.id && isWithin(event.at, now, cap.window, zone)) count++;
        if (count > 0) own[cap.scope === 'member' ? 'member' : 'household'] = count;
      }
      if (own.member !== undefined || own.household !== undefined)
        counters[offer.id] = { ...counters[offer.id], ...own };
    }
    // What the till itself counted at the time is of another bundle, but of the same caps it says more than nothing.
    for (const [id, known] of Object.entries(sale.counters ?? {})) counters[id] = { ...counters[id], ...known };
    return counters;
  };

  return {
    enrich(sale) {
      // Someone new may be of a household that is not.
      const memory = sale.member === undefined ? undefined : memoryOf(sale.member.id, sale.member.household);
      const counters = countersOf(sale, memory);
      const known = counters === undefined ? sale : { ...sale, counters };
      if (memory === undefined) return known;
      const history = sale.history ?? {};
      const others = [...memory.household].filter(each => each !== memory).flatMap(({ coupons }) => coupons);
      return {
        ...known,
        history: {
          bought: [...(history.bought ?? []), ...memory.bought.map(({ product }) => product)],
          coupons: [...(history.coupons ?? []), ...memory.coupons],
          householdCoupons: [...(history.householdCoupons ?? []), ...others],
        },
      };
    },
    remember(sale, { applied, points, issue }) {
      const { member, saleId } = sale;
      if (member === undefined) return;
      const at = parseInstant(sale.at) ?? 0;
      const memory = memoryOf(member.id, member.household);
      for (const { offer, validTo } of issue) {
        const contact = byId.get(offer)?.contact?.class;
        memory.coupons.push({
          offer,
          serial: `${saleId}-${offer}`,
          issuedAt: sale.at,
          expiresAt: expiresAt(validTo, timezone),
          redeemedAt: null,
          ...(contact === undefined ? {} : { class: contact }),
        });
      }
      for (const { offer } of [...applied, ...(points?.offers ?? []), ...issue])
        if (countedIds.has(offer)) memory.counted.push({ offer, at });
      if (boughtMs === 0) return;
      memory.bought = memory.bought.filter(product => product.at >= at - boughtMs);
      for (const { gtin, category, brand } of sale.lines)
        memory.bought.push({
          at,
          product: {
            saleId,
            at: sale.at,
            ...(gtin === undefined ? {} : { gtin }),
            ...(category === undefined ? {} : { category }),
            ...(brand === undefined ? {} : { brand }),
          },
        });
    },
  };
}

/**
 * Caps whose numbers the till would bring along. A member's coupons stand in the history; a store's cap is shared by sales that other
 * workers play, and is compared with at the end. Redemptions of printed coupons do not occur.
 */
function isCounted({ phase }: Offer, cap: Cap): boolean {
  if (cap.scope === 'store' || cap.scope === 'global') return false;
  if (phase === 'issue') return cap.scope === 'household' && cap.counts !== 'redeemed';
  return true;
}

function isWithin(at: number, now: number, window: Window | undefined, zone: Zone): boolean {
  if (window === undefined) return true;
  if ('days' in window) return at <= now && at >= now - window.days * dayMs;
  return at <= now && localDay(at, zone) >= startOfCalendar(localDay(now, zone), window.calendar);
}
