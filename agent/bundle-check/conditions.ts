/** One offer by itself: conditions that no sale can meet, caps and experiments that leave nobody, benefits that give nothing. */
import { countsRedemptions } from '../offers/compile.ts';
import { isScheduled } from '../offers/schedule.ts';
import { formatDate, localDay, parseDate, parseInstant, weekdayOf } from '../offers/time.ts';
import type { Benefit, Bundle, CouponTerms, Offer, Predicate, Schedule, StoreFilter } from '../offers/types.ts';
import { zoneOf } from '../offers/zone.ts';
import { alwaysTrue, contradictionOf, type Placed } from './contradiction.ts';
import type { Findings, Path } from './finding.ts';
import { selectorOf } from './parts.ts';
import { selectsNone } from './selectors.ts';

export function checkConditions(bundle: Bundle, offer: Offer, path: Path, findings: Findings): void {
  const tiers = bundle.loyalty?.tiers ?? [];
  const never = (below: Path, why: string) =>
    findings.add('error', 'never-matches', [...path, ...below], `Offer ${offer.id} never matches: ${why}.`);

  const schedule = offer.schedule === undefined ? null : neverScheduled(offer.schedule);
  if (schedule !== null) never(['schedule', ...schedule.path], schedule.why);
  else if (offer.phase === 'issue' && offer.schedule?.from !== undefined && startsAfter(bundle, offer.schedule.from))
    never(['schedule', 'from'], `it begins on ${offer.schedule.from}, after the bundle's notAfter ${bundle.notAfter}`);
  if (offer.stores !== undefined && noStore(offer.stores)) never(['stores'], 'no store is left in "include"');

  const placed: Placed[] = [];
  for (const name of ['audience', 'when'] as const) {
    const predicate = offer[name];
    if (predicate !== undefined) placed.push({ predicate, path: [name] });
  }
  const contradiction = contradictionOf(placed, tiers);
  if (contradiction !== null) never(contradiction.path, contradiction.why);
  else for (const { predicate, path: place } of placed) needless(predicate, [...path, ...place], findings);

  const { minDays, maxDays } = offer.after ?? {};
  if (minDays !== undefined && maxDays !== undefined && minDays > maxDays)
    never(['after', 'minDays'], `"after" asks for ${minDays} days at least and ${maxDays} at most`);
  else if (maxDays !== undefined && maxDays < 0) never(['after', 'maxDays'], 'maxDays is below 0');

  checkCaps(offer, path, findings, never);
  checkExperiment(offer, path, findings);
  checkEffects(offer, path, findings, never);
  checkTerms(offer.coupon, [...path, 'coupon'], offer, bundle, findings);
  for (const [index, { coupon }] of (offer.experiment?.variants ?? []).entries())
    checkTerms(coupon, [...path, 'experiment', 'variants', index, 'coupon'], offer, bundle, findings);
}

type Never = (below: Path, why: string) => void;

/** Tried on every kind of day that the dates leave: more than a week holds all of them. */
function neverScheduled(schedule: Schedule): { readonly path: Path; readonly why: string } | null {
  const { from, to, days, times } = schedule;
  if (days?.length === 0) return { path: ['days'], why: '"days" is empty' };
  if (times?.length === 0) return { path: ['times'], why: '"times" is empty' };
  const [first, last] = [dateOf(from), dateOf(to)];
  if (first !== null && last !== null && first > last)
    return { path: ['from'], why: `its schedule begins on ${from} and ends before, on ${to}` };
  if (days === undefined || first === null || last === null || last - first >= 6) return null;
  const compiled = { from: first, to: last, days, times: null };
  for (let day = first; day <= last; day++) if (isScheduled(compiled, day, 0)) return null;
  const range = from === to ? `${from} is a ${weekdayOf(first)}` : `${from} to ${to} has none of them`;
  return { path: ['days'], why: `it runs on ${days.join(', ')} only, and ${range}` };
}

function dateOf(date: string | undefined): number | null {
  return date === undefined ? null : parseDate(date);
}

/** Whether the date begins after the bundle's last moment, from which on no coupon is printed. */
function startsAfter(bundle: Bundle, from: string): boolean {
  const end = parseInstant(bundle.notAfter);
  return end !== null && from > formatDate(localDay(end, zoneOf(bundle.timezone)));
}

export function noStore({ include, exclude }: StoreFilter): boolean {
  return include?.every(store => exclude?.includes(store)) ?? false;
}

/** Conditions that every sale meets, at the top or inside `all`. */
function needless(predicate: Predicate, path: Path, findings: Findings): void {
  if ('all' in predicate) {
    for (const [index, part] of predicate.all.entries()) needless(part, [...path, 'all', index], findings);
  } else if (!('any' in predicate) && !('not' in predicate) && alwaysTrue(predicate))
    findings.add('hint', 'always-true', path, 'Every sale meets this condition; it asks for nothing.');
}

function checkCaps(offer: Offer, path: Path, findings: Findings, never: Never): void {
  for (const [index, cap] of (offer.caps ?? []).entries()) {
    const place = ['caps', index, 'limit'];
    if (cap.scope !== 'global') {
      if (cap.limit === 0) never(place, `its ${cap.scope} cap is 0`);
    } else if (cap.limit === 0)
      findings.add(
        'error',
        'cap-zero',
        [...path, ...place],
        `Offer ${offer.id} has a global cap of 0, so that HQ can never lease a unit to a till.`,
      );
    else
      findings.add(
        'hint',
        'cap-needs-lease',
        [...path, 'caps', index],
        `Offer ${offer.id} has a global cap of ${cap.limit}: a till ${countsRedemptions(cap, offer.phase) ? 'gives' : 'prints'} it only while HQ has leased it units.`,
      );
  }
}

