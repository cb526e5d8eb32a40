/**
 * The shapes of HQ's API, once: Fastify validates with them, the console imports their types.
 * Money is minor units, instants are RFC 3339. Every request bears `Authorization: Bearer <token>`; the console takes the
 * token from the fragment of its address (`/#token=…`), which no server and no log ever sees.
 */
import Type, { type Static } from 'typebox';

export const nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Minor = Type.Integer();
export const Id = Type.String({ pattern: '^[a-z0-9-]{1,64}$' });

export const Fault = Type.Object({ pointer: Type.String(), message: Type.String() });
export type Fault = Static<typeof Fault>;

/** `application/problem+json`; `code` is one of errors.ts. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
  faults: Type.Optional(Type.Array(Fault)),
});
export type Problem = Static<typeof Problem>;

// --- HQ itself --------------------------------------------------------------------------------------------------------

/** `GET /v1/status`: is every till well, is every fact here. */
export const StatusView = Type.Object({
  tenant: Type.String(),
  version: Type.String(),
  startedAt: Type.String(),
  currency: nullable(Type.String()),
  /** HQ's own line to the broker. */
  broker: Type.Object({ connected: Type.Boolean(), since: Type.String(), problem: nullable(Type.String()) }),
  database: Type.Object({ kind: Type.String(), ok: Type.Boolean(), problem: nullable(Type.String()) }),
  /** How far HQ's clock is ahead of the middle of its tills' clocks; null: none was heard since HQ started. */
  clock: nullable(Type.Object({ tills: Type.Integer(), seconds: Type.Integer() })),
  tills: Type.Object({
    known: Type.Integer(),
    online: Type.Integer(),
    /** Tills with facts that HQ does not have yet, as far as it knows. */
    behind: Type.Integer(),
    /** Tills whose printer cannot print now. */
    printers: Type.Integer(),
  }),
  /** Facts committed, put aside as unreadable, and known to be missing. */
  events: Type.Object({ committed: Type.Integer(), quarantined: Type.Integer(), missing: Type.Integer() }),
  /** Today (local date of the tills). */
  today: Type.Object({
    date: Type.String(),
    sales: Type.Integer(),
    net: Minor,
    issued: Type.Integer(),
    redeemed: Type.Integer(),
  }),
  bundle: nullable(
    Type.Object({
      id: Type.String(),
      version: Type.Integer(),
      active: Type.Integer(),
      behind: Type.Integer(),
      refused: Type.Integer(),
    }),
  ),
});
export type StatusView = Static<typeof StatusView>;

// --- tills ------------------------------------------------------------------------------------------------------------

/** One reason why a till is behind or not well. */
export const TillAilment = Type.Object({
  code: Type.Union([
    Type.Literal('never-seen'),
    Type.Literal('offline'),
    Type.Literal('chain-broken'),
    Type.Literal('facts-missing'),
    Type.Literal('facts-unreadable'),
    Type.Literal('facts-waiting'),
    Type.Literal('bundle-refused'),
    Type.Literal('bundle-old'),
    Type.Literal('bundle-expired'),
    Type.Literal('printer'),
    Type.Literal('scanner'),
  ]),
  since: nullable(Type.String()),
  /** How much, which version, what the device said. */
  detail: nullable(Type.String()),
});
export type TillAilment = Static<typeof TillAilment>;

export const TillView = Type.Object({
  store: Type.String(),
  till: Type.String(),
  online: Type.Boolean(),
  /** Since when it is online or offline. */
  since: nullable(Type.String()),
  boot: Type.Integer(),
  epoch: Type.Integer(),
  /** Version of the agent. */
  agent: nullable(Type.String()),
  bundle: nullable(Type.Object({ id: Type.String(), version: Type.Integer() })),
  /** The last bundle that this till refused, until it activated a newer one. */
  bundleRefused: nullable(
    Type.Object({
      id: Type.String(),
      version: Type.Integer(),
      code: Type.String(),
      message: Type.String(),
      faults: Type.Integer(),
    }),
  ),
  printer: nullable(Type.Object({ problem: nullable(Type.String()), evidence: nullable(Type.String()) })),
  scanner: nullable(Type.Object({ problem: nullable(Type.String()) })),
  /** The members' version that is there; null: none, or the till has never said. */
  members: nullable(Type.Object({ version: Type.Integer(), count: Type.Integer() })),
  /** What the till said of its outbox when it last spoke. */
  outbox: Type.Object({ waiting: Type.Integer(), oldestAt: nullable(Type.String()) }),
  /** Every fact up to here is at HQ. */
  contiguous: Type.Integer(),
  /** Facts that HQ knows of and lacks. */
  missing: Type.Integer(),
  /** `broken`: a fact does not follow from the one before it (edited or restored). */
  chain: Type.Union([Type.Literal('whole'), Type.Literal('broken')]),
  quarantined: Type.Integer(),
  lastEventAt: nullable(Type.String()),
  lastReceivedAt: nullable(Type.String()),
  today: Type.Object({ sales: Type.Integer(), net: Minor }),
  /** All that ails it, what matters most first. */
  why: Type.Array(TillAilment),
});
export type TillView = Static<typeof TillView>;

