/** English. */
import type { Sentences } from './sentences.ts';

export const en: Sentences = {
  greeting: name => `Good day, ${name}.`,
  cardMisread: 'The card was misread. Please scan it again.',
  noScheme: 'This code is none of our cards, coupons or articles.',
  unreadable: "This code can't be read. Please scan it again.",
  memberUnknown: 'This card is not known here. The sale goes on without it.',
  paymentCard: 'This is a payment card. Please use it at the terminal only.',
  productUnknown: 'This article is not known here.',
  couponTaken: title => `Coupon taken: ${title}.`,
  couponKept: title => `Coupon kept for the next sale: ${title}.`,
  couponAlreadyHere: 'This coupon is in this sale already.',
  couponUsed: (at, till) =>
    at.time === null
      ? `This coupon was used on ${at.day} at till ${till}.`
      : `This coupon was used today at ${at.time} at till ${till}.`,
  couponVoided: 'This coupon was cancelled.',
  couponExpired: day => `This coupon was valid until ${day}.`,
  couponNotYet: day => `This coupon is valid from ${day}.`,
  couponOtherMember: "This coupon belongs to another member's card.",
  couponNeedsCard: "This coupon needs the member's card. Please scan it.",
  couponReserved: till => `This coupon is being used at till ${till}.`,
  couponReservedHere: 'This coupon is in another open sale at this till.',
  couponWrongStore: 'This coupon is not valid in this store.',
  couponCondition: 'Something is still missing in the basket for this coupon.',
  couponNothingFits: 'No article in the basket fits this coupon.',
  couponOtherOffer: "Another offer applies already; both together don't go.",
  couponCap: 'This coupon was used as often as is allowed.',
  couponUnknown: 'This coupon is not ours or not known.',
  couponOtherIssuer: "This coupon is another issuer's. It can't be redeemed here.",
  couponOffline: "Without a line to HQ this coupon can't be checked.",
  couponOfflineUpTo: amount => `Without a line to HQ this coupon counts up to ${amount} only.`,
  noOffers: "This till has no offers yet. Coupons can't be taken now.",
  pointsToTier: (points, tier) => `${points} points to ${tier}.`,
  refund: amount => `To pay back: ${amount}.`,
  printer: {
    missing: 'Coupon printer not found. Check cable and power. Selling goes on.',
    busy: 'Another program is using the printer. Close it or call for help. Selling goes on.',
    denied: 'The till may not open the printer. Call a technician. Selling goes on.',
    'paper-out': 'Paper is out. Open the cover, put in a roll. The coupon prints by itself.',
    'cover-open': "The printer's cover is open. Close it. The coupon prints by itself.",
    cutter: 'The cutter is stuck. Open the cover, take the paper out, close it.',
    offline: 'The printer is not ready. Press its button.',
    error: 'The printer has a fault. Switch it off and on again.',
  },
  paperNearEnd: 'Paper is nearly out. Have a roll ready.',
  couponNotPrinted: 'The coupon was not printed. Check the printer, then print again.',
  lineDown: (since, waiting) =>
    `No line to HQ since ${since}. Selling goes on.${
      waiting === null ? '' : waiting === '1' ? ' 1 sale waiting.' : ` ${waiting} sales waiting.`
    }`,
  bundleExpired: 'The offers have run out. New coupons come with new offers.',
  diskFull: "This till's disk is nearly full. Please call support.",
  storeDamaged: "This till's data was damaged and was made anew. Please tell support.",
};
