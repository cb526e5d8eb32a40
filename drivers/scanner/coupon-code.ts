/**
 * North American coupons, AI 8110 (coupon code) and 8112 (positive offer file): whether the digits have the fields that they must. Fields and
 * limits: "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols", linters of the GS1 Barcode Syntax Dictionary.
 */

/** Reads fields from the front; once one is wrong, all that follow are. */
class Fields {
  #rest: string;
  ok = true;

  constructor(digits: string) {
    this.#rest = digits;
    if (!/^\d*$/.test(digits)) this.ok = false;
  }

  get done(): boolean {
    return this.ok && this.#rest === '';
  }

  take(count: number): string {
    const field = this.#rest.slice(0, count);
    if (field.length < count) this.ok = false;
    this.#rest = this.#rest.slice(count);
    return field;
  }

  /** One digit out of those allowed. */
  one(allowed: RegExp): string {
    const digit = this.take(1);
    if (!allowed.test(digit)) this.ok = false;
    return digit;
  }

  /** A length indicator out of those allowed, and as many digits, plus some. */
  sized(allowed: RegExp, plus: number): void {
    const indicator = this.one(allowed);
    if (this.ok) this.take(Number(indicator) + plus);
  }

  /** An optional field, announced by its number. */
  announced(field: string): boolean {
    if (!this.ok || !this.#rest.startsWith(field)) return false;
    this.take(1);
    return true;
  }
}

const companyLength = /[0-6]/;
const valueLength = /[1-5]/;
const requirement = /[0-49]/;
const anyDigit = /\d/;

/** AI 8110. */
export function isCouponCode(digits: string): boolean {
  const fields = new Fields(digits);
  fields.sized(companyLength, 6);
  fields.take(6); // offer code
  fields.sized(valueLength, 0); // save value
  purchase(fields);
  if (fields.announced('1')) {
    fields.one(/[0-3]/);
    purchase(fields);
    otherCompany(fields);
  }
  if (fields.announced('2')) {
    purchase(fields);
    otherCompany(fields);
  }
  const expires = fields.announced('3') ? date(fields) : null;
  const starts = fields.announced('4') ? date(fields) : null;
  if (expires !== null && starts !== null && starts > expires) return false;
  if (fields.announced('5')) fields.sized(anyDigit, 6); // serial number
  if (fields.announced('6')) fields.sized(/[1-7]/, 6); // the retailer that it is for
  if (fields.announced('9')) {
    fields.one(/[01256]/);
    fields.one(/[0-2]/);
    fields.one(anyDigit);
    fields.one(/[01]/);
  }
  return fields.done;
}

/** AI 8112. */
export function isPositiveOffer(digits: string): boolean {
  const fields = new Fields(digits);
  fields.one(/[01]/);
  fields.sized(companyLength, 6);
  fields.take(6);
  fields.sized(anyDigit, 6);
  return fields.done;
}

/** How much of what must be bought: amount, kind of amount, family. */
function purchase(fields: Fields): void {
  fields.sized(valueLength, 0);
  fields.one(requirement);
  fields.take(3);
}

function otherCompany(fields: Fields): void {
  const length = fields.one(/[0-69]/);
  if (fields.ok && length !== '9') fields.take(Number(length) + 6);
}

/** YYMMDD; the guideline's dates have a day. */
function date(fields: Fields): string {
  const text = fields.take(6);
  const [month, day] = [Number(text.slice(2, 4)), Number(text.slice(4))];
  const last = new Date(Date.UTC(2000 + Number(text.slice(0, 2)), month, 0)).getUTCDate();
  if (month < 1 || month > 12 || day < 1 || day > last) fields.ok = false;
  return text;
}
