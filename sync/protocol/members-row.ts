/**
 * A member packed into bytes: what stands in the files that HQ publishes and in the till's members.sqlite (docs/members.md).
 * Words that many members share (segments, tiers, values) are numbers of HQ's dictionary, which only ever grows.
 *
 *   cards: n, then 8 bytes each · as of (ms) · points · what follows (bits) · id? first name? household? tier? …
 *
 * Whole numbers are LEB128 (7 bits a byte, low ones first); signed ones zigzag. A word is its number + 1, or 0 and its text.
 */
import { Buffer } from 'node:buffer';
import {
  isLocalDate,
  longestWord,
  type MemberFacts,
  type MemberValue,
  mostCards,
  mostListed,
  type PastCoupon,
  type PastPurchase,
} from './members-facts.ts';
import { idOfKey, keyOfMember, spelledKey } from './members-keys.ts';

/** Rows are small; a longer one is a mistake. */
export const maxRowBytes = 16 * 1024;

/** The number of a word in the dictionary; undefined: it is written out. */
export type NumberOfWord = (word: string) => number | undefined;

const has = {
  id: 1,
  firstName: 2,
  household: 4,
  spelledHousehold: 8,
  tier: 16,
  language: 32,
  joined: 64,
  birthday: 128,
  segments: 256,
  consents: 512,
  attributes: 1024,
  activated: 2048,
  coupons: 4096,
  bought: 8192,
} as const;
const everything = 2 * has.bought - 1;

/** @throws RangeError where the row is longer than maxRowBytes */
export function packMember(facts: MemberFacts, numberOf: NumberOfWord): Buffer {
  const out = new Pen(numberOf);
  out.whole(facts.cards.length);
  for (const card of facts.cards) out.hex(card);
  out.whole(facts.asOf);
  out.signed(facts.points);
  const {
    firstName,
    household,
    tier,
    language,
    joined,
    birthday,
    segments,
    consents,
    attributes,
    activated,
    coupons,
    bought,
  } = facts;
  const spelled = household?.startsWith('h') === true ? spelledKey(`m${household.slice(1)}`) : null;
  const written = spelledKey(facts.id) === null;
  const bits =
    (written ? has.id : 0) |
    (firstName === undefined ? 0 : has.firstName) |
    (household === undefined ? 0 : spelled === null ? has.household : has.spelledHousehold) |
    (tier === undefined ? 0 : has.tier) |
    (language === undefined ? 0 : has.language) |
    (joined === undefined ? 0 : has.joined) |
    (birthday === undefined ? 0 : has.birthday) |
    (segments === undefined ? 0 : has.segments) |
    (consents === undefined ? 0 : has.consents) |
    (attributes === undefined ? 0 : has.attributes) |
    (activated === undefined ? 0 : has.activated) |
    (coupons === undefined ? 0 : has.coupons) |
    (bought === undefined ? 0 : has.bought);
  out.whole(bits);
  if (written) out.text(facts.id);
  if (firstName !== undefined) out.text(firstName);
  if (spelled !== null) out.whole(spelled);
  else if (household !== undefined) out.text(household);
  if (tier !== undefined) out.word(tier);
  if (language !== undefined) out.word(language);
  if (joined !== undefined) out.whole(daysOf(joined));
  if (birthday !== undefined) out.whole(daysOf(birthday));
  for (const list of [segments, consents]) if (list !== undefined) out.words(list);
  if (attributes !== undefined) {
    const entries = Object.entries(attributes);
    out.whole(entries.length);
    for (const [name, value] of entries) {
      out.word(name);
      out.value(value);
    }
  }
  if (activated !== undefined) out.words(activated);
  if (coupons !== undefined) {
    out.whole(coupons.length);
    for (const coupon of coupons) writeCoupon(out, coupon);
  }
  if (bought !== undefined) {
    out.whole(bought.length);
    for (const purchase of bought) writePurchase(out, purchase);
  }
  return out.done();
}

/** Do the facts fit a row, even where no word of theirs is in the dictionary? */
export function isPackable(facts: MemberFacts): boolean {
  try {
    packMember(facts, () => undefined);
    return true;
  } catch {
    return false;
  }
}

/**
 * The member again, exactly as it was packed; null where the bytes are none (damage, another dictionary).
 * @param words the dictionary, by number
 */
