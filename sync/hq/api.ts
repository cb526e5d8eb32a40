/** HQ's HTTP API and console, on loopback. Shapes are those of wire.ts; a reverse proxy with TLS stands before it elsewhere. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import Type from 'typebox';
import { type ErrorCode, isTillsideError, messageOf, TillsideError } from '../../errors.ts';
import type { SyncLog } from '../link/link.ts';
import { maxBundleBytes } from '../protocol/pointer.ts';
import type { Desk } from './enrol/desk.ts';
import { enrolmentRoutes } from './enrol/routes.ts';
import type { BundleFacts, Fleet, Overview } from './fleet.ts';
import type { LeaseDesk } from './leases.ts';
import type { Ledger } from './ledger.ts';
import { memberRoutes } from './members-api.ts';
import type { MembersDesk } from './members-desk.ts';
import type { HqMetrics } from './metrics.ts';
import { type RolloutRoutes, rolloutRoutes } from './rollout-routes.ts';
import type { HqStream } from './stream.ts';
import { type TillMembersAnswer, type TillsAnswer, TillsQuery, type TillsSummary } from './tills-wire.ts';
import {
  type BundlesAnswer,
  type CampaignsAnswer,
  type EventsAnswer,
  EventsQuery,
  type LeaseHoldersAnswer,
  type LeasesAnswer,
  type Problem,
  type PublishAnswer,
  type QuarantineAnswer,
  type RecallAnswer,
  type ReconcileAnswer,
  ReconcileQuery,
  type ResumeAnswer,
  type SaleDetail,
  type SalesAnswer,
  SalesQuery,
  type StatusView,
} from './wire.ts';

export interface ApiOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly token: string;
  readonly consoleDir: string | null;
  readonly log: SyncLog;
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly stream: HqStream;
  readonly metrics: HqMetrics;
  readonly leases: Pick<LeaseDesk, 'offers' | 'holders' | 'recall' | 'resume' | 'held'>;
  readonly desk: Desk;
  readonly overview: () => Promise<Overview>;
  readonly bundleFacts: (sha256: string) => Promise<BundleFacts | null>;
  readonly publish: (
    bytes: Uint8Array,
    ring?: string,
  ) => Promise<{ readonly answer: PublishAnswer; readonly isNew: boolean }>;
  readonly rollout: RolloutRoutes;
  readonly members: MembersDesk;
  /** Why facts cannot be taken now; null: they can. */
  readonly problem: () => string | null;
  /** Where they differ from the usual ones. */
  readonly limits?: Partial<ApiLimits>;
}

/** What a client may cost. */
export type ApiLimits = {
  /** A request must be whole within this time: a slow or silent client can't hold a socket. */
  readonly requestMs: number;
  /** How often it is looked for those. */
  readonly checkMs: number;
  /** Sockets open at once, the console's streams included; one more is closed unheard. */
  readonly connections: number;
};

const usualLimits: ApiLimits = { requestMs: 30_000, checkMs: 1000, connections: 256 };
const stillMs = 10_000;

export interface HqApi {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws TillsideError `address-in-use` */
export async function createApi(options: ApiOptions): Promise<HqApi> {
  const limits = { ...usualLimits, ...options.limits };
  const app = fastify({
    forceCloseConnections: true,
    bodyLimit: maxBundleBytes,
    requestTimeout: limits.requestMs,
    // Node looks for slow requests every half minute unless told.
    http: { headersTimeout: limits.requestMs, connectionsCheckingInterval: limits.checkMs },
    keepAliveTimeout: stillMs,
  });
  app.server.maxConnections = limits.connections;
  let port = options.port;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, _request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) options.log.error({ error: messageOf(error) }, 'a request failed');
    reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  });
  app.setNotFoundHandler(request => {
    // The console's route is open and ends here too where it has no such file.
    checkToken(request, options.token);
    throw new TillsideError('not-found', 'Nothing has this address.');
  });
  app.addHook('onRequest', async request => {
    checkHost(request, port);
    // By the matched route, never by the address as written: the router decodes it first. What matches none needs it too.
    if (request.routeOptions.config.needsToken !== false) checkToken(request, options.token);
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('referrer-policy', 'no-referrer');
  });
  routes(app, options);
  enrolmentRoutes(app, options.desk);
  rolloutRoutes(app, options.rollout);
  memberRoutes(app, options.members);
  serveConsole(app, options.consoleDir);
  try {
    await app.listen({ port: options.port, host: options.host });
  } catch (error) {
    await app.close();
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new TillsideError(
      'address-in-use',
      `Another program listens on ${options.host}:${options.port}; end it, or give HQ another api.port.`,
      { cause: error },
    );
  }
  const address = app.server.address();
  if (typeof address === 'object' && address !== null) port = address.port;
  return { port, close: () => app.close() };
}

