/**
 * The fact: a sale is completed. Sale, coupons, print journal, points, counters and outbox go to disk in one transaction; what
 * the POS is answered is on disk before it is answered.
 */
import { createHash } from 'node:crypto';
import { isTillsideError, TillsideError } from '../../errors.ts';
import type { CompletePost } from '../api/wire.ts';
import { benefitText, canSay, textsIn } from '../coupons/index.ts';
import { expiresAt } from '../offers/index.ts';
import { parseInstant } from '../offers/time.ts';
import type { Decision, Issue } from '../offers/types.ts';
import type { CouponRow, SaleRow } from '../store/index.ts';
import { type Active, benefitOf, couponTerms } from './active-bundle.ts';
import { amountOf, type Evaluation, evaluate, settled } from './evaluation.ts';
import { spendApplied, spendIssued } from './leasing.ts';
import type { SaleParts } from './parts.ts';
import { linesOf } from './view.ts';

export type Completed = {
  readonly sale: SaleRow;
  readonly evaluation: Evaluation;
  readonly serials: readonly string[];
  /** Coupons handed over that did not count and go back to the customer. */
  readonly returned: readonly string[];
  /** False: it was completed before, and this is the first answer. */
  readonly fresh: boolean;
};

/**
 * Completes a sale, or gives the first answer again.
 * @throws TillsideError `not-found`, `sale-state` (voided), `conflict` (completed with other content), `request-invalid`
 */
export function completeSale(parts: SaleParts, saleId: string, post: CompletePost): Completed {
  const { store } = parts;
  const completedMs = parseInstant(post.completedAt);
  if (completedMs === null) {
    throw new TillsideError('request-invalid', 'completedAt is not an instant of RFC 3339 with offset.', {
      faults: [{ pointer: '/completedAt', message: 'not an instant of RFC 3339 with offset' }],
    });
  }
  const sale = store.sales.get(saleId);
  if (sale === null) throw new TillsideError('not-found', `There is no sale ${saleId}.`);
  const request = digestOf(post);
  if (sale.state === 'completed') {
    if (sale.request !== request)
      throw new TillsideError('conflict', `Sale ${saleId} was completed before with another total, time or tender.`);
    const serials = store.sales.outcome(saleId)?.serials ?? [];
    return { sale, evaluation: storedEvaluation(parts, sale), serials, returned: [], fresh: false };
  }
  if (sale.state === 'voided') throw new TillsideError('sale-state', `Sale ${saleId} was voided.`);

  const wanted = evaluate(parts, sale, post.completedAt);
  const active = wanted.decided ? parts.bundles.active() : null;
  const bundle = active?.ref ?? null;
  return store.transaction(() => {
    const facts: SaleFacts = { saleId, at: post.completedAt, ms: completedMs };
    const { coupons, failed } = issueCoupons(parts, wanted, facts, active);
    const serials = coupons.map(coupon => coupon.serial);
    const issue = wanted.decision.issue.filter(one => !failed.includes(one));
    const evaluation = { ...wanted, decision: settled(wanted.decision, issue, active?.offers.size ?? 0) };
    const { decision } = evaluation;
    store.sales.complete({
      saleId,
      completedAt: post.completedAt,
      completedMs,
      request,
      posTotal: post.total,
      document: JSON.stringify(evaluation.document),
      decision: JSON.stringify({ decided: evaluation.decided, decision }),
      serials,
    });
    store.outbox.append('sale.completed', saleBody(parts, sale, post, evaluation, serials), bundle);
    const returned = settlePresented(parts, evaluation, facts, bundle);
    for (const coupon of coupons) parts.book.tellIssued(coupon, bundle);
    for (const { offer, phase, serial } of decision.suppressed) {
      const body = { offer, phase, saleId, member: evaluation.member?.id ?? null, serial: serial ?? null };
      store.outbox.append('coupon.suppressed', body, bundle);
    }
    if (failed.length > 0) {
      const of = failed.map(({ offer, validFrom, validTo }) => ({ offer, validFrom, validTo }));
      store.outbox.append('till.note', { note: 'coupons-failed', saleId, coupons: of }, bundle);
    }
    recordApplications(parts, evaluation, facts);
    if (active !== null) spendApplied(parts, active, decision, facts);
    store.afterCommit(() => parts.leases.release(saleId));
    recordMember(parts, sale, evaluation, facts, bundle);
    const completed = store.sales.get(saleId) ?? sale;
    return { sale: completed, evaluation, serials, returned, fresh: true };
  });
}

