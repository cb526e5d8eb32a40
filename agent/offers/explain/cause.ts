/** A finding as the second half of a sentence: why not. */
import type { Failure, Finding } from '../finding.ts';
import { addDays, localDateOf, parseDate, parseTime, weekdayOf } from '../time.ts';
import type { Bounds, Predicate, Schedule, Selector, Window } from '../types.ts';
import type { Formats } from './formats.ts';
import type { Range, Sentences, Span } from './sentences.ts';

export interface Speaker {
  readonly say: Sentences;
  readonly formats: Formats;
  readonly timezone: string;
  /** What is the same for every sale, in this language: texts of conditions and of days, by these. */
  readonly asked: WeakMap<object, string>;
}

export function causeOf(finding: Finding, speaker: Speaker): string {
  const { say, formats, timezone } = speaker;
  const { number, date } = formats;
  switch (finding.reason) {
    case 'expired-bundle':
      return say.bundleOver(date(localDateOf(finding.notAfter, timezone)));
    case 'schedule':
      return scheduleCause(finding.schedule, finding.date, finding.minute, speaker);
    case 'store':
    case 'coupon-store':
      return say.store(finding.store);
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
      const { offer, outcome, minDays, maxDays } = finding.chain;
      const range = rangeOf({ atLeast: minDays, atMost: maxDays }, number);
      const [days] = finding.days;
      return say.chain(offer, outcome, range, days === undefined ? null : number(days));
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
      return say.exclusive(finding.by);
    case 'group':
      return say.group(finding.by);
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
  return say.otherHours((times ?? []).map(each => `${each.from}–${each.to}`));
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
          return negated ? say.excludes(asked, say.isInIt) : say.needs(asked, say.isNotInIt);
        })
      : leafCause(source, failure, speaker);
  return others > 0 ? cause + say.otherWays(others) : cause;
}

function leafCause(source: Leaf, { predicate, negated, found }: Failure, speaker: Speaker): string {
  const { say } = speaker;
  const asked = known(predicate, speaker, () => askedText(source, speaker));
  const had = foundText(source, found, speaker);
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

function askedText(leaf: Leaf, speaker: Speaker): string {
  const { say, formats } = speaker;
  const { number, amount } = formats;
  if ('spend' in leaf) return say.spend(rangeOf(leaf.spend, amount), productsOf(leaf.spend.of, speaker));
  if ('items' in leaf) return say.items(rangeOf(leaf.items, number), productsOf(leaf.items.of, speaker));
  if ('bought' in leaf) {
    const { of, withinDays } = leaf.bought;
    return say.bought(countOf(leaf.bought, number), productsOf(of, speaker) ?? say.someProducts, number(withinDays));
  }
  if ('received' in leaf)
    return say.received(countOf(leaf.received, number), leaf.received.offer, number(leaf.received.withinDays));
  if ('redeemed' in leaf)
    return say.redeemed(countOf(leaf.redeemed, number), leaf.redeemed.offer, number(leaf.redeemed.withinDays));
  if ('tier' in leaf) return 'is' in leaf.tier ? say.tier(leaf.tier.is, false) : say.tier(leaf.tier.atLeast, true);
  if ('attribute' in leaf) {
    const { name, in: listed } = leaf.attribute;
    return say.attribute(name, listed === undefined ? rangeOf(leaf.attribute, number) : listed.slice(0, 5).map(String));
  }
  if ('memberDays' in leaf) return say.memberDays(rangeOf(leaf.memberDays, number));
  if ('birthday' in leaf) return say.birthday(number(leaf.birthday.within));
  return say.balance(rangeOf(leaf.points, number));
}

function foundText(leaf: Leaf, found: Failure['found'], { say, formats }: Speaker): string {
  if (found === null) return say.unknown;
  if (typeof found === 'number') {
    if ('spend' in leaf) return say.basketHad(formats.amount(found));
    if ('items' in leaf) return say.basketHad(formats.number(found));
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

/** Counts of the past ask for one at least, if neither bound is given. */
function countOf(bounds: Bounds, format: (value: number) => string): Range {
  return bounds.atLeast === undefined && bounds.atMost === undefined ? { least: format(1) } : rangeOf(bounds, format);
}

function spanOf(window: Window | undefined): Span {
  return window ?? null;
}
