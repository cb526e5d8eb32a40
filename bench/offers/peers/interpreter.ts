/**
 * A peer: a hand-written interpreter that walks each offer's own JSON, as the contract reads, over facts in maps and sets.
 * It shares no code with the product, so it is also the second opinion on who is eligible.
 */
import type {
  Bundle,
  Cap,
  Chain,
  CouponHistory,
  Member,
  Offer,
  Predicate,
  Sale,
  Schedule,
  Selector,
  Weekday,
} from '../../../agent/offers/index.ts';
import { dateOf, dayOf, daysToBirthday, isWithin, localDay, localMinute, weekdays } from './local-time.ts';
import type { Eligible } from './peer.ts';

interface Past {
  readonly offer: string;
  readonly class: string | undefined;
  readonly issued: number;
  readonly redeemed: number | null;
  readonly expires: number | null;
}

interface Product {
  readonly gtin?: string;
  readonly category?: string;
  readonly brand?: string;
}

/** Dates `YYYY-MM-DD` compare as days do. */
interface Day {
  readonly date: string;
  readonly weekday: Weekday;
}

interface Facts {
  readonly sale: Sale;
  readonly member: Member | null;
  readonly segments: ReadonlySet<string>;
  readonly now: number;
  readonly today: number;
  readonly days: { readonly today: Day; readonly yesterday: Day };
  /** `HH:MM`; texts of this form compare as times do. */
  readonly time: string;
  readonly lines: readonly (Product & { readonly amount: number; readonly pieces: number })[];
  readonly coupons: readonly Past[];
  readonly bought: readonly (Product & { readonly at: number; readonly sale: string | number })[];
  /** Contact classes without room. */
  readonly full: ReadonlySet<string>;
}

