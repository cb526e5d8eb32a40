/**
 * Offers as a rule library's user would write them: trees of all, any and not over named facts of plain form. What a library
 * cannot do (dates, windows, sums over lines) are facts that library-facts.ts computes for each sale.
 */
import type { Bundle, Offer, Predicate, Schedule, Selector } from '../../../agent/offers/index.ts';
import { dayOf, minuteOf } from './local-time.ts';

export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  /** True; one that is not there is false. */
  | { readonly flag: string }
  /** A number of at least 0; a count that is not there is 0, any other number -1, so `least` is never below 0 there. */
  | { readonly number: string; readonly least: number; readonly most?: number; readonly isCount: boolean }
  | { readonly text: string; readonly in: readonly (string | number | boolean)[] };

/** Which facts have to be computed for the offers of a bundle. */
export class Asked {
  /** By their JSON: what of the basket or of earlier sales is summed, under which name. */
  readonly sums = new Map<string, Sum>();
  readonly past: {
    readonly name: string;
    readonly offer: string;
    readonly withinDays: number;
    readonly by: 'issued' | 'redeemed';
  }[] = [];
  readonly chains: { readonly name: string; readonly after: NonNullable<Offer['after']> }[] = [];
  /** Member caps by offer. */
  readonly caps = new Map<string, NonNullable<Offer['caps']>[number]>();
  /** Values of attributes that hold a single text or truth are texts, others flags and numbers. */
  readonly texts = new Set<string>();

  sum(what: Sum['what'], of: Selector | undefined, withinDays: number): string {
    const key = JSON.stringify([what, of, withinDays]);
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { name: `${what}${this.sums.size}`, what, of, withinDays };
      this.sums.set(key, sum);
    }
    return sum.name;
  }
}

export interface Sum {
  readonly name: string;
  readonly what: 'spend' | 'items' | 'bought';
  readonly of: Selector | undefined;
  readonly withinDays: number;
}

/** The conditions of each offer in the contract's order, all of which must hold, and what they ask for. */
export function conditionsOf(bundle: Bundle) {
  const asked = new Asked();
  const tiers = bundle.loyalty?.tiers.map(({ id }) => id) ?? [];
  const offers = bundle.offers.map(offer => ({ id: offer.id, all: offerConditions(offer, tiers, asked) }));
  return { offers, asked };
}

/** Attributes with several values at once; a campaign tool knows its own. */
export const listAttributes: ReadonlySet<string> = new Set(['diet']);

function offerConditions(offer: Offer, tiers: readonly string[], asked: Asked): Condition[] {
  const { id, schedule, stores, consent, audience, after, when, caps = [], contact } = offer;
  const all: Condition[] = [];
  if (schedule !== undefined) all.push(...scheduleConditions(schedule));
  if (stores?.include !== undefined) all.push({ text: 'store', in: stores.include });
  if (stores?.exclude !== undefined) all.push({ not: { text: 'store', in: stores.exclude } });
  if (
    audience !== undefined ||
    consent !== undefined ||
    after !== undefined ||
    caps.some(({ scope }) => scope === 'member')
  )
    all.push({ flag: 'member' });
  if (consent !== undefined) all.push({ flag: `consent-${consent}` });
  if (audience !== undefined) all.push(...flat(conditionOf(audience, tiers, asked)));
  if (after !== undefined) {
    asked.chains.push({ name: `chain${asked.chains.length}`, after });
    all.push({ flag: `chain${asked.chains.length - 1}` });
  }
  if (when !== undefined) all.push(...flat(conditionOf(when, tiers, asked)));
  for (const cap of caps) {
    if (cap.scope === 'global') all.push({ number: `lease-${id}`, least: 1, isCount: true });
    else if (cap.scope === 'member') {
      asked.caps.set(id, cap);
      all.push({ not: { number: `had-${id}`, least: cap.limit, isCount: true } });
    } else throw new Error(`the bench has no caps of scope ${cap.scope}`);
  }
  if (contact !== undefined) all.push({ not: { flag: `full-${contact.class}` } });
  return all;
}