function checkExperiment({ id, experiment }: Offer, path: Path, findings: Findings): void {
  if (experiment === undefined) return;
  const place = [...path, 'experiment'];
  if (experiment.holdout === 10_000)
    findings.add(
      'error',
      'held-out-all',
      [...place, 'holdout'],
      `Offer ${id} keeps all members in the control group; no member ever gets it.`,
    );
  for (const [index, variant] of (experiment.variants ?? []).entries())
    if (variant.weight === 0)
      findings.add(
        'warning',
        'variant-never',
        [...place, 'variants', index, 'weight'],
        `Nobody gets variant ${variant.id} of offer ${id}: its weight is 0.`,
      );
}

function checkEffects(offer: Offer, path: Path, findings: Findings, never: Never): void {
  const base = noEffect(offer.benefit);
  const variants = offer.experiment?.variants ?? [];
  const everywhere =
    base !== null && variants.every(({ benefit }) => benefit === undefined || noEffect(benefit) !== null);
  if (base !== null && everywhere && (offer.phase === 'line' || offer.phase === 'basket')) never(['benefit'], base);
  else if (base !== null) useless(offer, [...path, 'benefit'], base, findings);
  for (const [index, { benefit }] of variants.entries()) {
    const why = benefit === undefined ? null : noEffect(benefit);
    if (why !== null) useless(offer, [...path, 'experiment', 'variants', index, 'benefit'], why, findings);
  }
  checkLimits(offer, path, findings);
}

function useless({ id, phase }: Offer, path: Path, why: string, findings: Findings): void {
  const severity = phase === 'points' ? 'warning' : 'error';
  findings.add(severity, 'no-effect', path, `The benefit of offer ${id} gives nothing: ${why}.`);
}

/** Why a benefit gives nothing, in any basket. */
function noEffect(benefit: Benefit): string | null {
  if ('points' in benefit) {
    const { points } = benefit;
    if ('fixed' in points) return points.fixed === 0 ? 'it is 0 points' : null;
    if ('per' in points) return points.earn === 0 ? 'it earns 0 points' : null;
    return points.multiply === 10_000 ? 'a factor of 10000 changes nothing' : null;
  }
  if ('percent' in benefit && benefit.percent.permyriad === 0) return 'it is 0 %';
  if ('percent' in benefit && benefit.percent.maxAmount === 0) return 'maxAmount is 0';
  if ('amount' in benefit && benefit.amount.off === 0) return 'it takes 0 off';
  return selectsNone(selectorOf(benefit)) ? 'its selector takes no product' : null;
}

/** A percentage without a limit; what is free without a limit. */
function checkLimits({ id, benefit }: Offer, path: Path, findings: Findings): void {
  if (!('percent' in benefit)) return;
  const { permyriad, of, maxAmount, maxItems } = benefit.percent;
  const place = [...path, 'benefit', 'percent'];
  if (maxAmount !== undefined || maxItems !== undefined) return;
  if (permyriad === 10_000)
    findings.add(
      'warning',
      'free-without-limit',
      place,
      `All that offer ${id} selects is free, however much it is: neither maxItems nor maxAmount is set.`,
    );
  else if (of === undefined && permyriad > 0)
    findings.add(
      'hint',
      'no-limit',
      place,
      `Offer ${id} takes ${permyriad / 100} % off everything, without maxAmount.`,
    );
}

function checkTerms(
  coupon: CouponTerms | undefined,
  path: Path,
  offer: Offer,
  bundle: Bundle,
  findings: Findings,
): void {
  if (coupon === undefined) return;
  const nobody = (below: Path, why: string) =>
    findings.add(
      'error',
      'never-redeemable',
      [...path, ...below],
      `Nobody can redeem the coupon of offer ${offer.id}: ${why}.`,
    );
  if (coupon.redeemStores !== undefined && noStore(coupon.redeemStores))
    nobody(['redeemStores'], 'no store is left in "include"');
  else checkCode(coupon, path, offer, findings);
  if (coupon.redeem === undefined) return;
  const found = contradictionOf([{ predicate: coupon.redeem, path: ['redeem'] }], bundle.loyalty?.tiers ?? []);
  if (found !== null) nobody(found.path, found.why);
  else needless(coupon.redeem, [...path, 'redeem'], findings);
}

/** A linear code says nothing of its coupon: only the store that printed it knows it. */
function checkCode(
  { barcode, redeemStores }: CouponTerms,
  path: Path,
  { id, stores }: Offer,
  findings: Findings,
): void {
  if (barcode === 'qr') return;
  const prints = (store: string) =>
    stores?.include?.includes(store) !== false && stores?.exclude?.includes(store) !== true;
  for (const [index, store] of (redeemStores?.include ?? []).entries())
    if (!prints(store))
      findings.add(
        'warning',
        'code-of-store',
        [...path, 'redeemStores', 'include', index],
        `Store ${store} can't redeem the coupon of offer ${id}: only the store that printed it knows its ${barcode}, and ${store} prints none; a qr is known everywhere.`,
      );
}
