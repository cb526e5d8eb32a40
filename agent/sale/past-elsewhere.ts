/** What HQ knows of a member's past, put together with what this till saw itself: each coupon and each sale once. */
import { parseInstant } from '../offers/time.ts';
import type { BoughtProduct, CouponHistory, History } from '../offers/types.ts';
import type { MemberRecord, Store } from '../store/index.ts';

export type PastElsewhere = Pick<MemberRecord, 'coupons' | 'bought'>;

/**
 * @param own this till's history, with what the store's other tills told
 * @param past HQ's, as of some moment
 */
export function mergedHistory(own: History, past: PastElsewhere | null, sinceMs: number, store: Store): History {
  const { coupons = [], bought = [] } = past ?? {};
  if (coupons.length === 0 && bought.length === 0) return own;
  return {
    ...own,
    ...(own.bought === undefined ? {} : { bought: withBought(own.bought, bought, sinceMs, store) }),
    coupons: withCoupons(own.coupons ?? [], coupons, sinceMs, store),
  };
}

function withCoupons(
  own: readonly CouponHistory[],
  told: NonNullable<PastElsewhere['coupons']>,
  sinceMs: number,
  store: Store,
): readonly CouponHistory[] {
  const bySerial = new Map(told.map(coupon => [coupon.serial, coupon]));
  // Redeemed in another store: HQ may have heard of it, this store never does.
  const known = own.map(coupon => {
    const redeemedAt = coupon.serial === undefined ? undefined : bySerial.get(coupon.serial)?.redeemedAt;
    return redeemedAt === undefined || (coupon.redeemedAt ?? null) !== null ? coupon : { ...coupon, redeemedAt };
  });
  // What the book has and the history leaves out was voided here.
  const others = told.filter(
    ({ serial, issuedAt }) =>
      (parseInstant(issuedAt) ?? 0) >= sinceMs && (serial === undefined || store.coupons.get(serial) === null),
  );
  return [...known, ...others];
}

function withBought(
  own: readonly BoughtProduct[],
  told: NonNullable<PastElsewhere['bought']>,
  sinceMs: number,
  store: Store,
): readonly BoughtProduct[] {
  const sales = new Set(own.map(({ saleId }) => saleId));
  const home = `${store.address.store}/`;
  const others = told.flatMap(({ saleId, ...rest }) => {
    if ((parseInstant(rest.at) ?? 0) < sinceMs) return [];
    if (saleId === undefined) return [rest];
    // Here a sale goes by till and id alone.
    const here = saleId.startsWith(home) ? saleId.slice(home.length) : saleId;
    return sales.has(here) ? [] : [{ ...rest, saleId: here }];
  });
  return [...own, ...others];
}
