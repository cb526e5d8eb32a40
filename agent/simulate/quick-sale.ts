/**
 * Reads a sale as `parseSale` does, quickly where nothing is odd about it. Whatever the quick look does not know well goes to the
 * full validator, which then accepts it or names its faults.
 */
import { parseInstant } from '../offers/time.ts';
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
const memberTexts = ['tier', 'language'];
const memberLists = ['segments', 'consents', 'activated'];

function isPlainSale(value: unknown): value is Sale {
  if (!isFields(value)) return false;
  const { saleId, storeId, tillId, at, lines, member } = value;
  if (!isId(saleId) || !isId(storeId) || !(tillId === undefined || isId(tillId))) return false;
  if (typeof at !== 'string' || parseInstant(at) === null || !Array.isArray(lines)) return false;
  if (lines.length > mostLines * 100) return false;
  const seen = new Set<unknown>();
  for (const line of lines) {
    if (!isPlainLine(line)) return false;
    seen.add(line.lineId);
  }
  if (seen.size !== lines.length || !(member === undefined || isPlainMember(member))) return false;
  // Rare in files of sales, and of many forms.
  return value.history === undefined && value.counters === undefined && value.coupons === undefined;
}

function isPlainLine(value: unknown): value is Fields {
  if (!isFields(value)) return false;
  const { lineId, gtin, unit, amount, category, brand, discountable } = value;
  return (
    isId(lineId) &&
    typeof value.quantity === 'string' &&
    value.quantity.length < 6 &&
    quantity.test(value.quantity) &&
    value.quantity !== '0.0' &&
    value.quantity !== '0.00' &&
    value.quantity !== '0.000' &&
    typeof amount === 'number' &&
    Number.isInteger(amount) &&
    Math.abs(amount) <= mostAmount &&
    !Object.is(amount, -0) &&
    isTextOrAbsent(gtin) &&
    isTextOrAbsent(category) &&
    isTextOrAbsent(brand) &&
    (unit === undefined || (typeof unit === 'string' && unit !== '')) &&
    (discountable === undefined || typeof discountable === 'boolean')
  );
}

function isPlainMember(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { household, points, joined, birthday, attributes } = value;
  if (!isId(value.id) || !(household === undefined || isId(household))) return false;
  if (!(points === undefined || Number.isSafeInteger(points)) || joined !== undefined || birthday !== undefined)
    return false;
  for (const name of memberTexts) if (!isTextOrAbsent(value[name])) return false;
  for (const name of memberLists) {
    const list = value[name];
    if (list !== undefined && !(Array.isArray(list) && list.every(isText))) return false;
  }
  return attributes === undefined || (isFields(attributes) && Object.values(attributes).every(isPlainAttribute));
}

function isPlainAttribute(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSingle);
  return isSingle(value);
}

const isSingle = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
const isText = (value: unknown): boolean => typeof value === 'string';
const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === 'string';
const isId = (value: unknown): boolean => typeof value === 'string' && id.test(value);

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
