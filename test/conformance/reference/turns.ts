/** Reference reading of the contract, part 7: who gets a turn in which order (sections 1, 3 and 10). */
import type { Bundle, Offer, Phase, PresentedCoupon, Sale } from '../../../agent/offers/types.ts';
import { type Terms, termsOfVariant } from './conditions.ts';
import { selectorOf } from './discount.ts';
import { compare } from './select.ts';

const phases: readonly Phase[] = ['line', 'basket', 'points', 'issue'];

/** One turn of the evaluation: an offer by itself, or one presented coupon. */
export interface Turn {
  readonly kind: 'offer' | 'triggering coupon' | 'redeemed coupon' | 'unknown coupon';
  readonly id: string;
  readonly offer: Offer | undefined;
  readonly phase: Phase;
  readonly sequence: number;
  readonly coupon: PresentedCoupon | undefined;
  /** Order of presentation; an offer's own turn comes before its coupons. */
  readonly place: number;
}

/** Every turn, by "phase, `sequence`, `id`, order of presentation". */
export function turnsOf(bundle: Bundle, sale: Sale): Turn[] {
  const turns: Turn[] = [];
  const presented = sale.coupons ?? [];
  for (const offer of bundle.offers) {
    const { id, phase } = offer;
    const sequence = offer.sequence ?? 0;
    const has = presented.some(coupon => coupon.offer === id);
    // with coupons presented, those are the turns of a `trigger: "coupon"` offer (an `issue` offer has its own as well)
    if (phase === 'issue' || offer.trigger !== 'coupon' || !has)
      turns.push({ kind: 'offer', id, offer, phase, sequence, coupon: undefined, place: -1 });
  }
  presented.forEach((coupon, place) => {
    const offer = bundle.offers.find(o => o.id === coupon.offer);
    const common = { id: coupon.offer, offer, sequence: offer?.sequence ?? 0, coupon, place };
    if (offer === undefined) turns.push({ ...common, kind: 'unknown coupon', phase: 'issue' });
    else if (offer.phase === 'issue')
      turns.push({ ...common, kind: 'redeemed coupon', phase: redeemedIn(termsOfVariant(offer, coupon.variant)) });
    else if (offer.trigger === 'coupon') turns.push({ ...common, kind: 'triggering coupon', phase: offer.phase });
    else turns.push({ ...common, kind: 'unknown coupon', phase: offer.phase });
  });
  return turns.sort(
    (a, b) =>
      phases.indexOf(a.phase) - phases.indexOf(b.phase) ||
      a.sequence - b.sequence ||
      compare(a.id, b.id) ||
      a.place - b.place,
  );
}

/** "in phase `line`, or `basket` when the benefit has no `of`, or `points`". */
function redeemedIn(terms: Terms): Phase {
  if ('points' in terms.benefit) return 'points';
  return selectorOf(terms.benefit) === undefined ? 'basket' : 'line';
}
