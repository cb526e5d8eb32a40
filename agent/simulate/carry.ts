/**
 * What the simulation remembers of a member from sale to sale: coupons that it would have printed and products bought. Without it
 * member caps, contact policies and chains would see a stranger in every sale.
 */
import { longestBoughtWindow } from '../offers/bought-window.ts';
import type { BoughtProduct, CouponHistory, Decision, Offer, Sale } from '../offers/types.ts';

type Memory = { bought: BoughtProduct[]; coupons: (CouponHistory & { readonly household: string | undefined })[] };

export interface Carry {
  /** The sale as the till would have seen it: its own history and what was carried. */
  enrich(sale: Sale): Sale;
  remember(sale: Sale, decision: Omit<Decision, 'rejected'>): void;
  readonly members: number;
}

const dayMs = 86_400_000;

/** @param offers of the bundle that is played: their windows say how long purchases matter */
export function createCarry(offers: readonly Offer[]): Carry {
  const memories = new Map<string, Memory>();
  const boughtMs = longestBoughtWindow(offers) * dayMs;
  const classes = new Map(offers.map(offer => [offer.id, offer.contact?.class]));
  const leased = Object.fromEntries(
    offers
      .filter(offer => offer.caps?.some(cap => cap.scope === 'global'))
      .map(offer => [offer.id, { lease: 1_000_000_000 }]),
  );
  const anyLease = Object.keys(leased).length > 0;

  return {
    get members() {
      return memories.size;
    },
    enrich(sale) {
      const memory = sale.member === undefined ? undefined : memories.get(sale.member.id);
      // A global cap is compared with at the end; here every till has a lease.
      const counters = anyLease ? { ...leased, ...sale.counters } : sale.counters;
      const counted = counters === undefined ? sale : { ...sale, counters };
      if (memory === undefined) return counted;
      const history = sale.history ?? {};
      return {
        ...counted,
        history: {
          ...history,
          bought: [...(history.bought ?? []), ...memory.bought],
          coupons: [...(history.coupons ?? []), ...memory.coupons],
        },
      };
    },
    remember(sale, decision) {
      const id = sale.member?.id;
      if (id === undefined) return;
      if (decision.issue.length === 0 && boughtMs === 0) return;
      let memory = memories.get(id);
      if (memory === undefined) {
        memory = { bought: [], coupons: [] };
        memories.set(id, memory);
      }
      for (const { offer, validTo } of decision.issue) {
        const contact = classes.get(offer);
        memory.coupons.push({
          offer,
          serial: `${sale.saleId}-${offer}`,
          issuedAt: sale.at,
          expiresAt: `${validTo}T23:59:59Z`,
          redeemedAt: null,
          household: sale.member?.household,
          ...(contact === undefined ? {} : { class: contact }),
        });
      }
      if (boughtMs === 0) return;
      const from = Date.parse(sale.at) - boughtMs;
      memory.bought = memory.bought.filter(product => Date.parse(product.at) >= from);
      for (const { gtin, category, brand } of sale.lines)
        memory.bought.push({
          saleId: sale.saleId,
          at: sale.at,
          ...(gtin === undefined ? {} : { gtin }),
          ...(category === undefined ? {} : { category }),
          ...(brand === undefined ? {} : { brand }),
        });
    },
  };
}
