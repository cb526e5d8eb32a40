/**
 * A peer: a few hand-written closures for each offer, in the contract's order, over facts gathered densely into typed
 * arrays once a basket; every offer is asked. As quick as it gets without an index.
 */
import type { Bundle, Offer, Predicate, Sale, Selector } from '../../../agent/offers/index.ts';
import { DenseFacts, Numbers, type Rows } from './dense-facts.ts';
import { dayMs, dayOf, isWithin, localDay, minuteOf, weekdays } from './local-time.ts';
import type { Eligible } from './peer.ts';

type Test = (facts: DenseFacts) => boolean;
type RowTest = (rows: Rows, row: number) => boolean;

export function closures(bundle: Bundle): Eligible {
  const numbers = new Numbers(bundle);
  const compiled = bundle.offers.map((offer, index) => ({ id: offer.id, tests: testsOf(offer, index, numbers) }));
  const facts = new DenseFacts(bundle, numbers);
  const expired = Date.parse(bundle.notAfter);
  return (sale: Sale) => {
    facts.read(sale);
    const eligible: string[] = [];
    if (facts.now > expired) return eligible;
    offers: for (let index = 0; index < compiled.length; index++) {
      const offer = compiled[index];
      if (offer === undefined) break;
      const { tests } = offer;
      for (let test = 0; test < tests.length; test++) if (tests[test]?.(facts) !== true) continue offers;
      eligible.push(offer.id);
    }
    facts.forget();
    return eligible;
  };
}

function testsOf(offer: Offer, index: number, numbers: Numbers): Test[] {
  const { schedule, stores, consent, audience, after, when, caps = [], contact } = offer;
  const tests: Test[] = [];
  if (schedule !== undefined) tests.push(scheduleTest(schedule));
  if (stores?.include !== undefined) {
    const open = numbers.mask(stores.include.map(store => numbers.store(store)));
    tests.push(facts => open[facts.store] === 1);
  }
  if (stores?.exclude !== undefined) {
    const closed = numbers.mask(stores.exclude.map(store => numbers.store(store)));
    tests.push(facts => closed[facts.store] !== 1);
  }
  if (
    audience !== undefined ||
    consent !== undefined ||
    after !== undefined ||
    caps.some(({ scope }) => scope === 'member')
  )
    tests.push(facts => facts.isMember);
  if (consent !== undefined) {
    const at = numbers.consent(consent);
    tests.push(facts => facts.consents[at] === 1);
  }
  if (audience !== undefined) tests.push(...conjuncts(audience, numbers));
  if (after !== undefined) tests.push(chainTest(after, numbers));
  if (when !== undefined) tests.push(...conjuncts(when, numbers));
  for (const { scope, limit, window, counts } of caps) {
    if (scope === 'global') tests.push(facts => (facts.leases[index] ?? 0) > 0);
    else if (scope === 'member' && counts !== 'redeemed')
      tests.push(facts => {
        const { coupons } = facts;
        let count = 0;
        for (let at = 0; at < coupons.count; at++)
          if (coupons.offer[at] === index && isWithin(coupons.issued[at] ?? 0, facts.now, window)) count++;
        return count < limit;
      });
    else throw new Error(`no closure for a cap of scope ${scope}`);
  }
  if (contact !== undefined) {
    const at = numbers.contactClass(contact.class);
    tests.push(facts => facts.full[at] !== 1);
  }
  return tests;
}

/** `all` at the top lies flat beside the offer's other tests. */
function conjuncts(predicate: Predicate, numbers: Numbers): Test[] {
  return 'all' in predicate ? predicate.all.flatMap(part => conjuncts(part, numbers)) : [testOf(predicate, numbers)];
}

function scheduleTest({ from, to, days, times }: NonNullable<Offer['schedule']>): Test {
  const first = from === undefined ? 0 : dayOf(from);
  const last = to === undefined ? Number.MAX_SAFE_INTEGER : dayOf(to);
  let set = 0;
  for (const day of days ?? weekdays) set |= 1 << weekdays.indexOf(day);
  const onDay = (day: number) => day >= first && day <= last && (set & (1 << (day % 7))) !== 0;
  if (times === undefined) return ({ today }) => today >= first && today <= last && (set & (1 << (today % 7))) !== 0;
  const windows = times.map(window => ({ from: minuteOf(window.from), to: minuteOf(window.to) }));
  return ({ today, minute }) => {
    for (const window of windows)
      if (window.to > window.from) {
        if (minute >= window.from && minute < window.to && onDay(today)) return true;
      } else if (minute >= window.from ? onDay(today) : minute < window.to && onDay(today - 1)) return true;
    return false;
  };
}

