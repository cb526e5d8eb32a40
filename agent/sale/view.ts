/** A sale as POS and screen see it: discounts on the lines they lie on, the customer, the coupons handed over and to come. */
import type { Language } from '../api/till-service.ts';
import type { CouponView, MemberView, PresentedView, SaleView } from '../api/wire.ts';
import type { Decision, Member } from '../offers/types.ts';
import type { BasketLine, CouponRow, SaleRow } from '../store/index.ts';
import { couponTerms } from './active-bundle.ts';
import { amountOf, couponRefusal, type Evaluation } from './evaluation.ts';
import type { SaleParts } from './parts.ts';
import { reasonSentence } from './reasons.ts';
import { formatsOf, sentencesIn } from './sentences.ts';

/** @param evaluation what the sale comes to now, or came to when it was completed */
export function saleView(parts: SaleParts, sale: SaleRow, evaluation: Evaluation, language: Language): SaleView {
  const { decision } = evaluation;
  const active = parts.bundles.active();
  const coupons = sale.state === 'open' ? [] : parts.store.coupons.ofSale(sale.saleId, parts.store.address.till);
  return {
    saleId: sale.saleId,
    state: sale.state,
    startedAt: sale.startedAt,
    currency: active?.bundle.currency ?? parts.currency,
    lines: linesOf(sale.lines, decision),
    total: { ...decision.total },
    applied: decision.applied.map(({ offer, amount, serial }) => ({
      offer,
      name: nameOf(parts, offer, serial),
      amount,
      serial: serial ?? null,
    })),
    member: memberViewOf(parts, evaluation, language, sale.state === 'open'),
    points:
      decision.points === null
        ? null
        : {
            earned: decision.points.earned,
            balance: decision.points.balance,
            tierBefore: decision.points.tierBefore,
            tierAfter: decision.points.tierAfter,
          },
    presented: presentedViews(parts, sale, evaluation, language),
    willPrint:
      sale.state === 'open'
        ? decision.issue.map(({ offer, title, validFrom, validTo }) => ({ offer, title, validFrom, validTo }))
        : [],
    coupons: coupons.map(coupon => couponView(coupon, parts.clock.now())),
    bundle: evaluation.decided ? { ...decision.bundle } : null,
  };
}

/** How lines come out after all discounts; also the lines of the event for HQ. */
export function linesOf(lines: readonly BasketLine[], decision: Decision): SaleView['lines'] {
  const discounts = new Map<string, number>();
  for (const application of decision.applied)
    for (const { lineId, amount } of application.lines) discounts.set(lineId, (discounts.get(lineId) ?? 0) + amount);
  return lines.map(line => {
    const discount = discounts.get(line.lineId) ?? 0;
    return {
      lineId: line.lineId,
      gtin: line.gtin ?? null,
      name: line.name ?? null,
      quantity: line.quantity,
      unit: line.unit ?? 'ea',
      amount: line.amount,
      discount,
      net: line.amount - discount,
    };
  });
}

export function couponView(coupon: CouponRow, nowMs: number): CouponView {
  return {
    serial: coupon.serial,
    offer: coupon.offer,
    title: coupon.title,
    state: coupon.state === 'issued' && coupon.expiresMs <= nowMs ? 'expired' : coupon.state,
    print: coupon.print,
    validFrom: coupon.validFrom,
    validTo: coupon.validTo,
    saleId: coupon.saleId ?? '',
    issuedAt: coupon.issuedAt ?? '',
    redeemedAt: coupon.redeemedAt,
    replacedBy: coupon.replacedBy,
    reprints: coupon.reprints,
  };
}

