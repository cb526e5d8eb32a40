/** A Saturday at one till: baskets by Zipf, members with attributes, their coupons and purchases of the last weeks. */
import {
  type Bundle,
  type CouponHistory,
  type History,
  type Member,
  type Sale,
  type SaleLine,
  validateSale,
} from '../../../agent/offers/index.ts';
import { offerId, ownStore } from './campaign.ts';
import type { MemberList } from './chain.ts';
import { type Chance, chanceOf } from './chance.ts';
import { channels, classes, diets, products, regions, segments, tiers } from './shop.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Zurich's clock changed at 01:00 UTC on this day. */
const winterFrom = Date.UTC(2026, 9, 25, 1);
const opens = Date.UTC(2026, 10, 21, 6, 30);
const closes = Date.UTC(2026, 10, 21, 19);

/**
 * The same sales for the same bundle and count, in order of time; the first has one line, the second 150.
 * @param bundle whose coupons the members have had
 * @param lists of members that headquarters worked out
 */
export function salesOf(count: number, bundle: Bundle, lists: readonly MemberList[] = []): Sale[] {
  const chance = chanceOf(99);
  const leases = Object.fromEntries(
    bundle.offers.flatMap(({ id, caps }) =>
      caps?.some(({ scope }) => scope === 'global') && chance.happens(0.9)
        ? [[id, { lease: chance.between(1, 40) }]]
        : [],
    ),
  );
  const bySegment = offersBySegment(bundle);
  return Array.from({ length: count }, (_, index) => {
    const now = opens + Math.floor(((closes - opens) * index) / count);
    const lines =
      index < 2 ? (index === 0 ? 1 : 150) : Math.min(150, 1 + Math.floor(-Math.log(1 - chance.share()) * 19.5));
    const guest = chance.happens(0.05);
    const member = memberOf(index, lists, chance);
    const sale: Sale = {
      saleId: `S${index}`,
      storeId: ownStore,
      tillId: '3',
      at: instant(now),
      lines: Array.from({ length: lines }, (_each, position) => lineOf(position, chance)),
      ...(!guest && { member, history: historyOf(now, index, bySegment(member), chance) }),
      counters: leases,
    };
    const checked = validateSale(sale);
    if (!checked.ok) throw new Error(JSON.stringify(checked.faults.slice(0, 5)));
    return checked.sale;
  });
}

function lineOf(position: number, chance: Chance): SaleLine {
  const product = products[chance.zipf(products.length)] as (typeof products)[number];
  const { gtin, category, brand, price } = product;
  const weighed = chance.happens(0.06);
  const pieces = chance.happens(0.75) ? 1 : chance.between(2, 4);
  return {
    lineId: String(position + 1),
    gtin,
    ...(weighed
      ? { quantity: `0.${chance.between(100, 999)}`, unit: 'kg', amount: Math.round(price * 0.6) }
      : { quantity: String(pieces), unit: 'ea', amount: price * pieces }),
    category,
    brand,
    // Deposits and goods taken back count nowhere.
    ...(chance.happens(0.02) && { discountable: false }),
  };
}

function memberOf(index: number, lists: readonly MemberList[], chance: Chance): Member {
  // Some segments hold a third of all members, most a few in a hundred.
  const own = new Set(
    Array.from(
      { length: chance.between(6, 20) },
      () => segments[Math.floor(segments.length * chance.share() ** 1.4)] ?? '',
    ),
  );
  const listed = lists.flatMap(({ id, reach }) => (chance.happens(reach) ? [id] : []));
  return {
    id: `m${index}`,
    household: `h${index}`,
    segments: [...own, ...listed],
    tier: chance.one([tiers[0], tiers[0], tiers[0], tiers[1], tiers[2]]),
    points: chance.below(6000),
    joined: date(opens - chance.between(0, 3000) * dayMs),
    ...(chance.happens(0.8) && {
      birthday: `19${chance.between(40, 99)}-${two(chance.between(1, 12))}-${two(chance.between(1, 28))}`,
    }),
    language: chance.happens(0.7) ? 'de' : 'fr',
    consents: ['coupons', ...(chance.happens(0.6) ? ['personal'] : []), ...(chance.happens(0.5) ? ['partners'] : [])],
    attributes: {
      region: chance.one(regions),
      channel: chance.one(channels),
      postcode: chance.between(1000, 9999),
      'spend-90d': chance.between(0, 300_000),
      'visits-90d': chance.between(0, 30),
      churn: chance.between(0, 100),
      ...(chance.happens(0.4) && { diet: chance.some(diets, chance.between(1, 2)) }),
      ...(chance.happens(0.6) && { children: chance.between(0, 4) }),
      ...(chance.happens(0.7) && { car: chance.happens(0.6) }),
    },
    activated: [],
  };
}

function historyOf(now: number, index: number, offer: (chance: Chance) => string, chance: Chance): History {
  const trips = chance.between(0, 10);
  return {
    coupons: Array.from({ length: chance.between(0, 16) }, (_, place) =>
      couponOf(now, `m${index}-${place}`, offer(chance), chance),
    ),
    householdCoupons: Array.from({ length: chance.between(0, 5) }, (_, place) =>
      couponOf(now, `h${index}-${place}`, offer(chance), chance),
    ),
    bought: Array.from({ length: trips }, (_, trip) => {
      const at = instant(now - chance.between(1, 56 * 24) * hourMs);
      return Array.from({ length: 1 + chance.below(20) }, () => {
        const { gtin, category, brand } = products[chance.zipf(products.length)] as (typeof products)[number];
        return { ...(chance.happens(0.9) && { saleId: `T${index}-${trip}` }), at, gtin, category, brand };
      });
    }).flat(),
  };
}

function couponOf(now: number, serial: string, offer: string, chance: Chance): CouponHistory {
  const issued = now - Math.floor(60 * dayMs * chance.share() ** 2);
  const redeemed = issued + Math.floor(20 * dayMs * chance.share());
  return {
    offer,
    serial,
    issuedAt: instant(issued),
    expiresAt: instant(issued + 14 * dayMs),
    redeemedAt: redeemed < now && chance.happens(0.3) ? instant(redeemed) : null,
    ...(chance.happens(0.2) && { class: chance.one(classes) }),
  };
}

/** What a member may have had: mostly offers that name one of the member's segments, else any by Zipf. */
function offersBySegment(bundle: Bundle): (member: Member) => (chance: Chance) => string {
  const naming = new Map<string, string[]>();
  for (const { id, audience } of bundle.offers)
    for (const segment of new Set(JSON.stringify(audience ?? {}).match(/(seg|list)-\d+/g) ?? [])) {
      const others = naming.get(segment);
      if (others === undefined) naming.set(segment, [id]);
      else others.push(id);
    }
  return member => {
    const near = (member.segments ?? []).flatMap(segment => naming.get(segment) ?? []);
    return chance =>
      near.length > 0 && chance.happens(0.7) ? chance.one(near) : offerId(chance.zipf(bundle.offers.length));
  };
}

/** RFC 3339 with Zurich's offset, whole seconds. */
function instant(ms: number): string {
  const offset = ms < winterFrom ? 2 : 1;
  return `${new Date(ms + offset * hourMs).toISOString().slice(0, 19)}+0${offset}:00`;
}

function date(ms: number): string {
  return instant(ms).slice(0, 10);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
