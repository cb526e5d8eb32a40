/** What a coupon looks like on paper: benefit large, title, validity, conditions, code. Lays itself out for 32, 42 and 48 columns. */
import { glued, wrapWords } from '../../drivers/printer/escpos/display-width.ts';
import type { Slip, SlipElement } from '../../drivers/printer/types.ts';
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

  if (coupon.storeName) center(coupon.storeName, { bold: true });
  center(coupon.firstName ? words.forName(coupon.firstName) : words.yourCoupon);
  slip.push({ kind: 'rule' });
  const benefit = coupon.benefitText ?? '';
  // "20 %" stands there large already; the title goes on from it.
  const title =
    benefit !== '' && coupon.title.startsWith(benefit) ? coupon.title.slice(benefit.length).trim() : coupon.title;
  if (benefit !== '') {
    const size = largest(benefit, columns, 3, 1);
    for (const line of balanced(benefit, columns, size)) center(line, { size, bold: true });
  }
  if (title !== '') {
    const size = benefit === '' ? largest(title, columns, 3, 2) : largest(title, columns, 2, 3);
    for (const line of balanced(title, columns, size)) center(line, { size, bold: size === 1 });
  }
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
function largest(text: string, columns: number, most: 2 | 3, lines: number): 1 | 2 | 3 {
  for (const size of [3, 2] as const) {
    if (size > most) continue;
    const room = Math.floor(columns / size);
    const allowed = size < most ? lines + 1 : lines;
    const wordsFit = glued(text)
      .split(' ')
      .every(word => word.length <= room);
    if (wordsFit && wrapWords(text, room).length <= allowed) return size;
  }
  return 1;
}

/** Lines of about equal length: as many as needed, none longer than it must be. */
function balanced(text: string, columns: number, size: 1 | 2 | 3): readonly string[] {
  const room = Math.floor(columns / size);
  const lines = wrapWords(text, room);
  if (text.includes('\n')) return lines;
  const longestWord = Math.max(
    1,
    ...glued(text)
      .split(' ')
      .map(word => word.length),
  );
  for (
    let width = Math.min(room, Math.max(longestWord, Math.ceil(text.length / lines.length)));
    width < room;
    width++
  ) {
    const narrower = wrapWords(text, width);
    if (narrower.length === lines.length) return narrower;
  }
  return lines;
}
