/**
 * Goods that come back: the net price of each line, shared by quantity so that all of it together is exactly what was paid; points
 * in the same share; the coupons of the sale once everything of it is back (offers have no policy of their own to say otherwise).
 */
import { createHash } from 'node:crypto';
import { type Fault, TillsideError } from '../../errors.ts';
import type { Language } from '../api/till-service.ts';
import type { ReturnAnswer, ReturnPost } from '../api/wire.ts';
import { multiplyFloor, multiplyRound } from '../offers/money.ts';
import { parseQuantity } from '../offers/quantity.ts';
import type { SaleRow } from '../store/index.ts';
import { storedEvaluation } from './completion.ts';
import type { SaleParts } from './parts.ts';
import { formatsOf, sentencesIn } from './sentences.ts';
import { linesOf } from './view.ts';

export type Returned = {
  readonly answer: ReturnAnswer;
  /** Coupons that changed. */
  readonly changed: readonly string[];
};

/** As kept with the return: without the sentence, which is said in the language of each request. */
type Kept = Omit<ReturnAnswer, 'message'>;

/**
 * Takes goods back, or gives the first answer again.
 * @throws TillsideError `not-found`, `sale-state` (not completed), `request-invalid` (line or quantity), `conflict`
 */
export function returnGoods(parts: SaleParts, returnId: string, post: ReturnPost, language: Language): Returned {
  const { store } = parts;
  const request = digestOf(post);
  const before = store.sales.goodsReturn(returnId);
  if (before !== null) {
    if (before.request !== request)
      throw new TillsideError('conflict', `Return ${returnId} was booked before with other goods.`);
    return { answer: withMessage(JSON.parse(before.answer) as Kept, parts, language), changed: [] };
  }
  const sale = store.sales.get(post.saleId);
  if (sale === null) throw new TillsideError('not-found', `There is no sale ${post.saleId} at this till.`);
  if (sale.state !== 'completed')
    throw new TillsideError('sale-state', `Sale ${post.saleId} is ${sale.state}; nothing of it can come back.`);
  return store.transaction(() => {
    const { kept, changed } = book(parts, sale, returnId, post);
    const at = store.instant();
    store.sales.addGoodsReturn({ returnId, saleId: sale.saleId, request, answer: JSON.stringify(kept), at });
    return { answer: withMessage(kept, parts, language), changed };
  });
}

