/**
 * What a sale comes to right now: the evaluator's decision on what the till knows, with the coupons that this till may take.
 * It never fails: without a bundle, or if the evaluator breaks, the sale goes on without offers.
 */
import type { Clock } from '../../clock.ts';
import { type Claims, type Leases, offlineAnswer, type Tokens } from '../coupons/index.ts';
import type { MadeDecision } from '../offers/index.ts';
import { formatInstant, parseInstant } from '../offers/time.ts';
import type { Decision, Member, PresentedCoupon, Rejected, Sale } from '../offers/types.ts';
import { zoneOf } from '../offers/zone.ts';
import type { CouponRow, SaleRow, Store } from '../store/index.ts';
import { type ActiveBundle, couponTerms } from './active-bundle.ts';
import type { Ahead } from './ahead.ts';
import { documentOf, type Moment } from './document.ts';
import { countOn, unitsFor, withUnits } from './leasing.ts';

/** Why this till does not even ask the evaluator about a coupon. */
export type Withheld =
  | { readonly reason: 'coupon-used'; readonly coupon: CouponRow }
  | { readonly reason: 'coupon-voided' }
  | { readonly reason: 'coupon-reserved'; readonly till: string }
  | { readonly reason: 'coupon-offline'; readonly upTo: number | null };

export type Evaluation = {
  readonly document: Sale;
  readonly decision: Decision;
  readonly member: Member | null;
  /** False: no bundle or a broken evaluator; the decision gives nothing. */
  readonly decided: boolean;
  readonly withheld: ReadonlyMap<string, Withheld>;
};

/** A coupon in the customer's hand, not yet taken into the sale. */
export type Candidate = { readonly coupon: CouponRow; readonly verified: boolean };

export type EvaluationParts = {
  readonly store: Store;
  readonly bundles: ActiveBundle;
  readonly ahead: Ahead;
  readonly claims: Claims;
  readonly leases: Leases;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
};

/** @param at when the sale ends, as the POS says it; absent: now */
export function evaluate(parts: EvaluationParts, sale: SaleRow, at?: string, candidate?: Candidate): Evaluation {
  const active = parts.bundles.active();
  const moment = momentOf(parts, at);
  const customer = parts.ahead.customer(sale.memberId, active, moment.ms);
  const member = customer?.member ?? null;
  if (active === null) return without(sale, moment, member, parts);
  const withheld = new Map<string, Withheld>();
  let usable = handedOver(parts, sale, candidate).filter(({ coupon, verified }) => {
    const why = withholding(parts, coupon, verified);
    if (why !== null) withheld.set(coupon.serial, why);
    return why === null;
  });
  try {
    const units = unitsFor(parts, sale.saleId, active, moment.ms);
    for (;;) {
      const presented = usable.map(({ coupon }) => presentedCoupon(coupon, member, parts.tokens));
      const document = withUnits(documentOf(sale, moment, customer, presented, active, parts.store), units);
      const decision = parts.ahead.decide(active, document);
      const tooMuch = usable.filter(({ coupon, verified }) => {
        const policy = couponTerms(active.offers.get(coupon.offer), coupon.variant)?.offline;
        if (verified || policy === undefined) return false;
        const answer = offlineAnswer(policy, amountOf(decision, coupon.serial));
        if (!answer.take) withheld.set(coupon.serial, { reason: 'coupon-offline', upTo: answer.upTo });
        return !answer.take;
      });
      if (tooMuch.length === 0) {
        if (sale.state === 'open' && candidate === undefined) countOn(parts, active, document, decision, units);
        return { document, decision, member, decided: true, withheld };
      }
      usable = usable.filter(entry => !tooMuch.includes(entry));
    }
  } catch (error) {
    parts.onFault(error);
    return { ...without(sale, moment, member, parts), withheld };
  }
}

/** Why a presented coupon does not count; undefined if it does. */
export function couponRefusal(decision: Decision, serial: string): Rejected | undefined {
  // A decision just made knows this of its coupons without looking at all offers.
  const refused = 'refusedCoupons' in decision ? (decision as MadeDecision).refusedCoupons : decision.rejected;
  return refused.find(of => of.serial === serial);
}

