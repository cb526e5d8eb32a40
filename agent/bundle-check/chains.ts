/** Chains and counts of coupons: circles that nobody can enter, and waiting for a coupon that no offer prints. */
import type { Bundle, Offer } from '../offers/types.ts';
import type { Findings, Path } from './finding.ts';
import { partsOf } from './parts.ts';

export function checkChains(bundle: Bundle, findings: Findings): void {
  const byId = new Map(bundle.offers.map(offer => [offer.id, offer]));
  const retired = new Set(bundle.retiredOffers ?? []);
  const round = circles(byId);
  const noCoupon = (id: string) => {
    const offer = byId.get(id);
    return offer !== undefined && offer.phase !== 'issue' && offer.trigger !== 'coupon' && !retired.has(id);
  };
  const waits = (offer: Offer, waited: string, path: Path) =>
    findings.add(
      'error',
      'chain-without-coupon',
      path,
      `Offer ${offer.id} waits for a coupon of ${waited}, which is in phase ${byId.get(waited)?.phase} and prints none.`,
    );
  for (const [index, offer] of bundle.offers.entries()) {
    const place = ['offers', index];
    const { after } = offer;
    if (after !== undefined && round.has(offer.id))
      findings.add(
        'error',
        'chain-circle',
        [...place, 'after', 'offer'],
        `Nobody can enter the circle of chains in which offer ${offer.id} waits for ${after.offer}.`,
      );
    else if (after !== undefined && noCoupon(after.offer)) waits(offer, after.offer, [...place, 'after', 'offer']);
    for (const { leaf, path } of partsOf(offer, place).leaves) {
      if ('received' in leaf && noCoupon(leaf.received.offer))
        waits(offer, leaf.received.offer, [...path, 'received', 'offer']);
      if ('redeemed' in leaf && noCoupon(leaf.redeemed.offer))
        waits(offer, leaf.redeemed.offer, [...path, 'redeemed', 'offer']);
    }
  }
}

/** Offers that wait, over however many others, for themselves. Each has at most one that it waits for. */
function circles(byId: ReadonlyMap<string, Offer>): ReadonlySet<string> {
  const round = new Set<string>();
  const done = new Set<string>();
  for (const start of byId.keys()) {
    const walk: string[] = [];
    const open = new Map<string, number>();
    let at: string | undefined = start;
    while (at !== undefined && !done.has(at) && !open.has(at)) {
      open.set(at, walk.length);
      walk.push(at);
      at = byId.get(at)?.after?.offer;
    }
    const entry = at === undefined ? undefined : open.get(at);
    if (entry !== undefined) for (const id of walk.slice(entry)) round.add(id);
    for (const id of walk) done.add(id);
  }
  return round;
}
