/**
 * What one event means for HQ's tables, as plain rows: pure, so that every database writes the same. Every row can be
 * written in any order and twice; the order of arrival is not the order of what happened.
 */
import { maxLeaseUnits } from '../protocol/lease.ts';
import type { TillEvent } from '../protocol/types.ts';

export type Change =
  | {
      readonly table: 'sale';
      readonly saleId: string;
      readonly completedAt: string;
      readonly day: string;
      readonly initial: number;
      readonly discount: number;
      readonly net: number;
      readonly lines: number;
      readonly member: string | null;
      readonly points: number;
    }
  | { readonly table: 'void'; readonly saleId: string; readonly at: string }
  | {
      readonly table: 'coupon';
      readonly serial: string;
      readonly offer: string;
      readonly variant: string | null;
      readonly title: string | null;
      readonly saleId: string;
      readonly issuedAt: string;
      readonly day: string;
      readonly validFrom: string | null;
      readonly validTo: string | null;
      readonly member: string | null;
    }
  | { readonly table: 'print'; readonly serial: string; readonly evidence: string }
  | { readonly table: 'couponVoid'; readonly serial: string; readonly reason: string; readonly at: string }
  | {
      readonly table: 'redemption';
      readonly serial: string;
      readonly offer: string | null;
      readonly saleId: string;
      readonly at: string;
      readonly amount: number;
    }
  | {
      readonly table: 'suppressed';
      readonly offer: string;
      readonly variant: string | null;
      readonly saleId: string;
      readonly at: string;
      readonly day: string;
      readonly member: string | null;
    }
  | {
      readonly table: 'points';
      readonly member: string;
      readonly saleId: string | null;
      readonly delta: number;
      readonly balance: number | null;
      readonly at: string;
    }
  | {
      readonly table: 'lease';
      /** In which it was granted. */
      readonly epoch: number;
      readonly number: number;
      readonly offer: string;
      /** As the till has it; counts where HQ does not know the lease. 0: not told. */
      readonly units: number;
      readonly fromMs: number;
      /** Null: not told. */
      readonly untilMs: number | null;
      readonly used: number;
      readonly returned: number;
      readonly open: boolean;
      /** Of the last sale that used a unit; null: none did. */
      readonly lastMs: number | null;
    };

export type Projection =
  | { readonly ok: true; readonly changes: readonly Change[] }
  | { readonly ok: false; readonly reason: string };

type Body = Readonly<Record<string, unknown>>;
/** Reads an event's body; throws Unreadable where a field that counts is not there. */
type Reader = (body: Body, event: TillEvent) => Change;

/** The rows of an event; refused when its body lacks what its type promises. Types without rows have none. Never throws. */
export function project(event: TillEvent): Projection {
  const reader = readers[event.type];
  if (reader === undefined) return { ok: true, changes: [] };
  try {
    return { ok: true, changes: [reader(event.body, event)] };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message };
    throw error;
  }
}

const readers: Readonly<Partial<Record<TillEvent['type'], Reader>>> = {
  'sale.completed': (body, event) => {
    const total = record(body, 'total');
    const completedAt = textOr(body.completedAt, event.at);
    const points = isRecord(body.points) ? body.points.earned : 0;
    return {
      table: 'sale',
      saleId: text(body, 'saleId'),
      completedAt,
      day: dayOf(completedAt, event),
      initial: money(total, 'initial'),
      discount: money(total, 'discount'),
      net: money(total, 'net'),
      lines: Array.isArray(body.lines) ? body.lines.length : 0,
      member: memberOf(body.member),
      points: whole(points, 0),
    };
  },
  'sale.voided': (body, event) => ({ table: 'void', saleId: text(body, 'saleId'), at: textOr(body.at, event.at) }),
  'coupon.issued': (body, event) => {
    const issuedAt = textOr(body.issuedAt, event.at);
    return {
      table: 'coupon',
      serial: text(body, 'serial'),
      offer: text(body, 'offer'),
      variant: textOr(body.variant, null),
      title: textOr(body.title, null),
      saleId: text(body, 'saleId'),
      issuedAt,
      day: dayOf(issuedAt, event),
      validFrom: textOr(body.validFrom, null),
      validTo: textOr(body.validTo, null),
      member: memberOf(body.member),
    };
  },
  'coupon.printed': body => ({ table: 'print', serial: text(body, 'serial'), evidence: text(body, 'evidence') }),
  'coupon.voided': (body, event) => ({
    table: 'couponVoid',
    serial: text(body, 'serial'),
    reason: textOr(body.reason, ''),
    at: event.at,
  }),
  'coupon.redeemed': (body, event) => ({
    table: 'redemption',
    serial: text(body, 'serial'),
    offer: textOr(body.offer, null),
    saleId: text(body, 'saleId'),
    at: textOr(body.at, event.at),
    amount: whole(body.amount, 0),
  }),
  'coupon.suppressed': (body, event) => ({
    table: 'suppressed',
    offer: text(body, 'offer'),
    variant: textOr(body.variant, null),
    saleId: text(body, 'saleId'),
    at: event.at,
    day: dayOf(event.at, event),
    member: memberOf(body.member),
  }),
  'points.changed': (body, event) => ({
    table: 'points',
    member: text(body, 'member'),
    saleId: textOr(body.saleId, null),
    delta: money(body, 'delta'),
    balance: isAmount(body.balance) ? body.balance : null,
    at: event.at,
  }),
  'lease.used': body => {
    const lastMs = momentOr(body.lastAt, null);
    if (typeof body.open !== 'boolean') throw new Unreadable('body is no state of a lease');
    return {
      table: 'lease',
      epoch: count(body, 'epoch'),
      number: count(body, 'lease'),
      offer: text(body, 'offer'),
      units: body.units === undefined ? 0 : Math.min(count(body, 'units'), maxLeaseUnits),
      fromMs: momentOr(body.validFrom, 0),
      untilMs: momentOr(body.validUntil, null),
      used: count(body, 'used'),
      returned: count(body, 'returned'),
      open: body.open,
      lastMs,
    };
  },
};