function flat(condition: Condition): readonly Condition[] {
  return 'all' in condition ? condition.all.flatMap(flat) : [condition];
}

function scheduleConditions({ from, to, days, times }: Schedule): Condition[] {
  const onDay = (day: 'today' | 'yesterday'): Condition[] => [
    ...(from === undefined && to === undefined
      ? []
      : [{ ...between(day, from && dayOf(from), to && dayOf(to)), isCount: false }]),
    ...(days === undefined ? [] : [{ text: `${day}-weekday`, in: days }]),
  ];
  if (times === undefined) return onDay('today');
  const last = minuteOf('23:59');
  const windows = times.map((window): Condition => {
    const [start, end] = [minuteOf(window.from), minuteOf(window.to)];
    if (end > start) return { all: [between('minute', start, end - 1), ...onDay('today')] };
    return {
      any: [
        { all: [between('minute', start, last), ...onDay('today')] },
        { all: [between('minute', 0, end - 1), ...onDay('yesterday')] },
      ],
    };
  });
  const [only] = windows;
  return windows.length === 1 && only !== undefined ? [...flat(only)] : [{ any: windows }];
}

function between(number: string, least: number | '' | undefined, most: number | '' | undefined) {
  return {
    number,
    least: typeof least === 'number' ? Math.max(0, least) : 0,
    ...(typeof most === 'number' && { most }),
    isCount: false,
  };
}

function conditionOf(predicate: Predicate, tiers: readonly string[], asked: Asked): Condition {
  const many = (parts: readonly Predicate[]) => parts.map(part => conditionOf(part, tiers, asked));
  if ('all' in predicate) return { all: many(predicate.all) };
  if ('any' in predicate) return { any: many(predicate.any) };
  if ('not' in predicate) return { not: conditionOf(predicate.not, tiers, asked) };
  if ('segment' in predicate) return { flag: predicate.segment };
  if ('tier' in predicate) {
    if ('is' in predicate.tier) return { text: 'tier', in: [predicate.tier.is] };
    return between('tier-rank', tiers.indexOf(predicate.tier.atLeast), undefined);
  }
  if ('attribute' in predicate) {
    const { name, in: listed, atLeast, atMost } = predicate.attribute;
    if (listed === undefined) return between(name, atLeast, atMost);
    if (listAttributes.has(name)) return { any: listed.map(value => ({ flag: `${name}-${value}` })) };
    asked.texts.add(name);
    return { text: `${name}-text`, in: listed };
  }
  if ('memberDays' in predicate)
    return between('member-days', predicate.memberDays.atLeast, predicate.memberDays.atMost);
  if ('points' in predicate) return between('points', predicate.points.atLeast, predicate.points.atMost);
  if ('birthday' in predicate) return between('birthday', 0, predicate.birthday.within);
  if ('spend' in predicate) return count(asked.sum('spend', predicate.spend.of, 0), predicate.spend, 0);
  if ('items' in predicate) return count(asked.sum('items', predicate.items.of, 0), predicate.items, 0);
  if ('bought' in predicate)
    return count(asked.sum('bought', predicate.bought.of, predicate.bought.withinDays), predicate.bought, 1);
  const [by, test] =
    'received' in predicate ? (['issued', predicate.received] as const) : (['redeemed', predicate.redeemed] as const);
  const name = `past${asked.past.length}`;
  asked.past.push({ name, offer: test.offer, withinDays: test.withinDays, by });
  return count(name, test, 1);
}

function count(
  number: string,
  { atLeast, atMost }: { readonly atLeast?: number; readonly atMost?: number },
  otherwise: number,
): Condition {
  const least = atLeast ?? (atMost === undefined ? otherwise : 0);
  return { number, least, ...(atMost !== undefined && { most: atMost }), isCount: true };
}
