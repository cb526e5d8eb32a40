/** Global caps in a sale: the units that it may use stand in its counters, what it will use is reserved, what it used is spent. */
import type { Clock } from '../../clock.ts';
import { createLeases, type LeasedOffer, type Leases, spendUnit } from '../coupons/index.ts';
import { endOfLocalDay, parseDate } from '../offers/time.ts';
import type { Counters, Decision, Offer, Sale } from '../offers/types.ts';
import { type Zone, zoneOf } from '../offers/zone.ts';
import type { CouponRow, Store } from '../store/index.ts';
import type { Active, ActiveBundle } from './active-bundle.ts';
import type { EvaluationParts } from './evaluation.ts';

/** Units by offer. */
type Units = ReadonlyMap<string, number>;

const dayMs = 86_400_000;
const leasedOffers = new WeakMap<Active, readonly LeasedOffer[]>();

/** The leases of the offers that the active bundle has. */
export function createSaleLeases(of: {
  readonly store: Store;
  readonly bundles: ActiveBundle;
  readonly clock: Clock;
  readonly onFault?: (error: unknown) => void;
}): Leases {
  const { store, bundles, clock, onFault } = of;
  const offers = () => {
    const active = bundles.active();
    return active === null ? null : leasedIn(active, store.address.store);
  };
  return createLeases({ store, clock, offers, ...(onFault === undefined ? {} : { onFault }) });
}

/** What the sale may use of each offer with a global cap; null where there is none. */
export function unitsFor(
  { store, leases }: EvaluationParts,
  saleId: string,
  active: Active,
  atMs: number,
): Units | null {
  const offers = leasedIn(active, store.address.store);
  if (offers.length === 0) return null;
  const available = leases.available(saleId, atMs);
  return new Map(offers.map(({ offer }) => [offer, available.get(offer) ?? 0]));
}

export function withUnits(document: Sale, units: Units | null): Sale {
  if (units === null) return document;
  const counters: Record<string, Counters> = { ...document.counters };
  for (const [offer, lease] of units) if (lease > 0) counters[offer] = { ...counters[offer], lease };
  return { ...document, counters };
}

/** Reserves what the open sale will use, and asks HQ for what only a unit is missing for. */
export function countOn(
  { store, leases, ahead, onFault }: EvaluationParts,
  active: Active,
  document: Sale,
  decision: Decision,
  units: Units | null,
): void {
  if (units === null) return;
  const offers = leasedIn(active, store.address.store);
  leases.reserve(document.saleId, usedBy(decision, offers));
  const lacking = offers.filter(({ offer }) => units.get(offer) === 0 && leases.mayAsk(offer));
  if (lacking.length === 0) return;
  try {
    const given = new Map([...units, ...lacking.map(({ offer }) => [offer, 1] as const)]);
    const could = usedBy(ahead.decide(active, withUnits(document, given)), offers);
    for (const { offer } of lacking) if (could.has(offer)) leases.want(offer);
  } catch (error) {
    onFault(error);
  }
}

/** @throws Error if there is no unit: the coupon is left out */
export function spendIssued(
  { store }: { readonly store: Store },
  active: Active,
  { offer, serial, saleId }: CouponRow,
  facts: { readonly ms: number },
): void {
  if (!leasedIn(active, store.address.store).some(one => one.offer === offer && one.counts === 'issued')) return;
  if (!spendUnit(store, { offer, key: serial, kind: 'issued', saleId: saleId ?? '', atMs: facts.ms }))
    throw new Error(`the last unit of ${offer} is gone`);
}

/** @throws Error if there is no unit: the sale does not complete, and is decided anew when the POS tries again */
export function spendApplied(
  { store }: { readonly store: Store },
  active: Active,
  decision: Decision,
  { saleId, ms }: { readonly saleId: string; readonly ms: number },
): void {
  const offers = new Set(
    leasedIn(active, store.address.store).flatMap(({ offer, counts }) => (counts === 'applied' ? [offer] : [])),
  );
  if (offers.size === 0) return;
  for (const [place, { offer, serial }] of applicationsOf(decision).entries()) {
    if (!offers.has(offer)) continue;
    const key = serial ?? `${store.address.till}/${saleId}#${place}`;
    if (!spendUnit(store, { offer, key, kind: 'applied', saleId, atMs: ms }))
      throw new Error(`the last unit of ${offer} is gone`);
  }
}

const applicationsOf = ({
  applied,
  points,
}: Decision): readonly { readonly offer: string; readonly serial?: string }[] => [
  ...applied,
  ...(points?.offers ?? []),
];

function usedBy(decision: Decision, offers: readonly LeasedOffer[]): Units {
  const counts = new Map(offers.map(one => [one.offer, one.counts]));
  const used = new Map<string, number>();
  const add = (offer: string) => used.set(offer, (used.get(offer) ?? 0) + 1);
  for (const { offer } of decision.issue) if (counts.get(offer) === 'issued') add(offer);
  for (const { offer } of applicationsOf(decision)) if (counts.get(offer) === 'applied') add(offer);
  return used;
}

function leasedIn(active: Active, store: string): readonly LeasedOffer[] {
  let known = leasedOffers.get(active);
  if (known === undefined) {
    const zone = zoneOf(active.bundle.timezone);
    const notAfter = Date.parse(active.bundle.notAfter);
    known = active.bundle.offers.flatMap(offer => leasedOffer(offer, store, zone, notAfter) ?? []);
    leasedOffers.set(active, known);
  }
  return known;
}

function leasedOffer(offer: Offer, store: string, zone: Zone, notAfter: number): LeasedOffer | null {
  const cap = offer.caps?.find(({ scope }) => scope === 'global');
  if (cap === undefined) return null;
  const { include, exclude } = offer.stores ?? {};
  const isHere = (include === undefined || include.includes(store)) && exclude?.includes(store) !== true;
  const counts = (cap.counts ?? (offer.phase === 'issue' ? 'issued' : 'redeemed')) === 'issued' ? 'issued' : 'applied';
  // Coupons are redeemed anywhere and long after their offer's own days.
  if (counts === 'applied' && offer.phase === 'issue')
    return { offer: offer.id, counts, fromMs: 0, toMs: Number.POSITIVE_INFINITY };
  if (!isHere) return null;
  const { from, to } = offer.schedule ?? {};
  const last = to === undefined ? null : parseDate(to);
  const first = from === undefined ? null : parseDate(from);
  // A day more on both sides: some are wanted before the first customer, and a night's window ends the day after.
  const fromMs = first === null ? 0 : endOfLocalDay(first - 1, zone) - dayMs;
  const toMs = last === null ? Number.POSITIVE_INFINITY : endOfLocalDay(last, zone) + dayMs;
  return { offer: offer.id, counts, fromMs, toMs: counts === 'issued' ? Math.min(toMs, notAfter) : toMs };
}
