/** A sale as a POS sends it (contract section 9): what is known is checked, what is not is left out. */
import type { Fault } from '../fault.ts';
import { mostPieces, parseQuantity, wholePieces } from '../quantity.ts';
import type { Sale } from '../types.ts';
import {
  anyInteger,
  boolean,
  type Check,
  checkAt,
  field,
  fieldsOf,
  finite,
  id,
  kindOf,
  list,
  listUniqueBy,
  Report,
  someText,
  text,
} from './checks.ts';
import { count, date, instant } from './forms.ts';
import { parseJson } from './json.ts';
import { copySale } from './sale-copy.ts';

export type SaleResult =
  | { readonly ok: true; readonly sale: Sale }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads a sale from its bytes or text: JSON, then `validateSale`. Never throws. */
export function parseSale(source: Uint8Array | string): SaleResult {
  const read = parseJson(source);
  return read.ok ? validateSale(read.value) : { ok: false, faults: [read.fault] };
}

/** Checks a parsed document: every fault with its JSON Pointer. Fields that the contract does not know are ignored. */
export function validateSale(document: unknown): SaleResult {
  try {
    const report = new Report();
    sale(document, report);
    return report.faults.length === 0
      ? { ok: true, sale: copySale(document as Sale) }
      : { ok: false, faults: report.faults };
  } catch (error) {
    return { ok: false, faults: [{ pointer: '', message: `cannot be read: ${String(error)}` }] };
  }
}

type Fields = Readonly<Record<string, Check>>;

/** An object of which only these fields are looked at. An optional field that is null counts as absent. */
function open(
  required: Fields,
  optional: Fields,
  after?: (value: Readonly<Record<string, unknown>>, report: Report) => void,
): Check {
  const needed = Object.entries(required);
  const others = Object.entries(optional);
  return (value, report) => {
    const fields = fieldsOf(value);
    if (fields === null) return report.fault(`must be an object, is ${kindOf(value)}`);
    for (const [name, check] of needed)
      if (Object.hasOwn(fields, name)) checkAt(check, fields[name], name, report);
      else report.fault('is missing', name);
    for (const [name, check] of others) {
      const found = field(fields, name);
      if (found !== undefined && found !== null) checkAt(check, found, name, report);
    }
    after?.(fields, report);
  };
}

const quantity: Check = (value, report) => {
  const found = typeof value === 'string' ? parseQuantity(value) : null;
  if (found === null) report.fault(`must be a decimal text of at most 3 decimals (like "0.254"), is ${kindOf(value)}`);
  else if (found === 0) report.fault('must not be 0');
};

const line = open(
  { lineId: id, quantity, amount: anyInteger },
  { gtin: text, unit: someText, category: text, brand: text, discountable: boolean },
);

const attribute: Check = (value, report) => {
  if (Array.isArray(value)) return list(single)(value, report);
  single(value, report);
};

const single: Check = (value, report) => {
  if (typeof value === 'number') finite(value, report);
  else if (typeof value !== 'string' && typeof value !== 'boolean')
    report.fault(`must be text, a number, true or false; is ${kindOf(value)}`);
};

const attributes: Check = (value, report) => {
  const fields = fieldsOf(value);
  if (fields === null) return report.fault(`must be an object, is ${kindOf(value)}`);
  for (const name of Object.keys(fields)) if (fields[name] !== null) checkAt(attribute, fields[name], name, report);
};

const member = open(
  { id },
  {
    household: id,
    segments: list(text),
    tier: text,
    points: anyInteger,
    joined: date,
    birthday: date,
    language: text,
    consents: list(text),
    attributes,
    activated: list(text),
  },
);

const couponHistory = open(
  { offer: id, issuedAt: instant },
  { serial: text, expiresAt: instant, redeemedAt: instant, class: text },
);

const history = open(
  {},
  {
    bought: list(open({ at: instant }, { saleId: text, gtin: text, category: text, brand: text })),
    coupons: list(couponHistory),
    householdCoupons: list(couponHistory),
  },
);

const counter = open({}, { member: count, household: count, store: count, lease: count });

const counters: Check = (value, report) => {
  const fields = fieldsOf(value);
  if (fields === null) return report.fault(`must be an object by offer, is ${kindOf(value)}`);
  for (const name of Object.keys(fields)) checkAt(counter, fields[name], name, report);
};

const presented = open(
  { offer: id, serial: someText },
  { variant: text, validFrom: date, validTo: date, household: text },
);

const sale = open(
  { saleId: id, storeId: id, at: instant, lines: listUniqueBy(line, 'lineId') },
  { tillId: id, member, history, counters, coupons: list(presented) },
  checkSums,
);

/** The sum of all amounts must be exact, and the pieces countable. */
function checkSums(document: Readonly<Record<string, unknown>>, report: Report): void {
  const lines = field(document, 'lines');
  if (!Array.isArray(lines) || report.faults.length > 0) return;
  let amounts = 0;
  let pieces = 0;
  for (const [index, item] of (lines as Sale['lines']).entries()) {
    amounts += Math.abs(item.amount);
    if (amounts > Number.MAX_SAFE_INTEGER) {
      report.fault('makes the sum of the amounts too large to be exact', 'lines', index, 'amount');
      return;
    }
    pieces += Math.max(0, wholePieces(parseQuantity(item.quantity) ?? 0, item.unit ?? undefined) ?? 0);
    if (pieces > mostPieces) {
      report.fault(`makes more than ${mostPieces} pieces in one sale`, 'lines', index, 'quantity');
      return;
    }
  }
}
