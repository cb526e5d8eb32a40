/** English. */
import type { Weekday } from '../types.ts';
import { asksOne, isRange, type Range, type Sentences, type Span } from './sentences.ts';

const days: Readonly<Record<Weekday, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};
const listed = new Intl.ListFormat('en-GB');
const coupons = (r: Range) => `${range(r)} ${asksOne(r) ? 'coupon' : 'coupons'}`;
const spanOf = (number: string) => (number === '1' ? ' in 24 hours' : ` in ${number} days`);
const happened = { issued: 'printed', redeemed: 'redeemed', expired: 'left to expire', unredeemed: 'printed' };
const ago = (found: string) => (found === '0' ? 'today' : found === '1' ? 'yesterday' : `${found} days ago`);
const who = { member: 'customer', household: 'household', store: 'store' };

export const en: Sentences = {
  discount: amount => `Takes ${amount} off.`,
  message: 'Shows its message.',
  printed: (title, from, to) => `Prints the coupon “${title}”, valid from ${from} to ${to}.`,
  points: points => `Gives ${points} ${points === '1' ? 'point' : 'points'}.`,
  heldOut: 'Left out on purpose: this customer is in the control group.',
  notPrinted: 'Not printed: ',
  notGiven: 'Not given: ',
  noPoints: 'No points: ',
  couponRefused: serial => `Coupon ${serial} not accepted: `,
  bundleOver: date => `the offers ran out on ${date}; head office has to send new ones`,
  withdrawn: 'head office has withdrawn these offers and has to send new ones',
  startsOn: date => `starts on ${date}`,
  endedOn: date => `ended on ${date}`,
  otherDays: list =>
    list.length === 0 ? 'runs on no day' : `runs only on ${listed.format(list.map(day => days[day]))}`,
  otherHours: hours =>
    hours.length === 0
      ? 'runs at no hour'
      : `runs only ${listed.format(hours.map(({ from, to }) => `from ${from} to ${to}`))}`,
  store: store => `is not offered in store ${store}`,
  couponStore: store => `it is not taken in store ${store}`,
  noCoupon: 'needs its coupon, and none was handed over',
  notActivated: 'the customer has not activated it',
  noMember: 'only for members, and no card was shown',
  consent: consent => `the customer has not agreed to “${consent}”`,
  chain: (offer, outcome, r, found) =>
    `needs a coupon “${offer}” that was ${happened[outcome]}${range(r) === '' ? '' : ` ${range(r)} ${asksOne(r) ? 'day' : 'days'} ago`}${outcome === 'unredeemed' ? ' and is still open' : ''}; ${found === null ? 'there is none' : `it was ${ago(found)}`}`,
  cap: (scope, limit, span, found) =>
    `at most ${limit} for each ${who[scope]}${spanText(span)}, and there ${found === '1' ? 'was' : 'were'} ${found} already`,
  noLease: 'the quantity of this offer is used up at this till',
  policy: (per, limit, span, found) =>
    `a ${who[per]} gets at most ${limit} ${limit === '1' ? 'coupon' : 'coupons'} of this kind${spanText(span)}, and had ${found} already`,
  exclusive: by => `“${by}” applies and allows no other offer beside it`,
  group: by => `“${by}” applies in its place`,
  units: (needed, found) =>
    `needs ${needed} ${needed === '1' ? 'piece' : 'pieces'} that no other offer has used, and ${found === '0' ? 'none was' : found === '1' ? '1 was' : `${found} were`} left`,
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
  onlyFor: (asked, found) => `only for ${asked}, ${found}`,
  notFor: (asked, found) => `not for ${asked}, ${found}`,
  otherWays: number => (number === 1 ? ' (another way failed as well)' : ` (${number} other ways failed as well)`),
  never: 'its conditions can never be met',
  spend: (r, of) => `${range(r)}${of === null ? ' spent' : ` of ${of}`}`,
  items: (r, of) => `${range(r)} ${asksOne(r) ? 'piece' : 'pieces'}${of === null ? '' : ` of ${of}`}`,
  bought: (r, of, within) => `${range(r)} earlier ${asksOne(r) ? 'purchase' : 'purchases'} of ${of}${spanOf(within)}`,
  received: (r, offer, within) => `${coupons(r)} “${offer}” printed${spanOf(within)}`,
  redeemed: (r, offer, within) => `${coupons(r)} “${offer}” redeemed${spanOf(within)}`,
  segment: segment => `the customer group “${segment}”`,
  tier: (tier, orHigher) => `the tier “${tier}”${orHigher ? ' or higher' : ''}`,
  attribute: (name, values) =>
    isRange(values) ? `“${name}” of ${range(values)}` : `“${name}”: ${values.join(' or ')}`,
  memberDays: r => `a membership of ${range(r)} ${asksOne(r) ? 'day' : 'days'}`,
  birthday: within => `a birthday within ${within} ${within === '1' ? 'day' : 'days'}`,
  balance: r => `${range(r)} ${asksOne(r) ? 'point' : 'points'}`,
  basketHad: found => `the basket had ${found === '0' ? 'none' : found}`,
  timesFound: found => (found === '0' ? 'there were none' : `there ${found === '1' ? 'was' : 'were'} ${found}`),
  daysAway: found => `it is ${found === '1' ? '1 day' : `${found} days`} away`,
  memberHas: found => `the customer has ${found}`,
  unknown: 'and nothing is known of it',
  isInIt: 'the customer is in it',
  isNotInIt: 'the customer is not in it',
  someProducts: 'certain products',
  article: gtin => `article ${gtin}`,
  or: ' or ',
  more: number => ` or ${number} more`,
};

function range({ least, most, open }: Range): string {
  if (least !== undefined && most !== undefined) return least === most ? `exactly ${least}` : `${least} to ${most}`;
  if (least !== undefined) return open ? `at least ${least}` : least;
  return most === undefined ? '' : `at most ${most}`;
}

function spanText(span: Span): string {
  if (span === null) return '';
  return 'days' in span ? spanOf(String(span.days)) : ` a ${span.calendar}`;
}