// --- sales ------------------------------------------------------------------------------------------------------------

export const SaleRow = Type.Object({
  store: Type.String(),
  till: Type.String(),
  saleId: Type.String(),
  state: Type.Union([Type.Literal('completed'), Type.Literal('voided')]),
  completedAt: Type.String(),
  /** When HQ committed it. */
  receivedAt: Type.String(),
  initial: Minor,
  discount: Minor,
  net: Minor,
  lines: Type.Integer(),
  /** Was a member's card read? */
  member: Type.Boolean(),
  points: Type.Integer(),
  issued: Type.Integer(),
  redeemed: Type.Integer(),
});
export type SaleRow = Static<typeof SaleRow>;

/** `GET /v1/sales?limit=&before=&store=&till=`, newest arrival first; `next` is the `before` of the next page. */
export const SalesQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  before: Type.Optional(Type.Integer({ minimum: 0 })),
  store: Type.Optional(Id),
  till: Type.Optional(Id),
});
export type SalesQuery = Static<typeof SalesQuery>;

export const SalesAnswer = Type.Object({ sales: Type.Array(SaleRow), next: nullable(Type.Integer()) });
export type SalesAnswer = Static<typeof SalesAnswer>;

export const CouponRow = Type.Object({
  serial: Type.String(),
  offer: Type.String(),
  variant: nullable(Type.String()),
  title: nullable(Type.String()),
  state: Type.Union([
    Type.Literal('issued'),
    Type.Literal('redeemed'),
    Type.Literal('voided'),
    /** Held out: would have been printed. */
    Type.Literal('suppressed'),
  ]),
  /** queued, confirmed, fenced, sent, unknown, failed. */
  print: Type.String(),
  store: Type.String(),
  till: Type.String(),
  saleId: nullable(Type.String()),
  issuedAt: Type.String(),
  validFrom: nullable(Type.String()),
  validTo: nullable(Type.String()),
  redeemedAt: nullable(Type.String()),
  redeemedTill: nullable(Type.String()),
  redeemedSaleId: nullable(Type.String()),
});
export type CouponRow = Static<typeof CouponRow>;

/** `GET /v1/sales/{till}/{saleId}?store=` (`store` where two stores use the same till id). */
export const SaleDetail = Type.Object({
  sale: SaleRow,
  /** The body of `sale.completed` as the till sent it (contract of sync/protocol/events.ts). */
  body: Type.Unknown(),
  bundle: nullable(Type.Object({ id: Type.String(), version: Type.Integer() })),
  /** Coupons that this sale printed. */
  coupons: Type.Array(CouponRow),
  /** Coupons that were redeemed in it. */
  redeemed: Type.Array(CouponRow),
  /** Every fact about it, in the order of the till. */
  events: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      epoch: Type.Integer(),
      type: Type.String(),
      at: Type.String(),
      body: Type.Unknown(),
    }),
  ),
});
export type SaleDetail = Static<typeof SaleDetail>;

// --- facts ------------------------------------------------------------------------------------------------------------

/** `GET /v1/events?after=&limit=&store=&till=&type=`, in the order of arrival. */
export const EventsQuery = Type.Object({
  after: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 5000 })),
  store: Type.Optional(Id),
  till: Type.Optional(Id),
  type: Type.Optional(Type.String({ maxLength: 64 })),
});
export type EventsQuery = Static<typeof EventsQuery>;

