/**
 * The documents of the offer contract, as they stand in JSON: bundle, sale, decision.
 * Names and meanings are the contract's (docs/offers.md). Money is integer minor units, percent is permyriad,
 * quantities are decimal strings.
 */

/** Money in minor units of the bundle's currency (Rappen, cent); an integer. */
export type Minor = number;
/** 2000 = 20 %. */
export type Permyriad = number;
/** RFC 3339 with offset. */
export type Instant = string;
/** `YYYY-MM-DD` in the bundle's time zone. */
export type LocalDate = string;
/** `HH:MM` in the bundle's time zone. */
export type LocalTime = string;

export type Phase = 'line' | 'basket' | 'points' | 'issue';
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

export interface Bundle {
  readonly format: 'tillside/bundle/1';
  readonly id: string;
  readonly version: number;
  readonly createdAt: Instant;
  readonly notAfter: Instant;
  readonly currency: string;
  readonly timezone: string;
  readonly defaultLanguage: string;
  readonly cardSchemes?: readonly CardScheme[];
  readonly loyalty?: { readonly tiers: readonly Tier[] };
  readonly contactPolicies?: readonly ContactPolicy[];
  readonly selection?: { readonly couponsPerSale?: number; readonly perCategory?: number };
  readonly retiredOffers?: readonly string[];
  /** Sales that the till decides before it takes the bundle up; see golden.ts. */
  readonly golden?: readonly GoldenBasket[];
  readonly offers: readonly Offer[];
}

export interface GoldenBasket {
  readonly name: string;
  /** A sale as `decide` reads it. */
  readonly sale: Readonly<Record<string, unknown>>;
  /** Those fields of the decision that matter, with their values. */
  readonly expect: Readonly<Record<string, unknown>>;
}

export interface CardScheme {
  readonly id: string;
  readonly prefix: string;
  readonly length: number;
  readonly check: 'gs1-mod10' | 'luhn' | 'none';
  readonly symbologies?: readonly string[];
}

export interface Tier {
  readonly id: string;
  /** Points balance from which the tier holds. */
  readonly from: number;
}

export interface ContactPolicy {
  readonly id: string;
  readonly class: string;
  readonly per: 'member' | 'household';
  readonly limit: number;
  readonly window: Window;
}

export type Window = { readonly days: number } | { readonly calendar: 'day' | 'week' | 'month' };

export interface Offer {
  readonly id: string;
  readonly version: number;
  readonly name?: string;
  readonly campaign?: string;
  readonly phase: Phase;
  readonly sequence?: number;
  readonly trigger?: 'auto' | 'coupon' | 'digital';
  readonly schedule?: Schedule;
  readonly stores?: StoreFilter;
  readonly consent?: string;
  readonly audience?: Predicate;
  readonly after?: Chain;
  readonly when?: Predicate;
  readonly caps?: readonly Cap[];
  readonly experiment?: Experiment;
  readonly group?: string;
  readonly exclusive?: boolean;
  readonly stackable?: boolean;
  readonly priority?: number;
  readonly contact?: { readonly class: string };
  readonly benefit: Benefit;
  readonly coupon?: CouponTerms;
}

export interface Schedule {
  readonly from?: LocalDate;
  readonly to?: LocalDate;
  readonly days?: readonly Weekday[];
  readonly times?: readonly { readonly from: LocalTime; readonly to: LocalTime }[];
}

