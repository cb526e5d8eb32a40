/** The local API: HTTP on loopback for the POS and the screens. Knows HTTP; the till is behind TillService. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Clock, systemClock } from '../../clock.ts';
import { isTillsideError, messageOf, TillsideError } from '../../errors.ts';
import { type Call, calls, mayCall, ownCalls } from './calls.ts';
import { EventStream } from './event-stream.ts';
import { checkHost, checkOrigin, TokenGate, type Tokens } from './gate.ts';
import { languageOf } from './language.ts';
import { type ApiLimits, usualLimits } from './limits.ts';
import { openApiDocument } from './openapi.ts';
import { problemOf, problemType } from './problem.ts';
import { serveScreen } from './screen.ts';
import type { Language, TillService } from './till-service.ts';

export type ApiLog = {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
};

export type ApiOptions = {
  readonly service: TillService;
  readonly tokens: Tokens;
  /** A loopback address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the built screen; null: none is served. */
  readonly uiDir: string | null;
  readonly log: ApiLog;
  /** Shown in the OpenAPI document. */
  readonly version: string;
  readonly clock?: Clock;
  /** Language of sentences where a request asks for none. */
  readonly language?: Language;
  /** Differs at every start of the process; ids of events begin with it. */
  readonly boot?: string;
  /** Where they differ from the usual ones. */
  readonly limits?: Partial<ApiLimits>;
  /** Told every route as it is set up; for the check against the OpenAPI document. */
  readonly onRoute?: (method: string, url: string) => void;
};

export type Api = {
  /** @throws TillsideError `address-in-use` */
  listen(): Promise<{ readonly port: number; readonly url: string }>;
  /** Ends event streams, lets calls under way finish, stops listening. */
  close(): Promise<void>;
};