export const EventRow = Type.Object({
  /** Position in HQ's ledger: the `after` of the next question. */
  cursor: Type.Integer(),
  store: Type.String(),
  till: Type.String(),
  epoch: Type.Integer(),
  receivedAt: Type.String(),
  /** As the till made it: `{v, type, id, seq, at, bundle, body, prev}`. */
  event: Type.Unknown(),
});
export type EventRow = Static<typeof EventRow>;

export const EventsAnswer = Type.Object({ events: Type.Array(EventRow), next: Type.Integer() });
export type EventsAnswer = Static<typeof EventsAnswer>;

/** `GET /v1/quarantine`: what HQ could not read, kept whole. */
export const QuarantineAnswer = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.Integer(),
      store: Type.String(),
      till: Type.String(),
      receivedAt: Type.String(),
      reason: Type.String(),
      bytes: Type.Integer(),
      seq: nullable(Type.Integer()),
    }),
  ),
});
export type QuarantineAnswer = Static<typeof QuarantineAnswer>;

/** `GET /v1/reconcile?from=&to=`: per till and local day, the till's own totals beside HQ's. */
export const ReconcileQuery = Type.Object({
  from: Type.Optional(Type.String({ format: 'date' })),
  to: Type.Optional(Type.String({ format: 'date' })),
});
export type ReconcileQuery = Static<typeof ReconcileQuery>;

const Totals = Type.Object({ sales: Type.Integer(), voided: Type.Integer(), net: Minor });

export const ReconcileRow = Type.Object({
  store: Type.String(),
  till: Type.String(),
  day: Type.String(),
  hq: Totals,
  /** Null where the till has not told its totals of that day. */
  own: nullable(Totals),
  /** `waiting`: the till counts facts that are still on their way. */
  verdict: Type.Union([
    Type.Literal('agrees'),
    Type.Literal('waiting'),
    Type.Literal('differs'),
    Type.Literal('untold'),
  ]),
});
export type ReconcileRow = Static<typeof ReconcileRow>;

export const ReconcileAnswer = Type.Object({ rows: Type.Array(ReconcileRow), agrees: Type.Boolean() });
export type ReconcileAnswer = Static<typeof ReconcileAnswer>;

// --- campaigns --------------------------------------------------------------------------------------------------------

/** `GET /v1/campaigns?from=&to=`: what the offers did, by local date of issue. */
export const CampaignRow = Type.Object({
  offer: Type.String(),
  name: nullable(Type.String()),
  campaign: nullable(Type.String()),
  variant: nullable(Type.String()),
  issued: Type.Integer(),
  /** Coupons by the evidence that they came out. */
  printed: Type.Object({
    confirmed: Type.Integer(),
    fenced: Type.Integer(),
    sent: Type.Integer(),
    unknown: Type.Integer(),
    failed: Type.Integer(),
    queued: Type.Integer(),
  }),
  redeemed: Type.Integer(),
  voided: Type.Integer(),
  suppressed: Type.Integer(),
});
export type CampaignRow = Static<typeof CampaignRow>;

export const CampaignsAnswer = Type.Object({ campaigns: Type.Array(CampaignRow) });
export type CampaignsAnswer = Static<typeof CampaignsAnswer>;

// --- bundles ----------------------------------------------------------------------------------------------------------

export const BundleRow = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  sha256: Type.String(),
  size: Type.Integer(),
  offers: Type.Integer(),
  ring: Type.String(),
  publishedAt: Type.String(),
  notBefore: Type.String(),
  notAfter: Type.String(),
  /** Is it what HQ points the tills of its ring to? */
  current: Type.Boolean(),
  tills: Type.Array(
    Type.Object({
      store: Type.String(),
      till: Type.String(),
      state: Type.Union([
        Type.Literal('active'),
        Type.Literal('behind'),
        Type.Literal('ahead'),
        Type.Literal('refused'),
      ]),
      /** What the till decides with now. */
      version: nullable(Type.Integer()),
    }),
  ),
});
export type BundleRow = Static<typeof BundleRow>;

/** `GET /v1/bundles`, newest first. The file itself is at `/v1/bundles/{id}/{version}/file`. */
export const BundlesAnswer = Type.Object({ bundles: Type.Array(BundleRow) });
export type BundlesAnswer = Static<typeof BundlesAnswer>;