export function presentedView(
  parts: SaleParts,
  coupon: CouponRow,
  evaluation: Evaluation,
  language: Language,
): PresentedView {
  const { serial } = coupon;
  const { decision, withheld } = evaluation;
  const points = (decision.points?.offers ?? []).filter(of => of.serial === serial);
  const applies = decision.applied.some(of => of.serial === serial) || points.length > 0;
  const kept = withheld.get(serial);
  const rejected = couponRefusal(decision, serial);
  const reason = applies
    ? null
    : (kept?.reason ?? rejected?.reason ?? (evaluation.decided ? 'holdout' : 'bundle-none'));
  return {
    serial,
    offer: coupon.offer,
    title: titleOf(parts, coupon, language),
    applies,
    amount: amountOf(decision, serial),
    points: points.reduce((sum, of) => sum + of.points, 0),
    reason,
    message: reason === null ? null : reasonSentence(parts, { reason, coupon, withheld: kept, evaluation }, language),
  };
}

export function memberView(parts: SaleParts, member: Member, firstName: string, language: Language): MemberView {
  const { offered, points } = { offered: nextTier(parts, member), points: member.points ?? 0 };
  const messages: string[] = [];
  if (offered !== null) {
    const missing = formatsOf(language, parts.store.timeZone).count(offered.from - points);
    messages.push(sentencesIn(language).pointsToTier(missing, capitalised(offered.id)));
  }
  return { firstName, tier: member.tier ?? null, points, language: member.language ?? language, messages };
}

/** A coupon's title: as its offer says it in the cashier's language, else as it was printed. */
export function titleOf(parts: SaleParts, coupon: CouponRow, language: Language): string {
  const texts = couponTerms(parts.bundles.active()?.offers.get(coupon.offer), coupon.variant)?.texts;
  return texts?.[language]?.title ?? (coupon.title === '' ? coupon.offer : coupon.title);
}

function memberViewOf(parts: SaleParts, evaluation: Evaluation, language: Language, open: boolean): MemberView | null {
  const { member, decision } = evaluation;
  if (member === null) return null;
  const record = parts.members.byId(member.id);
  const firstName = record?.firstName ?? '';
  // How far the next tier is counts this sale already, as the points beside it do; balance and tier are its own until it is paid.
  const after = memberView(
    parts,
    decision.points === null ? member : afterSale(member, decision.points),
    firstName,
    language,
  );
  const view = open ? { ...after, points: member.points ?? 0, tier: member.tier ?? null } : after;
  const texts = decision.applied.filter(({ offer }) => {
    const benefit = parts.bundles.active()?.offers.get(offer)?.benefit;
    return benefit !== undefined && 'text' in benefit;
  });
  return { ...view, messages: [...texts.map(({ offer, serial }) => nameOf(parts, offer, serial)), ...view.messages] };
}

function afterSale(member: Member, points: NonNullable<Decision['points']>): Member {
  return { ...member, points: points.balance, ...(points.tierAfter === null ? {} : { tier: points.tierAfter }) };
}

function presentedViews(
  parts: SaleParts,
  sale: SaleRow,
  evaluation: Evaluation,
  language: Language,
): readonly PresentedView[] & PresentedView[] {
  return parts.store.sales.presented(sale.saleId).flatMap(row => {
    const coupon = parts.store.coupons.get(row.serial);
    return coupon === null ? [] : [presentedView(parts, coupon, evaluation, language)];
  });
}

function nameOf(parts: SaleParts, offer: string, serial: string | undefined): string {
  const coupon = serial === undefined ? null : parts.store.coupons.get(serial);
  if (coupon !== null && coupon.title !== '') return coupon.title;
  return parts.bundles.active()?.offers.get(offer)?.name ?? offer;
}

function nextTier(parts: SaleParts, member: Member): { id: string; from: number } | null {
  const tiers = parts.bundles.active()?.bundle.loyalty?.tiers ?? [];
  const own = tiers.find(tier => tier.id === member.tier)?.from ?? -1;
  const points = member.points ?? 0;
  return tiers.filter(tier => tier.from > points && tier.from > own).sort((a, b) => a.from - b.from)[0] ?? null;
}

function capitalised(id: string): string {
  return id.charAt(0).toUpperCase() + id.slice(1);
}
