/** A simulation for people (a table) and for programs (JSON). */
import type { Bundle, Offer } from '../offers/types.ts';
import { countIn, type Registers } from './reach.ts';
import { reasonNames } from './reasons.ts';
import type { Simulation } from './simulate.ts';
import { fixedValue, type OfferTally, sharedCap, type Tally } from './tally.ts';

type CapDay = {
  readonly day: string;
  readonly store?: string;
  readonly wanted: number;
  readonly limit: number;
  readonly scope: string;
};

/** @param processorSeconds of all threads together; null: not measured */
export function reportJson(
  result: Simulation,
  bundle: Bundle,
  against: Bundle | null,
  seconds: number,
  processorSeconds: number | null = null,
): object {
  return {
    bundle: { id: bundle.id, version: bundle.version },
    against: against === null ? null : { id: against.id, version: against.version },
    sales: result.tally.sales,
    salesWithMember: result.tally.withMember,
    seconds: Math.round(seconds * 1000) / 1000,
    salesPerSecond: Math.round(result.tally.sales / seconds),
    processorSeconds,
    currency: bundle.currency,
    discount: result.tally.discount,
    points: result.tally.points,
    coupons: result.tally.coupons,
    offers: bundle.offers.map(offer => offerJson(offer, result.tally, result.against)),
    differences: result.differences,
    badLines: result.badLines,
    bad: result.bad,
  };
}

function offerJson(offer: Offer, tally: Tally, against: Tally | null): object {
  const own = tally.offers[offer.id];
  if (own === undefined) return { offer: offer.id };
  const before = against?.offers[offer.id];
  return {
    offer: offer.id,
    name: offer.name ?? null,
    phase: offer.phase,
    issued: own.issued,
    eligible: own.eligible,
    suppressed: own.suppressed,
    holdoutShare: shareHeldOut(own),
    membersHeldOut: membersIn(own.held, own.suppressed),
    redeemed: own.redeemed,
    cost: costOf(offer, own),
    reach: reachOf(own),
    reasons: own.reasons,
    cappedByDay: own.capped,
    overSharedCap: capDays(offer, own),
    ...(before === undefined
      ? {}
      : { before: { issued: before.issued, eligible: before.eligible, cost: costOf(offer, before) } }),
  };
}

/** An estimate within a few percent, and never more than there were sales. */
const membersIn = (registers: Registers, most: number) => Math.min(countIn(registers), most);
const reachOf = ({ reach, issued }: OfferTally) => membersIn(reach, issued);

/**
 * Members held out among all who would have got it; null if nobody was. By members, not by sales: whom nothing was given stays
 * within caps and policies, and is held out again and again.
 */
function shareHeldOut(own: OfferTally): number | null {
  if (own.suppressed === 0) return null;
  const held = membersIn(own.held, own.suppressed);
  return Math.round((held / Math.max(1, held + reachOf(own))) * 10_000) / 10_000;
}

/** What it costs, minor units (points in phase `points`); of coupons, if all are redeemed. Null where that depends on the basket. */
function costOf(offer: Offer, own: OfferTally): number | null {
  if (offer.phase !== 'issue') return own.given;
  const benefits = [offer.benefit, ...(offer.experiment?.variants ?? []).flatMap(({ benefit }) => benefit ?? [])];
  return benefits.some(benefit => fixedValue(benefit) !== null) ? own.given : null;
}

/** Days on which more would have been given out than a cap shared by many tills allows. */
function capDays(offer: Offer, tally: OfferTally): readonly CapDay[] {
  const cap = sharedCap(offer);
  if (cap === undefined) return [];
  return Object.entries(tally.days)
    .filter(([, wanted]) => wanted > cap.limit)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, wanted]) => {
      const [day = '', store] = key.split(' ');
      return { day, ...(store === undefined ? {} : { store }), wanted, limit: cap.limit, scope: cap.scope };
    });
}

