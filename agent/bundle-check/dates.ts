/** Dates relative to a day that is passed in: bundles that end or ended, schedules that are over. */
import { addDays, formatDate, localDay, parseInstant, parseTime } from '../offers/time.ts';
import type { Bundle, LocalDate, Schedule } from '../offers/types.ts';
import { zoneOf } from '../offers/zone.ts';
import type { Findings } from './finding.ts';

/** A bundle that ends in fewer days than this is told of: the next one should be on its way. */
const soonDays = 7;

/** @param at local date in the bundle's time zone */
export function checkDates(bundle: Bundle, at: LocalDate, findings: Findings): void {
  const notAfter = localDateIn(bundle, bundle.notAfter);
  if (notAfter < at)
    findings.add(
      'error',
      'bundle-over',
      ['notAfter'],
      `The bundle ended on ${notAfter}; since then no coupon is printed.`,
    );
  else if (notAfter < addDays(at, soonDays))
    findings.add(
      'warning',
      'bundle-ends-soon',
      ['notAfter'],
      `The bundle ends on ${notAfter}; from then on no coupon is printed.`,
    );
  const createdAt = localDateIn(bundle, bundle.createdAt);
  if (createdAt > at)
    findings.add(
      'warning',
      'bundle-not-yet',
      ['createdAt'],
      `The bundle says that it was made on ${createdAt}, which is to come.`,
    );
  for (const [index, { id, schedule }] of bundle.offers.entries()) {
    const last = schedule === undefined ? undefined : lastDay(schedule);
    if (last !== undefined && last < at)
      findings.add(
        'warning',
        'schedule-over',
        ['offers', index, 'schedule', 'to'],
        `The schedule of offer ${id} ended on ${last}.`,
      );
  }
}

function localDateIn(bundle: Bundle, instant: string): LocalDate {
  return formatDate(localDay(parseInstant(instant) ?? 0, zoneOf(bundle.timezone)));
}

/** A window past midnight of the last day reaches into the next one. */
function lastDay({ to, times }: Schedule): LocalDate | undefined {
  if (to === undefined) return undefined;
  const overnight = times?.some(window => (parseTime(window.to) ?? 0) <= (parseTime(window.from) ?? 0)) ?? false;
  return overnight ? addDays(to, 1) : to;
}
