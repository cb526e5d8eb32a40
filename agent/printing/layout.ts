/** What a coupon looks like on paper: logo, benefit large, title, conditions, validity, code, legal text. Lays itself out for 32, 42 and 48 columns. */
import { displayWidth, glued, wrapWords } from '../../drivers/printer/escpos/display-width.ts';
import type { Slip, SlipElement, SlipImage } from '../../drivers/printer/types.ts';
import type { LocalDate } from '../offers/types.ts';
import { type SlipLanguage, slipLanguage, slipWords, validity } from './layout-words.ts';

export interface CouponPrint {
  readonly title: string;
  readonly body?: string;
  readonly legal?: string;
  /** Short and strong, `20 %` or `CHF 5.–`; printed as large as the paper allows. */
  readonly benefitText?: string;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate;
  /** As a person reads it to another. */
  readonly serial: string;
  /** What the code holds. */
  readonly token: string;
  readonly barcode: 'qr' | 'gs1-128' | 'ean13' | 'code128';
  readonly storeName?: string;
  /** The shop's, above all else; kept in the printer's memory where that is possible (`storedAs`). */
  readonly logo?: SlipImage;
  /** The offer's own, between what it gives and on which conditions. */
  readonly picture?: SlipImage;
  /** Languages in order of preference; the first that slips are written in is taken. */
  readonly languages: readonly string[];
  /** Printed only if given. */
  readonly firstName?: string;
  readonly reprint?: boolean;
}

/**
 * @param columns characters of the profile's line: 32, 42 or 48, any from 24 on works
 * @param language of the words that tillside adds; by default the first of the coupon's languages
 */
export function layoutCoupon(
  coupon: CouponPrint,
  columns: number,
  language: SlipLanguage = slipLanguage(coupon.languages),
): Slip {
  const words = slipWords(language);
  const slip: SlipElement[] = [];
  const center = (text: string, more: Partial<SlipElement & { kind: 'text' }> = {}) =>
    slip.push({ kind: 'text', text, align: 'center', ...more });

  if (coupon.logo) slip.push({ kind: 'image', ...coupon.logo }, { kind: 'feed', lines: 1 });
  if (coupon.storeName) center(coupon.storeName, { bold: true });
  center(coupon.firstName ? words.forName(coupon.firstName) : words.yourCoupon);
  slip.push({ kind: 'rule' });
  const benefit = coupon.benefitText ?? '';
  // "20 %" stands there large already; the title goes on from it.
  const title =
    benefit !== '' && coupon.title.startsWith(benefit) ? coupon.title.slice(benefit.length).trim() : coupon.title;
  let benefitSize = 3;
  if (benefit !== '') {
    const size = largest(benefit, columns, 3, 1);
    for (const line of balanced(benefit, columns, size)) center(line, { size, bold: true });
    benefitSize = size;
  }
  if (title !== '') {
    // The benefit is the largest thing on the slip, also where it is long.
    const size = benefit === '' ? largest(title, columns, 3, 2) : benefitSize === 3 ? largest(title, columns, 2, 3) : 1;
    if (size < benefitSize && benefitSize === 2) slip.push({ kind: 'feed', lines: 1 });
    for (const line of balanced(title, columns, size)) center(line, { size, bold: size === 1 });
  }
  if (coupon.picture) slip.push({ kind: 'feed', lines: 1 }, { kind: 'image', ...coupon.picture });
  if (coupon.body) {
    slip.push({ kind: 'feed', lines: 1 });
    for (const line of balanced(coupon.body, columns, 1)) center(line);
  }
  slip.push({ kind: 'feed', lines: 1 });
  center(validity(coupon.validFrom, coupon.validTo, language), { inverse: true, bold: true });
  slip.push({ kind: 'feed', lines: 1 });
  slip.push({ kind: 'barcode', type: coupon.barcode, data: coupon.token, human: coupon.serial });
  if (coupon.reprint) center(words.reprint, { bold: true });
  if (coupon.legal) {
    slip.push({ kind: 'rule' });
    slip.push({ kind: 'text', text: coupon.legal, small: true });
  }
  slip.push({ kind: 'cut' });
  return slip;
}

/** The largest size at which the text takes at most `lines` lines, one more at size 2, and no word is cut. */
function largest<Most extends 2 | 3>(text: string, columns: number, most: Most, lines: number): 1 | 2 | Most {
  for (const size of [most, 2] as const) {
    const room = Math.floor(columns / size);
    const allowed = size < most ? lines + 1 : lines;
    if (longestWord(text) <= room && wrapWords(text, room).length <= allowed) return size;
  }
  return 1;
}

/** Lines of about equal length: as many as needed, none longer than it must be, and no word parted at its hyphen if that costs no line. */
function balanced(text: string, columns: number, size: 1 | 2 | 3): readonly string[] {
  const room = Math.floor(columns / size);
  const lines = wrapWords(text, room);
  if (text.includes('\n')) return lines;
  return narrowest(whole(text), room, lines.length)?.map(parted) ?? narrowest(text, room, lines.length) ?? lines;
}

/** The text in so many lines, as narrow as it goes; null where they are too few. */
function narrowest(text: string, room: number, lines: number): readonly string[] | null {
  if (longestWord(text) > room || wrapWords(text, room).length !== lines) return null;
  const least = Math.max(longestWord(text), Math.ceil(displayWidth(text) / lines));
  for (let width = least; width < room; width++) {
    const narrower = wrapWords(text, width);
    if (narrower.length === lines) return narrower;
  }
  return wrapWords(text, room);
}

/** Hyphens that are no place to break, and back. */
const whole = (text: string) => text.replaceAll('-', '\u2011');
const parted = (line: string) => line.replaceAll('\u2011', '-');

function longestWord(text: string): number {
  return Math.max(1, ...glued(text).split(/[ \n]/).map(displayWidth));
}
