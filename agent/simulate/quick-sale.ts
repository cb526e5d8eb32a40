/**
 * Reads a sale as `parseSale` does, quickly where nothing is odd about it. Whatever the quick look does not know well goes to the
 * full validator, which then accepts it or names its faults.
 */
import { parseDate, parseInstant } from '../offers/time.ts';
import type { Sale } from '../offers/types.ts';
import { parseSale, type SaleResult, validateSale } from '../offers/validate/sale.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A document that was parsed already. */
export function readSale(document: unknown): SaleResult {
  return isPlainSale(document) ? { ok: true, sale: document } : validateSale(document);
}

export function readSaleText(text: string): SaleResult {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // Names the fault.
    return parseSale(text);
  }
  return readSale(document);
}

const id = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** At most 99,999 pieces; more lines or pieces are counted by the validator. */
const quantity = /^[1-9]\d{0,4}$|^(?:0|[1-9]\d{0,4})\.\d{1,3}$/;
const mostLines = 9;
const mostAmount = 1_000_000_000;

function isPlainSale(value: unknown): value is Sale {
  if (!isFields(value)) return false;
  const { saleId, storeId, tillId, at, lines, member, history, counters, coupons } = value;
  return (
    isId(saleId) &&
    isId(storeId) &&
    isAbsentOr(isId, tillId) &&
    isInstant(at) &&
    arePlainLines(lines) &&
    isAbsentOr(isPlainMember, member) &&
    isAbsentOr(isPlainHistory, history) &&
    isAbsentOr(arePlainCounters, counters) &&
    isAbsentList(isPlainCoupon, coupons)
  );
}

function arePlainLines(lines: unknown): boolean {
  if (!Array.isArray(lines) || lines.length > mostLines * 100) return false;
  const seen = new Set<unknown>();
  for (const line of lines) {
    if (!isPlainLine(line)) return false;
    seen.add(line.lineId);
  }
  return seen.size === lines.length;
}

function isPlainLine(value: unknown): value is Fields {
  if (!isFields(value)) return false;
  const { lineId, gtin, unit, amount, category, brand, discountable } = value;
  return (
    isId(lineId) &&
    isPlainQuantity(value.quantity) &&
    typeof amount === 'number' &&
    Number.isInteger(amount) &&
    Math.abs(amount) <= mostAmount &&
    !Object.is(amount, -0) &&
    isAbsentOr(isText, gtin) &&
    isAbsentOr(isText, category) &&
    isAbsentOr(isText, brand) &&
    (unit === undefined || (typeof unit === 'string' && unit !== '')) &&
    (discountable === undefined || typeof discountable === 'boolean')
  );
}

function isPlainQuantity(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 5) return false;
  // Most lines are of one to nine pieces.
  if (value.length === 1) return value >= '1' && value <= '9';
  return quantity.test(value) && value !== '0.0' && value !== '0.00' && value !== '0.000';
}

function isPlainMember(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { household, points, joined, birthday, attributes, tier, language, segments, consents, activated } = value;
  return (
    isId(value.id) &&
    isAbsentOr(isId, household) &&
    isAbsentOr(Number.isSafeInteger, points) &&
    isAbsentOr(isDate, joined) &&
    isAbsentOr(isDate, birthday) &&
    isAbsentOr(isText, tier) &&
    isAbsentOr(isText, language) &&
    isAbsentList(isText, segments) &&
    isAbsentList(isText, consents) &&
    isAbsentList(isText, activated) &&
    (attributes === undefined || (isFields(attributes) && Object.values(attributes).every(isPlainAttribute)))
  );
}

function isPlainAttribute(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSingle);
  return isSingle(value);
}

function isPlainHistory(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { bought, coupons, householdCoupons } = value;
  return (
    isAbsentList(isPlainPurchase, bought) &&
    isAbsentList(isPlainPastCoupon, coupons) &&
    isAbsentList(isPlainPastCoupon, householdCoupons)
  );
}

function isPlainPurchase(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { saleId, at, gtin, category, brand } = value;
  return (
    isInstant(at) &&
    isAbsentOr(isText, saleId) &&
    isAbsentOr(isText, gtin) &&
    isAbsentOr(isText, category) &&
    isAbsentOr(isText, brand)
  );
}

/** `expiresAt` and `redeemedAt` may be null, for the till's own history says so. */
function isPlainPastCoupon(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { offer, serial, issuedAt, expiresAt, redeemedAt } = value;
  return (
    isId(offer) &&
    isInstant(issuedAt) &&
    isAbsentOr(isText, serial) &&
    (expiresAt === null || isAbsentOr(isInstant, expiresAt)) &&
    (redeemedAt === null || isAbsentOr(isInstant, redeemedAt)) &&
    isAbsentOr(isText, value.class)
  );
}

function arePlainCounters(value: unknown): boolean {
  return isFields(value) && Object.values(value).every(isPlainCounter);
}

function isPlainCounter(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { member, household, store, lease } = value;
  return (
    isAbsentOr(isCount, member) &&
    isAbsentOr(isCount, household) &&
    isAbsentOr(isCount, store) &&
    isAbsentOr(isCount, lease)
  );
}

function isPlainCoupon(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { offer, serial, variant, validFrom, validTo, household } = value;
  return (
    isId(offer) &&
    typeof serial === 'string' &&
    serial !== '' &&
    (variant === null || isAbsentOr(isText, variant)) &&
    isAbsentOr(isDate, validFrom) &&
    isAbsentOr(isDate, validTo) &&
    isAbsentOr(isText, household)
  );
}

type Test = (value: unknown) => boolean;

const isAbsentOr = (test: Test, value: unknown): boolean => value === undefined || test(value);
function isAbsentList(test: Test, value: unknown): boolean {
  if (value === undefined) return true;
  if (!Array.isArray(value)) return false;
  for (const entry of value) if (!test(entry)) return false;
  return true;
}
const isSingle: Test = value =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
const isText: Test = value => typeof value === 'string';
const isId: Test = value => typeof value === 'string' && id.test(value);
const isDate: Test = value => typeof value === 'string' && parseDate(value) !== null;
const isInstant: Test = value => typeof value === 'string' && parseInstant(value) !== null;
const isCount: Test = value =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
