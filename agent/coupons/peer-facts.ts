/**
 * Facts of the store's other tills, taken into this till's own store: a coupon redeemed there is refused here with date and till,
 * what a member bought there counts here. Every fact is taken in once, however often it is heard.
 */
import type { TillEvent } from '../../sync/protocol/types.ts';
import type { CouponRow, NewCoupon, Store } from '../store/index.ts';
import { printReasons, reopenCoupon, voidSuccessors } from './voiding.ts';

export type FactChanges = {
  /** Coupons whose state may have changed. */
  readonly serials: readonly string[];
  /** Coupons that two tills redeemed while they could not talk; HQ was told by a `till.note`. */
  readonly doubleRedemptions: readonly string[];
};

type Body = Readonly<Record<string, unknown>>;

const NOTHING: FactChanges = { serials: [], doubleRedemptions: [] };

/** Takes in one fact of `till`. One that can't be read changes nothing; HQ has it all the same. */
export function applyPeerFact(store: Store, till: string, event: TillEvent): FactChanges {
  const take = takers[event.type];
  if (take === undefined || till === store.address.till) return NOTHING;
  return store.transaction(() =>
    store.peers.takeFact(event.id, store.clock.now()) ? take(store, till, event) : NOTHING,
  );
}

type Taker = (store: Store, till: string, event: TillEvent) => FactChanges;

const takers: Partial<Record<TillEvent['type'], Taker>> = {
  'coupon.issued': takeIssued,
  'coupon.redeemed': takeRedeemed,
  'coupon.voided': takeVoided,
  'points.changed': takePoints,
  'sale.completed': takeSale,
  'sale.voided': takeVoidedSale,
};

function takeIssued(store: Store, till: string, event: TillEvent): FactChanges {
  const coupon = foreignCoupon(till, event.body);
  if (coupon === null) return NOTHING;
  if (!store.coupons.add(coupon)) store.coupons.complete(coupon);
  // Its void was heard first.
  if (store.coupons.get(coupon.serial)?.state === 'voided') return { serials: [coupon.serial], doubleRedemptions: [] };
  const replaces = text(event.body.replaces);
  if (replaces !== null && store.coupons.get(replaces)?.state === 'redeemed') {
    voidSuccessors(store, replaces);
    if (store.coupons.get(coupon.serial)?.state === 'voided')
      return { serials: [coupon.serial], doubleRedemptions: [] };
  }
  store.ledger.addUsage({
    offer: coupon.offer,
    kind: 'issued',
    key: coupon.serial,
    till,
    saleId: coupon.saleId ?? '',
    memberId: coupon.memberId,
    household: coupon.household,
    atMs: coupon.issuedMs ?? Date.parse(event.at),
  });
  return { serials: [coupon.serial], doubleRedemptions: [] };
}

function takeRedeemed(store: Store, till: string, event: TillEvent): FactChanges {
  const { body } = event;
  const serial = text(body.serial);
  const offer = text(body.offer);
  const saleId = text(body.saleId);
  if (serial === null || offer === null || saleId === null) return NOTHING;
  if (store.peers.isVoided(till, saleId)) {
    store.peers.release(serial, till);
    return { serials: [serial], doubleRedemptions: [] };
  }
  const at = text(body.at) ?? event.at;
  const atMs = Date.parse(at);
  if (store.coupons.get(serial) === null) {
    // Redeemed there before its issue was heard of here: an own row without issuer, to be completed when that comes.
    const coupon = foreignCoupon(till, { ...body, issuedAt: null, saleId: null, member: null, household: null });
    if (coupon === null) return NOTHING;
    store.coupons.add({ ...coupon, till: null });
  }
  const known = store.coupons.get(serial);
  if (known === null) return NOTHING;
  store.ledger.addUsage({
    offer,
    kind: 'applied',
    key: known.state === 'redeemed' ? `${serial} ${till}` : serial,
    till,
    saleId,
    memberId: text(body.member),
    household: text(body.household),
    atMs,
  });
  store.peers.releaseAll(serial);
  if (known.state !== 'redeemed') {
    if (known.state === 'voided') {
      noteSpentVoided(store, known, till, event);
      if (!printReasons.has(known.voidReason ?? '')) store.coupons.revoke(serial, known.voidReason ?? 'voided');
    }
    store.coupons.redeem(serial, { at, atMs, till, saleId });
    return { serials: [serial, ...voidSuccessors(store, serial)], doubleRedemptions: [] };
  }
  store.outbox.append('till.note', {
    note: 'double-redemption',
    serial,
    offer,
    redemptions: [
      { till: known.redeemedTill, saleId: known.redeemedSale, at: known.redeemedAt },
      { till, saleId, at },
    ],
  });
  // Both are kept; the earlier one shows, as at the other till.
  store.coupons.redeem(serial, { at, atMs, till, saleId });
  return { serials: [serial], doubleRedemptions: [serial] };
}

