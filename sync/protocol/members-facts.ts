/**
 * What HQ tells a till of a member: what offers ask for, and a first name for the cashier. No contact data, no card numbers.
 * Read strictly, whoever wrote it: a field that is not in the list is a fault.
 */
import { isCount, isInstant, isMatch, isRecord, isText, type Json } from './fields.ts';
import { isCardHash } from './members-keys.ts';
import { accept, type Result, refuse } from './result.ts';

export type MemberValue = string | number | boolean;

export interface MemberFacts {
  readonly id: string;
  /** When the balance was taken; ms since 1970. */
  readonly asOf: number;
  readonly points: number;
  /** Hashes of card numbers (members-keys.ts). */
  readonly cards: readonly string[];
  readonly firstName?: string;
  readonly household?: string;
  readonly tier?: string;
  readonly language?: string;
  /** Local dates. */
  readonly joined?: string;
  readonly birthday?: string;
  readonly segments?: readonly string[];
  readonly consents?: readonly string[];
  readonly attributes?: Readonly<Record<string, MemberValue | readonly MemberValue[]>>;
  /** Digital offers that the member activated. */
  readonly activated?: readonly string[];
  readonly coupons?: readonly PastCoupon[];
  readonly bought?: readonly PastPurchase[];
}

/** As in the offer contract's `history.coupons`. */
export interface PastCoupon {
  readonly offer: string;
  readonly serial?: string;
  readonly issuedAt: string;
  readonly expiresAt?: string;
  readonly redeemedAt?: string;
  readonly class?: string;
}

/** As in `history.bought`; a sale of this system is `store/till/saleId`, so that a till of that store knows its own. */
export interface PastPurchase {
  readonly at: string;
  readonly saleId?: string;
  readonly gtin?: string;
  readonly category?: string;
  readonly brand?: string;
}

export const mostCards = 32;
export const mostListed = 500;
const mostAttributes = 200;
/** Words of a campaign's language: segments, tiers, values. */
export const longestWord = 200;
const longestName = 60;
/** Far above any balance; sums of them stay exact. */
const mostPoints = 1e12;

const known: ReadonlySet<string> = new Set([
  'id',
  'asOf',
  'points',
  'cards',
  'firstName',
  'household',
  'tier',
  'language',
  'joined',
  'birthday',
  'segments',
  'consents',
  'attributes',
  'activated',
  'coupons',
  'bought',
]);

/** Reads what someone else wrote; nothing is coerced, nothing unknown is let by. */
export function readMemberFacts(value: unknown): Result<MemberFacts> {
  if (!isRecord(value)) return refuse('is no object');
  const stray = Object.keys(value).find(name => !known.has(name));
  if (stray !== undefined) return refuse(`${stray.slice(0, 40)} is no field of a member`);
  const { id, asOf, points, cards } = value;
  if (!isWord(id)) return refuse('id is no text of 1 to 200 characters');
  if (!isCount(asOf)) return refuse('asOf is no time in milliseconds');
  if (!Number.isSafeInteger(points) || Math.abs(Number(points)) > mostPoints)
    return refuse(`points is no whole number up to ${mostPoints}`);
  if (!Array.isArray(cards) || cards.length > mostCards || !cards.every(isCardHash))
    return refuse(`cards is no list of at most ${mostCards} hashes`);
  const rest = readRest(value);
  if (!rest.ok) return rest;
  return accept({ id, asOf, points: Number(points), cards, ...rest.value });
}

type Rest = Omit<MemberFacts, 'id' | 'asOf' | 'points' | 'cards'>;

/** All that may be absent. Ids of offers and segments are not checked against any bundle: it may come later. */
function readRest(value: Json): Result<Rest> {
  const found: Record<string, unknown> = {};
  const { firstName, attributes, coupons, bought } = value;
  if (firstName !== undefined) {
    if (!isText(firstName, longestName)) return refuse(`firstName is no text of at most ${longestName} characters`);
    found.firstName = firstName;
  }
  for (const name of ['household', 'tier', 'language'] as const) {
    if (value[name] === undefined) continue;
    if (!isWord(value[name])) return refuse(`${name} is no text of 1 to ${longestWord} characters`);
    found[name] = value[name];
  }
  for (const name of ['joined', 'birthday'] as const) {
    if (value[name] === undefined) continue;
    if (!isLocalDate(value[name])) return refuse(`${name} is no date like 1990-02-28`);
    found[name] = value[name];
  }
  for (const name of ['segments', 'consents', 'activated'] as const) {
    const list = value[name];
    if (list === undefined) continue;
    if (!Array.isArray(list) || list.length > mostListed || !list.every(isWord))
      return refuse(`${name} is no list of at most ${mostListed} texts`);
    found[name] = list;
  }
  if (attributes !== undefined) {
    if (!isRecord(attributes)) return refuse('attributes is no object');
    const entries = Object.entries(attributes);
    if (entries.length > mostAttributes) return refuse(`attributes has more than ${mostAttributes}`);
    const bad = entries.find(([name, one]) => !isWord(name) || !isAttribute(one));
    if (bad !== undefined)
      return refuse(`attributes.${bad[0].slice(0, 40)} is no text, number, truth value or list of them`);
    found.attributes = attributes;
  }
  if (coupons !== undefined) {
    if (!Array.isArray(coupons) || coupons.length > mostListed || !coupons.every(isPastCoupon))
      return refuse('coupons is no list of {offer, issuedAt, serial?, expiresAt?, redeemedAt?, class?}');
    found.coupons = coupons;
  }
  if (bought !== undefined) {
    if (!Array.isArray(bought) || bought.length > mostListed || !bought.every(isPastPurchase))
      return refuse('bought is no list of {at, saleId?, gtin?, category?, brand?}');
    found.bought = bought;
  }
  return accept(found as Rest);
}

export const isWord = (value: unknown): value is string => isText(value, longestWord) && value !== '';

const isValue = (value: unknown): value is MemberValue =>
  isText(value, longestWord) || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));

const isAttribute = (value: unknown): boolean =>
  isValue(value) || (Array.isArray(value) && value.length <= mostListed && value.every(isValue));

/** A day that exists, 1900 to 2199. */
export function isLocalDate(value: unknown): value is string {
  if (!isMatch(value, /^(19|20|21)\d\d-\d\d-\d\d$/)) return false;
  const ms = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value);
}

const hasOnly = (value: Json, names: readonly string[]): boolean =>
  Object.keys(value).every(name => names.includes(name));

const isPastCoupon = (value: unknown): value is PastCoupon =>
  isRecord(value) &&
  hasOnly(value, ['offer', 'serial', 'issuedAt', 'expiresAt', 'redeemedAt', 'class']) &&
  isWord(value.offer) &&
  isInstant(value.issuedAt) &&
  (value.serial === undefined || isWord(value.serial)) &&
  (value.expiresAt === undefined || isInstant(value.expiresAt)) &&
  (value.redeemedAt === undefined || isInstant(value.redeemedAt)) &&
  (value.class === undefined || isWord(value.class));

const isPastPurchase = (value: unknown): value is PastPurchase =>
  isRecord(value) &&
  hasOnly(value, ['at', 'saleId', 'gtin', 'category', 'brand']) &&
  isInstant(value.at) &&
  (value.saleId === undefined || isWord(value.saleId)) &&
  (value.gtin === undefined || isWord(value.gtin)) &&
  (value.category === undefined || isWord(value.category)) &&
  (value.brand === undefined || isWord(value.brand));
