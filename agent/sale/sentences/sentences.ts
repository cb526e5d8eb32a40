/** What a till says to its cashier. Every sentence is one thought, read in half a second; no codes, no jargon. */
import type { PrinterProblem } from '../../../drivers/printer/types.ts';
import type { Language } from '../../api/till-service.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { type Formats, formatsOf } from './formats.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';

export interface Sentences {
  greeting(firstName: string): string;
  cardMisread: string;
  noScheme: string;
  unreadable: string;
  memberUnknown: string;
  paymentCard: string;
  productUnknown: string;
  couponTaken(title: string): string;
  /** Scanned while no sale is open. */
  couponKept(title: string): string;
  couponAlreadyHere: string;
  couponUsed(at: Moment, till: string): string;
  couponVoided: string;
  couponExpired(day: string): string;
  couponNotYet(day: string): string;
  couponOtherMember: string;
  couponNeedsCard: string;
  couponReserved(till: string): string;
  couponReservedHere: string;
  couponWrongStore: string;
  couponCondition: string;
  couponNothingFits: string;
  couponOtherOffer: string;
  couponCap: string;
  couponUnknown: string;
  /** A manufacturer's or another retailer's: it has a number of GS1's coupons, but is none of this product. */
  couponOtherIssuer: string;
  couponOffline: string;
  couponOfflineUpTo(amount: string): string;
  noOffers: string;
  pointsToTier(points: string, tier: string): string;
  refund(amount: string): string;
  printer: Readonly<Record<PrinterProblem, string>>;
  paperNearEnd: string;
  couponNotPrinted: string;
  lineDown(since: string, salesWaiting: string | null): string;
  bundleExpired: string;
  diskFull: string;
  storeDamaged: string;
}

/** A day, and the time too if it was today. */
export type Moment = { readonly day: string; readonly time: string | null };

const byLanguage: Readonly<Record<Language, Sentences>> = { de, fr, it, en };

export function sentencesIn(language: Language): Sentences {
  return byLanguage[language];
}

export function momentOf(formats: Formats, ms: number, nowMs: number): Moment {
  return { day: formats.day(ms, nowMs), time: formats.isToday(ms, nowMs) ? formats.time(ms) : null };
}

/** What to do about the printer; null: nothing. */
export function printerSentence(problem: PrinterProblem | null, language: Language): string | null {
  return problem === null ? null : byLanguage[language].printer[problem];
}

/** "No line to HQ since Tuesday 14:10. Selling goes on. 412 sales waiting." */
export function lineSentence(
  line: { readonly sinceMs: number; readonly nowMs: number; readonly salesWaiting: number; readonly timeZone: string },
  language: Language,
): string {
  const formats = formatsOf(language, line.timeZone);
  const waiting = line.salesWaiting === 0 ? null : formats.count(line.salesWaiting);
  return byLanguage[language].lineDown(formats.weekdayTime(line.sinceMs, line.nowMs), waiting);
}