/** Offers up to which a decision is kept and told with every reason; beyond, `explain` tells them. */
const mostReasons = 200;

/** A decision as it is stored and answered: with fewer coupons where some could not be made, and reasons within measure. */
export function settled(decision: Decision, issue: Decision['issue'], offers: number): Decision {
  const { saleId, bundle, total, applied, points, suppressed } = decision;
  const all = offers <= mostReasons || !('refusedCoupons' in decision);
  const rejected = all ? decision.rejected : (decision as MadeDecision).refusedCoupons;
  return { saleId, bundle, total, applied, points, issue, suppressed, rejected };
}

/** What a coupon took off, minor units. */
export function amountOf(decision: Decision, serial: string): number {
  return decision.applied.reduce((sum, { serial: of, amount }) => (of === serial ? sum + amount : sum), 0);
}

function handedOver(parts: EvaluationParts, sale: SaleRow, candidate: Candidate | undefined): readonly Candidate[] {
  const taken = parts.store.sales.presented(sale.saleId).flatMap(row => {
    const coupon = parts.store.coupons.get(row.serial);
    return coupon === null ? [] : [{ coupon, verified: row.verified || coupon.till !== null }];
  });
  return candidate === undefined ? taken : [...taken, candidate];
}

function withholding(parts: EvaluationParts, coupon: CouponRow, verified: boolean): Withheld | null {
  if (coupon.state === 'redeemed') return { reason: 'coupon-used', coupon };
  if (coupon.state === 'voided') return { reason: 'coupon-voided' };
  const rival = parts.claims.rival(coupon.serial);
  if (rival !== null) return { reason: 'coupon-reserved', till: rival.till };
  if (verified) return null;
  const terms = couponTerms(parts.bundles.active()?.offers.get(coupon.offer), coupon.variant);
  const answer = terms === null ? null : offlineAnswer(terms.offline, null);
  return answer === null || answer.take ? null : { reason: 'coupon-offline', upTo: null };
}

function presentedCoupon(coupon: CouponRow, member: Member | null, tokens: Tokens): PresentedCoupon {
  const { offer, serial, variant, validFrom, validTo } = coupon;
  const household = holderOf(coupon, member, tokens);
  return { offer, serial, variant, validFrom, validTo, ...(household === null ? {} : { household }) };
}

/** To whom it is bound. A token says so only as a hash: it is the member in front of the till, or nobody known. */
function holderOf(coupon: CouponRow, member: Member | null, tokens: Tokens): string | null {
  if (coupon.boundTo !== null || coupon.binding === null) return coupon.boundTo;
  for (const holder of [member?.household, member?.id])
    if (holder !== undefined && tokens.binds(coupon.binding, holder)) return holder;
  return `#${coupon.binding}`;
}

function momentOf(parts: EvaluationParts, at: string | undefined): Moment {
  const given = at === undefined ? null : parseInstant(at);
  const ms = given ?? parts.clock.now();
  const zone = zoneOf(parts.bundles.active()?.bundle.timezone ?? parts.store.timeZone);
  return { at: given === null || at === undefined ? formatInstant(ms, zone) : at, ms };
}

function without(sale: SaleRow, moment: Moment, member: Member | null, parts: EvaluationParts): Evaluation {
  const initial = sale.lines.reduce((sum, line) => sum + line.amount, 0);
  const active = parts.bundles.active();
  return {
    document: {
      saleId: sale.saleId,
      storeId: parts.store.address.store,
      tillId: parts.store.address.till,
      at: moment.at,
      lines: sale.lines,
    },
    decision: {
      saleId: sale.saleId,
      bundle: active?.ref ?? { id: '', version: 0 },
      total: { initial, discount: 0, net: initial },
      applied: [],
      points: null,
      issue: [],
      suppressed: [],
      rejected: [],
    },
    member,
    decided: false,
    withheld: new Map(),
  };
}
