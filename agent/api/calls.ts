/** Every call of the local API, once: Fastify is set up from this table, the OpenAPI document is made from it. */
import Type, { type Static } from 'typebox';
import { TillsideError } from '../../errors.ts';
import type { Role } from './gate.ts';
import type { Language, SimulatorService, TillService } from './till-service.ts';
import {
  Accepted,
  CompleteAnswer,
  CompletePost,
  CouponView,
  ExplainAnswer,
  Health,
  MemberView,
  ProductView,
  ReturnAnswer,
  ReturnPost,
  SalePut,
  SaleView,
  ScanAnswer,
  ScanPost,
  SimulatorPrinterPost,
  SimulatorScanPost,
  SimulatorView,
  StatusView,
} from './wire.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** Who may call: any token, none needed, one role's, or the POS and a screen that is the POS. */
export type Access = 'open' | 'any' | 'ui' | 'selling';

export type Call = {
  readonly method: Method;
  /** As OpenAPI writes it: `/v1/sales/{saleId}`. */
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: Type.TObject;
  readonly body?: Type.TSchema;
  readonly answer: Answer;
  readonly run: (service: TillService, request: CallRequest) => unknown;
};

/** What a call answers with 200: JSON of a schema, text, a picture. */
export type Answer =
  | { readonly type: 'application/json'; readonly schema: Type.TSchema }
  | { readonly type: 'text/plain' | 'image/png' };

/** The schemas have been checked; `params` and `body` are what the call's schemas say. */
export type CallRequest = {
  readonly params: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly language: Language;
};

/** Calls that the server answers by itself, for the OpenAPI document. */
export const ownCalls = [
  { path: '/v1/events', name: 'events', summary: 'Server-sent events for screens; resumes by Last-Event-ID' },
  { path: '/openapi.json', name: 'openapi', summary: 'This document' },
] as const;

const id = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
const saleId = Type.Object({ saleId: Type.String({ pattern: id }) });
const serial = Type.Object({ serial: Type.String({ pattern: id }) });

