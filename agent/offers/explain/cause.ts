/** A finding as the second half of a sentence: why not. */
import { withdrawn } from '../compile.ts';
import type { Failure, Finding } from '../finding.ts';
import { addDays, localDateOf, parseDate, parseTime, weekdayOf } from '../time.ts';
import type { Bounds, Chain, Predicate, Schedule, Selector, Window } from '../types.ts';
import type { Formats } from './formats.ts';
import type { Range, Sentences, Span } from './sentences.ts';

export interface Speaker {
  readonly say: Sentences;
  readonly formats: Formats;
  readonly timezone: string;
  /** What people call an offer. */
  readonly nameOf: (offer: string) => string;
  /** What is the same for every sale, in this language: texts of conditions and of days, by these. */
  readonly asked: WeakMap<object, string>;
}

export function causeOf(finding: Finding, speaker: Speaker): string {
  const { say, formats, timezone, nameOf } = speaker;
  const { number, date } = formats;
  switch (finding.reason) {
    case 'expired-bundle':
      if (finding.notAfter === withdrawn) return say.withdrawn;
      return say.bundleOver(date(localDateOf(finding.notAfter, timezone)));
    case 'schedule':
      return scheduleCause(finding.schedule, finding.date, finding.minute, speaker);
    case 'store':
      return say.store(finding.store);
    case 'coupon-store':
      return say.couponStore(finding.store);
    case 'trigger':
      return finding.trigger === 'coupon' ? say.noCoupon : say.notActivated;
    case 'no-member':
      return say.noMember;
    case 'consent':
      return say.consent(finding.consent);
    case 'audience':
    case 'when':
    case 'coupon-condition':
      return failureCause(finding.failure, speaker);
    case 'chain': {
      const { chain } = finding;
      const [days] = finding.days;
      // Most have had no such coupon at all.
      return days === undefined
        ? known(chain, speaker, () => chainCause(chain, null, speaker))
        : chainCause(chain, number(days), speaker);
    }
    case 'cap-global':
      return say.noLease;
    case 'cap-member':
    case 'cap-household':
    case 'cap-store': {
      const { scope, limit, window } = finding.cap;
      return scope === 'global' ? say.noLease : say.cap(scope, number(limit), spanOf(window), number(finding.found));
    }
    case 'contact-policy':
      return say.policy(
        finding.policy.per,
        number(finding.policy.limit),
        spanOf(finding.policy.window),
        number(finding.found),
      );
    case 'exclusive':
      return say.exclusive(nameOf(finding.by));
    case 'group':
      return say.group(nameOf(finding.by));
    case 'units':
      return say.units(number(finding.needed), number(finding.found));
    case 'not-selected':
      return say.notSelected;
    case 'coupon-unknown':
      return finding.known ? say.takesNoCoupon : say.unknownCoupon;
    case 'coupon-used':
      return finding.at === null ? say.presentedTwice : say.usedOn(date(finding.at));
    case 'coupon-not-yet':
      return say.validFrom(date(finding.date));
    case 'coupon-expired':
      return say.validTo(date(finding.date));
    case 'coupon-bound':
      return finding.guest ? say.boundGuest : say.boundOther;
  }
}

function chainCause({ offer, outcome, minDays, maxDays }: Chain, found: string | null, speaker: Speaker): string {
  const { say, formats, nameOf } = speaker;
  const range = openRange({ atLeast: minDays, atMost: maxDays }, formats.number);
  return say.chain(nameOf(offer), outcome, range, found);
}

/** The first part of the schedule that does not fit: dates, then weekdays, then hours. */
function scheduleCause(schedule: Schedule, today: string, minute: number, speaker: Speaker): string {
  const { say, formats } = speaker;
  const { from, to, days, times } = schedule;
  // In the small hours a window of the evening before may be the one that counts.
  const overnight = times?.some(each => {
    const end = parseTime(each.to) ?? 0;
    return end <= (parseTime(each.from) ?? 0) && minute < end;
  });
  const day = overnight ? addDays(today, -1) : today;
  if (from !== undefined && day < from) return say.startsOn(formats.date(from));
  if (to !== undefined && day > to) return say.endedOn(formats.date(to));
  if (days !== undefined && !days.includes(weekdayOf(parseDate(day) ?? 0)))
    return known(days, speaker, () => say.otherDays(days));
  return times === undefined ? say.otherHours([]) : known(times, speaker, () => say.otherHours(times));
}

function failureCause(failure: Failure, speaker: Speaker): string {
  const { predicate, negated, others } = failure;
  const { say } = speaker;
  const { source } = predicate;
  if ('all' in source || 'any' in source || 'not' in source) return say.never;
  // Which other groups a customer is in is nothing a sentence should tell: it is the same for all, once for each side of it.
  const cause =
    'segment' in source
      ? known(negated ? source : predicate, speaker, () => {
          const asked = say.segment(source.segment);
          return negated ? say.notFor(asked, say.isInIt) : say.onlyFor(asked, say.isNotInIt);
        })
      : leafCause(source, failure, speaker);
  return others > 0 ? cause + say.otherWays(others) : cause;
}

