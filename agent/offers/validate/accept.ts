/**
 * Whether an offer is valid, and nothing more: what the checks of offer.ts say of one without a fault, asked in a tenth of their time.
 * In doubt it says no; the checks then tell what and where.
 */
import { parseDate, parseTime } from '../time.ts';
import { deepest } from './checks.ts';
import { isLanguage, mostDays } from './forms.ts';
import { mostFactor, mostPoints, mostWeight } from './limits.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What the offers of a bundle have in common, and the offers that they name. */
export class Acceptance {
  readonly #defaultLanguage: string;
  readonly #tiers: ReadonlySet<string>;
  /** Ids of offers that must exist in the bundle or be retired. */
  readonly named = new Set<string>();
  /** How many entries the lists had that were looked at. */
  entries = 0;

  constructor(defaultLanguage: string, tiers: ReadonlySet<string>) {
    this.#defaultLanguage = defaultLanguage;
    this.#tiers = tiers;
  }

  /** @returns false where the offer has a fault, or may have one */
  accepts(offer: unknown): boolean {
    if (!isObject(offer)) return false;
    const { phase } = offer;
    if (!isId(offer.id) || !isCount(offer.version) || !isObject(offer.benefit)) return false;
    const printed = phase === 'issue';
    if (!printed && phase !== 'line' && phase !== 'basket' && phase !== 'points') return false;
    if (printed && (offer.priority === undefined || offer.coupon === undefined)) return false;
    for (const name in offer) if (!this.#acceptsField(name, offer[name], phase)) return false;
    return true;
  }

  #acceptsField(name: string, value: unknown, phase: string): boolean {
    switch (name) {
      case 'id':
      case 'version':
      case 'phase':
        return true;
      case 'benefit':
        return this.#benefit(value, phase);
      case 'audience':
      case 'when':
        return this.#predicate(value, deepest);
      case 'schedule':
        return isSchedule(value);
      case 'caps':
        return areCaps(value);
      case 'coupon':
        return phase === 'issue' && this.#coupon(value);
      case 'priority':
        return phase === 'issue' && isWhole(value, 1, 1000);
      case 'contact':
        return phase === 'issue' && isObject(value) && isId(value.class) && has(value, 1);
      case 'stores':
        return areStores(value);
      case 'consent':
      case 'group':
        return isId(value);
      case 'experiment':
        return this.#experiment(value, phase);
      case 'after':
        return this.#chain(value);
      case 'name':
      case 'campaign':
        return typeof value === 'string';
      case 'sequence':
        return Number.isSafeInteger(value);
      case 'trigger':
        return value === 'auto' || value === 'coupon' || value === 'digital';
      case 'exclusive':
      case 'stackable':
        return typeof value === 'boolean';
      default:
        return false;
    }
  }