function chainTest(
  { offer, outcome, minDays = 0, maxDays = 1e9 }: NonNullable<Offer['after']>,
  numbers: Numbers,
): Test {
  const of = numbers.offer(offer);
  return ({ coupons, now, today }) => {
    for (let at = 0; at < coupons.count; at++) {
      if (coupons.offer[at] !== of) continue;
      const issued = coupons.issued[at] ?? Number.NaN;
      const redeemed = coupons.redeemed[at] ?? Number.NaN;
      const expires = coupons.expires[at] ?? Number.NaN;
      // What did not happen is NaN.
      const unused = Number.isNaN(redeemed);
      const over = unused && now > expires;
      let event = issued;
      if (outcome === 'redeemed') event = redeemed;
      else if (outcome === 'expired') event = over ? expires : Number.NaN;
      else if (outcome === 'unredeemed') event = unused && !over ? issued : Number.NaN;
      if (!(event <= now)) continue;
      const days = today - localDay(event);
      if (days >= minDays && days <= maxDays) return true;
    }
    return false;
  };
}

function testOf(predicate: Predicate, numbers: Numbers): Test {
  if ('all' in predicate) {
    const parts = predicate.all.map(part => testOf(part, numbers));
    return facts => {
      for (const part of parts) if (!part(facts)) return false;
      return true;
    };
  }
  if ('any' in predicate) return anyTest(predicate.any, numbers);
  if ('not' in predicate) {
    const part = testOf(predicate.not, numbers);
    return facts => !part(facts);
  }
  if ('segment' in predicate) {
    const at = numbers.segment(predicate.segment);
    return facts => facts.segments[at] === 1;
  }
  if ('tier' in predicate) {
    if ('is' in predicate.tier) {
      const tier = numbers.tier(predicate.tier.is);
      return facts => facts.tier === tier;
    }
    const least = numbers.tier(predicate.tier.atLeast);
    return facts => facts.tier >= least;
  }
  if ('attribute' in predicate) {
    const { name, in: listed } = predicate.attribute;
    if (listed === undefined) {
      const at = numbers.attribute(name);
      const { least, most } = boundsOf(predicate.attribute);
      return facts => (facts.attributes[at] ?? 0) >= least && (facts.attributes[at] ?? 0) <= most;
    }
    const values = listed.map(value => numbers.value(name, value));
    return facts => {
      for (const value of values) if (facts.values[value] === 1) return true;
      return false;
    };
  }
  if ('memberDays' in predicate) {
    const { least, most } = boundsOf(predicate.memberDays);
    return facts => facts.memberDays >= least && facts.memberDays <= most;
  }
  if ('points' in predicate) {
    const { least, most } = boundsOf(predicate.points);
    return facts => facts.points >= least && facts.points <= most;
  }
  if ('birthday' in predicate) {
    const { within } = predicate.birthday;
    return facts => facts.birthday <= within;
  }
  if ('spend' in predicate || 'items' in predicate) return basketTest(predicate, numbers);
  if ('bought' in predicate) return boughtTest(predicate.bought, numbers);
  return pastTest(predicate, numbers);
}

function anyTest(predicates: readonly Predicate[], numbers: Numbers): Test {
  const segments = predicates.flatMap(part => ('segment' in part ? [numbers.segment(part.segment)] : []));
  if (segments.length === predicates.length)
    return facts => {
      for (const segment of segments) if (facts.segments[segment] === 1) return true;
      return false;
    };
  const parts = predicates.map(part => testOf(part, numbers));
  return facts => {
    for (const part of parts) if (part(facts)) return true;
    return false;
  };
}

