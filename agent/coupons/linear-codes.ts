/**
 * What a coupon's linear barcode holds. None has room for a token: CODE 128 and GS1-128 carry the whole serial, an EAN-13 the first
 * 33 of its 75 bits, so that only a till which knows the coupon can find it. Reasons: docs/offers.md, "The code on the coupon".
 */
import { gs1CheckDigit, gs1CheckOk } from '../../drivers/scanner/check-digit.ts';
import { bitsOfSerial, parseSerial, serialOfBits } from './serials.ts';

const serialBits = 75n;
/** Digits of 2⁷⁵. */
const numberLength = 23;
/** GS1 keeps 990–999 for coupons; no article and no card bears them. */
const eanPrefix = '99';
/** Bits of a serial that ten digits hold, and those they leave out. */
const eanBits = 33n;
const restBits = serialBits - eanBits;

/** The value under AI 91 (a company's own data): the serial as 23 digits and a check digit; digits alone are half as wide. */
export function numberOfSerial(serial: string): string {
  const number = bitsOfSerial(serial).toString().padStart(numberLength, '0');
  return number + gs1CheckDigit(number);
}

/** Null if the value is none of `numberOfSerial`. */
export function serialOfNumber(value: string): string | null {
  if (!/^\d{24}$/.test(value) || !gs1CheckOk(value)) return null;
  const bits = BigInt(value.slice(0, numberLength));
  return bits >> serialBits === 0n ? parseSerial(serialOfBits(bits)) : null;
}

/** The 13 digits of a coupon's EAN. */
export function eanOfSerial(serial: string): string {
  const digits = eanPrefix + (bitsOfSerial(serial) >> restBits).toString().padStart(10, '0');
  return digits + gs1CheckDigit(digits);
}

export type SerialRange = {
  /** Not after the first one, as text. */
  readonly from: string;
  /** After the last one. */
  readonly to: string;
};

/** The serials that have this EAN; null for the EAN of no coupon of ours. */
export function serialsOfEan(ean: string): SerialRange | null {
  if (!ean.startsWith(eanPrefix) || !/^\d{13}$/.test(ean) || !gs1CheckOk(ean)) return null;
  const bits = BigInt(ean.slice(eanPrefix.length, -1));
  if (bits >> eanBits !== 0n) return null;
  const last = ((bits + 1n) << restBits) - 1n;
  // `~` comes after every character of a serial.
  return { from: serialOfBits(bits << restBits, false), to: `${serialOfBits(last, false)}~` };
}