/**
 * The sale that an event is about, to be found by it; null where its body names none that a database could hold as a key.
 * An event without this is kept all the same.
 */
export function saleIdOf({ body }: TillEvent): string | null {
  return isKey(body.saleId) ? body.saleId : null;
}

class Unreadable extends Error {}

/** Longest text of a key: four bytes a character and four to a key still fit into PostgreSQL's index rows (2704 bytes). */
const maxKey = 256;
const maxText = 1000;
/** Minor units, points: what is above is a fault, and would sooner or later overflow a database's sum. */
const maxAmount = 1e12;

/** PostgreSQL's texts can't hold the character NUL. */
const isKey = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= maxKey && !value.includes('\0');

const isRecord = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function record(body: Body, key: string): Body {
  const value = body[key];
  if (!isRecord(value)) throw new Unreadable(`body.${key} is no object`);
  return value;
}

function text(body: Body, key: string): string {
  const value = body[key];
  if (!isKey(value)) throw new Unreadable(`body.${key} is no text`);
  return value;
}

function money(body: Body, key: string): number {
  const value = body[key];
  if (!isAmount(value)) throw new Unreadable(`body.${key} is no whole number`);
  return value;
}

function count(body: Body, key: string): number {
  const value = money(body, key);
  if (value < 0) throw new Unreadable(`body.${key} is below 0`);
  return value;
}

const textOr = <T>(value: unknown, otherwise: T): string | T =>
  typeof value === 'string' && value.length <= maxText && !value.includes('\0') ? value : otherwise;

/** Milliseconds since 1970 of a date that may be left out. */
function momentOr<T>(value: unknown, otherwise: T): number | T {
  const date = textOr(value, null);
  if (date === null) return otherwise;
  const ms = Date.parse(date);
  if (Number.isNaN(ms)) throw new Unreadable('body is no state of a lease');
  return ms;
}

const isAmount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Math.abs(Number(value)) <= maxAmount;

const whole = (value: unknown, otherwise: number): number => (isAmount(value) ? value : otherwise);

/** Members stand in events as their id, or as an object that holds it. */
const memberOf = (value: unknown): string | null => textOr(isRecord(value) ? value.id : value, null);

/**
 * Local date at the till. A POS may date a sale in any offset (UTC is common); the event itself is dated by the till in its
 * own, so that offset tells which day it was there.
 */
function dayOf(instant: string, event: TillEvent): string {
  // Nearly always: dated in the till's own offset, on a day that every month has.
  if (plainInstant.test(instant) && instant.endsWith(event.at.slice(-6))) return instant.slice(0, 10);
  const ms = Date.parse(instant);
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})$/.exec(event.at) ?? [];
  const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * (sign === '-' ? -1 : 1);
  const there = new Date(ms + offset * 60_000);
  if (Number.isNaN(there.getTime())) throw new Unreadable('the time is no RFC 3339 instant');
  return there.toISOString().slice(0, 10);
}

/** With whole seconds and an offset; up to the 28th of a month. */
const plainInstant =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d[+-](?:[01]\d|2[0-3]):[0-5]\d$/;