export const calls: readonly Call[] = [
  define({
    method: 'PUT',
    path: '/v1/sales/{saleId}',
    name: 'putSale',
    summary: 'The basket as it now stands; answers the quote',
    access: 'selling',
    params: saleId,
    body: SalePut,
    answer: SaleView,
    run: (till, { params, body, language }) => till.putSale(params.saleId, body, language),
  }),
  define({
    method: 'POST',
    path: '/v1/sales/{saleId}/scan',
    name: 'scan',
    summary: 'Whatever was scanned; takes a member or a coupon into the sale',
    access: 'any',
    params: saleId,
    body: ScanPost,
    answer: ScanAnswer,
    run: (till, { params, body, language }) => till.scan(params.saleId, body, language),
  }),
  define({
    method: 'DELETE',
    path: '/v1/sales/{saleId}/coupons/{serial}',
    name: 'removeCoupon',
    summary: 'Takes a presented coupon out of the sale and frees it',
    access: 'any',
    params: Type.Object({ saleId: Type.String({ pattern: id }), serial: Type.String({ pattern: id }) }),
    answer: SaleView,
    run: (till, { params, language }) => till.removeCoupon(params.saleId, params.serial, language),
  }),
  define({
    method: 'GET',
    path: '/v1/sales/{saleId}',
    name: 'getSale',
    summary: 'State, quote, member and coupons of a sale',
    access: 'any',
    params: saleId,
    answer: SaleView,
    run: (till, { params, language }) => till.getSale(params.saleId, language),
  }),
  define({
    method: 'POST',
    path: '/v1/sales/{saleId}/complete',
    name: 'complete',
    summary: 'The sale is paid: decides, commits, queues the coupons for print',
    access: 'selling',
    params: saleId,
    body: CompletePost,
    answer: CompleteAnswer,
    run: (till, { params, body, language }) => till.complete(params.saleId, body, language),
  }),
  define({
    method: 'POST',
    path: '/v1/sales/{saleId}/void',
    name: 'voidSale',
    summary: 'Takes a sale back whole',
    access: 'selling',
    params: saleId,
    answer: SaleView,
    run: (till, { params, language }) => till.voidSale(params.saleId, language),
  }),
  define({
    method: 'POST',
    path: '/v1/returns/{returnId}',
    name: 'returnLines',
    summary: 'Goods of a completed sale come back: refund, points, coupons',
    access: 'selling',
    params: Type.Object({ returnId: Type.String({ pattern: id }) }),
    body: ReturnPost,
    answer: ReturnAnswer,
    run: (till, { params, body, language }) => till.returnLines(params.returnId, body, language),
  }),
  define({
    method: 'GET',
    path: '/v1/sales/{saleId}/explain',
    name: 'explain',
    summary: 'Every offer with its reason and detail',
    access: 'any',
    params: saleId,
    answer: ExplainAnswer,
    run: (till, { params, language }) => till.explain(params.saleId, language),
  }),
  define({
    method: 'GET',
    path: '/v1/coupons/{serial}',
    name: 'coupon',
    summary: 'State of a coupon with its print evidence',
    access: 'any',
    params: serial,
    answer: CouponView,
    run: (till, { params }) => till.coupon(params.serial),
  }),
  define({
    method: 'POST',
    path: '/v1/coupons/{serial}/reprint',
    name: 'reprint',
    summary: 'Prints a coupon again with its serial; recorded',
    access: 'any',
    params: serial,
    answer: CouponView,
    run: (till, { params }) => till.reprint(params.serial),
  }),
  define({
    method: 'POST',
    path: '/v1/coupons/{serial}/cancel',
    name: 'cancel',
    summary: 'Makes a coupon worthless',
    access: 'selling',
    params: serial,
    answer: CouponView,
    run: (till, { params }) => till.cancel(params.serial),
  }),
  define({
    method: 'GET',
    path: '/v1/members/{code}',
    name: 'member',
    summary: 'What a cashier may see of a member',
    access: 'any',
    params: Type.Object({ code: Type.String({ minLength: 1, maxLength: 512 }) }),
    answer: MemberView,
    run: (till, { params, language }) => till.member(params.code, language),
  }),
  define({
    method: 'GET',
    path: '/v1/products',
    name: 'products',
    summary: 'The products that this till knows',
    access: 'any',
    answer: Type.Array(ProductView),
    run: (till, { language }) => till.products(language),
  }),
  define({
    method: 'POST',
    path: '/v1/scans',
    name: 'wedgeScan',
    summary: 'What a keyboard wedge scanner typed into the screen; goes on as event `scan`',
    access: 'ui',
    body: ScanPost,
    answer: Accepted,
    run: (till, { body }) => {
      if (till.wedge === null)
        throw new TillsideError('not-found', 'No keyboard wedge scanner is configured at this till.');
      till.wedge(body);
      return { accepted: true as const };
    },
  }),
  define({
    method: 'GET',
    path: '/v1/status',
    name: 'status',
    summary: 'Devices, bundle, outbox, line to HQ, disk, database',
    access: 'any',
    answer: StatusView,
    run: (till, { language }) => till.status(language),
  }),
  {
    method: 'GET',
    path: '/metrics',
    name: 'metrics',
    summary: 'Prometheus text',
    access: 'any',
    answer: { type: 'text/plain' },
    run: till => till.metrics(),
  },
  define({
    method: 'GET',
    path: '/healthz',
    name: 'healthz',
    summary: 'The process answers',
    access: 'open',
    answer: Health,
    run: () => ({ ok: true as const }),
  }),
  define({
    method: 'GET',
    path: '/readyz',
    name: 'readyz',
    summary: 'The till can sell: its database is well',
    access: 'open',
    answer: Health,
    run: (till, { language }) => {
      const { database } = till.status(language);
      if (!database.ok) throw new TillsideError('store-damaged', 'The database of this till did not pass its check.');
      return { ok: true as const };
    },
  }),
  define({
    method: 'GET',
    path: '/v1/simulator',
    name: 'simulator',
    summary: 'The simulated devices',
    access: 'ui',
    answer: SimulatorView,
    run: till => simulated(till).view(),
  }),
  define({
    method: 'POST',
    path: '/v1/simulator/printer',
    name: 'simulatorPrinter',
    summary: 'Takes the paper out, opens the cover, pulls the cable',
    access: 'ui',
    body: SimulatorPrinterPost,
    answer: SimulatorView,
    run: (till, { body }) => simulated(till).printer(body),
  }),
  define({
    method: 'POST',
    path: '/v1/simulator/scan',
    name: 'simulatorScan',
    summary: 'Scans at the simulated scanner',
    access: 'ui',
    body: SimulatorScanPost,
    answer: Accepted,
    run: (till, { body }) => {
      simulated(till).scan(body);
      return { accepted: true as const };
    },
  }),
  {
    method: 'GET',
    path: '/v1/simulator/slips/{id}.png',
    name: 'simulatorSlip',
    summary: 'Picture of a slip that the simulated printer put out',
    access: 'ui',
    params: Type.Object({ id: Type.String({ pattern: '^[0-9]{1,15}$' }) }),
    answer: { type: 'image/png' },
    run: (till, { params }) => {
      const picture = simulated(till).slip(Number(params.id));
      if (picture === null) throw new TillsideError('not-found', 'The simulated printer has no slip of this number.');
      return picture;
    },
  },
];

/** May this role make the call? `screenSells`: the screen is the POS here. */
export function mayCall(access: Access, role: Role, screenSells: () => boolean): boolean {
  switch (access) {
    case 'open':
    case 'any':
      return true;
    case 'ui':
      return role === 'ui';
    case 'selling':
      return role === 'pos' || screenSells();
  }
}

type Definition<P extends Type.TObject, B extends Type.TSchema, A extends Type.TSchema> = {
  readonly method: Method;
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: P;
  readonly body?: B;
  readonly answer: A;
  readonly run: (
    service: TillService,
    request: { readonly params: Static<P>; readonly body: Static<B>; readonly language: Language },
  ) => AnswerOf<A> | Promise<AnswerOf<A>>;
};

/** Lists may be read-only. */
type AnswerOf<A extends Type.TSchema> = Static<A> extends (infer Item)[] ? readonly Item[] : Static<A>;

/** Ties a call's handler to its schemas while it is written; the table holds all calls in one type. */
function define<P extends Type.TObject, B extends Type.TSchema, A extends Type.TSchema>(
  call: Definition<P, B, A>,
): Call {
  return {
    ...call,
    answer: { type: 'application/json', schema: call.answer },
    // Checked by Fastify with `params` and `body` of this very definition before it is run.
    run: (service, request) =>
      call.run(service, request as unknown as { params: Static<P>; body: Static<B>; language: Language }),
  };
}

function simulated(till: TillService): SimulatorService {
  if (till.simulator === null) throw new TillsideError('not-found', 'This till has no simulated devices.');
  return till.simulator;
}
