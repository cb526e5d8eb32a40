/**
 * What a till without a certificate can reach of HQ: HTTPS, three calls, small bodies, little time. The only part of HQ that
 * listens to the network.
 */
import { isIPv6, type Socket } from 'node:net';
import fastify from 'fastify';
import Type from 'typebox';
import type { Cancel, Clock } from '../../../clock.ts';
import { isTillsideError, messageOf, TillsideError } from '../../../errors.ts';
import type { SyncLog } from '../../link/link.ts';
import { maxCsrBytes } from '../../protocol/csr.ts';
import { behindMs, newKey, privatePem, publicOf } from './authority.ts';
import { type Authority, issue } from './certificate.ts';
import type { Enrolment } from './enrolment.ts';

export interface EnrolServerOptions {
  readonly tenant: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Names and addresses under which tills reach it. */
  readonly names: readonly string[];
  readonly authority: Authority;
  readonly enrolment: Enrolment;
  readonly clock: Clock;
  readonly log: SyncLog;
  readonly onRefused: (reason: string) => void;
  readonly onEnrolled: () => void;
  /** Time for a whole request, and for the handshake before it; ms. */
  readonly requestMs?: number;
}

export interface EnrolServer {
  readonly port: number;
  /** Somebody was revoked: the list is made anew when it is next asked for. */
  forgetList(): void;
  close(): Promise<void>;
}

const EnrolBody = Type.Object(
  { secret: Type.String({ pattern: '^[0-9a-f]{20}$' }), csr: Type.String({ maxLength: maxCsrBytes }) },
  { additionalProperties: false },
);

const defaultRequestMs = 10_000;
const dayMs = 86_400_000;
const certificateDays = 90;
/** Node's timers hold 24 days at most. */
const renewMs = 20 * dayMs;
const mostConnections = 256;
const mostOfOne = 16;
/** Wrong codes of one address, then pause. */
const mostWrong = 10;
const wrongMs = 600_000;
const mostRemembered = 10_000;

/** @throws TillsideError `address-in-use` */
export async function openEnrolServer(options: EnrolServerOptions): Promise<EnrolServer> {
  const { enrolment, clock, log, requestMs = defaultRequestMs } = options;
  const wrong = createPatience(clock);
  const app = fastify({
    https: {
      ...ownCertificate(options),
      minVersion: 'TLSv1.2',
      handshakeTimeout: requestMs,
      headersTimeout: requestMs,
      connectionsCheckingInterval: Math.max(50, requestMs / 10),
      maxHeaderSize: 8192,
    },
    bodyLimit: 8192,
    requestTimeout: requestMs,
    connectionTimeout: requestMs,
    keepAliveTimeout: 1000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  app.setErrorHandler((error, request, reply) => {
    const [status, code, detail] = answerOf(error);
    if (status >= 500) log.error({ error: messageOf(error) }, 'an enrolment failed');
    else {
      log.warn({ from: request.ip, code, detail }, 'an enrolment was refused');
      options.onRefused(code);
    }
    const problem = { type: `urn:tillside:error:${code}`, title: code, status, code, detail };
    return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('application/problem+json').send('{"code":"not-found","status":404,"title":"not-found"}'),
  );
  app.get('/v1/ca', async (_request, reply) => reply.type('application/x-pem-file').send(enrolment.authority));
  app.get('/v1/crl', async (_request, reply) => reply.type('application/x-pem-file').send(await revocationList()));
  app.post<{ Body: { secret: string; csr: string } }>('/v1/enrol', { schema: { body: EnrolBody } }, async request => {
    const from = addressOf(request.ip);
    if (wrong.isOver(from))
      throw new TillsideError('too-many-tries', 'Too many wrong codes; try again in ten minutes.');
    try {
      const answer = await enrolment.redeem(request.body.secret, request.body.csr);
      log.info({ store: answer.store, till: answer.till }, 'a till was enrolled');
      options.onEnrolled();
      return answer;
    } catch (error) {
      if (isTillsideError(error, 'enrol-refused')) wrong.note(from);
      throw error;
    }
  });

  /** Asked by many and signed anew for each would be dear. */
  let list: { readonly until: number; readonly pem: Promise<string> } | null = null;
  function revocationList(): Promise<string> {
    if (list === null || list.until < clock.monotonic())
      list = { until: clock.monotonic() + 5000, pem: enrolment.revocationList() };
    return list.pem;
  }

  const { server } = app;
  server.maxConnections = mostConnections;
  const perAddress = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const from = addressOf(socket.remoteAddress ?? '');
    const open = (perAddress.get(from) ?? 0) + 1;
    if (open > mostOfOne) return socket.destroy();
    perAddress.set(from, open);
    socket.once('close', () => {
      const left = (perAddress.get(from) ?? 1) - 1;
      if (left === 0) perAddress.delete(from);
      else perAddress.set(from, left);
    });
  });
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new TillsideError('address-in-use', `Another program listens on port ${options.port}; see enrolment.port.`, {
      cause: error,
    });
  }
  let cancelNew: Cancel = () => {};
  const renew = () => {
    cancelNew = clock.after(renewMs, () => {
      server.setSecureContext(ownCertificate(options));
      renew();
    });
  };
  renew();
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    forgetList() {
      list = null;
    },
    async close() {
      cancelNew();
      await app.close();
    },
  };
}

/** The server's own certificate, made by the authority at each start and kept in memory only. */
function ownCertificate({ tenant, authority, clock, names }: EnrolServerOptions): { cert: string; key: string } {
  const key = newKey();
  const { pem } = issue(authority, {
    purpose: 'enrolment',
    name: { tenant, common: names[0] ?? 'localhost' },
    publicKey: publicOf(key),
    notBefore: clock.now() - behindMs,
    notAfter: clock.now() + certificateDays * dayMs,
    hosts: names,
  });
  return { cert: pem + authority.pem, key: privatePem(key) };
}

/** How often an address was wrong of late. */
function createPatience(clock: Clock) {
  const tries = new Map<string, { count: number; readonly until: number }>();
  const current = (from: string) => {
    const known = tries.get(from);
    return known !== undefined && known.until > clock.monotonic() ? known : null;
  };
  return {
    isOver: (from: string) => (current(from)?.count ?? 0) >= mostWrong,
    note(from: string) {
      const known = current(from) ?? { count: 0, until: clock.monotonic() + wrongMs };
      known.count += 1;
      tries.delete(from);
      tries.set(from, known);
      const [oldest] = tries.keys();
      if (tries.size > mostRemembered && oldest !== undefined) tries.delete(oldest);
    },
  };
}

/** Whoever has one address of IPv6 has the whole /64. */
const addressOf = (ip: string): string =>
  isIPv6(ip) && !ip.startsWith('::ffff:') ? ip.split(':').slice(0, 4).join(':') : ip;

function answerOf(error: unknown): readonly [number, string, string] {
  if (isTillsideError(error, 'enrol-refused')) return [403, error.code, error.message];
  if (isTillsideError(error, 'too-many-tries')) return [429, error.code, error.message];
  if (isTillsideError(error, 'conflict')) return [409, error.code, error.message];
  if (isTillsideError(error, 'database-unavailable')) return [503, error.code, 'HQ cannot enrol now; try again soon.'];
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status === 413) return [413, 'body-too-large', 'The request is larger than any enrolment.'];
  return status < 500
    ? [status, 'request-invalid', messageOf(error)]
    : [500, 'internal', 'A fault inside HQ; see its log.'];
}
