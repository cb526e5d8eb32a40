/**
 * The main world: what a chain with three million members and 600 campaigns a year has running in one week. docs/performance.md
 * tells why each share is what it is; campaign.ts holds the richer world that is measured beside it.
 */
import type { Bundle, Offer, Predicate, Selector } from '../../../agent/offers/index.ts';
import {
  allOf,
  attributeOf,
  bundleWith,
  capsOf,
  couponFor,
  offerId,
  oneOfSegments,
  pastOf,
  scheduleOf,
  selectorOf,
  storesOf,
  tierOf,
} from './campaign.ts';
import { type Chance, chanceOf } from './chance.ts';
import { segments } from './shop.ts';

/** Of 600 campaigns a year, four weeks each, so many run at once. */
const mostCampaigns = 46;
/** A campaign divides its members into lists, each for other products or thresholds. */
const listsEach = 20;
/** First coupon, the one after it, and the last reminder or reward. */
const stages = 3;

interface Campaign {
  readonly name: string;
  /** Paid by a supplier; else the chain's own. */
  readonly supplier: boolean;
  /** Measures its uplift on members who get nothing. */
  readonly holdout: boolean;
}

/** A list of members that headquarters worked out; a till knows it as a segment. */
export interface MemberList {
  readonly id: string;
  /** Share of all members. */
  readonly reach: number;
}

/** The same offers for the same size. */
export function chainBundleOf(size: number): Bundle {
  const chance = chanceOf(size + 1);
  const campaigns = Array.from(
    { length: campaignsOf(size) },
    (_, index): Campaign => ({
      name: `campaign-${index}`,
      supplier: chance.happens(0.5),
      holdout: chance.happens(0.25),
    }),
  );
  const offers: Offer[] = [];
  for (let cell = 0; offers.length < size; cell++) {
    const campaign = cell % campaigns.length;
    offers.push(...cellOf(campaigns[campaign] as Campaign, campaign, offers.length, size, chance));
  }
  return bundleWith(offers.slice(0, size));
}

/** The lists that a bundle of this size names. */
export function listsOf(size: number): readonly MemberList[] {
  const chance = chanceOf(size + 2);
  return Array.from({ length: campaignsOf(size) * listsEach }, (_, index) => ({
    id: listId(index),
    // From one to five in a hundred, small ones more often.
    reach: 0.01 * 5 ** chance.share(),
  }));
}

const listId = (index: number) => `list-${index}`;

function campaignsOf(size: number): number {
  return Math.max(1, Math.min(mostCampaigns, Math.floor(size / 20)));
}

/** The stages of one coupon of a campaign: the same members and products, each stage after the one before. */
function cellOf(campaign: Campaign, number: number, first: number, size: number, chance: Chance): Offer[] {
  const { supplier } = campaign;
  const audience = audienceOf(number, chance);
  const stores = chance.happens(0.25) ? storesOf(chance) : undefined;
  const consent = chance.happens(0.85) ? (supplier && chance.happens(0.3) ? 'partners' : 'coupons') : undefined;
  const { of, basket } = basketOf(supplier, chance);
  return Array.from({ length: stages }, (_, stage): Offer => {
    const when = [...basket, ...pastOf(supplier, size, chance)];
    const minDays = chance.between(1, 7);
    return {
      id: offerId(first + stage),
      version: 1,
      campaign: campaign.name,
      phase: 'issue',
      priority: chance.between(1, 1000),
      ...(consent !== undefined && { consent }),
      schedule: scheduleOf(chance),
      ...(stores !== undefined && { stores }),
      ...(audience.length > 0 && { audience: allOf(audience) }),
      ...(stage > 0 && {
        after: {
          offer: offerId(first + stage - 1),
          outcome: chance.one(['redeemed', 'redeemed', 'expired', 'unredeemed'] as const),
          minDays,
          maxDays: minDays + chance.between(7, 28),
        },
      }),
      ...(when.length > 0 && { when: allOf(when) }),
      caps: capsOf(chance),
      ...(campaign.holdout && { experiment: { salt: campaign.name, holdout: 1000 } }),
      ...(chance.happens(0.2) && { group: `group-${chance.below(60)}` }),
      contact: { class: supplier ? 'supplier' : chance.happens(0.15) ? 'service' : 'coupon' },
      ...couponFor(of, first + stage, chance),
    };
  });
}

function audienceOf(campaign: number, chance: Chance): Predicate[] {
  const asked: Predicate[] = [];
  const kind = chance.share();
  if (kind < 0.85) asked.push({ segment: listId(campaign * listsEach + chance.below(listsEach)) });
  else if (kind < 0.97) asked.push(oneOfSegments(chance), chance.happens(0.5) ? tierOf(chance) : attributeOf(chance));
  if (chance.happens(0.15)) asked.push({ not: { segment: chance.one(segments) } });
  if (chance.happens(0.1)) asked.push(tierOf(chance));
  if (chance.happens(0.1)) asked.push(attributeOf(chance));
  // Authors write conditions as they come to mind, not the rarest first.
  return chance.shuffled(asked);
}

function basketOf(supplier: boolean, chance: Chance): { readonly of: Selector | null; readonly basket: Predicate[] } {
  const kind = supplier ? 0 : chance.share();
  if (kind >= 0.8) return { of: null, basket: [] };
  if (kind >= 0.3) return { of: null, basket: [{ spend: { atLeast: chance.between(6, 40) * 500 } }] };
  const of = selectorOf(supplier, chance);
  const few = 'gtin' in of;
  return {
    of,
    basket: [
      few || chance.happens(0.5)
        ? { items: { of, atLeast: chance.between(1, few ? 2 : 6) } }
        : { spend: { of, atLeast: chance.between(2, 16) * 250 } },
    ],
  };
}
