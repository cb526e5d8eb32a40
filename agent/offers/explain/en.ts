/** English. */
import type { Weekday } from '../types.ts';
import { isRange, type Range, type Sentences, type Span } from './sentences.ts';

const days: Readonly<Record<Weekday, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};
const who = { member: 'customer', household: 'household', store: 'store' };

export const en: Sentences = {
  discount: amount => `Takes ${amount} off.`,
  message: 'Shows its message.',
  printed: (title, from, to) => `Prints the coupon “${title}”, valid from ${from} to ${to}.`,
  points: points => `Gives ${points} points.`,
  heldOut: 'Left out on purpose: this customer is in the control group.',
  notPrinted: 'Not printed: ',
  notGiven: 'Not given: ',
  noPoints: 'No points: ',
  couponRefused: serial => `Coupon ${serial} not accepted: `,
  bundleOver: date => `the offers ran out on ${date}; head office has to send new ones`,
  startsOn: date => `starts on ${date}`,
  endedOn: date => `ended on ${date}`,
  otherDays: list => (list.length === 0 ? 'runs on no day' : `runs only on ${list.map(day => days[day]).join(', ')}`),
  otherHours: hours => (hours.length === 0 ? 'runs at no hour' : `runs only ${hours.join(', ')}`),
  store: store => `is not offered in store ${store}`,
  noCoupon: 'needs its coupon, and none was handed over',
  notActivated: 'the customer has not activated it',
  noMember: 'only for members, and no card was shown',
  consent: consent => `the customer has not agreed to “${consent}”`,
  chain: (offer, outcome, r, found) =>
    `needs a coupon “${offer}” that was ${{ issued: 'printed', redeemed: 'redeemed', expired: 'left to expire', unredeemed: 'printed and is still open' }[outcome]}${range(r) === '' ? '' : ` ${range(r)} days ago`}; ${found === null ? 'there is none' : `it was ${found} days ago`}`,
  cap: (scope, limit, span, found) =>
    `at most ${limit} for each ${who[scope]}${spanText(span)}, and there were ${found} already`,
  noLease: 'the quantity of this offer is used up at this till',
  policy: (per, limit, span, found) =>
    `a ${who[per]} gets at most ${limit} coupons${spanText(span)}, and had ${found} already`,
  exclusive: by => `“${by}” applies and allows no other offer beside it`,
  group: by => `“${by}” applies in its place`,
  units: (needed, found) => `needs ${needed} pieces that no other offer has used, and ${found} were left`,
  notSelected: 'other coupons were worth more for the places there are',
  unknownCoupon: 'no offer knows it',
  takesNoCoupon: 'this offer takes no coupons',
  usedOn: date => `it was used on ${date}`,
  presentedTwice: 'it was handed over twice',
  validFrom: date => `it is valid from ${date}`,
  validTo: date => `it was valid to ${date}`,
  boundGuest: 'it belongs to a household, and no card was shown',
  boundOther: 'it belongs to another household',
  needs: (asked, found) => `needs ${asked}, ${found}`,
  excludes: (asked, found) => `not with ${asked}, ${found}`,
  otherWays: number => ` (${number} other ways failed as well)`,
  never: 'its conditions can never be met',
  spend: (r, of) => `${range(r)}${of === null ? ' spent' : ` of ${of}`}`,
  items: (r, of) => `${range(r)} pieces${of === null ? '' : ` of ${of}`}`,
  bought: (r, of, within) => `${range(r)} earlier purchases of ${of} in ${within} days`,
  received: (r, offer, within) => `${range(r)} coupons “${offer}” printed in ${within} days`,
  redeemed: (r, offer, within) => `${range(r)} coupons “${offer}” redeemed in ${within} days`,
  segment: segment => `the customer group “${segment}”`,
  tier: (tier, orHigher) => `the tier “${tier}”${orHigher ? ' or higher' : ''}`,
  attribute: (name, values) => `“${name}” ${isRange(values) ? open(values) : values.join(' or ')}`,
  memberDays: r => `a membership of ${open(r)} days`,
  birthday: within => `a birthday within ${within} days`,
  balance: r => `${open(r)} points`,
  basketHad: found => `the basket had ${found}`,
  timesFound: found => `there were ${found}`,
  memberHas: found => `the customer has ${found}`,
  unknown: 'and nothing is known of it',
  isInIt: 'the customer is in it',
  isNotInIt: 'the customer is not in it',
  someProducts: 'certain products',
  article: gtin => `article ${gtin}`,
  or: ' or ',
  more: number => ` or ${number} more`,
};

function range({ least, most }: Range): string {
  if (least !== undefined && most !== undefined) return least === most ? `exactly ${least}` : `${least} to ${most}`;
  return least ?? (most === undefined ? '' : `at most ${most}`);
}

/** Says that a lower bound alone is one. */
function open(r: Range): string {
  return r.most === undefined && r.least !== undefined ? `at least ${r.least}` : range(r);
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? ` in ${span.days} days` : ` a ${span.calendar}`;
}