export function unpackMember(key: number, row: Uint8Array, words: readonly string[]): MemberFacts | null {
  const from = new Eye(row, words);
  try {
    const cards = from.list(mostCards, () => from.hex());
    const asOf = from.whole();
    const points = from.signed();
    const bits = from.whole();
    if (bits > everything) return null;
    const id = bits & has.id ? from.text() : idOfKey(key);
    if (bits & has.id && keyOfMember(id) !== key) return null;
    const facts: Record<string, unknown> = { id, asOf, points, cards };
    if (bits & has.firstName) facts.firstName = from.text();
    if (bits & has.household) facts.household = from.text();
    if (bits & has.spelledHousehold) facts.household = idOfKey(from.whole(), 'h');
    if (bits & has.tier) facts.tier = from.word();
    if (bits & has.language) facts.language = from.word();
    if (bits & has.joined) facts.joined = from.day();
    if (bits & has.birthday) facts.birthday = from.day();
    if (bits & has.segments) facts.segments = from.list(mostListed, () => from.word());
    if (bits & has.consents) facts.consents = from.list(mostListed, () => from.word());
    if (bits & has.attributes) facts.attributes = from.attributes();
    if (bits & has.activated) facts.activated = from.list(mostListed, () => from.word());
    if (bits & has.coupons) facts.coupons = from.list(mostListed, () => readCoupon(from));
    if (bits & has.bought) facts.bought = from.list(mostListed, () => readPurchase(from));
    return from.ended ? (facts as unknown as MemberFacts) : null;
  } catch (error) {
    if (error instanceof Damaged) return null;
    throw error;
  }
}

/** Does the row belong to this card? A card's 53-bit key alone may belong to two. */
export function rowHasCard(row: Uint8Array, card: string): boolean {
  const count = row[0] ?? 0;
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  const wanted = Buffer.from(card, 'hex');
  for (let n = 0; n < count; n++) if (bytes.subarray(1 + 8 * n, 9 + 8 * n).equals(wanted)) return true;
  return false;
}

/** Hashes of the row's cards. At most mostCards: their number takes one byte. */
export function cardsOfRow(row: Uint8Array): readonly string[] {
  const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  const count = Math.min(row[0] ?? 0, mostCards, Math.floor(Math.max(0, row.byteLength - 1) / 8));
  return Array.from({ length: count }, (_, n) => bytes.toString('hex', 1 + 8 * n, 9 + 8 * n));
}

const couponHas = { serial: 1, expiresAt: 2, redeemedAt: 4, class: 8 } as const;

function writeCoupon(out: Pen, coupon: PastCoupon) {
  const { offer, serial, issuedAt, expiresAt, redeemedAt } = coupon;
  const bits =
    (serial === undefined ? 0 : couponHas.serial) |
    (expiresAt === undefined ? 0 : couponHas.expiresAt) |
    (redeemedAt === undefined ? 0 : couponHas.redeemedAt) |
    (coupon.class === undefined ? 0 : couponHas.class);
  out.whole(bits);
  out.word(offer);
  out.instant(issuedAt);
  if (serial !== undefined) out.text(serial);
  if (expiresAt !== undefined) out.instant(expiresAt);
  if (redeemedAt !== undefined) out.instant(redeemedAt);
  if (coupon.class !== undefined) out.word(coupon.class);
}

function readCoupon(from: Eye): PastCoupon {
  const bits = from.whole();
  const offer = from.word();
  const issuedAt = from.instant();
  return {
    offer,
    issuedAt,
    ...(bits & couponHas.serial ? { serial: from.text() } : {}),
    ...(bits & couponHas.expiresAt ? { expiresAt: from.instant() } : {}),
    ...(bits & couponHas.redeemedAt ? { redeemedAt: from.instant() } : {}),
    ...(bits & couponHas.class ? { class: from.word() } : {}),
  };
}

const purchaseHas = { saleId: 1, gtin: 2, category: 4, brand: 8 } as const;

function writePurchase(out: Pen, { at, saleId, gtin, category, brand }: PastPurchase) {
  const bits =
    (saleId === undefined ? 0 : purchaseHas.saleId) |
    (gtin === undefined ? 0 : purchaseHas.gtin) |
    (category === undefined ? 0 : purchaseHas.category) |
    (brand === undefined ? 0 : purchaseHas.brand);
  out.whole(bits);
  out.instant(at);
  if (saleId !== undefined) out.text(saleId);
  if (gtin !== undefined) out.text(gtin);
  if (category !== undefined) out.word(category);
  if (brand !== undefined) out.word(brand);
}

function readPurchase(from: Eye): PastPurchase {
  const bits = from.whole();
  const at = from.instant();
  return {
    at,
    ...(bits & purchaseHas.saleId ? { saleId: from.text() } : {}),
    ...(bits & purchaseHas.gtin ? { gtin: from.text() } : {}),
    ...(bits & purchaseHas.category ? { category: from.word() } : {}),
    ...(bits & purchaseHas.brand ? { brand: from.word() } : {}),
  };
}

const dayMs = 86_400_000;
const firstDay = Date.UTC(1900, 0, 1) / dayMs;
const daysOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / dayMs - firstDay;

const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;
const two = (n: number): string => String(n).padStart(2, '0');