function basketTest(predicate: Extract<Predicate, { spend: unknown } | { items: unknown }>, numbers: Numbers): Test {
  const bySpend = 'spend' in predicate;
  const asked = bySpend ? predicate.spend : predicate.items;
  const { least, most } = boundsOf(asked);
  const { of } = asked;
  if (of === undefined) return facts => inBounds(bySpend ? facts.spend : facts.items, least, most);
  const keys = numbers.keysOf(of);
  if (keys === null) {
    const selects = rowTest(of, numbers);
    return facts => {
      const { lines } = facts;
      let sum = 0;
      for (let row = 0; row < lines.count; row++)
        if (selects(lines, row)) sum += (bySpend ? facts.amounts[row] : facts.pieces[row]) ?? 0;
      return inBounds(sum, least, most);
    };
  }
  const [only] = keys;
  if (keys.length === 1 && only !== undefined)
    return bySpend
      ? facts => inBounds(facts.spendOf[only] ?? 0, least, most)
      : facts => inBounds(facts.itemsOf[only] ?? 0, least, most);
  return facts => {
    const sums = bySpend ? facts.spendOf : facts.itemsOf;
    let sum = 0;
    for (const key of keys) sum += sums[key] ?? 0;
    return inBounds(sum, least, most);
  };
}

function boughtTest(asked: Extract<Predicate, { bought: unknown }>['bought'], numbers: Numbers): Test {
  const { least, most } = boundsOf(asked, 1);
  const selects = rowTest(asked.of, numbers);
  const window = asked.withinDays * dayMs;
  return facts => {
    const { bought } = facts;
    const from = facts.now - window;
    let sales = 0;
    facts.nextCount();
    for (let row = 0; row < bought.count; row++) {
      const at = bought.at[row] ?? 0;
      if (at >= from && at <= facts.now && selects(bought, row) && facts.isNew(bought.sale[row] ?? 0)) sales++;
    }
    return inBounds(sales, least, most);
  };
}

function pastTest(
  predicate: Extract<Predicate, { received: unknown } | { redeemed: unknown }>,
  numbers: Numbers,
): Test {
  const byIssue = 'received' in predicate;
  const asked = byIssue ? predicate.received : predicate.redeemed;
  const { least, most } = boundsOf(asked, 1);
  const offer = numbers.offer(asked.offer);
  const window = asked.withinDays * dayMs;
  return ({ coupons, now }) => {
    const times = byIssue ? coupons.issued : coupons.redeemed;
    let count = 0;
    for (let at = 0; at < coupons.count; at++) {
      const time = times[at] ?? Number.NaN;
      if (coupons.offer[at] === offer && time <= now && time >= now - window) count++;
    }
    return inBounds(count, least, most);
  };
}

function rowTest(selector: Selector, numbers: Numbers): RowTest {
  if ('gtin' in selector) {
    const set = new Set(selector.gtin.map(gtin => numbers.gtin(gtin)));
    return (rows, row) => set.has(rows.gtin[row] ?? -1);
  }
  if ('brand' in selector) {
    const [only = -1, ...others] = selector.brand.map(brand => numbers.brand(brand));
    return (rows, row) => rows.brand[row] === only || (others.length > 0 && others.includes(rows.brand[row] ?? -1));
  }
  if ('category' in selector) {
    const nodes = selector.category.map(node => numbers.category(node));
    return (rows, row) => {
      for (const node of nodes)
        if (rows.leaf[row] === node || rows.aisle[row] === node || rows.department[row] === node) return true;
      return false;
    };
  }
  if ('not' in selector) {
    const part = rowTest(selector.not, numbers);
    return (rows, row) => !part(rows, row);
  }
  const parts = ('all' in selector ? selector.all : selector.any).map(part => rowTest(part, numbers));
  return 'all' in selector
    ? (rows, row) => parts.every(part => part(rows, row))
    : (rows, row) => parts.some(part => part(rows, row));
}

function boundsOf({ atLeast, atMost }: { readonly atLeast?: number; readonly atMost?: number }, least?: number) {
  const otherwise = atMost === undefined && least !== undefined ? least : Number.NEGATIVE_INFINITY;
  return { least: atLeast ?? otherwise, most: atMost ?? Number.POSITIVE_INFINITY };
}

function inBounds(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
