/** Reference reading of the contract, part 2: lines, units, selectors, predicates (sections 4 and 5). Naive on purpose. */
import type {
  AttributeTest,
  AttributeValue,
  BoughtProduct,
  Bounds,
  Bundle,
  CouponHistory,
  History,
  Member,
  Minor,
  Predicate,
  Sale,
  SaleLine,
  Selector,
} from '../../../agent/offers/types.ts';
import { birthdayWithin, daysFrom, inWindow, millis, wall } from './calendar.ts';

/** One unit of a line, with what it cost and what is left of it. */
export interface Unit {
  readonly line: SaleLine;
  /** Place in the sale over all units: line by line, unit by unit. */
  readonly position: number;
  readonly initial: Minor;
  running: Minor;
  consumed: 'no' | 'by-stackable' | 'by-other';
}

/** What every condition looks at. */
export interface World {
  readonly bundle: Bundle;
  readonly sale: Sale;
  readonly today: string;
  readonly member: Member | undefined;
  /** Empty without a member. */
  readonly history: Required<History>;
  readonly units: readonly Unit[];
}

export function worldOf(bundle: Bundle, sale: Sale): World {
  const { member } = sale;
  return {
    bundle,
    sale,
    today: wall(sale.at, bundle.timezone).date,
    member,
    history: {
      bought: (member && sale.history?.bought) ?? [],
      coupons: (member && sale.history?.coupons) ?? [],
      householdCoupons: (member && sale.history?.householdCoupons) ?? [],
    },
    units: unitsOf(sale),
  };
}

/** Non-discountable and negative lines "count in no predicate, take no discount and earn no points": they have no units. */
function unitsOf(sale: Sale): Unit[] {
  const units: Unit[] = [];
  for (const line of sale.lines) {
    if (line.discountable === false || thousandths(line.quantity) < 0 || line.amount < 0) continue;
    const pieces = isByPiece(line) ? thousandths(line.quantity) / 1000 : 1;
    const each = Math.floor(line.amount / pieces);
    const odd = line.amount - each * pieces;
    for (let i = 0; i < pieces; i++) {
      const amount = each + (i < odd ? 1 : 0);
      units.push({ line, position: units.length, initial: amount, running: amount, consumed: 'no' });
    }
  }
  return units;
}

export function thousandths(quantity: string): number {
  return Math.round(Number(quantity) * 1000);
}

/** "a line sold by piece (`unit: "ea"`, whole quantity)". */
export function isByPiece(line: SaleLine): boolean {
  return (line.unit ?? 'ea') === 'ea' && thousandths(line.quantity) % 1000 === 0;
}

export function selects(selector: Selector | undefined, product: SaleLine | BoughtProduct): boolean {
  if (selector === undefined) return true;
  if ('gtin' in selector) return product.gtin !== undefined && selector.gtin.includes(product.gtin);
  if ('brand' in selector) return product.brand !== undefined && selector.brand.includes(product.brand);
  if ('category' in selector) {
    const { category } = product;
    return (
      category !== undefined && selector.category.some(node => category === node || category.startsWith(`${node}/`))
    );
  }
  if ('all' in selector) return selector.all.every(s => selects(s, product));
  if ('any' in selector) return selector.any.some(s => selects(s, product));
  return !selects(selector.not, product);
}

/** Whether a predicate is true now; amounts are the running ones. */
export function holds(predicate: Predicate | undefined, world: World): boolean {
  if (predicate === undefined) return true;
  const { member, history, sale, bundle } = world;
  if ('all' in predicate) return predicate.all.every(p => holds(p, world));
  if ('any' in predicate) return predicate.any.some(p => holds(p, world));
  if ('not' in predicate) return !holds(predicate.not, world);

  if ('spend' in predicate) {
    const units = world.units.filter(unit => selects(predicate.spend.of, unit.line));
    return within(sum(units.map(unit => unit.running)), predicate.spend);
  }
  if ('items' in predicate) {
    // a piece is a unit: weighed and fractional lines are one unit and count as 1
    const units = world.units.filter(unit => selects(predicate.items.of, unit.line));
    return within(units.length, predicate.items);
  }
  if ('bought' in predicate) {
    const { of, withinDays } = predicate.bought;
    const sales = new Set<string>();
    for (const product of history.bought) {
      if (product.saleId === sale.saleId) continue; // the sale itself excluded
      if (!inWindow(product.at, sale.at, { days: withinDays }, bundle.timezone)) continue;
      if (!selects(of, product)) continue;
      sales.add(product.saleId === undefined ? `at ${millis(product.at)}` : `id ${product.saleId}`);
    }
    return within(sales.size, orAtLeastOne(predicate.bought));
  }
  if ('received' in predicate) {
    const { offer, withinDays } = predicate.received;
    const count = history.coupons.filter(
      c => c.offer === offer && inWindow(c.issuedAt, sale.at, { days: withinDays }, bundle.timezone),
    ).length;
    return within(count, orAtLeastOne(predicate.received));
  }
  if ('redeemed' in predicate) {
    const { offer, withinDays } = predicate.redeemed;
    const count = history.coupons.filter(
      c =>
        c.offer === offer &&
        isRedeemed(c) &&
        inWindow(c.redeemedAt ?? '', sale.at, { days: withinDays }, bundle.timezone),
    ).length;
    return within(count, orAtLeastOne(predicate.redeemed));
  }

  // what is left are the member predicates: without a member they are false
  if (member === undefined) return false;
  if ('segment' in predicate) return (member.segments ?? []).includes(predicate.segment);
  if ('points' in predicate) return within(member.points ?? 0, predicate.points);
  if ('memberDays' in predicate)
    return member.joined !== undefined && within(daysFrom(member.joined, world.today), predicate.memberDays);
  if ('birthday' in predicate)
    return member.birthday !== undefined && birthdayWithin(member.birthday, world.today, predicate.birthday.within);
  if ('tier' in predicate) {
    const tiers = (bundle.loyalty?.tiers ?? []).map(tier => tier.id);
    const has = tiers.indexOf(member.tier ?? '');
    if (has < 0) return false;
    if ('is' in predicate.tier) return member.tier === predicate.tier.is;
    const asked = tiers.indexOf(predicate.tier.atLeast);
    return asked >= 0 && has >= asked;
  }
  const { name } = predicate.attribute;
  const attributes = member.attributes ?? {};
  const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return value !== undefined && attributeMatches(value, predicate.attribute);
}

function attributeMatches(value: AttributeValue, test: AttributeTest): boolean {
  const elements: readonly (string | number | boolean)[] = Array.isArray(value) ? value : [value];
  return elements.some(element => {
    if (test.in !== undefined) return test.in.includes(element);
    return typeof element === 'number' && within(element, test);
  });
}

function within(value: number, bounds: Bounds): boolean {
  return (
    (bounds.atLeast === undefined || value >= bounds.atLeast) && (bounds.atMost === undefined || value <= bounds.atMost)
  );
}

/** "`atLeast: 1` if neither bound is given". */
function orAtLeastOne(bounds: Bounds): Bounds {
  return bounds.atLeast === undefined && bounds.atMost === undefined ? { atLeast: 1 } : bounds;
}

export function isRedeemed(coupon: CouponHistory): boolean {
  return coupon.redeemedAt !== undefined && coupon.redeemedAt !== null;
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
