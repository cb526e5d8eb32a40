/** A till's API on a free port with a fake till behind it, and a client that sends exactly what it is told. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { TestContext } from 'node:test';
import { type ApiOptions, createApi } from '../../agent/api/server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeTillService } from './fake-till-service.ts';

export const posToken = 'p'.repeat(43);
export const uiToken = 'u'.repeat(43);

export type Answer = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
};

export type Ask = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** `pos` unless told; null: none. */
  readonly token?: string | null;
};

export type RunningApi = {
  readonly service: FakeTillService;
  readonly clock: FakeClock;
  readonly port: number;
  readonly logged: { readonly facts: object; readonly message: string }[];
  readonly close: () => Promise<void>;
  ask(path: string, ask?: Ask): Promise<Answer>;
  json(method: string, path: string, body?: unknown, ask?: Ask): Promise<{ status: number; body: unknown }>;
};

export async function startApi(t: TestContext, options: Partial<ApiOptions> = {}): Promise<RunningApi> {
  const service = new FakeTillService();
  const clock = new FakeClock();
  const logged: { facts: object; message: string }[] = [];
  const log = (facts: object, message: string) => void logged.push({ facts, message });
  const api = createApi({
    service,
    tokens: { pos: posToken, ui: uiToken },
    host: '127.0.0.1',
    port: 0,
    uiDir: null,
    clock,
    boot: 'b1',
    version: '0.1.0',
    log: { warn: log, error: log },
    ...options,
  });
  const { port } = await api.listen();
  const agent = new http.Agent({ keepAlive: true });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    agent.destroy();
    await api.close();
  };
  t.after(close);
  const ask = (path: string, { method = 'GET', headers = {}, body, token = posToken }: Ask = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const auth = token === null ? {} : { authorization: `Bearer ${token}` };
      const request = http.request(
        { agent, host: '127.0.0.1', port, path, method, headers: { ...auth, ...headers } },
        response => {
          const chunks: Buffer[] = [];
          response.on('data', chunk => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const bytes = Buffer.concat(chunks);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text: bytes.toString(), bytes });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  return {
    service,
    clock,
    port,
    logged,
    close,
    ask,
    async json(method, path, body, more = {}) {
      const headers = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...more.headers };
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await ask(path, { ...more, method, headers, ...text });
      return { status: answer.status, body: answer.text === '' ? null : JSON.parse(answer.text) };
    },
  };
}

/** Sends bytes as they are and resolves with all that comes back until the server closes. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', chunk => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(bytes);
  await closed(socket);
  return Buffer.concat(chunks).toString();
}

/** Whether it ended in order or was torn down. */
export function closed(socket: net.Socket): Promise<void> {
  return new Promise(resolve => socket.once('close', () => resolve()));
}

export type SentEvent = { readonly event: string | null; readonly id: string | null; readonly data: string | null };

/** An open event stream; `next()` resolves with the next block, comments left out. */
export type EventReader = {
  readonly response: http.IncomingMessage;
  next(): Promise<SentEvent>;
  /** Resolves when a comment arrives. */
  comment(): Promise<string>;
  ended(): Promise<void>;
  close(): void;
};

export async function openEvents(
  port: number,
  {
    lastEventId,
    language = 'en',
    token = uiToken,
  }: { readonly lastEventId?: string; readonly language?: string; readonly token?: string } = {},
): Promise<EventReader> {
  const headers = {
    authorization: `Bearer ${token}`,
    'accept-language': language,
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  };
  const request = http.request({ host: '127.0.0.1', port, path: '/v1/events', headers, agent: false });
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const blocks = new Queue<SentEvent>();
  const comments = new Queue<string>();
  let text = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      if (block.startsWith(':')) comments.put(block.slice(1).trim());
      else blocks.put({ event: field(block, 'event'), id: field(block, 'id'), data: field(block, 'data') });
    }
  });
  const ended = new Promise<void>(resolve => {
    response.on('close', resolve);
    response.on('error', () => resolve());
  });
  return {
    response,
    next: () => blocks.take(),
    comment: () => comments.take(),
    ended: () => ended,
    close: () => request.destroy(),
  };
}

function field(block: string, name: string): string | null {
  const line = block.split('\n').find(text => text.startsWith(`${name}: `));
  return line === undefined ? null : line.slice(name.length + 2);
}

class Queue<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  put(item: T): void {
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  take(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}
