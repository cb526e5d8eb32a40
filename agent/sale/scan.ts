/** Whatever was scanned: what it is, and a member or coupon taken into the sale. */

import { symbologyNamed } from '../../drivers/scanner/aim.ts';
import { classify } from '../../drivers/scanner/codes.ts';
import type { ScannedCode } from '../../drivers/scanner/types.ts';
import type { MemberFacts } from '../../sync/protocol/members-facts.ts';
import type { Language } from '../api/till-service.ts';
import type { ScanAnswer, ScanPost } from '../api/wire.ts';
import { parseSerial, serialOfNumber, serialsOfEan } from '../coupons/index.ts';
import { expiresAt } from '../offers/index.ts';
import type { CouponRow, MemberRecord, NewCoupon, SaleRow } from '../store/index.ts';
import { asEvaluated } from '../store/index.ts';
import { couponTerms } from './active-bundle.ts';
import { type Candidate, couponRefusal, type Evaluation, evaluate } from './evaluation.ts';
import type { SaleParts } from './parts.ts';
import { isFinal, type Refusal, reasonSentence } from './reasons.ts';
import { sentencesIn } from './sentences.ts';
import { memberView, presentedView, saleView, titleOf } from './view.ts';

/** What a scan came to, in no language yet. */
export type ScanOutcome =
  | { readonly kind: 'member'; readonly record: MemberRecord; readonly sale: Seen | null }
  | { readonly kind: 'coupon'; readonly coupon: CouponRow; readonly sale: Seen | null; readonly again: boolean }
  | { readonly kind: 'product'; readonly gtin: string }
  | { readonly kind: 'unknown'; readonly reason: UnknownReason }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

type UnknownReason = 'card-misread' | 'no-scheme' | 'product-unknown' | 'unreadable' | 'payment-card';
type Seen = { readonly row: SaleRow; readonly evaluation: Evaluation };

/** A coupon found valid so far, to be reserved. */
export type FoundCoupon = { readonly kind: 'found'; readonly candidate: Candidate; readonly known: boolean };

export function classifyScan(parts: SaleParts, scan: ScanPost, aim: string | null = null): ScannedCode {
  const schemes = parts.bundles.active()?.bundle.cardSchemes ?? [];
  return classify(
    { text: scan.code, symbology: symbologyNamed(scan.symbology), aim },
    { schemes, weighedPrefixes: parts.weighed },
  );
}

/** @param late a member whom HQ named after the customer had been taken for a guest */
export async function findMember(
  parts: SaleParts,
  card: string,
  late: (record: MemberRecord) => void = () => {},
): Promise<MemberRecord | null> {
  const known = parts.members.byCard(card);
  if (known !== null || parts.askMember === null) return known;
  const keep = (facts: MemberFacts) => parts.members.putAnswer(facts, parts.clock.now());
  try {
    const answer = await parts.askMember(card, facts => late(keep(facts)));
    return answer === null ? null : keep(answer);
  } catch (error) {
    parts.onFault(error);
    return null;
  }
}

/** What `findCoupon` finds this product's coupon by; null: the code is another issuer's. */
export function ownCoupon(parts: SaleParts, scanned: Extract<ScannedCode, { kind: 'coupon' }>): string | null {
  const { form, code } = scanned;
  if (form === 'token') return code;
  if (form === 'number') return serialOfNumber(code);
  const range = form === 'ean-98-99' ? serialsOfEan(code) : null;
  if (range === null) return null;
  const active = parts.bundles.active();
  // Ten digits are soon guessed: they stand for no coupon but those that bear them.
  const bearing = parts.store.coupons
    .within(range)
    .filter(
      ({ offer, variant }) => active === null || couponTerms(active.offers.get(offer), variant)?.barcode === 'ean13',
    );
  const ours = bearing.length > 0 || active?.bundle.offers.some(({ coupon }) => coupon?.barcode === 'ean13') === true;
  if (!ours) return null;
  const open = bearing.filter(({ state }) => state === 'issued' || state === 'reserved');
  // Two tills that didn't hear each other may have drawn the same digits: then the serial has to be typed. The EAN itself finds nothing.
  return open.length > 1 ? code : ((open[0] ?? bearing[0])?.serial ?? code);
}

/** The coupon that a code names: from the book, or from its own token. Nothing is written. */
export async function findCoupon(parts: SaleParts, code: string): Promise<FoundCoupon | ScanOutcome> {
  const content = parts.tokens.read(code);
  const serial = content?.serial ?? parseSerial(code);
  const refused = (reason: string, coupon: CouponRow | null = null): ScanOutcome => ({
    kind: 'refused',
    refusal: { reason, coupon },
  });
  if (serial === null) return refused('coupon-unknown');
  const known = parts.store.coupons.get(serial);
  // Only the seal makes a coupon that this till never heard of.
  if (known === null && content === null) return refused('coupon-unknown');
  const active = parts.bundles.active();
  if (active === null) return refused('bundle-none', known);
  const coupon =
    known ??
    (content === null
      ? null
      : withoutIssuer(content, Date.parse(expiresAt(content.validTo, active.bundle.timezone)) + 1000));
  if (coupon === null || couponTerms(active.offers.get(coupon.offer), coupon.variant) === null)
    return refused('coupon-unknown', coupon);
  let verified = coupon.till !== null;
  if (!verified && parts.askCoupon !== null) {
    const answer = await parts.askCoupon(serial).catch(() => null);
    if (answer === false) return refused('coupon-used', coupon);
    verified = answer === true;
  }
  return { kind: 'found', candidate: { coupon, verified }, known: known !== null };
}

