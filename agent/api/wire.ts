/**
 * The shapes of the local API, once: Fastify validates with them, OpenAPI publishes them, the screens import their types.
 * `lines`, decisions and reasons are those of the offer contract. Money is minor units, quantities decimal strings,
 * instants RFC 3339. `message` is one short sentence for the cashier in the language of the request's Accept-Language.
 */
import Type, { type Static } from 'typebox';

const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Minor = Type.Integer();

/** RFC 3339 with offset or Z; whether the day exists is checked by the till. */
const Instant = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$',
});

export const Line = Type.Object({
  lineId: Type.String({ minLength: 1, maxLength: 64 }),
  gtin: Type.Optional(Type.String({ maxLength: 64 })),
  /** For people: on the screen and on the receipt; the evaluator ignores it. */
  name: Type.Optional(Type.String({ maxLength: 200 })),
  quantity: Type.String({ maxLength: 20 }),
  unit: Type.Optional(Type.String({ maxLength: 16 })),
  amount: Minor,
  category: Type.Optional(Type.String({ maxLength: 256 })),
  brand: Type.Optional(Type.String({ maxLength: 128 })),
  discountable: Type.Optional(Type.Boolean()),
});
export type Line = Static<typeof Line>;

/** `PUT /v1/sales/{saleId}`: the basket as it now stands. */
export const SalePut = Type.Object({
  startedAt: Instant,
  cashier: Type.Optional(Type.String({ maxLength: 64 })),
  lines: Type.Array(Line, { maxItems: 2000 }),
});
export type SalePut = Static<typeof SalePut>;

export const ScanPost = Type.Object({
  code: Type.String({ minLength: 1, maxLength: 4096 }),
  symbology: Type.Optional(Type.String({ maxLength: 32 })),
});
export type ScanPost = Static<typeof ScanPost>;

export const CompletePost = Type.Object({
  completedAt: Instant,
  /** What the customer pays by the POS's own reckoning, after discounts. */
  total: Minor,
  tenders: Type.Optional(
    Type.Array(Type.Object({ type: Type.String({ maxLength: 64 }), amount: Minor }), { maxItems: 100 }),
  ),
});
export type CompletePost = Static<typeof CompletePost>;

/** What a cashier may see of a member. */
export const MemberView = Type.Object({
  firstName: Type.String(),
  tier: nullable(Type.String()),
  points: Type.Integer(),
  language: Type.String(),
  messages: Type.Array(Type.String()),
});
export type MemberView = Static<typeof MemberView>;

export const ProductView = Type.Object({
  gtin: Type.String(),
  name: Type.String(),
  /** Price of one `unit`. */
  price: Minor,
  unit: Type.String(),
  category: Type.String(),
  brand: Type.Optional(Type.String()),
  discountable: Type.Boolean(),
});
export type ProductView = Static<typeof ProductView>;

/** Where a printed coupon stands; the evidence words are those of the devices contract. */
export const PrintState = Type.Union([
  Type.Literal('queued'),
  Type.Literal('printing'),
  Type.Literal('confirmed'),
  Type.Literal('fenced'),
  Type.Literal('sent'),
  Type.Literal('unknown'),
  Type.Literal('failed'),
]);
export type PrintState = Static<typeof PrintState>;

export const CouponView = Type.Object({
  serial: Type.String(),
  offer: Type.String(),
  title: Type.String(),
  state: Type.Union([
    Type.Literal('issued'),
    Type.Literal('reserved'),
    Type.Literal('redeemed'),
    Type.Literal('voided'),
    Type.Literal('expired'),
  ]),
  print: PrintState,
  validFrom: Type.String(),
  validTo: Type.String(),
  saleId: Type.String(),
  issuedAt: Type.String(),
  redeemedAt: nullable(Type.String()),
  /** The serial that was printed in its place after an `unknown` print. */
  replacedBy: nullable(Type.String()),
  reprints: Type.Integer(),
});
export type CouponView = Static<typeof CouponView>;

/** A coupon that the customer handed over in this sale. */
export const PresentedView = Type.Object({
  serial: Type.String(),
  offer: Type.String(),
  title: Type.String(),
  applies: Type.Boolean(),
  amount: Minor,
  points: Type.Integer(),
  /** Reason code of the offer contract when it does not apply. */
  reason: nullable(Type.String()),
  message: nullable(Type.String()),
});
export type PresentedView = Static<typeof PresentedView>;

