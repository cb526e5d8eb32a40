/** The parts of an offer that hold others: where its predicates and selectors stand. */
import type { Benefit, Offer, Predicate, Selector } from '../offers/types.ts';
import type { Path } from './finding.ts';

export function selectorOf(benefit: Benefit): Selector | undefined {
  if ('percent' in benefit) return benefit.percent.of;
  if ('amount' in benefit) return benefit.amount.of;
  if ('price' in benefit) return benefit.price.of;
  return 'nForM' in benefit ? benefit.nForM.of : undefined;
}

type Leaf = Exclude<Predicate, { all: unknown } | { any: unknown } | { not: unknown }>;

export interface OfferParts {
  readonly leaves: readonly { readonly leaf: Leaf; readonly path: Path }[];
  /** Whole selectors, of conditions and benefits. */
  readonly selectors: readonly { readonly selector: Selector; readonly path: Path }[];
}

/** Every test and every selector of an offer, its variants and coupons included. */
export function partsOf(offer: Offer, path: Path): OfferParts {
  const leaves: { leaf: Leaf; path: Path }[] = [];
  const selectors: { selector: Selector; path: Path }[] = [];
  const predicate = (found: Predicate | undefined, place: Path): void => {
    if (found === undefined) return;
    if ('not' in found) predicate(found.not, [...place, 'not']);
    else if ('all' in found || 'any' in found) {
      const [kind, parts] = 'all' in found ? (['all', found.all] as const) : (['any', found.any] as const);
      for (const [index, part] of parts.entries()) predicate(part, [...place, kind, index]);
    } else leaf(found, place);
  };
  const leaf = (found: Leaf, place: Path): void => {
    leaves.push({ leaf: found, path: place });
    for (const [kind, test] of Object.entries(found))
      if (typeof test === 'object' && test !== null && 'of' in test && test.of !== undefined)
        selectors.push({ selector: test.of as Selector, path: [...place, kind, 'of'] });
  };
  const benefit = (found: Benefit | undefined, place: Path): void => {
    const selector = found === undefined ? undefined : selectorOf(found);
    if (found !== undefined && selector !== undefined)
      selectors.push({ selector, path: [...place, Object.keys(found)[0] ?? '', 'of'] });
  };
  predicate(offer.audience, [...path, 'audience']);
  predicate(offer.when, [...path, 'when']);
  benefit(offer.benefit, [...path, 'benefit']);
  predicate(offer.coupon?.redeem, [...path, 'coupon', 'redeem']);
  for (const [index, variant] of (offer.experiment?.variants ?? []).entries()) {
    const place = [...path, 'experiment', 'variants', index];
    benefit(variant.benefit, [...place, 'benefit']);
    predicate(variant.coupon?.redeem, [...place, 'coupon', 'redeem']);
  }
  return { leaves, selectors };
}