export function reportText(result: Simulation, bundle: Bundle, against: Bundle | null, seconds: number): string {
  const { tally } = result;
  const money = (minor: number) =>
    (minor / 100).toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const whole = (n: number) => n.toLocaleString('en');
  const out: string[] = [
    `${bundle.id} ${bundle.version}: ${whole(tally.sales)} sales (${whole(tally.withMember)} with a member) in ${seconds.toFixed(1)} s, ${whole(Math.round(tally.sales / seconds))} a second`,
    `${whole(tally.coupons)} coupons, ${bundle.currency} ${money(tally.discount)} off, ${whole(tally.points)} points`,
    '',
  ];
  const rows = bundle.offers.flatMap(offer => {
    const own = tally.offers[offer.id];
    if (own === undefined) return [];
    const before = result.against?.offers[offer.id];
    const top = Object.entries(own.reasons)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 3);
    const held = shareHeldOut(own);
    return [
      [
        offer.id,
        offer.phase,
        whole(own.issued),
        ...(against === null ? [] : [before === undefined ? 'new' : signed(own.issued - before.issued)]),
        whole(own.eligible),
        held === null ? '' : `${(held * 100).toFixed(1)} %`,
        costText(offer, own, money, whole),
        whole(reachOf(own)),
        top.map(([reason, n]) => `${reason} ${whole(n)}`).join(', '),
      ],
    ];
  });
  const heads = [
    'offer',
    'phase',
    'issued',
    ...(against === null ? [] : ['change']),
    'eligible',
    'held out',
    'cost',
    'members',
    'why not',
  ];
  out.push(...table(heads, rows));
  for (const offer of bundle.offers) {
    const own = tally.offers[offer.id];
    if (own === undefined) continue;
    for (const { day, store, wanted, limit, scope } of capDays(offer, own).slice(0, 5))
      out.push(
        `${offer.id}: ${day}${store === undefined ? '' : ` store ${store}`} would have given out ${whole(wanted)}, the ${scope} cap is ${whole(limit)}`,
      );
    const capped = Object.entries(own.capped).sort(([a], [b]) => (a < b ? -1 : 1));
    if (capped.length > 0)
      out.push(
        `${offer.id}: stopped by a cap on ${capped.length} days, first ${capped[0]?.[0]} (${whole(capped[0]?.[1] ?? 0)} sales)`,
      );
  }
  if (against !== null) {
    out.push('', `Against ${against.id} ${against.version}:`);
    for (const { offer, from, to, sales, examples } of result.differences.slice(0, 50))
      out.push(
        `  ${offer}: ${from} → ${to} in ${whole(sales)} sales, for example ${examples.map(({ saleId }) => saleId).join(' ')}`,
      );
    if (result.differences.length === 0) out.push('  no difference');
  }
  if (result.badLines > 0) out.push('', `${whole(result.badLines)} lines are no sales and were left out`);
  return `${out.join('\n')}\n`;
}

/** How often each reason met each offer; only reasons that did. */
export function reasonsText({ tally }: Simulation, bundle: Bundle): string {
  const met = reasonNames.filter(reason => Object.values(tally.offers).some(({ reasons }) => reasons[reason]));
  const rows = bundle.offers.map(({ id, phase }) => [
    id,
    phase,
    ...met.map(reason => tally.offers[id]?.reasons[reason]?.toLocaleString('en') ?? ''),
    '',
  ]);
  return `${table(['offer', 'phase', ...met, ''], rows).join('\n')}\n`;
}

function costText(offer: Offer, own: OfferTally, money: (n: number) => string, whole: (n: number) => string): string {
  const cost = costOf(offer, own);
  if (cost === null) return '?';
  return offer.phase === 'points' ? `${whole(cost)} p` : money(cost);
}

const signed = (n: number) => (n > 0 ? `+${n.toLocaleString('en')}` : n.toLocaleString('en'));

/** Columns as wide as their widest cell; numbers to the right. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map(row => row[column]?.length ?? 0)));
  const numeric = heads.map((_, column) => column > 1 && column < heads.length - 1);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(heads), line(widths.map(width => '─'.repeat(width))), ...rows.map(line)];
}