function routes(app: FastifyInstance, options: ApiOptions) {
  const { ledger, fleet } = options;
  const Days = Type.Object({
    from: Type.Optional(ReconcileQuery.properties.from),
    to: Type.Optional(ReconcileQuery.properties.to),
  });

  app.get('/healthz', open, async () => ({ ok: true }));
  app.get('/readyz', open, async (_request, reply) => {
    const problem = options.problem();
    return reply.code(problem === null ? 200 : 503).send({ ready: problem === null, problem });
  });
  app.get('/metrics', async (_request, reply) => {
    const { status, summary } = await options.overview();
    const own = await options.metrics.text(
      status,
      await options.desk.count(),
      summary,
      (await options.leases.held()) !== null,
    );
    return reply.type(options.metrics.contentType).send(own + (await options.rollout.rollouts.metrics()));
  });
  app.get('/v1/status', async (): Promise<StatusView> => (await options.overview()).status);
  app.get<{ Querystring: TillsQuery }>(
    '/v1/tills',
    { schema: { querystring: TillsQuery } },
    async ({ query }): Promise<TillsAnswer> => fleet.tills(query),
  );
  app.get('/v1/tills/summary', async (): Promise<TillsSummary> => fleet.summary());
  app.get('/v1/tills/members', async (): Promise<TillMembersAnswer> => fleet.members());
  app.get<{ Querystring: SalesQuery }>(
    '/v1/sales',
    { schema: { querystring: SalesQuery } },
    async ({ query }): Promise<SalesAnswer> => ledger.sales(query),
  );
  app.get<{ Params: { till: string; saleId: string }; Querystring: { store?: string } }>(
    '/v1/sales/:till/:saleId',
    async ({ params, query }): Promise<SaleDetail> => {
      const sale = await ledger.sale(query.store ?? null, params.till, params.saleId);
      if (sale === null)
        throw new TillsideError('not-found', `HQ has no sale ${params.saleId} of till ${params.till}.`);
      return sale;
    },
  );
  app.get<{ Querystring: EventsQuery }>(
    '/v1/events',
    { schema: { querystring: EventsQuery } },
    async ({ query }): Promise<EventsAnswer> => {
      const events = [...(await ledger.events(query))];
      return { events, next: events.at(-1)?.cursor ?? query.after ?? 0 };
    },
  );
  app.get('/v1/quarantine', async (): Promise<QuarantineAnswer> => ({ items: await ledger.quarantined(500) }));
  app.get<{ Querystring: ReconcileQuery }>(
    '/v1/reconcile',
    { schema: { querystring: Days } },
    async ({ query }): Promise<ReconcileAnswer> => {
      const rows = [...(await ledger.reconcile(query.from ?? '0000-01-01', query.to ?? '9999-12-31'))];
      return { rows, agrees: rows.every(row => row.verdict === 'agrees') };
    },
  );
  app.get<{ Querystring: ReconcileQuery }>(
    '/v1/campaigns',
    { schema: { querystring: Days } },
    async ({ query }): Promise<CampaignsAnswer> => {
      const rows = await ledger.campaigns(query.from ?? '0000-01-01', query.to ?? '9999-12-31');
      const last = (await ledger.pointers())[0];
      const facts = last === undefined ? null : await options.bundleFacts(last.pointer.sha256);
      return {
        campaigns: rows.map(row => ({
          ...row,
          name: facts?.offers.get(row.offer)?.name ?? null,
          campaign: facts?.offers.get(row.offer)?.campaign ?? null,
        })),
      };
    },
  );
  app.get('/v1/bundles', async (): Promise<BundlesAnswer> => ({ bundles: [...(await fleet.bundles())] }));
  app.get<{ Params: { id: string; version: string } }>('/v1/bundles/:id/:version/file', async ({ params }, reply) => {
    const published = (await ledger.pointers()).find(
      ({ pointer }) => pointer.id === params.id && String(pointer.version) === params.version,
    );
    const file = published === undefined ? null : await ledger.bundle(published.pointer.sha256);
    if (file === null) throw new TillsideError('not-found', `HQ has no bundle ${params.id} version ${params.version}.`);
    return reply.type('application/json').send(Buffer.from(file.bytes));
  });
  app.post<{ Querystring: { ring?: string } }>('/v1/bundles', async (request, reply) => {
    if (!Buffer.isBuffer(request.body)) throw new TillsideError('request-invalid', 'The body must be the bundle file.');
    const { answer, isNew } = await options.publish(request.body, request.query.ring);
    return reply.code(isNew ? 201 : 200).send(answer);
  });
  app.get('/v1/leases', async (): Promise<LeasesAnswer> => options.leases.offers());
  app.get<{ Params: { offer: string } }>(
    '/v1/leases/:offer',
    async ({ params }): Promise<LeaseHoldersAnswer> => options.leases.holders(params.offer),
  );
  app.post('/v1/leases/resume', async (): Promise<ResumeAnswer> => ({ resumed: await options.leases.resume() }));
  app.post<{ Params: { offer: string } }>(
    '/v1/leases/:offer/recall',
    async ({ params: { offer } }): Promise<RecallAnswer> => ({ offer, asked: await options.leases.recall(offer) }),
  );
  app.get('/v1/stream', async (_request, reply) => {
    reply.hijack();
    if (!options.stream.add(reply.raw)) reply.raw.writeHead(503).end();
  });
}