function leafCause(source: Leaf, { predicate, negated: denied, found }: Failure, speaker: Speaker): string {
  const { say } = speaker;
  // At most none is the same as not one.
  const negated = denied !== asksNone(source);
  const asked = known(denied ? source : predicate, speaker, () => askedText(source, speaker, negated));
  const had = foundText(source, found, speaker);
  if ('tier' in source) return negated ? say.notFor(asked, had) : say.onlyFor(asked, had);
  return negated ? say.excludes(asked, had) : say.needs(asked, had);
}

type Leaf = Exclude<Predicate, { all: unknown } | { any: unknown } | { not: unknown } | { segment: unknown }>;

/** A text that is the same for every sale. */
function known(of: object, { asked }: Speaker, make: () => string): string {
  let text = asked.get(of);
  if (text === undefined) {
    text = make();
    asked.set(of, text);
  }
  return text;
}

/** @param open for what must not be: "at least 3", where "3" would be asked for */
function askedText(leaf: Leaf, speaker: Speaker, open: boolean): string {
  const { say, formats, nameOf } = speaker;
  const { number, amount } = formats;
  const counted = (bounds: Bounds): Range => ({ ...countOf(isNone(bounds) ? {} : bounds, number), open });
  if ('spend' in leaf) return say.spend({ ...rangeOf(leaf.spend, amount), open }, productsOf(leaf.spend.of, speaker));
  if ('items' in leaf)
    return say.items(
      isNone(leaf.items) ? counted({}) : { ...rangeOf(leaf.items, number), open },
      productsOf(leaf.items.of, speaker),
    );
  if ('bought' in leaf) {
    const { of, withinDays } = leaf.bought;
    return say.bought(counted(leaf.bought), productsOf(of, speaker) ?? say.someProducts, number(withinDays));
  }
  if ('received' in leaf)
    return say.received(counted(leaf.received), nameOf(leaf.received.offer), number(leaf.received.withinDays));
  if ('redeemed' in leaf)
    return say.redeemed(counted(leaf.redeemed), nameOf(leaf.redeemed.offer), number(leaf.redeemed.withinDays));
  if ('tier' in leaf) return 'is' in leaf.tier ? say.tier(leaf.tier.is, false) : say.tier(leaf.tier.atLeast, true);
  if ('attribute' in leaf) {
    const { name, in: listed } = leaf.attribute;
    return say.attribute(
      name,
      listed === undefined ? openRange(leaf.attribute, number) : listed.slice(0, 5).map(String),
    );
  }
  if ('memberDays' in leaf) return say.memberDays(openRange(leaf.memberDays, number));
  if ('birthday' in leaf) return say.birthday(number(leaf.birthday.within));
  return say.balance(openRange(leaf.points, number));
}

function foundText(leaf: Leaf, found: Failure['found'], { say, formats }: Speaker): string {
  if (found === null) return say.unknown;
  if (typeof found === 'number') {
    if ('spend' in leaf) return say.basketHad(formats.amount(found));
    if ('items' in leaf) return say.basketHad(formats.number(found));
    if ('birthday' in leaf) return say.daysAway(formats.number(found));
    return 'bought' in leaf || 'received' in leaf || 'redeemed' in leaf
      ? say.timesFound(formats.number(found))
      : say.memberHas(formats.number(found));
  }
  const texts = typeof found === 'string' ? [found] : found;
  return texts.length === 0 ? say.unknown : say.memberHas(texts.slice(0, 5).join(', '));
}

/** Products by the last level of their category, the brand or the number; null for all products. */
function productsOf(selector: Selector | undefined, { say }: Speaker): string | null {
  if (selector === undefined) return null;
  const named = (values: readonly string[]) => {
    if (values.length === 0) return say.someProducts;
    const shown = values.slice(0, 3).join(say.or);
    return values.length > 3 ? shown + say.more(values.length - 3) : shown;
  };
  if ('category' in selector) return named(selector.category.map(path => path.slice(path.lastIndexOf('/') + 1)));
  if ('brand' in selector) return named(selector.brand);
  if ('gtin' in selector) return named(selector.gtin.map(say.article));
  return say.someProducts;
}

type Wide = { readonly [Key in keyof Bounds]: number | undefined };

function rangeOf({ atLeast, atMost }: Wide, format: (value: number) => string): Range {
  return {
    ...(atLeast !== undefined && { least: format(atLeast) }),
    ...(atMost !== undefined && { most: format(atMost) }),
  };
}

const openRange = (bounds: Wide, format: (value: number) => string): Range => ({
  ...rangeOf(bounds, format),
  open: true,
});

/** Whether a count has to be nought. */
function asksNone(leaf: Leaf): boolean {
  if ('items' in leaf) return isNone(leaf.items);
  if ('bought' in leaf) return isNone(leaf.bought);
  if ('received' in leaf) return isNone(leaf.received);
  return 'redeemed' in leaf && isNone(leaf.redeemed);
}

const isNone = ({ atLeast = 0, atMost }: Partial<Bounds>): boolean => atMost === 0 && atLeast <= 0;

/** Counts of the past ask for one at least, if neither bound is given. */
function countOf(bounds: Bounds, format: (value: number) => string): Range {
  return bounds.atLeast === undefined && bounds.atMost === undefined ? { least: format(1) } : rangeOf(bounds, format);
}

function spanOf(window: Window | undefined): Span {
  return window ?? null;
}