function instantOf(seconds: number, minutes: number): string {
  const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19);
  const abs = Math.abs(minutes);
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`;
}

class Pen {
  #bytes = Buffer.allocUnsafe(256);
  #end = 0;
  readonly #numberOf: NumberOfWord;

  constructor(numberOf: NumberOfWord) {
    this.#numberOf = numberOf;
  }

  whole(value: number) {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#end++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#end++] = rest;
  }

  /** Up to 2⁵² on either side. */
  signed(value: number) {
    this.whole(value < 0 ? -value * 2 - 1 : value * 2);
  }

  hex(text: string) {
    this.#room(text.length / 2);
    this.#end += this.#bytes.write(text, this.#end, 'hex');
  }

  text(text: string) {
    const length = Buffer.byteLength(text);
    this.whole(length);
    this.#room(length);
    this.#end += this.#bytes.write(text, this.#end, 'utf8');
  }

  word(word: string) {
    const number = this.#numberOf(word);
    this.whole(number === undefined ? 0 : number + 1);
    if (number === undefined) this.text(word);
  }

  words(words: readonly string[]) {
    this.whole(words.length);
    for (const word of words) this.word(word);
  }

  value(value: MemberValue | readonly MemberValue[]) {
    if (Array.isArray(value)) {
      this.whole(5);
      this.whole(value.length);
      for (const one of value) this.value(one as MemberValue);
    } else if (typeof value === 'string') {
      this.whole(0);
      this.word(value);
    } else if (typeof value === 'boolean') this.whole(value ? 3 : 4);
    else if (Number.isInteger(value) && Math.abs(value as number) < 2 ** 51 && !Object.is(value, -0)) {
      this.whole(1);
      this.signed(value as number);
    } else {
      this.whole(2);
      this.#room(8);
      this.#end = this.#bytes.writeDoubleLE(value as number, this.#end);
    }
  }

  /** Seconds and the offset where that says it all; else as it is written. */
  instant(text: string) {
    const at = instantForm.test(text) ? Date.parse(text) / 1000 : -1;
    const minutes = text.endsWith('Z') ? 0 : offsetOf(text.slice(-6));
    if (at >= 0 && instantOf(at, minutes) === text) {
      this.whole(at + 1);
      this.signed(minutes);
    } else {
      this.whole(0);
      this.text(text);
    }
  }

  done(): Buffer {
    if (this.#end > maxRowBytes) throw new RangeError(`a member's row has ${this.#end} bytes; at most ${maxRowBytes}`);
    return Buffer.from(this.#bytes.subarray(0, this.#end));
  }

  #room(bytes: number) {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function offsetOf(text: string): number {
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(4));
  return text.startsWith('-') ? -minutes : minutes;
}

class Damaged extends Error {}

class Eye {
  readonly #bytes: Buffer;
  readonly #words: readonly string[];
  #at = 0;

  constructor(row: Uint8Array, words: readonly string[]) {
    this.#bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
    this.#words = words;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  whole(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Damaged();
      value += (byte % 0x80) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw new Damaged();
        return value;
      }
    }
    throw new Damaged();
  }

  signed(): number {
    const value = this.whole();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  hex(): string {
    const from = this.#take(8);
    return this.#bytes.toString('hex', from, from + 8);
  }

  text(): string {
    const length = this.whole();
    if (length > longestWord * 4) throw new Damaged();
    const from = this.#take(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  word(): string {
    const number = this.whole();
    if (number === 0) return this.text();
    const word = this.#words[number - 1];
    if (word === undefined) throw new Damaged();
    return word;
  }

  day(): string {
    const ms = (this.whole() + firstDay) * dayMs;
    const date = Number.isFinite(ms) && ms < 8e15 ? new Date(ms).toISOString().slice(0, 10) : '';
    if (!isLocalDate(date)) throw new Damaged();
    return date;
  }

  instant(): string {
    const at = this.whole();
    if (at === 0) return this.text();
    const minutes = this.signed();
    if (at > 1e11 || Math.abs(minutes) > 1440) throw new Damaged();
    return instantOf(at - 1, minutes);
  }

  list<T>(most: number, read: () => T): T[] {
    const count = this.whole();
    if (count > most) throw new Damaged();
    return Array.from({ length: count }, read);
  }

  attributes(): Record<string, unknown> {
    return Object.fromEntries(this.list(mostListed, () => [this.word(), this.#value(true)]));
  }

  #value(lists: boolean): unknown {
    switch (this.whole()) {
      case 0:
        return this.word();
      case 1:
        return this.signed();
      case 2:
        return this.#bytes.readDoubleLE(this.#take(8));
      case 3:
        return true;
      case 4:
        return false;
      case 5:
        if (lists) return this.list(mostListed, () => this.#value(false));
    }
    throw new Damaged();
  }

  #take(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) throw new Damaged();
    this.#at += length;
    return from;
  }
}