  #benefit(benefit: unknown, phase: string): boolean {
    if (!isObject(benefit) || !has(benefit, 1)) return false;
    const { percent, amount, price, nForM, points, text } = benefit;
    if (points !== undefined) return (phase === 'points' || phase === 'issue') && arePoints(points);
    if (phase === 'points') return false;
    if (text !== undefined) return isObject(text) && has(text, 0);
    if (isObject(nForM)) {
      const { take, pay } = nForM;
      return isWhole(take, 1) && isCount(pay) && pay < take && this.#selector(nForM.of, deepest) && has(nForM, 3);
    }
    if (isObject(percent)) {
      if (!isWhole(percent.permyriad, 0, 10_000)) return false;
      for (const name in percent) {
        const value = percent[name];
        if (name === 'permyriad') continue;
        if (name === 'base' ? value === 'initial' || value === 'running' : name === 'maxAmount' && isCount(value))
          continue;
        if (!this.#choice(name, value)) return false;
      }
      return true;
    }
    if (isObject(amount)) {
      if (!isCount(amount.off)) return false;
      for (const name in amount)
        if (name !== 'off' && !(name === 'each' ? amount.each === true : this.#choice(name, amount[name])))
          return false;
      return true;
    }
    if (!isObject(price) || !isCount(price.unitPrice) || price.of === undefined) return false;
    for (const name in price) if (name !== 'unitPrice' && !this.#choice(name, price[name])) return false;
    return true;
  }

  #choice(name: string, value: unknown): boolean {
    if (name === 'of') return this.#selector(value, deepest);
    return name === 'maxItems' ? isWhole(value, 1) : name === 'pick' && (value === 'dearest' || value === 'cheapest');
  }

  #coupon(coupon: unknown): boolean {
    if (!isObject(coupon)) return false;
    const { barcode, texts } = coupon;
    if (barcode !== 'qr' && barcode !== 'gs1-128' && barcode !== 'ean13' && barcode !== 'code128') return false;
    if (!isWhole(coupon.validDays, 1, mostDays) || coupon.offline === undefined || !this.#texts(texts)) return false;
    for (const name in coupon) if (!this.#acceptsTerm(name, coupon[name])) return false;
    return true;
  }

  #acceptsTerm(name: string, value: unknown): boolean {
    switch (name) {
      case 'barcode':
      case 'texts':
      case 'validDays':
        return true;
      case 'offline':
        return value === 'accept' || value === 'decline' || (isObject(value) && isCount(value.upTo) && has(value, 1));
      case 'category':
        return isCategory(value);
      case 'validFromDays':
        return isWhole(value, 0, mostDays);
      case 'redeem':
        return this.#predicate(value, deepest);
      case 'redeemStores':
        return areStores(value);
      case 'bearer':
        return typeof value === 'boolean';
      default:
        return name === 'image' && isSomeText(value);
    }
  }

  #texts(texts: unknown): boolean {
    if (!isObject(texts) || !Object.hasOwn(texts, this.#defaultLanguage)) return false;
    for (const language in texts) {
      const spoken = texts[language];
      if (!isObject(spoken) || !isLanguage(language) || !isSomeText(spoken.title)) return false;
      for (const name in spoken)
        if (typeof spoken[name] !== 'string' || (name !== 'title' && name !== 'body' && name !== 'legal')) return false;
    }
    return true;
  }

  #experiment(experiment: unknown, phase: string): boolean {
    if (!isObject(experiment) || typeof experiment.salt !== 'string') return false;
    let fields = 1;
    if (experiment.holdout !== undefined) {
      if (!isWhole(experiment.holdout, 0, 10_000)) return false;
      fields++;
    }
    if (experiment.variants === undefined) return has(experiment, fields);
    return this.#variants(experiment.variants, phase) && has(experiment, fields + 1);
  }

  #variants(variants: unknown, phase: string): boolean {
    if (!Array.isArray(variants)) return false;
    const ids = new Set<string>();
    let weights = 0;
    for (const variant of variants as readonly unknown[]) {
      if (!isObject(variant) || !isId(variant.id) || !isWhole(variant.weight, 0, mostWeight)) return false;
      ids.add(variant.id);
      weights += variant.weight;
      let fields = 2;
      if (variant.benefit !== undefined) {
        if (!this.#benefit(variant.benefit, phase)) return false;
        fields++;
      }
      if (variant.coupon !== undefined) {
        if (phase !== 'issue' || !this.#coupon(variant.coupon)) return false;
        fields++;
      }
      if (!has(variant, fields)) return false;
    }
    return ids.size === variants.length && (variants.length === 0 || weights > 0);
  }

  #chain(chain: unknown): boolean {
    if (!isObject(chain) || !this.#names(chain.offer)) return false;
    const { outcome, minDays, maxDays } = chain;
    if (outcome !== 'issued' && outcome !== 'redeemed' && outcome !== 'expired' && outcome !== 'unredeemed')
      return false;
    if (minDays !== undefined && !isWhole(minDays, 0, mostDays)) return false;
    if (maxDays !== undefined && !isWhole(maxDays, 0, mostDays)) return false;
    return has(chain, 2 + (minDays === undefined ? 0 : 1) + (maxDays === undefined ? 0 : 1));
  }

  #names(offer: unknown): boolean {
    if (!isId(offer)) return false;
    this.named.add(offer);
    return true;
  }

  /** @param levels how deep it may still be nested, itself included */
  #predicate(predicate: unknown, levels: number): boolean {
    if (levels === 0 || !isObject(predicate)) return false;
    const kind = onlyField(predicate);
    if (kind === null) return false;
    const asked = predicate[kind];
    if (kind === 'segment') return isId(asked);
    if (kind === 'all' || kind === 'any') {
      if (!Array.isArray(asked)) return false;
      this.entries += asked.length;
      for (let index = 0; index < asked.length; index++) if (!this.#predicate(asked[index], levels - 1)) return false;
      return true;
    }
    if (kind === 'not') return this.#predicate(asked, levels - 1);
    return isObject(asked) && this.#leaf(kind, asked);
  }

  #leaf(kind: string, asked: Fields): boolean {
    switch (kind) {
      case 'tier': {
        const { atLeast, is } = asked;
        const tier = atLeast === undefined ? is : atLeast;
        return has(asked, 1) && isId(tier) && this.#tiers.has(tier);
      }
      case 'attribute':
        return isAttribute(asked);
      case 'memberDays':
      case 'points':
        return isBounded(asked, 0);
      case 'birthday':
        return isWhole(asked.within, 0, mostDays) && has(asked, 1);
      case 'spend':
      case 'items':
        if (asked.of === undefined) return isBounded(asked, 0);
        return this.#selector(asked.of, deepest) && isBounded(asked, 1);
      case 'bought':
        return this.#selector(asked.of, deepest) && isWhole(asked.withinDays, 0, mostDays) && isBounded(asked, 2);
      case 'received':
      case 'redeemed':
        return this.#names(asked.offer) && isWhole(asked.withinDays, 0, mostDays) && isBounded(asked, 2);
      default:
        return false;
    }
  }

  /** @param levels how deep it may still be nested, itself included */
  #selector(selector: unknown, levels: number): boolean {
    if (levels === 0 || !isObject(selector)) return false;
    const kind = onlyField(selector);
    if (kind === null) return false;
    const asked = selector[kind];
    if (kind === 'not') return this.#selector(asked, levels - 1);
    if (!Array.isArray(asked)) return false;
    this.entries += asked.length;
    if (kind === 'gtin' || kind === 'brand') return asked.every(isSomeText);
    if (kind === 'category') return asked.every(isCategory);
    if (kind !== 'all' && kind !== 'any') return false;
    for (let index = 0; index < asked.length; index++) if (!this.#selector(asked[index], levels - 1)) return false;
    return true;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object has just so many fields. */
function has(value: Fields, fields: number): boolean {
  let count = 0;
  for (const _ in value) count++;
  return count === fields;
}

/** The name of an object's field; null where it has none, or several. */
function onlyField(value: Fields): string | null {
  let only: string | null = null;
  for (const name in value) {
    if (only !== null) return null;
    only = name;
  }
  return only;
}

function isWhole(value: unknown, least: number, most: number = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSomeText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** 1 letters and digits, 2 what may stand after the first of these. */
const idKinds = new Uint8Array(128);
for (const [first, last] of ['09', 'AZ', 'az']) idKinds.fill(1, first?.charCodeAt(0), (last?.charCodeAt(0) ?? 0) + 1);
for (const mark of '._-') idKinds[mark.charCodeAt(0)] = 2;

/** `isId` of checks.ts without a regular expression: a bundle has hundreds of thousands of ids. */
function isId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 64 || idKinds[value.charCodeAt(0)] !== 1) return false;
  for (let at = 1; at < value.length; at++) if (!((idKinds[value.charCodeAt(at)] ?? 0) > 0)) return false;
  return true;
}

function isCategory(value: unknown): boolean {
  if (typeof value !== 'string' || value === '' || value.length > 1024) return false;
  return !(value.startsWith('/') || value.endsWith('/') || value.includes('//'));
}

function areStores(filter: unknown): boolean {
  if (!isObject(filter)) return false;
  for (const name in filter) {
    const stores = filter[name];
    if ((name !== 'include' && name !== 'exclude') || !Array.isArray(stores) || !stores.every(isId)) return false;
  }
  return true;
}

function isSchedule(schedule: unknown): boolean {
  if (!isObject(schedule)) return false;
  for (const name in schedule) {
    const value = schedule[name];
    if (name === 'from' || name === 'to') {
      if (typeof value !== 'string' || parseDate(value) === null) return false;
    } else if (
      !Array.isArray(value) ||
      !(name === 'days' ? value.every(isWeekday) : name === 'times' && value.every(isHours))
    )
      return false;
  }
  return true;
}

const weekdays: readonly unknown[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function isWeekday(value: unknown): boolean {
  return weekdays.includes(value);
}

function isHours(window: unknown): boolean {
  if (!isObject(window)) return false;
  const { from, to } = window;
  if (typeof from !== 'string' || typeof to !== 'string') return false;
  return parseTime(from) !== null && parseTime(to) !== null && has(window, 2);
}

function areCaps(caps: unknown): boolean {
  if (!Array.isArray(caps)) return false;
  const seen = { member: false, household: false, store: false, global: false };
  for (const cap of caps as readonly unknown[]) {
    if (!isObject(cap) || !isCount(cap.limit)) return false;
    const { scope, window, counts } = cap;
    if (scope !== 'member' && scope !== 'household' && scope !== 'store' && scope !== 'global') return false;
    if (seen[scope]) return false;
    seen[scope] = true;
    if (window !== undefined && !isWindow(window)) return false;
    if (counts !== undefined && counts !== 'issued' && counts !== 'redeemed') return false;
    if (!has(cap, 2 + (window === undefined ? 0 : 1) + (counts === undefined ? 0 : 1))) return false;
  }
  return true;
}

function isWindow(window: unknown): boolean {
  if (!isObject(window) || !has(window, 1)) return false;
  const { days, calendar } = window;
  if (days !== undefined) return isWhole(days, 1, mostDays);
  return calendar === 'day' || calendar === 'week' || calendar === 'month';
}

function arePoints(points: unknown): boolean {
  if (!isObject(points)) return false;
  const { fixed, per, earn, multiply } = points;
  if (per !== undefined) return isWhole(per, 1) && isWhole(earn, 0, mostPoints) && has(points, 2);
  if (fixed !== undefined) return isWhole(fixed, 0, mostPoints) && has(points, 1);
  return isWhole(multiply, 0, mostFactor) && has(points, 1);
}

function isAttribute(test: Fields): boolean {
  const { name, in: listed, atLeast, atMost } = test;
  if (!isSomeText(name)) return false;
  if (listed !== undefined) return Array.isArray(listed) && listed.every(isAttributeValue) && has(test, 2);
  if (atLeast !== undefined && !Number.isFinite(atLeast)) return false;
  if (atMost !== undefined && !Number.isFinite(atMost)) return false;
  const bounds = (atLeast === undefined ? 0 : 1) + (atMost === undefined ? 0 : 1);
  return bounds > 0 && has(test, 1 + bounds);
}

function isAttributeValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** @param others fields beside the bounds */
function isBounded(test: Fields, others: number): boolean {
  const { atLeast, atMost } = test;
  if (atLeast !== undefined && !Number.isSafeInteger(atLeast)) return false;
  if (atMost !== undefined && !Number.isSafeInteger(atMost)) return false;
  return has(test, others + (atLeast === undefined ? 0 : 1) + (atMost === undefined ? 0 : 1));
}