function book(
  parts: SaleParts,
  sale: SaleRow,
  returnId: string,
  post: ReturnPost,
): { kept: Kept; changed: readonly string[] } {
  const { store } = parts;
  const { saleId } = sale;
  const { decision, member } = storedEvaluation(parts, sale);
  const former = store.sales.goodsReturns(saleId).map(json => JSON.parse(json) as Kept);
  const back = new Map<string, { thousandths: number; refund: number }>();
  for (const { lineId, quantity, refund } of former.flatMap(one => one.lines)) add(back, lineId, quantity, refund);

  const sold = new Map(linesOf(sale.lines, decision).map(line => [line.lineId, line]));
  const faults: Fault[] = [];
  const lines: ReturnAnswer['lines'] = [];
  for (const [place, { lineId, quantity }] of post.lines.entries()) {
    const line = sold.get(lineId);
    const whole = parseQuantity(line?.quantity ?? '');
    const asked = parseQuantity(quantity);
    const done = back.get(lineId) ?? { thousandths: 0, refund: 0 };
    if (line === undefined || whole === null || !canReturn(line)) {
      faults.push({ pointer: `/lines/${place}/lineId`, message: `sale ${saleId} has no such line to return` });
    } else if (asked === null || asked <= 0) {
      faults.push({ pointer: `/lines/${place}/quantity`, message: 'must be above 0, with at most 3 decimals' });
    } else if (done.thousandths + asked > whole) {
      const left = (whole - done.thousandths) / 1000;
      faults.push({ pointer: `/lines/${place}/quantity`, message: `only ${left} of this line can still come back` });
    } else {
      const refund = multiplyRound(line.net, done.thousandths + asked, whole) - done.refund;
      lines.push({ lineId, quantity, refund });
      add(back, lineId, quantity, refund);
    }
  }
  if (faults.length > 0) {
    const [first] = faults;
    throw new TillsideError('request-invalid', `The return has a fault: ${first?.pointer} ${first?.message}`, {
      faults,
    });
  }

  const refund = lines.reduce((sum, line) => sum + line.refund, 0);
  const refunded = former.reduce((sum, one) => sum + one.refund, refund);
  const earned = decision.points?.earned ?? 0;
  // Of what can come back, not of the total: that is less where lines took money off.
  const returnable = [...sold.values()].reduce((sum, line) => sum + (canReturn(line) ? line.net : 0), 0);
  const owed = returnable <= 0 ? 0 : Math.min(earned, multiplyFloor(earned, refunded, returnable));
  const points = Math.max(0, owed - former.reduce((sum, one) => sum + one.points, 0));
  const everything = [...sold.values()].every(
    line => line.amount < 0 || (back.get(line.lineId)?.thousandths ?? 0) >= (parseQuantity(line.quantity) ?? 0),
  );
  const bundle = decision.bundle.version === 0 ? null : decision.bundle;
  const coupons = store.coupons.ofSale(saleId, store.address.till).flatMap(({ serial, offer, state }) => {
    if (state === 'voided') return [];
    const outcome = state === 'redeemed' ? 'spent' : everything ? 'voided' : 'kept';
    return [{ serial, offer, outcome } as const];
  });
  const currency = parts.bundles.active()?.bundle.currency ?? parts.currency;
  const kept: Kept = { returnId, saleId, currency, lines, refund, points, coupons };
  store.outbox.append('return.completed', { ...kept, at: store.instant(), member: member?.id ?? null }, bundle);
  const changed = coupons.filter(coupon => coupon.outcome === 'voided').map(coupon => coupon.serial);
  for (const serial of changed) {
    const holder = store.sales.holder(serial);
    if (holder !== null) store.sales.unpresent(holder.saleId, serial);
    parts.book.void(serial, 'goods-returned');
  }
  // Spent ones are not given back, nor do they come back with the sale that spent them.
  for (const { serial, outcome } of coupons)
    if (everything && outcome === 'spent') store.coupons.revoke(serial, 'goods-returned');
  if (member !== null && points > 0) takePoints(parts, member.id, saleId, points);
  return { kept, changed };
}

function canReturn(line: { readonly quantity: string; readonly amount: number }): boolean {
  return (parseQuantity(line.quantity) ?? 0) > 0 && line.amount >= 0;
}

function takePoints(parts: SaleParts, memberId: string, saleId: string, points: number): void {
  const { store, members } = parts;
  const { till } = store.address;
  const since = store.ledger.pointsSince(memberId, members.asOf(memberId));
  const balance = (members.byId(memberId)?.points ?? 0) + since.points - points;
  // The tier stays: a retailer takes it back at the end of its period, not at the till.
  const body = { member: memberId, saleId, delta: -points, balance, tier: since.tier, reason: 'goods-returned' };
  const event = store.outbox.append('points.changed', body);
  const atMs = store.clock.now();
  store.ledger.addPoints({ eventId: event.id, memberId, points: -points, tier: since.tier, atMs, till, saleId });
}

function add(
  back: Map<string, { thousandths: number; refund: number }>,
  lineId: string,
  quantity: string,
  refund: number,
): void {
  const done = back.get(lineId) ?? { thousandths: 0, refund: 0 };
  back.set(lineId, {
    thousandths: done.thousandths + (parseQuantity(quantity) ?? 0),
    refund: done.refund + refund,
  });
}

function withMessage(kept: Kept, parts: SaleParts, language: Language): ReturnAnswer {
  const amount = formatsOf(language, parts.store.timeZone).money(kept.refund, kept.currency);
  return { ...kept, message: sentencesIn(language).refund(amount) };
}

function digestOf({ saleId, lines }: ReturnPost): string {
  const content = [saleId, lines.map(({ lineId, quantity }) => [lineId, quantity])];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