export interface StoreFilter {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

export interface Chain {
  readonly offer: string;
  readonly outcome: 'issued' | 'redeemed' | 'expired' | 'unredeemed';
  readonly minDays?: number;
  readonly maxDays?: number;
}

export interface Cap {
  readonly scope: 'member' | 'household' | 'store' | 'global';
  readonly limit: number;
  readonly window?: Window;
  readonly counts?: 'issued' | 'redeemed';
}

export interface Experiment {
  readonly salt: string;
  readonly holdout?: Permyriad;
  readonly variants?: readonly Variant[];
}

export interface Variant {
  readonly id: string;
  readonly weight: number;
  readonly benefit?: Benefit;
  readonly coupon?: CouponTerms;
}

export interface CouponTerms {
  readonly category?: string;
  readonly validFromDays?: number;
  readonly validDays: number;
  readonly redeem?: Predicate;
  readonly redeemStores?: StoreFilter;
  readonly barcode: 'qr' | 'gs1-128' | 'ean13' | 'code128';
  readonly bearer?: boolean;
  readonly offline: 'accept' | 'decline' | { readonly upTo: Minor };
  readonly texts: Readonly<Record<string, CouponTexts>>;
  readonly image?: string;
}

export interface CouponTexts {
  readonly title: string;
  readonly body?: string;
  readonly legal?: string;
}

/** An object with exactly one key. */
export type Predicate =
  | { readonly all: readonly Predicate[] }
  | { readonly any: readonly Predicate[] }
  | { readonly not: Predicate }
  | { readonly segment: string }
  | { readonly tier: { readonly atLeast: string } | { readonly is: string } }
  | { readonly attribute: AttributeTest }
  | { readonly memberDays: Bounds }
  | { readonly birthday: { readonly within: number } }
  | { readonly points: Bounds }
  | { readonly spend: { readonly of?: Selector } & Bounds }
  | { readonly items: { readonly of?: Selector } & Bounds }
  | { readonly bought: { readonly of: Selector; readonly withinDays: number } & Bounds }
  | { readonly received: { readonly offer: string; readonly withinDays: number } & Bounds }
  | { readonly redeemed: { readonly offer: string; readonly withinDays: number } & Bounds };

export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface AttributeTest extends Bounds {
  readonly name: string;
  readonly in?: readonly (string | number | boolean)[];
}

export type Selector =
  | { readonly gtin: readonly string[] }
  | { readonly category: readonly string[] }
  | { readonly brand: readonly string[] }
  | { readonly all: readonly Selector[] }
  | { readonly any: readonly Selector[] }
  | { readonly not: Selector };

export type Pick = 'dearest' | 'cheapest';

export type Benefit =
  | {
      readonly percent: {
        readonly permyriad: Permyriad;
        readonly of?: Selector;
        readonly base?: 'initial' | 'running';
        readonly maxAmount?: Minor;
        readonly maxItems?: number;
        readonly pick?: Pick;
      };
    }
  | {
      readonly amount: {
        readonly off: Minor;
        readonly of?: Selector;
        readonly each?: true;
        readonly maxItems?: number;
        readonly pick?: Pick;
      };
    }
  | {
      readonly price: {
        readonly unitPrice: Minor;
        readonly of: Selector;
        readonly maxItems?: number;
        readonly pick?: Pick;
      };
    }
  | { readonly nForM: { readonly take: number; readonly pay: number; readonly of: Selector } }
  | {
      readonly points:
        | { readonly fixed: number }
        | { readonly per: Minor; readonly earn: number }
        | { readonly multiply: Permyriad };
    }
  | { readonly text: Readonly<Record<string, never>> };

// --- the sale -------------------------------------------------------------------------------------------------------

export interface Sale {
  readonly saleId: string;
  readonly storeId: string;
  readonly tillId?: string;
  readonly at: Instant;
  readonly lines: readonly SaleLine[];
  readonly member?: Member;
  readonly history?: History;
  /** By offer id; already cut to each cap's window. */
  readonly counters?: Readonly<Record<string, Counters>>;
  readonly coupons?: readonly PresentedCoupon[];
}

export interface SaleLine {
  readonly lineId: string;
  readonly gtin?: string;
  /** Decimal string, at most 3 decimals. */
  readonly quantity: string;
  readonly unit?: string;
  /** For the whole line. */
  readonly amount: Minor;
  readonly category?: string;
  readonly brand?: string;
  readonly discountable?: boolean;
}

export interface Member {
  readonly id: string;
  readonly household?: string;
  readonly segments?: readonly string[];
  readonly tier?: string;
  readonly points?: number;
  readonly joined?: LocalDate;
  readonly birthday?: LocalDate;
  readonly language?: string;
  readonly consents?: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Ids of the digital offers that the member activated. */
  readonly activated?: readonly string[];
}

export type AttributeValue = string | number | boolean | readonly (string | number | boolean)[];

export interface History {
  readonly bought?: readonly BoughtProduct[];
  readonly coupons?: readonly CouponHistory[];
  readonly householdCoupons?: readonly CouponHistory[];
}

export interface BoughtProduct {
  readonly saleId?: string;
  readonly at: Instant;
  readonly gtin?: string;
  readonly category?: string;
  readonly brand?: string;
}

export interface CouponHistory {
  readonly offer: string;
  readonly serial?: string;
  readonly issuedAt: Instant;
  readonly expiresAt?: Instant | null;
  readonly redeemedAt?: Instant | null;
  readonly class?: string;
}

export interface Counters {
  readonly member?: number;
  readonly household?: number;
  readonly store?: number;
  /** Units of a live lease; absent: none. */
  readonly lease?: number;
}

export interface PresentedCoupon {
  readonly offer: string;
  readonly serial: string;
  readonly variant?: string | null;
  readonly validFrom?: LocalDate;
  readonly validTo?: LocalDate;
  readonly household?: string;
}

// --- the decision ---------------------------------------------------------------------------------------------------

export interface Decision {
  readonly saleId: string;
  readonly bundle: { readonly id: string; readonly version: number };
  readonly total: { readonly initial: Minor; readonly discount: Minor; readonly net: Minor };
  readonly applied: readonly Application[];
  readonly points: PointsResult | null;
  readonly issue: readonly Issue[];
  readonly suppressed: readonly Suppressed[];
  readonly rejected: readonly Rejected[];
}

export interface Application {
  readonly offer: string;
  readonly phase: Phase;
  readonly variant: string | null;
  /** The coupon that was redeemed, if one was. */
  readonly serial?: string;
  readonly amount: Minor;
  readonly lines: readonly { readonly lineId: string; readonly amount: Minor }[];
}

export interface PointsResult {
  readonly earned: number;
  readonly balance: number;
  readonly tierBefore: string | null;
  readonly tierAfter: string | null;
  readonly offers: readonly { readonly offer: string; readonly points: number; readonly serial?: string }[];
}

export interface Issue {
  readonly offer: string;
  readonly variant: string | null;
  readonly priority: number;
  readonly validFrom: LocalDate;
  readonly validTo: LocalDate;
  readonly title: string;
}

export interface Suppressed {
  readonly offer: string;
  readonly phase: Phase;
  readonly reason: 'holdout';
  readonly serial?: string;
}

export interface Rejected {
  readonly offer: string;
  readonly phase: Phase;
  readonly reason: Reason;
  /** What was asked and what was found. */
  readonly detail: string;
  readonly serial?: string;
}

export type Reason =
  | 'expired-bundle'
  | 'schedule'
  | 'store'
  | 'trigger'
  | 'no-member'
  | 'consent'
  | 'audience'
  | 'chain'
  | 'when'
  | 'cap-member'
  | 'cap-household'
  | 'cap-store'
  | 'cap-global'
  | 'contact-policy'
  | 'exclusive'
  | 'group'
  | 'units'
  | 'not-selected'
  | 'coupon-unknown'
  | 'coupon-used'
  | 'coupon-not-yet'
  | 'coupon-expired'
  | 'coupon-bound'
  | 'coupon-store'
  | 'coupon-condition';
