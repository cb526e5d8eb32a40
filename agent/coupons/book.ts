/**
 * The coupon book: who may go from where to where in a coupon's life, each step with the event that tells HQ.
 *
 *   issued ──► reserved ──► redeemed        Every method runs inside the transaction of the fact that it belongs to;
 *     ▲ └──────────┘           │            what the print queue and the other tills do about it follows the commit.
 *     └── sale voided ─────────┘   issued, reserved, expired ──► voided
 */
import type { BundleRef, CouponRow, PrintJobRow, Store } from '../store/index.ts';
import { spendAgain } from './lease-units.ts';
import { eanOfSerial, serialsOfEan } from './linear-codes.ts';
import { newSerial } from './serials.ts';
import { longestPicture, type SlipContent } from './slip-content.ts';
import type { Tokens } from './tokens.ts';
import { type VoidReason, voidCoupon } from './voiding.ts';

export type IssueOrder = {
  readonly offer: string;
  readonly variant: string | null;
  readonly class: string | null;
  readonly saleId: string;
  readonly memberId: string | null;
  readonly household: string | null;
  readonly bearer: boolean;
  readonly issuedAt: string;
  readonly issuedMs: number;
  /** First millisecond at which it is over. */
  readonly expiresMs: number;
  readonly texts: Pick<SlipContent, 'title' | 'body' | 'legal' | 'language' | 'benefitText'>;
  readonly barcode: SlipContent['barcode'];
  /** As in the bundle; kept with the coupon. */
  readonly image?: string;
  readonly validFrom: string;
  readonly validTo: string;
};

export interface CouponBook {
  /** Gives out a coupon and queues it for print. Its event is told by `tellIssued`, after that of its sale. */
  issue(order: IssueOrder): CouponRow;
  tellIssued(coupon: CouponRow, bundle: BundleRef | null, replaces?: string): void;
  redeem(serial: string, redemption: Redemption, bundle: BundleRef | null): void;
  /** Issued, reserved or expired → voided; gives its unit back to the caps. False if it can't be voided any more. */
  void(serial: string, reason: VoidReason, replacedBy?: string): boolean;
  /** Voids a coupon of which nobody knows whether it lies on the counter, and gives out another in its place. */
  replace(job: PrintJobRow, reason: VoidReason, replacements: number): CouponRow | null;
  /** Queues the coupon once more under its own serial. */
  reprint(coupon: CouponRow): void;
}

export type Redemption = {
  readonly saleId: string;
  readonly at: string;
  readonly atMs: number;
  readonly memberId: string | null;
  readonly household: string | null;
  /** Money it took off, minor units; points it gave. */
  readonly amount: number;
  readonly points: number;
};