function takeVoided(store: Store, till: string, event: TillEvent): FactChanges {
  const serial = text(event.body.serial);
  if (serial === null) return NOTHING;
  const known = store.coupons.get(serial);
  if (known === null) {
    const today = event.at.slice(0, 10);
    // Heard out of order: remembered as voided, so that a slip of it is refused.
    const coupon = foreignCoupon(till, { validFrom: today, validTo: today, ...event.body });
    if (coupon === null) return NOTHING;
    store.coupons.add(coupon);
  }
  const reason = text(event.body.reason) ?? 'voided';
  const successor = text(event.body.replacedBy);
  if (successor !== null) store.coupons.replacedBy(serial, successor);
  if (known?.state === 'redeemed') {
    noteSpentVoided(store, known, till, event);
    // Spent, it did come out: of a void for print's sake nothing is left.
    if (!printReasons.has(reason)) store.coupons.revoke(serial, reason);
    return { serials: [serial, ...voidSuccessors(store, serial)], doubleRedemptions: [] };
  }
  store.coupons.void(serial, reason);
  if (known !== null) store.ledger.removeUsage(known.offer, 'issued', serial);
  return { serials: [serial], doubleRedemptions: [] };
}

function takePoints(store: Store, till: string, event: TillEvent): FactChanges {
  const memberId = text(event.body.member);
  const points = event.body.delta;
  if (memberId === null || !Number.isSafeInteger(points)) return NOTHING;
  store.ledger.addPoints({
    eventId: event.id,
    memberId,
    points: Number(points),
    tier: text(event.body.tier),
    atMs: Date.parse(text(event.body.at) ?? event.at),
    till,
    saleId: text(event.body.saleId) ?? '',
  });
  return NOTHING;
}

function takeSale(store: Store, till: string, event: TillEvent): FactChanges {
  const { body } = event;
  const saleId = text(body.saleId);
  if (saleId === null || store.peers.isVoided(till, saleId)) return NOTHING;
  const at = text(body.completedAt) ?? event.at;
  const atMs = Date.parse(at);
  const memberId = text(body.member);
  const lines = records(body.lines);
  for (const line of memberId === null ? [] : lines) {
    if (String(line.quantity).startsWith('-')) continue;
    store.ledger.addPurchase({
      memberId: memberId ?? '',
      atMs,
      till,
      saleId,
      lineId: text(line.lineId) ?? '',
      at,
      gtin: text(line.gtin),
      category: text(line.category),
      brand: text(line.brand),
    });
  }
  for (const [place, application] of records(body.applied).entries()) {
    const offer = text(application.offer);
    // Redeemed coupons come as facts of their own.
    if (offer === null || typeof application.serial === 'string') continue;
    const household = text(body.household);
    store.ledger.addUsage({
      offer,
      kind: 'applied',
      key: `${till}/${saleId}#${place}`,
      till,
      saleId,
      memberId,
      household,
      atMs,
    });
  }
  return NOTHING;
}

function takeVoidedSale(store: Store, till: string, event: TillEvent): FactChanges {
  const saleId = text(event.body.saleId);
  if (saleId === null) return NOTHING;
  store.ledger.removePurchases(saleId, till);
  store.ledger.removeUsageOfSale(saleId, till);
  // Its coupons and what it redeemed may be heard of only after this.
  store.peers.voidSale(till, saleId, store.clock.now());
  for (const coupon of store.coupons.ofSale(saleId, till))
    if (coupon.state === 'redeemed') store.coupons.revoke(coupon.serial, 'sale-voided');
  const reopened = store.coupons.redeemedIn(saleId, till);
  for (const coupon of reopened) reopenCoupon(store, coupon.serial, till, saleId);
  return { serials: reopened.map(coupon => coupon.serial), doubleRedemptions: [] };
}

/** A voided coupon that was spent while the tills could not talk. */
function noteSpentVoided(store: Store, coupon: CouponRow, till: string, event: TillEvent): void {
  const { serial, offer, voidReason } = coupon;
  store.outbox.append('till.note', { note: 'voided-coupon-spent', serial, offer, voidReason, till, fact: event.id });
}

function foreignCoupon(till: string, body: Body): NewCoupon | null {
  const serial = text(body.serial);
  const offer = text(body.offer);
  const validFrom = text(body.validFrom);
  const validTo = text(body.validTo);
  if (serial === null || offer === null || validFrom === null || validTo === null) return null;
  const issuedAt = text(body.issuedAt);
  const expires = text(body.expiresAt);
  const expiresMs = Date.parse(expires ?? `${validTo}T23:59:59.999Z`);
  const bearer = text(body.binding) === null;
  return {
    serial,
    offer,
    variant: text(body.variant),
    title: text(body.title) ?? '',
    class: text(body.class),
    till,
    saleId: text(body.saleId),
    memberId: text(body.member),
    household: text(body.household),
    boundTo: bearer ? null : (text(body.household) ?? text(body.member)),
    binding: text(body.binding),
    validFrom,
    validTo,
    issuedAt,
    issuedMs: issuedAt === null ? null : Date.parse(issuedAt),
    expiresMs,
    state: 'issued',
    // What came out there is that till's to know.
    print: 'unknown',
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function records(value: unknown): readonly Body[] {
  if (!Array.isArray(value)) return [];
  return value.filter((entry): entry is Body => typeof entry === 'object' && entry !== null);
}
