/** The sale's life, from the first article to paper: what the local API calls and what a scan at a device does. */
import type { Clock } from '../../clock.ts';
import type { WeighedPrefix } from '../../drivers/scanner/codes.ts';
import type { Scan } from '../../drivers/scanner/types.ts';
import { TillsideError } from '../../errors.ts';
import type { Language, TillService } from '../api/till-service.ts';
import type { SalePut } from '../api/wire.ts';
import { type CouponBook, createClaims, type FactChanges, type Leases, type Tokens } from '../coupons/index.ts';
import { validateSale } from '../offers/index.ts';
import type { AskMember, PeerPort } from '../ports.ts';
import type { Catalogue, MemberRecord, Members, SaleRow, Store } from '../store/index.ts';
import { asEvaluated } from '../store/index.ts';
import { type ActiveBundle, type OfferEngine, offerEngine } from './active-bundle.ts';
import { createAhead } from './ahead.ts';
import { createAnnouncer, type EventListener } from './announcer.ts';
import { completeSale, storedEvaluation } from './completion.ts';
import { createCouponDesk } from './coupon-desk.ts';
import { evaluate } from './evaluation.ts';
import { explainAnswer } from './explaining.ts';
import { createSaleLeases } from './leasing.ts';
import type { SaleParts } from './parts.ts';
import { returnGoods } from './returning.ts';
import {
  classifyScan,
  type FoundCoupon,
  findCoupon,
  findMember,
  ownCoupon,
  type ScanOutcome,
  scanAnswer,
  takeCoupon,
  unknownOf,
} from './scan.ts';
import { couponView, memberView, saleView } from './view.ts';
import { voidSale } from './voiding.ts';

export type SalesOptions = {
  readonly store: Store;
  readonly members: Members;
  readonly catalogue: Catalogue | null;
  readonly bundles: ActiveBundle;
  readonly book: CouponBook;
  readonly tokens: Tokens;
  readonly peers: PeerPort | null;
  /** Units of global caps; left out: without a line to HQ there are none. */
  readonly leases?: Leases;
  readonly clock: Clock;
  /** Codes that the store's scales print; none, if left out. */
  readonly weighed?: readonly WeighedPrefix[];
  /** Used while there is no bundle. */
  readonly currency: string;
  readonly engine?: OfferEngine;
  readonly askMember?: AskMember;
  readonly askCoupon?: (serial: string) => Promise<boolean | null>;
  readonly wakePrinter?: () => void;
  readonly onFault?: (error: unknown) => void;
};

export interface Sales
  extends Pick<
    TillService,
    | 'putSale'
    | 'scan'
    | 'removeCoupon'
    | 'getSale'
    | 'complete'
    | 'voidSale'
    | 'explain'
    | 'coupon'
    | 'reprint'
    | 'cancel'
    | 'returnLines'
    | 'member'
    | 'products'
  > {
  /** A scan at a device: goes into the sale that is open, or waits two minutes for the next one. */
  deviceScan(scan: Pick<Scan, 'text' | 'aim' | 'symbology' | 'source'>): Promise<ScanOutcome>;
  /** `sale`, `coupon` and `scan`. */
  onEvent(listener: EventListener): () => void;
  /** A coupon's print state changed: screens are told. */
  couponChanged(serial: string): void;
  stop(): void;
}

/** A card or coupon scanned while no sale is open waits this long for one. */
const WAIT_MS = 120_000;
/** An open sale that nobody touched for so long is not the one in front of the cashier. */
const ABANDONED_MS = 30 * 60_000;