/**
 * `POST /v1/bundles?ring=` with the file's bytes as body (`application/json`): 201, or 200 if this very file is published
 * already; 409 if the version is not above the last; 422 `bundle-invalid` or `bundle-unsupported` with every fault.
 */
export const PublishAnswer = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  sha256: Type.String(),
  size: Type.Integer(),
  ring: Type.String(),
  publishedAt: Type.String(),
});
export type PublishAnswer = Static<typeof PublishAnswer>;

// --- rollouts -----------------------------------------------------------------------------------------------------------

export const RingView = Type.Object({
  /** Permyriad of all stores; 0: the first store alone. */
  permyriad: Type.Integer(),
  state: Type.Union([Type.Literal('waiting'), Type.Literal('open'), Type.Literal('passed')]),
  stores: Type.Integer(),
  tills: Type.Integer(),
  /** By their own word they were pointed to the bundle. */
  told: Type.Integer(),
  activated: Type.Integer(),
  /** Refused it, or went back from it. */
  failed: Type.Integer(),
  /** Have it not yet and are waited for. */
  behind: Type.Integer(),
  /** Off line for more than a week: not waited for. */
  away: Type.Integer(),
});
export type RingView = Static<typeof RingView>;

const TillTrouble = Type.Object({
  store: Type.String(),
  till: Type.String(),
  code: Type.String(),
  message: Type.String(),
});

export const RolloutView = Type.Object({
  number: Type.Integer(),
  id: Type.String(),
  version: Type.Integer(),
  state: Type.Union([
    Type.Literal('running'),
    Type.Literal('stopped'),
    Type.Literal('done'),
    Type.Literal('superseded'),
  ]),
  /** Why it was stopped; while it runs, what it waits for. */
  reason: nullable(Type.String()),
  startedAt: Type.String(),
  changedAt: Type.String(),
  firstStore: Type.String(),
  soakMinutes: Type.Number(),
  rings: Type.Array(RingView),
  /** Tills that refused it and why, at most 100. */
  refused: Type.Array(TillTrouble),
});
export type RolloutView = Static<typeof RolloutView>;

/** `GET /v1/rollouts`, newest first. */
export const RolloutsAnswer = Type.Object({
  rollouts: Type.Array(RolloutView),
  /** Tills whose bundle ended or was signed by a revoked key, and tills that were shown what is not to be trusted. */
  alarms: Type.Array(TillTrouble),
});
export type RolloutsAnswer = Static<typeof RolloutsAnswer>;

/** `GET /v1/keys`: which key signs, and what the roots said of keys. */
export const KeysAnswer = Type.Object({
  keyId: Type.String(),
  /** Until when it is certified; null: it is a root itself. */
  until: nullable(Type.String()),
  problem: nullable(Type.String()),
  /** Where the private root key lies beside HQ; null: it is off line. */
  rootFile: nullable(Type.String()),
  revocations: Type.Integer(),
  revoked: Type.Array(Type.String()),
});
export type KeysAnswer = Static<typeof KeysAnswer>;

// --- the stream -------------------------------------------------------------------------------------------------------

/**
 * Server-sent events of `GET /v1/stream`; `event:` is the key, `data:` the value as JSON. The stream tells changes only:
 * read the lists first, then follow; after a break read them again.
 */
export type HqEvents = {
  /** A sale arrived or changed (voided, coupon printed or redeemed). */
  sale: SaleRow;
  till: TillView;
  bundle: BundleRow;
  status: StatusView;
};

// --- leases -----------------------------------------------------------------------------------------------------------

/** A global cap, or an offer that had one: how many units there are and where they went. */
export const LeaseOfferRow = Type.Object({
  offer: Type.String(),
  name: nullable(Type.String()),
  campaign: nullable(Type.String()),
  /** Null: no bundle has this cap any more. */
  limit: nullable(Type.Integer()),
  /** `day`, `week`, `month`, `7 days`; null: for all time. */
  window: nullable(Type.String()),
  /** Since the offer began, over all windows. */
  granted: Type.Integer(),
  used: Type.Integer(),
  returned: Type.Integer(),
  /** Still to be granted, in the present window. */
  left: nullable(Type.Integer()),
  /** Granted, not told as used, and their time is over: they count as used until the till tells. */
  overdue: Type.Integer(),
  tills: Type.Integer(),
});
export type LeaseOfferRow = Static<typeof LeaseOfferRow>;