export function interpreter(bundle: Bundle): Eligible {
  const tiers = new Map(bundle.loyalty?.tiers.map(({ id }, index) => [id, index]));
  const classOf = new Map(bundle.offers.map(({ id, contact }) => [id, contact?.class]));
  const expired = Date.parse(bundle.notAfter);

  const holds = (predicate: Predicate, facts: Facts): boolean => {
    const { member } = facts;
    if ('all' in predicate) {
      for (const part of predicate.all) if (!holds(part, facts)) return false;
      return true;
    }
    if ('any' in predicate) {
      for (const part of predicate.any) if (holds(part, facts)) return true;
      return false;
    }
    if ('not' in predicate) return !holds(predicate.not, facts);
    if ('segment' in predicate) return facts.segments.has(predicate.segment);
    if ('tier' in predicate) {
      const own = tiers.get(member?.tier ?? '') ?? -1;
      if ('is' in predicate.tier) return own >= 0 && own === tiers.get(predicate.tier.is);
      return own >= (tiers.get(predicate.tier.atLeast) ?? Number.POSITIVE_INFINITY);
    }
    if ('attribute' in predicate) {
      const { name, in: listed } = predicate.attribute;
      const value = member?.attributes?.[name];
      if (value === undefined) return false;
      const test = (each: string | number | boolean) =>
        listed === undefined ? typeof each === 'number' && inBounds(each, predicate.attribute) : listed.includes(each);
      return typeof value === 'object' ? value.some(test) : test(value);
    }
    if ('memberDays' in predicate)
      return member?.joined !== undefined && inBounds(facts.today - dayOf(member.joined), predicate.memberDays);
    if ('birthday' in predicate)
      return (
        member?.birthday !== undefined && daysToBirthday(member.birthday, facts.today) <= predicate.birthday.within
      );
    if ('points' in predicate) return member !== null && inBounds(member.points ?? 0, predicate.points);
    if ('spend' in predicate || 'items' in predicate) {
      const { of, ...bounds } = 'spend' in predicate ? predicate.spend : predicate.items;
      let sum = 0;
      for (const line of facts.lines)
        if (of === undefined || selects(of, line)) sum += 'spend' in predicate ? line.amount : line.pieces;
      return inBounds(sum, bounds);
    }
    if ('bought' in predicate) {
      const { of, withinDays } = predicate.bought;
      const sales = new Set<string | number>();
      for (const product of facts.bought)
        if (isWithin(product.at, facts.now, { days: withinDays }) && selects(of, product)) sales.add(product.sale);
      return inBounds(sales.size, atLeastOne(predicate.bought));
    }
    const test = 'received' in predicate ? predicate.received : predicate.redeemed;
    let count = 0;
    for (const past of facts.coupons) {
      const at = 'received' in predicate ? past.issued : past.redeemed;
      if (past.offer === test.offer && at !== null && isWithin(at, facts.now, { days: test.withinDays })) count++;
    }
    return inBounds(count, atLeastOne(test));
  };

  const factsOf = (sale: Sale): Facts => {
    const now = Date.parse(sale.at);
    const member = sale.member ?? null;
    const coupons = (member && sale.history?.coupons?.map(read)) ?? [];
    const household = (member && sale.history?.householdCoupons?.map(read)) ?? [];
    const full = new Set<string>();
    for (const { class: name, per, limit, window } of bundle.contactPolicies ?? []) {
      const asked = per === 'member' ? coupons : [...coupons, ...household];
      const used = asked.filter(
        past => (past.class ?? classOf.get(past.offer)) === name && isWithin(past.issued, now, window),
      );
      if (member !== null && used.length >= limit) full.add(name);
    }
    const minute = localMinute(now);
    const today = localDay(now);
    return {
      sale,
      member,
      segments: new Set(member?.segments),
      now,
      today,
      days: { today: dayAt(today), yesterday: dayAt(today - 1) },
      time: `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
      lines: sale.lines
        .filter(({ discountable, quantity, amount }) => discountable !== false && Number(quantity) >= 0 && amount >= 0)
        .map(line => ({ ...line, pieces: piecesOf(line.quantity, line.unit) })),
      coupons,
      bought: ((member && sale.history?.bought) ?? [])
        .filter(({ saleId }) => saleId !== sale.saleId)
        .map(product => ({ ...product, at: Date.parse(product.at), sale: product.saleId ?? Date.parse(product.at) })),
      full,
    };
  };

  const passes = (offer: Offer, facts: Facts): boolean => {
    const { sale, member } = facts;
    if (offer.schedule !== undefined && !runs(offer.schedule, facts)) return false;
    if (offer.stores?.include?.includes(sale.storeId) === false || offer.stores?.exclude?.includes(sale.storeId))
      return false;
    if (member === null && needsMember(offer)) return false;
    if (offer.consent !== undefined && !member?.consents?.includes(offer.consent)) return false;
    if (offer.audience !== undefined && !holds(offer.audience, facts)) return false;
    if (offer.after !== undefined && !follows(offer.after, facts)) return false;
    if (offer.when !== undefined && !holds(offer.when, facts)) return false;
    if (offer.caps?.some(cap => isFull(offer.id, cap, facts))) return false;
    return offer.contact === undefined || !facts.full.has(offer.contact.class);
  };

  return sale => {
    const facts = factsOf(sale);
    const eligible: string[] = [];
    if (facts.now > expired) return eligible;
    for (const offer of bundle.offers) if (passes(offer, facts)) eligible.push(offer.id);
    return eligible;
  };
}

function selects(selector: Selector, product: Product): boolean {
  if ('gtin' in selector) return product.gtin !== undefined && selector.gtin.includes(product.gtin);
  if ('brand' in selector) return product.brand !== undefined && selector.brand.includes(product.brand);
  if ('category' in selector) {
    const { category } = product;
    return (
      category !== undefined && selector.category.some(node => category === node || category.startsWith(`${node}/`))
    );
  }
  if ('all' in selector) return selector.all.every(part => selects(part, product));
  if ('any' in selector) return selector.any.some(part => selects(part, product));
  return !selects(selector.not, product);
}

function dayAt(day: number): Day {
  return { date: dateOf(day), weekday: weekdays[day % 7] ?? 'thu' };
}

function runs({ from, to, days, times }: Schedule, { days: { today, yesterday }, time }: Facts): boolean {
  const onDay = ({ date, weekday }: Day) =>
    (from === undefined || date >= from) &&
    (to === undefined || date <= to) &&
    (days === undefined || days.includes(weekday));
  if (times === undefined) return onDay(today);
  return times.some(window => {
    if (window.to > window.from) return time >= window.from && time < window.to && onDay(today);
    return time >= window.from ? onDay(today) : time < window.to && onDay(yesterday);
  });
}

function needsMember({ audience, consent, trigger, caps, after, phase }: Offer): boolean {
  return (
    audience !== undefined ||
    consent !== undefined ||
    trigger === 'digital' ||
    after !== undefined ||
    phase === 'points' ||
    (caps?.some(({ scope }) => scope === 'member' || scope === 'household') ?? false)
  );
}

function follows({ offer, outcome, minDays = 0, maxDays = Number.POSITIVE_INFINITY }: Chain, facts: Facts): boolean {
  return facts.coupons.some(past => {
    if (past.offer !== offer) return false;
    const { issued, redeemed, expires } = past;
    const over = redeemed === null && expires !== null && facts.now > expires;
    let at: number | null = null;
    if (outcome === 'issued') at = issued;
    else if (outcome === 'redeemed') at = redeemed;
    else if (outcome === 'expired') at = over ? expires : null;
    else at = redeemed === null && !over ? issued : null;
    if (at === null || at > facts.now) return false;
    const days = facts.today - localDay(at);
    return days >= minDays && days <= maxDays;
  });
}

function isFull(offer: string, { scope, limit, window, counts }: Cap, { sale, coupons, now }: Facts): boolean {
  const counters = sale.counters?.[offer];
  if (scope === 'global') return (counters?.lease ?? 0) <= 0;
  if (scope !== 'member') return (counters?.[scope] ?? 0) >= limit;
  let count = 0;
  for (const past of coupons) {
    const at = counts === 'redeemed' ? past.redeemed : past.issued;
    if (past.offer === offer && at !== null && isWithin(at, now, window)) count++;
  }
  return count >= limit;
}

function piecesOf(quantity: string, unit = 'ea'): number {
  const number = Number(quantity);
  return unit === 'ea' && Number.isInteger(number) ? number : 1;
}

function read({ offer, class: name, issuedAt, redeemedAt, expiresAt }: CouponHistory): Past {
  return {
    offer,
    class: name,
    issued: Date.parse(issuedAt),
    redeemed: redeemedAt === null || redeemedAt === undefined ? null : Date.parse(redeemedAt),
    expires: expiresAt === null || expiresAt === undefined ? null : Date.parse(expiresAt),
  };
}

interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

function inBounds(value: number, { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Bounds) {
  return value >= atLeast && value <= atMost;
}

function atLeastOne({ atLeast, atMost }: Bounds): Bounds {
  if (atLeast === undefined && atMost === undefined) return { atLeast: 1 };
  return { ...(atLeast !== undefined && { atLeast }), ...(atMost !== undefined && { atMost }) };
}