export const SaleView = Type.Object({
  saleId: Type.String(),
  state: Type.Union([Type.Literal('open'), Type.Literal('completed'), Type.Literal('voided')]),
  startedAt: Type.String(),
  currency: Type.String(),
  lines: Type.Array(
    Type.Object({
      lineId: Type.String(),
      gtin: nullable(Type.String()),
      name: nullable(Type.String()),
      quantity: Type.String(),
      unit: Type.String(),
      amount: Minor,
      /** Taken off this line by all offers together; 0 or more. */
      discount: Minor,
      net: Minor,
    }),
  ),
  total: Type.Object({ initial: Minor, discount: Minor, net: Minor }),
  /** Every discount that lies on the basket, in order. */
  applied: Type.Array(
    Type.Object({ offer: Type.String(), name: Type.String(), amount: Minor, serial: nullable(Type.String()) }),
  ),
  member: nullable(MemberView),
  points: nullable(
    Type.Object({
      earned: Type.Integer(),
      balance: Type.Integer(),
      tierBefore: nullable(Type.String()),
      tierAfter: nullable(Type.String()),
    }),
  ),
  presented: Type.Array(PresentedView),
  /** While open: what would print if the sale ended now. Empty after completion (see `coupons`). */
  willPrint: Type.Array(
    Type.Object({ offer: Type.String(), title: Type.String(), validFrom: Type.String(), validTo: Type.String() }),
  ),
  /** After completion: the coupons of this sale. */
  coupons: Type.Array(CouponView),
  bundle: nullable(Type.Object({ id: Type.String(), version: Type.Integer() })),
});
export type SaleView = Static<typeof SaleView>;

export const ScanAnswer = Type.Union([
  Type.Object({ kind: Type.Literal('member'), message: Type.String(), member: MemberView, sale: nullable(SaleView) }),
  Type.Object({
    kind: Type.Literal('coupon'),
    message: Type.String(),
    coupon: PresentedView,
    sale: nullable(SaleView),
  }),
  Type.Object({ kind: Type.Literal('product'), message: Type.String(), product: ProductView }),
  /** `reason`: card-misread, no-scheme, product-unknown, unreadable, payment-card. */
  Type.Object({ kind: Type.Literal('unknown'), message: Type.String(), reason: Type.String() }),
  /** `reason`: one of the contract's coupon reasons, or `coupon-reserved` (at another till), `member-unknown`, `coupon-offline`. */
  Type.Object({ kind: Type.Literal('refused'), message: Type.String(), reason: Type.String() }),
]);
export type ScanAnswer = Static<typeof ScanAnswer>;

/** `POST …/complete` answers the decision of the offer contract, the serials, and the sale as it now stands. */
export const CompleteAnswer = Type.Object({
  decision: Type.Unknown(),
  serials: Type.Array(Type.String()),
  sale: SaleView,
});
export type CompleteAnswer = Static<typeof CompleteAnswer>;

/** `POST /v1/returns/{returnId}`: goods of a completed sale that come back. */
export const ReturnPost = Type.Object({
  saleId: Type.String({ minLength: 1, maxLength: 64 }),
  lines: Type.Array(
    Type.Object({ lineId: Type.String({ minLength: 1, maxLength: 64 }), quantity: Type.String({ maxLength: 20 }) }),
    { minItems: 1, maxItems: 2000 },
  ),
});
export type ReturnPost = Static<typeof ReturnPost>;

export const ReturnAnswer = Type.Object({
  returnId: Type.String(),
  saleId: Type.String(),
  currency: Type.String(),
  /** What was paid for what comes back, discounts taken off. */
  lines: Type.Array(Type.Object({ lineId: Type.String(), quantity: Type.String(), refund: Minor })),
  refund: Minor,
  /** Points taken back; 0 or more. */
  points: Type.Integer(),
  /** The coupons of that sale, by the offers' return policies; `kept`: stays good, `voided`: is good no more, `spent`: was redeemed already. */
  coupons: Type.Array(
    Type.Object({
      serial: Type.String(),
      offer: Type.String(),
      outcome: Type.Union([Type.Literal('kept'), Type.Literal('voided'), Type.Literal('spent')]),
    }),
  ),
  message: nullable(Type.String()),
});
export type ReturnAnswer = Static<typeof ReturnAnswer>;

export const ExplainAnswer = Type.Object({
  saleId: Type.String(),
  bundle: nullable(Type.Object({ id: Type.String(), version: Type.Integer() })),
  offers: Type.Array(
    Type.Object({
      offer: Type.String(),
      name: nullable(Type.String()),
      phase: Type.String(),
      outcome: Type.Union([
        Type.Literal('applied'),
        Type.Literal('issued'),
        Type.Literal('points'),
        Type.Literal('suppressed'),
        Type.Literal('rejected'),
      ]),
      serial: nullable(Type.String()),
      reason: nullable(Type.String()),
      detail: Type.String(),
    }),
  ),
});
export type ExplainAnswer = Static<typeof ExplainAnswer>;