/** Why no unit is granted: HQ may have forgotten grants (docs/sync.md, "HQ put back from a backup"). */
export const LeaseHoldView = Type.Object({
  since: Type.String(),
  reason: Type.String(),
  /** Tills that have not told yet how all their leases of then ended. */
  waitingFor: Type.Integer(),
});
export type LeaseHoldView = Static<typeof LeaseHoldView>;

/** `GET /v1/leases` */
export const LeasesAnswer = Type.Object({ held: nullable(LeaseHoldView), offers: Type.Array(LeaseOfferRow) });
export type LeasesAnswer = Static<typeof LeasesAnswer>;

export const LeaseHolderRow = Type.Object({
  store: Type.String(),
  till: Type.String(),
  /** Units of a former epoch (database lost or restored) never come back. */
  epoch: Type.Integer(),
  granted: Type.Integer(),
  used: Type.Integer(),
  returned: Type.Integer(),
  unused: Type.Integer(),
  open: Type.Boolean(),
  validUntil: Type.String(),
});
export type LeaseHolderRow = Static<typeof LeaseHolderRow>;

/** `GET /v1/leases/{offer}` */
export const LeaseHoldersAnswer = Type.Object({ offer: Type.String(), holders: Type.Array(LeaseHolderRow) });
export type LeaseHoldersAnswer = Static<typeof LeaseHoldersAnswer>;

/** `POST /v1/leases/{offer}/recall`: how many tills were asked to give back what they have not used. */
export const RecallAnswer = Type.Object({ offer: Type.String(), asked: Type.Integer() });
export type RecallAnswer = Static<typeof RecallAnswer>;

/** `POST /v1/leases/resume`: false: nothing was held. */
export const ResumeAnswer = Type.Object({ resumed: Type.Boolean() });
export type ResumeAnswer = Static<typeof ResumeAnswer>;

// --- enrolment --------------------------------------------------------------------------------------------------------

/** `GET /v1/enrolment`: who is enrolled, who is being shut out, and who was refused since HQ started. */
export const EnrolmentAnswer = Type.Object({
  tills: Type.Array(
    Type.Object({
      store: Type.String(),
      till: Type.String(),
      enrolledAt: Type.String(),
      revokedAt: nullable(Type.String()),
      reason: nullable(Type.String()),
      /** Null: it has none that is good. */
      certificate: nullable(Type.Object({ serial: Type.String(), notAfter: Type.String() })),
    }),
  ),
  services: Type.Array(
    Type.Object({ name: Type.String(), purpose: Type.String(), serial: Type.String(), notAfter: Type.String() }),
  ),
  /** Revoked, and not shut out by the broker yet: it has not read the list. */
  leaving: Type.Array(Type.Object({ name: Type.String(), since: Type.String() })),
  refused: Type.Array(
    Type.Object({
      store: Type.String(),
      till: Type.String(),
      channel: Type.String(),
      reason: Type.String(),
      times: Type.Integer(),
      firstAt: Type.String(),
      lastAt: Type.String(),
    }),
  ),
});
export type EnrolmentAnswer = Static<typeof EnrolmentAnswer>;

// --- members ----------------------------------------------------------------------------------------------------------

/** What the tills of a store (`store/ID`), or all (`all`), are to have of the members. */
export const MemberScope = Type.Object({
  scope: Type.String(),
  version: Type.Integer(),
  count: Type.Integer(),
  /** Of the whole file, bytes. */
  size: Type.Integer(),
  publishedAt: Type.String(),
  /** Files that lead from a version before to this one. */
  changes: Type.Integer(),
});
export type MemberScope = Static<typeof MemberScope>;

export const Erasure = Type.Object({
  erasure: Type.Integer(),
  at: Type.String(),
  acknowledged: Type.Integer(),
  /** Tills that have not; the first hundred. */
  waiting: Type.Array(Type.Object({ store: Type.String(), till: Type.String() })),
  waitingCount: Type.Integer(),
});
export type Erasure = Static<typeof Erasure>;

/** `GET /v1/members`: no member is named here. Erasures newest first. Which version a till has, it says itself (`GET /v1/tills`). */
export const MembersAnswer = Type.Object({
  members: Type.Integer(),
  scopes: Type.Array(MemberScope),
  erasures: Type.Array(Erasure),
});
export type MembersAnswer = Static<typeof MembersAnswer>;
