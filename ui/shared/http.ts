/** Calls to an API of tillside: bearer token, language, JSON, and the two ways in which a call fails. */

export type Fault = { readonly pointer: string; readonly message: string };

/** The server answered no: `code` is stable (errors.ts), `message` is for support. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly faults: readonly Fault[];

  constructor(status: number, code: string, detail: string, faults: readonly Fault[]) {
    super(detail);
    this.status = status;
    this.code = code;
    this.faults = faults;
  }
}

/** No answer came: the server is not there (or went away while answering). */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export type Api = {
  get<T>(path: string): Promise<T>;
  send<T>(method: 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** As it is, for files and pictures. */
  raw(method: string, path: string, init?: RawInit): Promise<Response>;
};

export type RawInit = {
  readonly body?: Blob;
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Where an event stream goes on. */
  readonly lastEventId?: string;
};

/**
 * @param token bearer token
 * @param language asked anew for each call
 * @throws (from every call) Refusal, NoAnswer
 */
export function createApi(token: string, language: () => string): Api {
  async function call(method: string, path: string, headers: Record<string, string>, init: RequestInit) {
    let response: Response;
    try {
      response = await fetch(path, {
        ...init,
        method,
        headers: { authorization: `Bearer ${token}`, 'accept-language': language(), ...headers },
        cache: 'no-store',
      });
    } catch (cause) {
      throw new NoAnswer('no answer', { cause });
    }
    if (!response.ok) throw await refusalOf(response);
    return response;
  }
  async function json<T>(response: Response): Promise<T> {
    try {
      const text = await response.text();
      return (text === '' ? null : JSON.parse(text)) as T;
    } catch (cause) {
      throw new NoAnswer('the answer broke off', { cause });
    }
  }
  return {
    get: async path => json(await call('GET', path, { accept: 'application/json' }, {})),
    send: async (method, path, body) =>
      json(
        await (body === undefined
          ? call(method, path, {}, {})
          : call(method, path, { 'content-type': 'application/json' }, { body: JSON.stringify(body) })),
      ),
    raw(method, path, { body, accept, signal, lastEventId } = {}) {
      const headers: Record<string, string> = {};
      if (accept !== undefined) headers.accept = accept;
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
      return call(method, path, headers, {
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    },
  };
}

async function refusalOf(response: Response): Promise<Refusal> {
  try {
    const problem = (await response.json()) as { code?: string; detail?: string; faults?: Fault[] };
    return new Refusal(response.status, problem.code ?? 'internal', problem.detail ?? '', problem.faults ?? []);
  } catch {
    return new Refusal(response.status, response.status === 401 ? 'unauthorized' : 'internal', response.statusText, []);
  }
}