function serveConsole(app: FastifyInstance, folder: string | null) {
  if (folder === null || !existsSync(join(folder, 'index.html'))) {
    app.get('/', open, async (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('The console has not been built: run "npm run build" and start again.\n'),
    );
    return;
  }
  app.register(async files => {
    // The console's files hold no data and load before the token is known.
    files.addHook('onRoute', route => {
      route.config = { ...route.config, ...open.config };
    });
    await files.register(fastifyStatic, {
      root: folder,
      setHeaders: response => {
        response.header('content-security-policy', contentSecurityPolicy);
        response.header('x-frame-options', 'DENY');
        response.header('cross-origin-opener-policy', 'same-origin');
      },
    });
  });
}

const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Only HQ's routes that say false are open to everybody on this machine. */
    needsToken?: false;
  }
}

const open = { config: { needsToken: false } } as const;

/** A page of another origin, or another name for this address (DNS rebinding), is refused. */
function checkHost(request: FastifyRequest, port: number) {
  const authorities = ['127.0.0.1', 'localhost', '[::1]'].map(name => `${name}:${port}`);
  const { host, origin } = request.headers;
  if (host === undefined || !authorities.includes(host.toLowerCase()))
    throw new TillsideError('forbidden-host', `The Host header must be 127.0.0.1:${port} or localhost:${port}.`);
  if (origin !== undefined && !authorities.some(authority => origin.toLowerCase() === `http://${authority}`))
    throw new TillsideError('forbidden-host', 'Pages of other origins may not call HQ.');
}

function checkToken(request: FastifyRequest, expected: string) {
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (given === undefined || !timingSafeEqual(digest(given), digest(expected)))
    throw new TillsideError(
      'unauthorized',
      'The request needs the header Authorization: Bearer TOKEN; see dataDir/tokens/hq.',
    );
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  'forbidden-host': 403,
  'not-found': 404,
  conflict: 409,
  'bundle-invalid': 422,
  'bundle-unsupported': 422,
  'bundle-golden': 422,
  'bundle-untrusted': 422,
  'request-invalid': 400,
  'database-unavailable': 503,
};

function problemOf(error: unknown): Problem {
  if (isTillsideError(error)) {
    const { code, message, faults } = error;
    const problem = {
      type: `urn:tillside:error:${code}`,
      title: code,
      status: statusOf[code] ?? 500,
      code,
      detail: message,
    };
    return faults.length === 0 ? problem : { ...problem, faults: [...faults] };
  }
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  const code: ErrorCode = status === 413 ? 'body-too-large' : status < 500 ? 'request-invalid' : 'internal';
  return {
    type: `urn:tillside:error:${code}`,
    title: code,
    status,
    code,
    detail: status < 500 ? messageOf(error) : 'A fault inside HQ; see its log.',
  };
}