/** The decision as it was taken, for views and explanations after completion. */
export function storedEvaluation(parts: SaleParts, sale: SaleRow): Evaluation {
  const outcome = parts.store.sales.outcome(sale.saleId);
  if (outcome === null) return evaluate(parts, sale);
  const { decided, decision } = JSON.parse(outcome.decision) as { decided: boolean; decision: Decision };
  const document = outcome.document === null ? null : (JSON.parse(outcome.document) as Evaluation['document']);
  return {
    document: document ?? { saleId: sale.saleId, storeId: parts.store.address.store, at: sale.startedAt, lines: [] },
    decision,
    member: document?.member ?? null,
    decided,
    withheld: new Map(),
  };
}

type SaleFacts = { readonly saleId: string; readonly at: string; readonly ms: number };
type BundleRef = { readonly id: string; readonly version: number } | null;

/** What makes two requests the same: their content, in one form. */
function digestOf({ completedAt, total, tenders }: CompletePost): string {
  const content = [completedAt, total, (tenders ?? []).map(({ type, amount }) => [type, amount])];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

const ofTheDisk: ReadonlySet<string> = new Set(['disk-full', 'disk-failed', 'store-damaged']);

/** A customer at the till must not wait for a coupon: one that can't be written is left out, and the sale completes. */
function issueCoupons(
  parts: SaleParts,
  evaluation: Evaluation,
  facts: SaleFacts,
  active: Active | null,
): { readonly coupons: readonly CouponRow[]; readonly failed: readonly Issue[] } {
  const coupons: CouponRow[] = [];
  const failed: Issue[] = [];
  if (active === null) return { coupons, failed };
  for (const issue of evaluation.decision.issue) {
    try {
      if (!canSay(issue.validFrom, issue.validTo)) failed.push(issue);
      else coupons.push(parts.store.attempt(() => issueCoupon(parts, issue, evaluation, facts, active)));
    } catch (error) {
      // A disk that takes nothing takes no sale either; SQLite may have rolled back all of it already.
      if (isTillsideError(error) && ofTheDisk.has(error.code)) throw error;
      parts.onFault(error);
      failed.push(issue);
    }
  }
  return { coupons, failed };
}

function issueCoupon(
  parts: SaleParts,
  issue: Issue,
  { member }: Evaluation,
  facts: SaleFacts,
  active: Active,
): CouponRow {
  const offer = active.offers.get(issue.offer);
  const terms = couponTerms(offer, issue.variant);
  if (offer === undefined || terms === null)
    throw new Error(`offer ${issue.offer} was decided to print and has no coupon`);
  const { currency, defaultLanguage } = active.bundle;
  const texts = textsIn(terms, member?.language, defaultLanguage);
  const large = benefitText(benefitOf(offer, issue.variant), texts.language, currency, issue.title);
  const coupon = parts.book.issue({
    offer: issue.offer,
    variant: issue.variant,
    class: offer.contact?.class ?? null,
    saleId: facts.saleId,
    memberId: member?.id ?? null,
    household: member?.household ?? null,
    bearer: terms.bearer === true || member === null,
    issuedAt: facts.at,
    issuedMs: facts.ms,
    expiresMs: Date.parse(expiresAt(issue.validTo, active.bundle.timezone)) + 1000,
    texts: { ...texts, title: issue.title, ...(large === null ? {} : { benefitText: large }) },
    barcode: terms.barcode,
    ...(terms.image === undefined ? {} : { image: terms.image }),
    validFrom: issue.validFrom,
    validTo: issue.validTo,
  });
  spendIssued(parts, active, coupon, facts);
  return coupon;
}

/** Coupons that counted are redeemed; the others are free again. Returns those. */
function settlePresented(
  parts: SaleParts,
  evaluation: Evaluation,
  facts: SaleFacts,
  bundle: BundleRef,
): readonly string[] {
  const { decision, member } = evaluation;
  const returned: string[] = [];
  for (const { serial } of parts.store.sales.presented(facts.saleId)) {
    const ofPoints = (decision.points?.offers ?? []).filter(of => of.serial === serial);
    if (ofPoints.length === 0 && !decision.applied.some(of => of.serial === serial)) {
      parts.store.coupons.release(serial);
      returned.push(serial);
      continue;
    }
    parts.book.redeem(
      serial,
      {
        saleId: facts.saleId,
        at: facts.at,
        atMs: facts.ms,
        memberId: member?.id ?? null,
        household: member?.household ?? null,
        amount: amountOf(decision, serial),
        points: ofPoints.reduce((sum, of) => sum + of.points, 0),
      },
      bundle,
    );
  }
  return returned;
}

/** What counts towards caps, besides redeemed coupons, which count by their serial. */
function recordApplications(parts: SaleParts, { decision, member }: Evaluation, facts: SaleFacts): void {
  const { store } = parts;
  const { till } = store.address;
  const without = [...decision.applied, ...(decision.points?.offers ?? [])];
  for (const [place, { offer, serial }] of without.entries()) {
    if (serial !== undefined) continue;
    store.ledger.addUsage({
      offer,
      kind: 'applied',
      key: `${till}/${facts.saleId}#${place}`,
      till,
      saleId: facts.saleId,
      memberId: member?.id ?? null,
      household: member?.household ?? null,
      atMs: facts.ms,
    });
  }
}

function recordMember(
  parts: SaleParts,
  sale: SaleRow,
  { member, decision }: Evaluation,
  facts: SaleFacts,
  bundle: BundleRef,
): void {
  if (member === null) return;
  const { store } = parts;
  const { till } = store.address;
  for (const line of sale.lines) {
    // Goods taken back in the same sale were not bought.
    if (line.quantity.startsWith('-') || line.amount < 0) continue;
    store.ledger.addPurchase({
      memberId: member.id,
      atMs: facts.ms,
      till,
      saleId: facts.saleId,
      lineId: line.lineId,
      at: facts.at,
      gtin: line.gtin ?? null,
      category: line.category ?? null,
      brand: line.brand ?? null,
    });
  }
  if (decision.points === null || decision.points.earned === 0) return;
  const { earned, balance, tierAfter } = decision.points;
  const body = { member: member.id, saleId: facts.saleId, delta: earned, balance, tier: tierAfter, at: facts.at };
  const event = store.outbox.append('points.changed', body, bundle);
  store.ledger.addPoints({
    eventId: event.id,
    memberId: member.id,
    points: earned,
    tier: tierAfter,
    // By the till's own time, which the snapshot's time is compared with.
    atMs: store.clock.now(),
    till,
    saleId: facts.saleId,
  });
}

function saleBody(
  parts: SaleParts,
  sale: SaleRow,
  post: CompletePost,
  evaluation: Evaluation,
  serials: readonly string[],
): Readonly<Record<string, unknown>> {
  const { decision, member } = evaluation;
  const sold = linesOf(sale.lines, decision);
  const notes = [
    ...(post.total === decision.total.net ? [] : ['total-mismatch']),
    ...(evaluation.decided || parts.bundles.active() === null ? [] : ['offers-failed']),
  ];
  return {
    saleId: sale.saleId,
    startedAt: sale.startedAt,
    completedAt: post.completedAt,
    ...(sale.cashier === null ? {} : { cashier: sale.cashier }),
    member: member?.id ?? null,
    household: member?.household ?? null,
    lines: sale.lines.map(({ name: _, ...line }, at) => ({
      ...line,
      discount: sold[at]?.discount ?? 0,
      net: sold[at]?.net ?? line.amount,
    })),
    total: decision.total,
    /** What the POS says that the customer paid. */
    posTotal: post.total,
    ...(notes.length === 0 ? {} : { notes }),
    applied: decision.applied,
    points: decision.points,
    coupons: serials,
    tenders: post.tenders ?? [],
  };
}