export const StatusView = Type.Object({
  tenant: Type.String(),
  store: Type.String(),
  till: Type.String(),
  version: Type.String(),
  currency: Type.String(),
  /** Languages of the screen, the till's own first. */
  languages: Type.Array(Type.String()),
  /** True where the screen is the POS (demo, small shops without one): it may build baskets and take payment. */
  screenSells: Type.Boolean(),
  /** Keyboard-wedge scanner that the screen decodes, by its configured layout and prefix key; null: none configured. */
  wedge: Type.Optional(nullable(Type.Object({ layout: Type.String(), prefix: nullable(Type.String()) }))),
  /** True where `/v1/simulator` answers. */
  simulator: Type.Boolean(),
  printer: Type.Object({
    device: Type.String(),
    /** missing, busy, denied, paper-out, cover-open, cutter, offline, error; null: ready. */
    problem: nullable(Type.String()),
    message: nullable(Type.String()),
    paperNearEnd: Type.Boolean(),
    evidence: nullable(Type.String()),
    printing: Type.Boolean(),
    queued: Type.Integer(),
    /** Why coupons are printed without the shop's logo, for support; null: they have it, or none is configured. */
    logoProblem: Type.Optional(nullable(Type.String())),
  }),
  scanners: Type.Array(
    Type.Object({
      device: Type.String(),
      connected: Type.Boolean(),
      state: Type.String(),
      problem: nullable(Type.String()),
    }),
  ),
  bundle: nullable(
    Type.Object({
      id: Type.String(),
      version: Type.Integer(),
      activatedAt: Type.String(),
      notAfter: Type.String(),
      /** It issues no coupons any more: it ended, or HQ's key that signed it was revoked. */
      expired: Type.Boolean(),
      revoked: Type.Optional(Type.Boolean()),
    }),
  ),
  /** The last bundle that was refused, until a newer one is activated. */
  bundleRefused: nullable(
    Type.Object({ id: Type.String(), version: Type.Integer(), code: Type.String(), faults: Type.Integer() }),
  ),
  /** This till's clock against HQ's, as HQ last told its time; null: it has not. */
  clock: Type.Optional(nullable(Type.Object({ aheadSeconds: Type.Integer() }))),
  outbox: Type.Object({ waiting: Type.Integer(), oldestAt: nullable(Type.String()), salesWaiting: Type.Integer() }),
  line: Type.Object({
    connected: Type.Boolean(),
    since: Type.String(),
    message: nullable(Type.String()),
    problem: nullable(Type.String()),
  }),
  /** `message`: what the cashier is told where it ails; null: nothing. */
  disk: Type.Object({ freeBytes: Type.Number(), message: Type.Optional(nullable(Type.String())) }),
  database: Type.Object({
    ok: Type.Boolean(),
    problem: nullable(Type.String()),
    message: Type.Optional(nullable(Type.String())),
  }),
});
export type StatusView = Static<typeof StatusView>;

/** `POST /v1/scans` was taken; what it was comes as event `scan`, as from any other scanner. */
export const Accepted = Type.Object({ accepted: Type.Literal(true) });
export type Accepted = Static<typeof Accepted>;

export const Health = Type.Object({ ok: Type.Literal(true) });
export type Health = Static<typeof Health>;

/** `application/problem+json`. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  faults: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }))),
});
export type Problem = Static<typeof Problem>;

/**
 * Events of `GET /v1/events`; `event:` is the key, `data:` the value as JSON.
 * `scan` is sent for scans at a device (not for those posted to a sale); a product is for the POS to add to its basket.
 */
export type ServerEvents = {
  scan: ScanAnswer & { readonly source: string };
  /** A sale changed: opened, basket, member attached, completed, voided. */
  sale: SaleView;
  coupon: CouponView;
  printer: StatusView['printer'];
  scanner: StatusView['scanners'][number];
  sync: {
    readonly line: StatusView['line'];
    readonly outbox: StatusView['outbox'];
    readonly disk: StatusView['disk'];
    readonly database: StatusView['database'];
  };
  bundle: { readonly bundle: StatusView['bundle']; readonly refused: StatusView['bundleRefused'] };
};

// --- simulator: only where the till runs on simulated devices ---------------------------------------------------------

/** `GET /v1/simulator`. */
export const SimulatorView = Type.Object({
  printer: Type.Object({
    paper: Type.Boolean(),
    cover: Type.Union([Type.Literal('closed'), Type.Literal('open')]),
    cable: Type.Boolean(),
  }),
  /** Newest last; the picture is at `/v1/simulator/slips/{id}.png`, rendered from the bytes that the printer received. */
  slips: Type.Array(
    Type.Object({
      id: Type.Integer(),
      width: Type.Integer(),
      height: Type.Integer(),
      bytes: Type.Integer(),
      /** What its barcodes say, as a scanner would read them; the screen scans them when the picture is touched. */
      codes: Type.Optional(Type.Array(Type.String())),
    }),
  ),
  cards: Type.Array(Type.Object({ code: Type.String(), label: Type.String() })),
});
export type SimulatorView = Static<typeof SimulatorView>;

/** `POST /v1/simulator/printer`: only the keys given change. */
export const SimulatorPrinterPost = Type.Object({
  paper: Type.Optional(Type.Boolean()),
  cover: Type.Optional(Type.Union([Type.Literal('closed'), Type.Literal('open')])),
  cable: Type.Optional(Type.Boolean()),
});
export type SimulatorPrinterPost = Static<typeof SimulatorPrinterPost>;

/** `POST /v1/simulator/scan`: plays the scan through the simulated scanner, as bytes. */
export const SimulatorScanPost = Type.Object({
  code: Type.String({ minLength: 1, maxLength: 1024 }),
  symbology: Type.Optional(Type.String()),
});
export type SimulatorScanPost = Static<typeof SimulatorScanPost>;
