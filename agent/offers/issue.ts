/** Which coupons are printed (contract section 6): candidates, the best set of them, and what stands on each coupon. */
import { fullCap } from './caps.ts';
import type { CompiledBundle, CompiledOffer, Terms } from './compile.ts';
import { conditionFault } from './conditions.ts';
import { contactRooms, type Room } from './contact.ts';
import { placeOffer } from './experiment.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import { type Candidate, choose } from './selection.ts';
import { formatDate } from './time.ts';
import type { Issue } from './types.ts';

export interface Printing {
  /** By priority descending, then id. */
  readonly issue: readonly Issue[];
  /** Chosen, but held out: their places stay empty. In the contract's order. */
  readonly heldOut: readonly CompiledOffer[];
  readonly refused: readonly { readonly offer: CompiledOffer; readonly finding: Finding }[];
}

export interface PrintingAsked {
  /** Offers of phase `issue` in the contract's order. */
  readonly offers: Iterable<CompiledOffer>;
  /** Ids of offers of which a coupon is presented. */
  readonly presented: ReadonlySet<string>;
  /** Applications of this sale by offer. */
  readonly applications: ReadonlyMap<string, number>;
  readonly explaining: boolean;
}

export function chooseCoupons(compiled: CompiledBundle, facts: Facts, asked: PrintingAsked): Printing {
  const { selection, notAfter } = compiled.bundle;
  const rooms = contactRooms(compiled, facts);
  const expired = facts.now > compiled.notAfter;
  const candidates: CouponCandidate[] = [];
  const refused: { readonly offer: CompiledOffer; readonly finding: Finding }[] = [];
  for (const offer of asked.offers) {
    const finding: Finding | null = expired
      ? { reason: 'expired-bundle', notAfter, at: facts.sale.at }
      : (conditionFault(offer, null, asked.presented.has(offer.id), facts, asked.explaining) ??
        fullCap(offer, facts, false, asked.applications.get(offer.id) ?? 0) ??
        fullPolicy(offer, rooms));
    if (finding === null) candidates.push(candidateOf(offer, facts, rooms));
    else refused.push({ offer, finding });
  }
  const chosen = choose(candidates, {
    total: selection?.couponsPerSale ?? Number.POSITIVE_INFINITY,
    perCategory: selection?.perCategory ?? Number.POSITIVE_INFINITY,
    classes: new Map([...rooms].map(([name, { policy, used }]) => [name, policy.limit - used])),
  });
  const places = new Set(chosen);
  const heldOut: CompiledOffer[] = [];
  for (const candidate of candidates) {
    if (!places.has(candidate))
      refused.push({ offer: candidate.offer, finding: { reason: 'not-selected', priority: candidate.priority } });
    else if (candidate.heldOut) heldOut.push(candidate.offer);
  }
  const printed = chosen.filter(candidate => !candidate.heldOut);
  refused.sort((a, b) => a.offer.rank - b.offer.rank);
  return { issue: printed.map(candidate => issueOf(candidate, compiled, facts)), heldOut, refused };
}

interface CouponCandidate extends Candidate {
  readonly offer: CompiledOffer;
  readonly terms: Terms;
  readonly heldOut: boolean;
}

/** A held-out offer competes with its base coupon. */
function candidateOf(offer: CompiledOffer, facts: Facts, rooms: ReadonlyMap<string, Room>): CouponCandidate {
  const { terms, heldOut } = placeOffer(offer, facts.member);
  const { priority, group, contact } = offer.offer;
  return {
    id: offer.id,
    priority: priority ?? 1,
    group,
    category: terms.coupon?.terms.category,
    class: contact !== undefined && rooms.has(contact.class) ? contact.class : undefined,
    offer,
    terms,
    heldOut,
  };
}

function issueOf({ offer, terms, priority }: CouponCandidate, compiled: CompiledBundle, facts: Facts): Issue {
  const coupon = terms.coupon?.terms;
  const from = facts.today + (coupon?.validFromDays ?? 0);
  const language = facts.member?.language;
  const texts = coupon?.texts ?? {};
  const spoken = language !== undefined && Object.hasOwn(texts, language) ? texts[language] : undefined;
  return {
    offer: offer.id,
    variant: terms.variant,
    priority,
    validFrom: formatDate(from),
    validTo: formatDate(from + (coupon?.validDays ?? 1) - 1),
    title: (spoken ?? texts[compiled.bundle.defaultLanguage])?.title ?? '',
  };
}

function fullPolicy(offer: CompiledOffer, rooms: ReadonlyMap<string, Room>): Finding | null {
  const room = offer.offer.contact === undefined ? undefined : rooms.get(offer.offer.contact.class);
  return room === undefined || room.used < room.policy.limit
    ? null
    : { reason: 'contact-policy', policy: room.policy, found: room.used };
}
