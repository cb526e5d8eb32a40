/** The facts of a sale for the rule libraries: a flat object of flags, numbers and texts, of which most are not there. */
import type { Bundle, CouponHistory, Sale, Selector } from '../../../agent/offers/index.ts';
import { type Asked, listAttributes, type Sum } from './conditions.ts';
import { dayMs, dayOf, daysToBirthday, isWithin, localDay, localMinute, weekdays } from './local-time.ts';

export type PlainFacts = Record<string, string | number | boolean>;

interface Product {
  readonly gtin?: string;
  readonly category?: string;
  readonly brand?: string;
}

/** @returns a function that computes the facts of a sale, newly made */
export function factsFor(bundle: Bundle, asked: Asked): (sale: Sale) => PlainFacts {
  const tiers = bundle.loyalty?.tiers.map(({ id }) => id) ?? [];
  const classOf = new Map(bundle.offers.map(({ id, contact }) => [id, contact?.class]));
  const all = [...asked.sums.values()];
  const basketSums = new SumsByProduct(all.filter(({ what }) => what !== 'bought'));
  const boughtSums = new SumsByProduct(all.filter(({ what }) => what === 'bought'));
  const chains = Map.groupBy(asked.chains, ({ after }) => after.offer);
  const past = Map.groupBy(asked.past, ({ offer }) => offer);

  const ofMember = (facts: PlainFacts, { member }: Sale, today: number) => {
    if (member === undefined) return;
    facts.member = true;
    for (const segment of member.segments ?? []) facts[segment] = true;
    for (const consent of member.consents ?? []) facts[`consent-${consent}`] = true;
    if (member.tier !== undefined) facts.tier = member.tier;
    facts['tier-rank'] = tiers.indexOf(member.tier ?? '');
    facts.points = member.points ?? 0;
    if (member.joined !== undefined) facts['member-days'] = today - dayOf(member.joined);
    if (member.birthday !== undefined) facts.birthday = daysToBirthday(member.birthday, today);
    for (const [name, value] of Object.entries(member.attributes ?? {})) {
      if (typeof value === 'object') for (const each of value) facts[`${name}-${each}`] = true;
      else if (listAttributes.has(name)) facts[`${name}-${value}`] = true;
      else if (typeof value === 'number') facts[name] = value;
      if (typeof value !== 'object' && asked.texts.has(name)) facts[`${name}-text`] = value;
    }
  };

  const ofCoupons = (facts: PlainFacts, { member, history }: Sale, now: number, today: number) => {
    if (member === undefined) return;
    const own = history?.coupons?.map(read) ?? [];
    const household = history?.householdCoupons?.map(read) ?? [];
    const add = (name: string) => {
      facts[name] = Number(facts[name] ?? 0) + 1;
    };
    for (const coupon of own) {
      const cap = asked.caps.get(coupon.offer);
      const counted = cap?.counts === 'redeemed' ? coupon.redeemed : coupon.issued;
      if (cap !== undefined && counted !== null && isWithin(counted, now, cap.window)) add(`had-${coupon.offer}`);
      for (const { name, by, withinDays } of past.get(coupon.offer) ?? []) {
        const at = coupon[by];
        if (at !== null && at <= now && at >= now - withinDays * dayMs) add(name);
      }
      for (const { name, after } of chains.get(coupon.offer) ?? []) {
        const at = eventOf(coupon, after.outcome, now);
        if (at === null || at > now) continue;
        const days = today - localDay(at);
        if (days >= (after.minDays ?? 0) && days <= (after.maxDays ?? days)) facts[name] = true;
      }
    }
    for (const { class: name, per, limit, window } of bundle.contactPolicies ?? []) {
      let used = 0;
      const inClass = ({ class: own, offer, issued }: Past) =>
        (own ?? classOf.get(offer)) === name && isWithin(issued, now, window);
      for (const coupon of own) if (inClass(coupon)) used++;
      if (per === 'household') for (const coupon of household) if (inClass(coupon)) used++;
      if (used >= limit) facts[`full-${name}`] = true;
    }
  };

  const ofBought = (facts: PlainFacts, { saleId, history }: Sale, now: number) => {
    // The last sale that counted in each sum; products of one sale stand together.
    const last = new Map<string, string | number>();
    let [text, at] = ['', 0];
    for (const product of history?.bought ?? []) {
      if (product.saleId === saleId) continue;
      if (product.at !== text) [text, at] = [product.at, Date.parse(product.at)];
      const age = now - at;
      if (age < 0) continue;
      const sale = product.saleId ?? at;
      boughtSums.visit(product, ({ name, withinDays }) => {
        if (age > withinDays * dayMs || last.get(name) === sale) return;
        facts[name] = Number(facts[name] ?? 0) + 1;
        last.set(name, sale);
      });
    }
  };

  let leases: { readonly of: Sale['counters']; readonly facts: PlainFacts } = { of: undefined, facts: {} };
  return sale => {
    const now = Date.parse(sale.at);
    const today = localDay(now);
    const facts: PlainFacts = {
      store: sale.storeId,
      today,
      yesterday: today - 1,
      minute: localMinute(now),
      'today-weekday': weekdays[today % 7] ?? '',
      'yesterday-weekday': weekdays[(today - 1) % 7] ?? '',
    };
    ofMember(facts, sale, today);
    ofCoupons(facts, sale, now, today);
    for (const line of sale.lines) {
      const quantity = Number(line.quantity);
      if (line.discountable === false || quantity < 0 || line.amount < 0) continue;
      const pieces = (line.unit ?? 'ea') === 'ea' && Number.isInteger(quantity) ? quantity : 1;
      basketSums.visit(line, ({ what, name }) => {
        facts[name] = Number(facts[name] ?? 0) + (what === 'spend' ? line.amount : pieces);
      });
    }
    if (sale.member !== undefined) ofBought(facts, sale, now);
    // The counters are the till's, not the sale's: the same object in sale after sale.
    if (leases.of !== sale.counters) leases = { of: sale.counters, facts: leasesOf(sale) };
    return Object.assign(facts, leases.facts);
  };
}