export function createSales(options: SalesOptions): Sales {
  const { store, members, bundles, clock } = options;
  const onFault = options.onFault ?? (() => {});
  const announcer = createAnnouncer(onFault);
  const claims = createClaims({ store, peers: options.peers, clock, onFault, onChange: peersChanged });
  const parts: SaleParts = {
    store,
    members,
    catalogue: options.catalogue,
    bundles,
    ahead: createAhead(store, members, options.engine ?? offerEngine),
    book: options.book,
    claims,
    leases: options.leases ?? createSaleLeases({ store, bundles, clock, onFault }),
    tokens: options.tokens,
    clock,
    weighed: options.weighed ?? [],
    currency: options.currency,
    announcer,
    askMember: options.askMember ?? null,
    askCoupon: options.askCoupon ?? null,
    wakePrinter: options.wakePrinter ?? (() => {}),
    onFault,
  };
  const couponDesk = createCouponDesk(parts, couponChanged);
  let waiting: { readonly since: number; member: string | null; coupons: FoundCoupon[] } | null = null;

  const seen = (row: SaleRow) => ({
    row,
    evaluation: row.state === 'open' ? evaluate(parts, row) : storedEvaluation(parts, row),
  });
  const existing = (saleId: string): SaleRow => {
    const row = store.sales.get(saleId);
    if (row === null) throw new TillsideError('not-found', `There is no sale ${saleId}.`);
    return row;
  };
  const tellSale = (row: SaleRow, evaluation = seen(row).evaluation) =>
    announcer.tell('sale', language => saleView(parts, row, evaluation, language));

  function couponChanged(serial: string): void {
    const coupon = store.coupons.get(serial);
    if (coupon !== null) announcer.tell('coupon', () => couponView(coupon, clock.now()));
  }

  function peersChanged({ serials }: FactChanges): void {
    for (const serial of serials) {
      const holder = store.sales.holder(serial);
      const sale = holder === null ? null : store.sales.get(holder.saleId);
      if (sale !== null) tellSale(sale);
    }
  }

  const open = (saleId: string, put: { startedAt: string; cashier: string | null; lines: SaleRow['lines'] }) => {
    store.sales.put({ saleId, ...put, now: clock.now() });
    const kept = waiting;
    waiting = null;
    if (kept === null || clock.monotonic() - kept.since > WAIT_MS) return;
    if (kept.member !== null) store.sales.attachMember(saleId, kept.member, clock.now());
    for (const found of kept.coupons) takeCoupon(parts, existing(saleId), found);
  };

  /** The sale that a scan goes into; a scan before the first article opens it. */
  const ready = (saleId: string): SaleRow => {
    const row = store.sales.get(saleId);
    if (row === null) {
      store.transaction(() => open(saleId, { startedAt: store.instant(), cashier: null, lines: [] }));
      return existing(saleId);
    }
    if (row.state !== 'open') throw new TillsideError('sale-state', `Sale ${saleId} is ${row.state}.`);
    return row;
  };

  const attach = (saleId: string, record: MemberRecord): ScanOutcome => {
    store.transaction(() => store.sales.attachMember(ready(saleId).saleId, record.memberId, clock.now()));
    return { kind: 'member', record, sale: seen(existing(saleId)) };
  };

  const keep = (change: { member?: string; coupon?: FoundCoupon }) => {
    const fresh = waiting !== null && clock.monotonic() - waiting.since <= WAIT_MS ? waiting : null;
    const serial = change.coupon?.candidate.coupon.serial;
    const others = fresh?.coupons.filter(({ candidate }) => candidate.coupon.serial !== serial) ?? [];
    waiting = {
      since: clock.monotonic(),
      member: change.member ?? fresh?.member ?? null,
      coupons: change.coupon === undefined ? others : [...others, change.coupon],
    };
  };

  const scanInto = async (
    saleId: string | null,
    scan: { code: string; symbology?: string },
    aim: string | null,
  ): Promise<ScanOutcome> => {
    const code = classifyScan(parts, scan, aim);
    switch (code.kind) {
      case 'member': {
        const record = await findMember(parts, code.card, late => memberArrived(saleId, late));
        if (record === null) return { kind: 'refused', refusal: { reason: 'member-unknown', coupon: null } };
        if (saleId !== null) return attach(saleId, record);
        keep({ member: record.memberId });
        return { kind: 'member', record, sale: null };
      }
      case 'coupon': {
        const own = ownCoupon(parts, code);
        const found =
          own === null
            ? ({ kind: 'refused', refusal: { reason: 'coupon-unknown', coupon: null, otherIssuer: true } } as const)
            : await findCoupon(parts, own);
        if (found.kind !== 'found') return found;
        if (saleId !== null) return takeCoupon(parts, ready(saleId), found);
        const refused = couponDesk.refusedNow(found.candidate);
        if (refused !== null) return { kind: 'refused', refusal: refused };
        keep({ coupon: found });
        return { kind: 'coupon', coupon: found.candidate.coupon, sale: null, again: false };
      }
      case 'product':
        return { kind: 'product', gtin: code.gtin };
      default:
        return unknownOf(parts, code, scan.code);
    }
  };

  /** HQ named the member too late for the scan: into the sale, if that is still open and nobody else's. */
  const memberArrived = (scannedInto: string | null, record: MemberRecord) => {
    const saleId = scannedInto ?? store.sales.current(clock.now() - ABANDONED_MS)?.saleId ?? null;
    const sale = saleId === null ? null : store.sales.get(saleId);
    if (sale !== null && (sale.state !== 'open' || sale.memberId !== null)) return;
    let outcome: ScanOutcome = { kind: 'member', record, sale: null };
    if (saleId === null) keep({ member: record.memberId });
    else outcome = attach(saleId, record);
    announcer.tell('scan', language => ({ ...scanAnswer(parts, outcome, language), source: 'hq' }));
    tellIfTaken(outcome);
  };

  const tellIfTaken = (outcome: ScanOutcome) => {
    if ((outcome.kind === 'member' || outcome.kind === 'coupon') && outcome.sale !== null)
      tellSale(outcome.sale.row, outcome.sale.evaluation);
  };

  return {
    putSale(saleId, put, language) {
      const lines = checkedLines(saleId, put);
      const before = store.sales.get(saleId);
      if (before !== null && before.state !== 'open') {
        if (JSON.stringify(before.lines) === JSON.stringify(lines)) return view(before, language);
        throw new TillsideError('sale-state', `Sale ${saleId} is ${before.state}; its basket can't change any more.`);
      }
      const basket = { startedAt: put.startedAt, cashier: put.cashier ?? null, lines };
      store.transaction(() => {
        if (before === null) open(saleId, basket);
        else store.sales.put({ saleId, ...basket, now: clock.now() });
      });
      const now = seen(existing(saleId));
      tellSale(now.row, now.evaluation);
      return saleView(parts, now.row, now.evaluation, language);
    },

    async scan(saleId, scan, language) {
      const outcome = await scanInto(saleId, scan, null);
      tellIfTaken(outcome);
      return scanAnswer(parts, outcome, language);
    },

    async deviceScan(scan) {
      const current = store.sales.current(clock.now() - ABANDONED_MS);
      const { symbology } = scan;
      const posted = symbology === null ? { code: scan.text } : { code: scan.text, symbology };
      const outcome = await scanInto(current?.saleId ?? null, posted, scan.aim);
      announcer.tell('scan', language => ({ ...scanAnswer(parts, outcome, language), source: scan.source }));
      tellIfTaken(outcome);
      return outcome;
    },

    removeCoupon(saleId, serial, language) {
      const sale = existing(saleId);
      const plain = couponDesk.serialOf(serial);
      if (sale.state !== 'open') throw new TillsideError('sale-state', `Sale ${saleId} is ${sale.state}.`);
      if (store.sales.presented(saleId).every(row => row.serial !== plain))
        throw new TillsideError('not-found', `Coupon ${serial} is not in sale ${saleId}.`);
      store.transaction(() => {
        store.sales.unpresent(saleId, plain);
        store.coupons.release(plain);
      });
      claims.tellReleased(plain, saleId);
      const now = seen(existing(saleId));
      tellSale(now.row, now.evaluation);
      return saleView(parts, now.row, now.evaluation, language);
    },

    getSale: (saleId, language) => view(existing(saleId), language),

    complete(saleId, post, language) {
      const done = completeSale(parts, saleId, post);
      if (done.fresh) {
        for (const serial of done.returned) claims.tellReleased(serial, saleId);
        parts.wakePrinter();
        tellSale(done.sale, done.evaluation);
        for (const serial of done.serials) couponChanged(serial);
      }
      const sale = saleView(parts, done.sale, done.evaluation, language);
      return { decision: done.evaluation.decision, serials: [...done.serials], sale };
    },

    voidSale(saleId, language) {
      const { sale, freed, changed } = voidSale(parts, saleId);
      for (const serial of freed) claims.tellReleased(serial, saleId);
      parts.wakePrinter();
      tellSale(sale);
      for (const serial of changed) couponChanged(serial);
      return view(sale, language);
    },

    returnLines(returnId, goods, language) {
      const { answer, changed } = returnGoods(parts, returnId, goods, language);
      if (changed.length > 0) parts.wakePrinter();
      for (const serial of changed) couponChanged(serial);
      return answer;
    },

    explain: (saleId, language) => explainAnswer(parts, seen(existing(saleId)).evaluation, language),
    coupon: couponDesk.coupon,
    reprint: couponDesk.reprint,
    cancel: couponDesk.cancel,

    member(code, language) {
      const scanned = classifyScan(parts, { code });
      const record = members.byCard(scanned.kind === 'member' ? scanned.card : code);
      if (record === null) throw new TillsideError('not-found', 'This card is not known here.');
      const since = store.ledger.pointsSince(record.memberId, members.asOf(record.memberId));
      return memberView(parts, asEvaluated(record, since), record.firstName, language);
    },

    products: language => options.catalogue?.all(language) ?? [],
    onEvent: announcer.onEvent,
    couponChanged,
    stop: claims.stop,
  };

  function view(row: SaleRow, language: Language) {
    const { evaluation } = seen(row);
    return saleView(parts, row, evaluation, language);
  }
}

/** @throws TillsideError `request-invalid` with the place of every fault */
function checkedLines(saleId: string, put: SalePut): SaleRow['lines'] {
  const document = { saleId, storeId: 'x', at: put.startedAt, lines: put.lines };
  const result = validateSale(document);
  if (!result.ok) {
    const faults = result.faults.map(fault => (fault.pointer === '/at' ? { ...fault, pointer: '/startedAt' } : fault));
    const [first] = faults;
    throw new TillsideError('request-invalid', `The basket has a fault: ${first?.pointer} ${first?.message}`, {
      faults,
    });
  }
  return put.lines;
}
