/** The `detail` of a refusal, in English for authors and support: what was asked and what was found. */
import type { Failure, Finding } from './finding.ts';
import { atLeastOne } from './predicate.ts';
import type { Bounds, Predicate, Schedule, Selector, Window } from './types.ts';

export function detailOf(finding: Finding): string {
  switch (finding.reason) {
    case 'expired-bundle':
      return `the bundle issues coupons until ${finding.notAfter}; the sale is at ${finding.at}`;
    case 'schedule':
      return `runs ${scheduleText(finding.schedule)}; the sale is on ${finding.date} at ${clock(finding.minute)}`;
    case 'store':
    case 'coupon-store':
      return `store ${finding.store} is ${finding.excluded ? 'excluded' : 'not among the included stores'}`;
    case 'trigger':
      return finding.trigger === 'coupon'
        ? 'needs one of its coupons; none was presented'
        : 'needs to be activated by the member; it was not';
    case 'no-member':
      return `needs a member (${finding.needs}); the sale has none`;
    case 'consent':
      return `needs the consent "${finding.consent}"; the member has not given it`;
    case 'audience':
    case 'when':
    case 'coupon-condition':
      return failureText(finding.failure);
    case 'chain': {
      const { offer, outcome, minDays, maxDays } = finding.chain;
      const window = boundsText({
        ...(minDays !== undefined && { atLeast: minDays }),
        ...(maxDays !== undefined && { atMost: maxDays }),
      });
      const found = finding.days.length === 0 ? 'none' : `${finding.days.slice(0, 5).join(', ')} days ago`;
      return `needs a coupon of "${offer}" ${outcome} ${window === '' ? 'before' : `${window} days ago`}; found ${found}`;
    }
    case 'cap-global':
      return `needs a leased unit; ${finding.found} left`;
    case 'cap-member':
    case 'cap-household':
    case 'cap-store':
      return `at most ${finding.cap.limit} for a ${finding.cap.scope}${windowText(finding.cap.window)}; ${finding.found} counted`;
    case 'contact-policy': {
      const { id, limit, per, window } = finding.policy;
      return `policy "${id}" allows ${limit} for a ${per}${windowText(window)}; ${finding.found} counted`;
    }
    case 'exclusive':
      return `"${finding.by}" has applied and is exclusive in this phase`;
    case 'group':
      return `"${finding.by}" of the group "${finding.group}" has applied`;
    case 'units':
      return `needs ${finding.needed} units that no other offer has used; found ${finding.found}`;
    case 'not-selected':
      return `its priority is ${finding.priority}; other coupons took the places`;
    case 'coupon-unknown':
      return finding.known ? 'the offer takes no coupon' : 'the bundle has no such offer';
    case 'coupon-used':
      return finding.at === null ? 'the coupon was presented twice' : `the coupon was redeemed on ${finding.at}`;
    case 'coupon-not-yet':
      return `the coupon is valid from ${finding.date}; today is ${finding.today}`;
    case 'coupon-expired':
      return `the coupon was valid to ${finding.date}; today is ${finding.today}`;
    case 'coupon-bound':
      return finding.guest
        ? 'the coupon is bound to a household; the sale has no member'
        : 'the coupon is bound to another household';
  }
}

function failureText({ predicate, negated, found, others }: Failure): string {
  const asked = predicateText(predicate.source);
  const present = found === null || (Array.isArray(found) && found.length === 0) ? 'nothing' : String(found);
  const more = others > 0 ? ` (and ${others} other ways)` : '';
  return `needs ${negated ? 'not ' : ''}${asked}; found ${present}${more}`;
}

function predicateText(predicate: Predicate): string {
  if ('all' in predicate) return 'all of nothing';
  if ('any' in predicate) return 'any of nothing';
  if ('not' in predicate) return `not ${predicateText(predicate.not)}`;
  if ('segment' in predicate) return `segment "${predicate.segment}"`;
  if ('tier' in predicate)
    return 'is' in predicate.tier ? `tier "${predicate.tier.is}"` : `tier "${predicate.tier.atLeast}" or higher`;
  if ('attribute' in predicate) {
    const { name, in: listed } = predicate.attribute;
    return `attribute "${name}" ${listed === undefined ? boundsText(predicate.attribute) : `in ${listText(listed)}`}`;
  }
  if ('memberDays' in predicate) return `membership of ${anyText(predicate.memberDays)} days`;
  if ('birthday' in predicate) return `a birthday within ${predicate.birthday.within} days`;
  if ('points' in predicate) return `${anyText(predicate.points)} points`;
  if ('spend' in predicate) return `${anyText(predicate.spend)} spent${selectorText(predicate.spend.of)}`;
  if ('items' in predicate) return `${anyText(predicate.items)} items${selectorText(predicate.items.of)}`;
  if ('bought' in predicate) {
    const { of, withinDays } = predicate.bought;
    return `${boundsText(atLeastOne(predicate.bought))} earlier sales${selectorText(of)} within ${withinDays} days`;
  }
  const [verb, { offer, withinDays, ...bounds }] =
    'received' in predicate ? (['received', predicate.received] as const) : (['redeemed', predicate.redeemed] as const);
  return `${boundsText(atLeastOne(bounds))} coupons of "${offer}" ${verb} within ${withinDays} days`;
}

function boundsText({ atLeast, atMost }: Bounds): string {
  if (atLeast !== undefined && atMost !== undefined) return `${atLeast} to ${atMost}`;
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? '' : `at most ${atMost}`;
}

/** Of a count without bounds anything will do, so that only its being known is asked. */
function anyText(bounds: Bounds): string {
  return boundsText(bounds) || 'any number of';
}

function selectorText(selector: Selector | undefined): string {
  if (selector === undefined) return '';
  if ('gtin' in selector) return ` of GTIN ${listText(selector.gtin)}`;
  if ('category' in selector) return ` of category ${listText(selector.category)}`;
  if ('brand' in selector) return ` of brand ${listText(selector.brand)}`;
  return ' of a selection';
}

function listText(values: readonly (string | number | boolean)[]): string {
  const shown = values.slice(0, 3).join(', ');
  return values.length > 3 ? `${shown} and ${values.length - 3} more` : shown;
}

function windowText(window: Window | undefined): string {
  if (window === undefined) return '';
  return 'days' in window ? ` in ${window.days} days` : ` in a calendar ${window.calendar}`;
}

function scheduleText({ from, to, days, times }: Schedule): string {
  const parts = [
    from === undefined ? '' : `from ${from}`,
    to === undefined ? '' : `to ${to}`,
    days === undefined ? '' : `on ${days.join(' ') || 'no day'}`,
    times === undefined ? '' : `between ${times.map(time => `${time.from} and ${time.to}`).join(' or ') || 'never'}`,
  ];
  return parts.filter(part => part !== '').join(' ') || 'always';
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