function leasesOf({ counters = {} }: Sale): PlainFacts {
  return Object.fromEntries(Object.entries(counters).map(([offer, { lease = 0 }]) => [`lease-${offer}`, lease]));
}

interface Past {
  readonly offer: string;
  readonly class: string | undefined;
  readonly issued: number;
  readonly redeemed: number | null;
  readonly expires: number | null;
}

function read({ offer, class: name, issuedAt, redeemedAt, expiresAt }: CouponHistory): Past {
  return {
    offer,
    class: name,
    issued: Date.parse(issuedAt),
    redeemed: typeof redeemedAt === 'string' ? Date.parse(redeemedAt) : null,
    expires: typeof expiresAt === 'string' ? Date.parse(expiresAt) : null,
  };
}

function eventOf({ issued, redeemed, expires }: Past, outcome: string, now: number): number | null {
  if (outcome === 'issued') return issued;
  if (outcome === 'redeemed' || redeemed !== null) return outcome === 'redeemed' ? redeemed : null;
  const over = expires !== null && now > expires;
  if (outcome === 'expired') return over ? expires : null;
  return over ? null : issued;
}

/** From a product to the sums that it belongs to. */
class SumsByProduct {
  readonly #all: readonly Sum[];
  readonly #byKey = new Map<string, Entry[]>();
  readonly #paths = new Map<string, readonly string[]>();
  #visits = 0;

  constructor(sums: readonly Sum[]) {
    this.#all = sums.filter(({ of }) => of === undefined);
    for (const sum of sums) {
      if (sum.of === undefined) continue;
      const [keys = [], ...others] = keysOf(sum.of);
      const entry = { sum, others, visit: 0 };
      for (const key of new Set(keys)) {
        const list = this.#byKey.get(key);
        if (list === undefined) this.#byKey.set(key, [entry]);
        else list.push(entry);
      }
    }
  }

  /** Calls `add` once for each sum that the product belongs to. */
  visit({ gtin = '', brand = '', category = '' }: Product, add: (sum: Sum) => void): void {
    this.#visits++;
    for (const sum of this.#all) add(sum);
    const keys = [`g${gtin}`, `b${brand}`, ...(this.#paths.get(category) ?? this.#path(category))];
    for (const key of keys)
      for (const entry of this.#byKey.get(key) ?? []) {
        if (entry.visit === this.#visits) continue;
        entry.visit = this.#visits;
        if (entry.others.every(each => each.some(other => keys.includes(other)))) add(entry.sum);
      }
  }

  #path(category: string): readonly string[] {
    const nodes: string[] = [];
    for (let path = category; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('/'))))
      nodes.push(`c${path}`);
    this.#paths.set(category, nodes);
    return nodes;
  }
}

interface Entry {
  readonly sum: Sum;
  /** Of each list the product must have a key as well. */
  readonly others: readonly (readonly string[])[];
  /** The last visit that came here. */
  visit: number;
}

/** Lists of keys, of each of which every selected product has one. */
function keysOf(selector: Selector): string[][] {
  if ('gtin' in selector) return [selector.gtin.map(gtin => `g${gtin}`)];
  if ('brand' in selector) return [selector.brand.map(brand => `b${brand}`)];
  if ('category' in selector) return [selector.category.map(node => `c${node}`)];
  if ('all' in selector) return selector.all.flatMap(keysOf);
  throw new Error('the bench has selectors by product, brand and category, and all of these only');
}