export function createCouponBook(store: Store, tokens: Tokens): CouponBook {
  const { till } = store.address;

  /** No other coupon of this store has its EAN either, as far as the till has heard. */
  const unusedSerial = (barcode: SlipContent['barcode']): string => {
    for (;;) {
      const serial = newSerial(store.random);
      const range = barcode === 'ean13' ? serialsOfEan(eanOfSerial(serial)) : null;
      const taken = range === null ? store.coupons.get(serial) !== null : store.coupons.within(range).length > 0;
      if (!taken) return serial;
    }
  };

  const add = (coupon: CouponRow, content: SlipContent, replacements: number) => {
    const { redeemedAt, redeemedMs, redeemedTill, redeemedSale, voidReason, replacedBy, reprints, ...row } = coupon;
    store.coupons.add(row);
    store.ledger.addUsage({
      offer: coupon.offer,
      kind: 'issued',
      key: coupon.serial,
      till,
      saleId: coupon.saleId ?? '',
      memberId: coupon.memberId,
      household: coupon.household,
      atMs: coupon.issuedMs ?? store.clock.now(),
    });
    store.printJournal.add({
      serial: coupon.serial,
      kind: 'coupon',
      content: JSON.stringify(content),
      replacements,
      queuedAt: store.instant(),
    });
  };

  const book: CouponBook = {
    issue(order) {
      const serial = unusedSerial(order.barcode);
      const boundTo = order.bearer ? null : (order.household ?? order.memberId);
      const binding = boundTo === null ? null : tokens.bindingOf(boundTo);
      const { offer, variant, validFrom, validTo } = order;
      const coupon: CouponRow = {
        serial,
        offer,
        variant,
        title: order.texts.title,
        class: order.class,
        till,
        saleId: order.saleId,
        memberId: order.memberId,
        household: order.household,
        boundTo,
        binding,
        validFrom,
        validTo,
        issuedAt: order.issuedAt,
        issuedMs: order.issuedMs,
        expiresMs: order.expiresMs,
        state: 'issued',
        print: 'queued',
        redeemedAt: null,
        redeemedMs: null,
        redeemedTill: null,
        redeemedSale: null,
        voidReason: null,
        replacedBy: null,
        reprints: 0,
      };
      const token = tokens.write({ serial, offer, variant, validFrom, validTo, binding });
      // One that is too long is told as such by its first characters.
      const picture = order.image === undefined ? {} : { image: order.image.slice(0, longestPicture + 1) };
      add(coupon, { ...order.texts, ...picture, validFrom, validTo, serial, token, barcode: order.barcode }, 0);
      return coupon;
    },

    tellIssued(coupon, bundle, replaces) {
      store.outbox.append(
        'coupon.issued',
        {
          serial: coupon.serial,
          offer: coupon.offer,
          variant: coupon.variant,
          saleId: coupon.saleId,
          issuedAt: coupon.issuedAt,
          validFrom: coupon.validFrom,
          validTo: coupon.validTo,
          expiresAt: new Date(coupon.expiresMs).toISOString(),
          title: coupon.title,
          class: coupon.class,
          member: coupon.memberId,
          household: coupon.household,
          bearer: coupon.binding === null,
          binding: coupon.binding,
          replaces: replaces ?? null,
        },
        bundle,
      );
    },

    redeem(serial, redemption, bundle) {
      const coupon = store.coupons.get(serial);
      if (coupon === null) throw new Error(`coupon ${serial} was presented and is not in the book`);
      const { at, atMs, saleId } = redemption;
      store.coupons.redeem(serial, { at, atMs, till, saleId });
      store.ledger.addUsage({
        offer: coupon.offer,
        kind: 'applied',
        key: serial,
        till,
        saleId,
        memberId: redemption.memberId,
        household: redemption.household,
        atMs,
      });
      store.outbox.append(
        'coupon.redeemed',
        {
          serial,
          offer: coupon.offer,
          variant: coupon.variant,
          saleId,
          at,
          till,
          amount: redemption.amount,
          points: redemption.points,
          member: redemption.memberId,
          household: redemption.household,
          validFrom: coupon.validFrom,
          validTo: coupon.validTo,
          expiresAt: new Date(coupon.expiresMs).toISOString(),
          title: coupon.title,
          binding: coupon.binding,
        },
        bundle,
      );
    },

    void: (serial, reason, replacedBy) => voidCoupon(store, serial, reason, replacedBy),

    replace(job, reason, replacements) {
      const old = store.coupons.get(job.serial);
      if (old === null) return null;
      const content = JSON.parse(job.content) as SlipContent;
      const serial = unusedSerial(content.barcode);
      if (old.state === 'voided') {
        // Its unit of a global cap went back when it was voided.
        if (!spendAgain(store, old.offer, old.serial, serial, old.issuedMs ?? store.clock.now())) return null;
        store.coupons.replacedBy(old.serial, serial);
      }
      // A coupon that came back to be redeemed did come out: nothing to replace.
      else if (!book.void(old.serial, reason, serial)) return null;
      const { offer, variant, validFrom, validTo, binding } = old;
      const coupon: CouponRow = {
        ...old,
        serial,
        state: 'issued',
        print: 'queued',
        voidReason: null,
        replacedBy: null,
      };
      const token = tokens.write({ serial, offer, variant, validFrom, validTo, binding });
      add({ ...coupon, reprints: 0 }, { ...content, serial, token }, replacements);
      book.tellIssued(coupon, null, old.serial);
      return coupon;
    },

    reprint(coupon) {
      const job = store.printJournal.last(coupon.serial);
      if (job === null) return;
      store.printJournal.add({
        serial: coupon.serial,
        kind: 'reprint',
        content: job.content,
        replacements: 0,
        queuedAt: store.instant(),
      });
      store.coupons.reprinted(coupon.serial);
    },
  };
  return book;
}