/** Reserves the coupon for the sale, if it can count there now or later. One transaction. */
export function takeCoupon(parts: SaleParts, sale: SaleRow, found: FoundCoupon): ScanOutcome {
  const { store } = parts;
  const { serial } = found.candidate.coupon;
  const coupon = store.coupons.get(serial) ?? found.candidate.coupon;
  const held = store.sales.holder(serial);
  if (held?.saleId === sale.saleId)
    return { kind: 'coupon', coupon, sale: { row: sale, evaluation: evaluate(parts, sale) }, again: true };
  if (held !== null) return { kind: 'refused', refusal: { reason: 'coupon-reserved', coupon } };
  const evaluation = evaluate(parts, sale, undefined, { ...found.candidate, coupon });
  const withheld = evaluation.withheld.get(serial);
  const reason = withheld?.reason ?? couponRefusal(evaluation.decision, serial)?.reason ?? null;
  if (!evaluation.decided) return { kind: 'refused', refusal: { reason: 'bundle-none', coupon } };
  if (reason !== null && isFinal(reason, evaluation))
    return { kind: 'refused', refusal: { reason, coupon, withheld, evaluation } };
  const row = {
    saleId: sale.saleId,
    serial,
    at: store.instant(),
    atMs: parts.clock.now(),
    verified: found.candidate.verified,
  };
  store.transaction(() => {
    if (!found.known) store.coupons.add(asNew(coupon));
    store.sales.present(row);
    store.coupons.reserve(serial);
  });
  parts.claims.tellReserved(row);
  return { kind: 'coupon', coupon, sale: { row: sale, evaluation }, again: false };
}

export function scanAnswer(parts: SaleParts, outcome: ScanOutcome, language: Language): ScanAnswer {
  const say = sentencesIn(language);
  switch (outcome.kind) {
    case 'member': {
      const { record, sale } = outcome;
      const since = parts.store.ledger.pointsSince(record.memberId, parts.members.asOf(record.memberId));
      return {
        kind: 'member',
        message: say.greeting(record.firstName),
        member: memberView(parts, asEvaluated(record, since), record.firstName, language),
        sale: sale === null ? null : saleView(parts, sale.row, sale.evaluation, language),
      };
    }
    case 'coupon': {
      const { coupon, sale } = outcome;
      const title = titleOf(parts, coupon, language);
      if (sale === null) {
        const view = { serial: coupon.serial, offer: coupon.offer, title, applies: false, amount: 0, points: 0 };
        const message = say.couponKept(title);
        return { kind: 'coupon', message, coupon: { ...view, reason: null, message: null }, sale: null };
      }
      const view = presentedView(parts, coupon, sale.evaluation, language);
      const message = outcome.again ? say.couponAlreadyHere : (view.message ?? say.couponTaken(title));
      return { kind: 'coupon', message, coupon: view, sale: saleView(parts, sale.row, sale.evaluation, language) };
    }
    case 'product': {
      const product = parts.catalogue?.find(outcome.gtin, language) ?? null;
      if (product === null) return { kind: 'unknown', message: say.productUnknown, reason: 'product-unknown' };
      return { kind: 'product', message: product.name, product };
    }
    case 'unknown':
      return { kind: 'unknown', message: say[unknownSentences[outcome.reason]], reason: outcome.reason };
    case 'refused': {
      const { reason } = outcome.refusal;
      const message =
        reason === 'member-unknown' ? say.memberUnknown : reasonSentence(parts, outcome.refusal, language);
      return { kind: 'refused', message, reason };
    }
  }
}

/** Why a code that is neither member, coupon nor product is none. */
export function unknownOf(
  parts: SaleParts,
  code: Extract<ScannedCode, { kind: 'unknown' | 'payment-card' }>,
  text: string,
): ScanOutcome {
  if (code.kind === 'payment-card') return { kind: 'unknown', reason: 'payment-card' };
  if (code.why !== 'check-digit') return { kind: 'unknown', reason: code.why };
  const schemes = parts.bundles.active()?.bundle.cardSchemes ?? [];
  const card = schemes.some(({ prefix, length }) => text.startsWith(prefix) && text.length === length);
  return { kind: 'unknown', reason: card ? 'card-misread' : 'unreadable' };
}

const unknownSentences = {
  'card-misread': 'cardMisread',
  'no-scheme': 'noScheme',
  'product-unknown': 'productUnknown',
  unreadable: 'unreadable',
  'payment-card': 'paymentCard',
} as const;

function withoutIssuer(content: NonNullable<ReturnType<SaleParts['tokens']['read']>>, expiresMs: number): CouponRow {
  return {
    ...content,
    title: '',
    class: null,
    till: null,
    saleId: null,
    memberId: null,
    household: null,
    boundTo: null,
    issuedAt: null,
    issuedMs: null,
    expiresMs,
    state: 'issued',
    print: 'unknown',
    redeemedAt: null,
    redeemedMs: null,
    redeemedTill: null,
    redeemedSale: null,
    voidReason: null,
    replacedBy: null,
    reprints: 0,
  };
}

function asNew(coupon: CouponRow): NewCoupon {
  const { redeemedAt, redeemedMs, redeemedTill, redeemedSale, voidReason, replacedBy, reprints, ...fresh } = coupon;
  return fresh;
}
