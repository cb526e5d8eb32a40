/** Why a coupon does not count, as one sentence for the cashier. */
import type { Language } from '../api/till-service.ts';
import type { CouponRow } from '../store/index.ts';
import type { Evaluation, Withheld } from './evaluation.ts';
import type { SaleParts } from './parts.ts';
import { formatsOf, momentOf, sentencesIn } from './sentences.ts';

export type Refusal = {
  /** A reason of the contract, or one of this till's own. */
  readonly reason: string;
  readonly coupon: CouponRow | null;
  /** `coupon-unknown` because it is a coupon of somebody else. */
  readonly otherIssuer?: boolean;
  readonly withheld?: Withheld | undefined;
  readonly evaluation?: Evaluation;
};

export function reasonSentence(parts: SaleParts, refusal: Refusal, language: Language): string {
  const say = sentencesIn(language);
  const timeZone = parts.bundles.active()?.bundle.timezone ?? parts.store.timeZone;
  const formats = formatsOf(language, timeZone);
  const now = parts.clock.now();
  const { reason, coupon, withheld } = refusal;
  switch (reason) {
    case 'coupon-used': {
      const used = withheld?.reason === 'coupon-used' ? withheld.coupon : coupon;
      if (used === null || used.redeemedMs === null) return say.couponAlreadyHere;
      return say.couponUsed(momentOf(formats, used.redeemedMs, now), used.redeemedTill ?? '?');
    }
    case 'coupon-voided':
      return say.couponVoided;
    case 'coupon-expired':
      return coupon === null ? say.couponUnknown : say.couponExpired(formats.localDate(coupon.validTo, now));
    case 'coupon-not-yet':
      return coupon === null ? say.couponUnknown : say.couponNotYet(formats.localDate(coupon.validFrom, now));
    case 'coupon-bound':
      return refusal.evaluation?.member === null ? say.couponNeedsCard : say.couponOtherMember;
    case 'no-member':
      return say.couponNeedsCard;
    case 'coupon-reserved':
      return withheld?.reason === 'coupon-reserved' ? say.couponReserved(withheld.till) : say.couponReservedHere;
    case 'coupon-store':
      return say.couponWrongStore;
    case 'coupon-condition':
    case 'when':
      return say.couponCondition;
    case 'units':
      return say.couponNothingFits;
    case 'exclusive':
    case 'group':
      return say.couponOtherOffer;
    case 'cap-member':
    case 'cap-household':
    case 'cap-store':
    case 'cap-global':
      return say.couponCap;
    case 'coupon-offline': {
      const currency = parts.bundles.active()?.bundle.currency ?? parts.currency;
      if (withheld?.reason !== 'coupon-offline' || withheld.upTo === null) return say.couponOffline;
      return say.couponOfflineUpTo(formats.money(withheld.upTo, currency));
    }
    case 'bundle-none':
      return say.noOffers;
    case 'coupon-unknown':
      return refusal.otherIssuer === true ? say.couponOtherIssuer : say.couponUnknown;
    default:
      return say.couponNothingFits;
  }
}

/** Those after which the coupon goes back to the customer; the others may still come to count as the sale goes on. */
export function isFinal(reason: string, evaluation: Evaluation): boolean {
  if (reason === 'coupon-bound') return evaluation.member !== null;
  return finalReasons.has(reason);
}

const finalReasons: ReadonlySet<string> = new Set([
  'coupon-unknown',
  'coupon-used',
  'coupon-voided',
  'coupon-expired',
  'coupon-not-yet',
  'coupon-reserved',
  'coupon-store',
  'coupon-offline',
  'bundle-none',
]);
