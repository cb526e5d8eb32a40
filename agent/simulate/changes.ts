/** What became of a sale's offers and coupons under another bundle, where it is not the same. */
import type { CompiledBundle } from '../offers/compile.ts';
import type { Sale } from '../offers/types.ts';
import type { Judged } from './judge.ts';
import { faceValue } from './tally.ts';

/**
 * What became of an offer in one sale: `issued` (`issued for more`, `issued for less` beside `issued`), `suppressed`, the reason why
 * not, or `absent` from the bundle. Of a presented coupon: `redeemed`, or the reason why not.
 */
export type Change = { readonly offer: string; readonly from: string; readonly to: string };

/** A sale as one bundle decided it. */
export interface Side {
  readonly compiled: CompiledBundle;
  readonly judged: Judged;
  /** Why an offer did not come. */
  readonly whyNot: (offer: string) => string;
}

/** Why not changes often and matters seldom; that it does or does not come, and what it is worth, is what is compared. */
export function* changesOf(sale: Sale, then: Side, now: Side): Iterable<Change> {
  const [before, after] = [givenBy(then), givenBy(now)];
  for (const [offer, { what: to, amount }] of after) {
    const old = before.get(offer);
    const from = old?.what ?? then.whyNot(offer);
    if (from !== to) yield { offer, from, to };
    else if (old !== undefined && old.amount !== amount)
      yield { offer, from, to: `${to} for ${amount > old.amount ? 'more' : 'less'}` };
  }
  for (const [offer, { what: from }] of before) if (!after.has(offer)) yield { offer, from, to: now.whyNot(offer) };
  if (sale.coupons === undefined) return;
  const [accepted, formerly] = [couponsOf(now.judged), couponsOf(then.judged)];
  for (const serial of new Set(sale.coupons.map(coupon => coupon.serial))) {
    const [from, to] = [formerly.get(serial), accepted.get(serial)];
    if (from !== undefined && to !== undefined && from.what !== to.what)
      yield { offer: to.offer, from: from.what, to: to.what };
  }
}

/** How much an offer gave: minor units, or points. */
type Given = { readonly what: string; amount: number };

/** What came by itself; coupons printed earlier are redeemed, not given. */
function givenBy({ compiled, judged: { applied, points, issue, suppressed } }: Side): ReadonlyMap<string, Given> {
  const found = new Map<string, Given>();
  const add = (offer: string, serial: string | undefined, amount: number) => {
    if (serial !== undefined && compiled.byId.get(offer)?.phase === 'issue') return;
    const known = found.get(offer);
    if (known === undefined) found.set(offer, { what: 'issued', amount });
    else known.amount += amount;
  };
  for (const { offer } of suppressed) found.set(offer, { what: 'suppressed', amount: 0 });
  for (const { offer, serial, amount } of applied) add(offer, serial, amount);
  for (const { offer, serial, points: amount } of points?.offers ?? []) add(offer, serial, amount);
  for (const { offer, variant } of issue) add(offer, undefined, faceValue(compiled, offer, variant) ?? 0);
  return found;
}

/** What became of each presented coupon, by serial. */
function couponsOf({ applied, points, refused }: Judged): ReadonlyMap<string, { offer: string; what: string }> {
  const found = new Map<string, { offer: string; what: string }>();
  for (const { offer, serial, finding } of refused)
    if (serial !== undefined) found.set(serial, { offer, what: finding.reason });
  for (const { offer, serial } of [...applied, ...(points?.offers ?? [])])
    if (serial !== undefined) found.set(serial, { offer, what: 'redeemed' });
  return found;
}