export function createApi(options: ApiOptions): Api {
  const { service, log } = options;
  const clock = options.clock ?? systemClock;
  const stream = new EventStream({ clock, boot: options.boot ?? clock.now().toString(36), log });
  const unsubscribe = service.onEvent((name, render) => stream.publish(name, render));
  const app = makeApp(options);
  addGate(app, options);
  for (const call of calls) addCall(app, call, options);
  addOwnCalls(app, stream, options);
  if (options.uiDir !== null) serveScreen(app, options.uiDir);

  return {
    async listen() {
      try {
        await app.listen({ host: options.host, port: options.port });
      } catch (error) {
        throw listenFault(error, options);
      }
      const port = portOf(app.server);
      return { port, url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}` };
    },
    async close() {
      unsubscribe();
      stream.close();
      await app.close();
    },
  };
}

function makeApp(options: ApiOptions): FastifyInstance {
  const limits = { ...usualLimits, ...options.limits };
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    // Node looks for slow requests every half minute unless told.
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.checkMs },
    connectionTimeout: limits.stillMs,
    keepAliveTimeout: limits.stillMs,
    // Calls under way finish, idle keep-alive connections don't hold the stop up.
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 1600 },
    // What the POS sends is taken as it is: no "1" for 1, no field removed, no default filled in.
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
    },
    frameworkErrors: (error, _request, reply) => void sendProblem(reply, error),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket),
  });
  app.server.maxConnections = limits.connections;
  const { onRoute } = options;
  if (onRoute !== undefined) app.addHook('onRoute', route => onRoute(String(route.method), route.url));
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Calls without a body are sent with the header by many clients.
    if (body === '') done(null, undefined);
    else parseJson(request, String(body), done);
  });
  app.setErrorHandler((error, request, reply) => {
    const answer = problemOf(error);
    // The address of a call may hold a member's code: the route is logged, not the address.
    if (answer.status >= 500)
      options.log.error(
        { route: request.routeOptions.url, code: answer.code, problem: messageOf(error), stack: stackOf(error) },
        'a call of the local API failed',
      );
    return sendProblem(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(request.url);
    if (allowed.length === 0) return sendProblem(reply, new TillsideError('not-found', 'Nothing has this address.'));
    reply.header('allow', allowed.join(', '));
    return sendProblem(reply, new TillsideError('method-not-allowed', `This address takes ${allowed.join(', ')}.`));
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    reply.header('cross-origin-resource-policy', 'same-origin');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  return app;
}

/** Host and Origin of every request; tokens where the path is not open. */
function addGate(app: FastifyInstance, { tokens, service, language }: ApiOptions): void {
  const gate = new TokenGate(tokens);
  let sells: boolean | null = null;
  const screenSells = () => {
    sells ??= service.status(language ?? 'de').screenSells;
    return sells;
  };
  app.addHook('onRequest', async request => {
    const port = portOf(app.server);
    checkHost(request.headers.host, port);
    checkOrigin(request.headers.origin, port);
    const access = request.routeOptions.config.access;
    // Without a route: the screen's files need no token, all else is not there and says so only to those who have one.
    if (access === 'open' || (access === undefined && isScreenPath(request.url))) return;
    const role = gate.admit(request.headers.authorization);
    if (access !== undefined && !mayCall(access, role, screenSells))
      throw new TillsideError(
        'forbidden-role',
        role === 'ui' ? 'At this till only the POS may do this.' : 'Only the screen may do this.',
      );
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Call['access'];
  }
}

function addCall(app: FastifyInstance, call: Call, options: ApiOptions): void {
  app.route({
    method: call.method,
    url: fastifyPath(call.path),
    config: { access: call.access },
    schema: {
      ...(call.params === undefined ? {} : { params: call.params }),
      ...(call.body === undefined ? {} : { body: call.body }),
    },
    handler: async (request, reply) => {
      const answer = await call.run(options.service, {
        params: request.params as Readonly<Record<string, string>>,
        body: request.body,
        language: languageFor(request, options),
      });
      if (call.answer.type === 'image/png') return reply.type('image/png').send(answer);
      if (call.answer.type === 'text/plain') return reply.type('text/plain; version=0.0.4; charset=utf-8').send(answer);
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
    },
  });
}

function addOwnCalls(app: FastifyInstance, stream: EventStream, options: ApiOptions): void {
  app.get('/v1/events', { config: { access: 'any' } }, (request, reply) => {
    const id = request.headers['last-event-id'];
    const language = languageFor(request, options);
    reply.hijack();
    try {
      stream.attach(reply.raw, language, typeof id === 'string' ? id : null);
    } catch (error) {
      const answer = problemOf(error);
      reply.raw.writeHead(answer.status, { 'content-type': problemType, 'retry-after': '5' });
      reply.raw.end(JSON.stringify(answer));
    }
  });
  const document = JSON.stringify(openApiDocument(options.version));
  app.get('/openapi.json', { config: { access: 'any' } }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(document),
  );
}

function languageFor(request: FastifyRequest, options: ApiOptions): Language {
  return languageOf(request.headers['accept-language'], options.language ?? 'de');
}

function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const answer = problemOf(error);
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer realm="tillside"');
  return reply.code(answer.status).type(problemType).send(JSON.stringify(answer));
}

/** What is not HTTP at all, or too slow, gets an answer of the same form and is cut off. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, body] = refusal(error.code);
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  );
}

function refusal(code: string | undefined): readonly [string, object] {
  const answer = problemOf(new TillsideError('request-invalid', 'This is not a request that HTTP/1.1 knows.'));
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return ['408 Request Timeout', { ...answer, status: 408, detail: 'The request did not arrive in time.' }];
  if (code === 'HPE_HEADER_OVERFLOW')
    return ['431 Request Header Fields Too Large', { ...answer, status: 431, detail: 'The headers are too large.' }];
  return ['400 Bad Request', answer];
}

function fastifyPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** The screen's files lie beside the API's addresses, never below them. */
function isScreenPath(url: string): boolean {
  return !/^\/(?:v1|metrics|openapi\.json|healthz|readyz)(?:[/?.#]|$)/.test(url);
}

const routes = [...calls, ...ownCalls.map(own => ({ ...own, method: 'GET' as const }))].map(({ path, method }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));

function methodsOf(url: string): readonly string[] {
  const path = url.split('?', 1)[0] ?? '';
  return routes.filter(route => route.pattern.test(path)).map(route => route.method);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function listenFault(error: unknown, { host, port }: ApiOptions): TillsideError {
  if (isTillsideError(error)) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE')
    return new TillsideError(
      'address-in-use',
      `Port ${port} of ${host} is taken by another program (another till?). End it, or set api.port.`,
      { cause: error, context: { host, port } },
    );
  return new TillsideError('config-invalid', `The local API can't listen on ${host}:${port}: ${messageOf(error)}`, {
    cause: error,
    context: { host, port },
  });
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
