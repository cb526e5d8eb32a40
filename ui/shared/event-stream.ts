/**
 * Server-sent events over fetch (EventSource can't send an Authorization header): reads the stream, resumes after the
 * last event seen, comes back by itself with growing, jittered pauses.
 */
import type { Api } from './http.ts';
import { Refusal } from './http.ts';

export type StreamEvent = { readonly event: string; readonly data: string };

/** Takes the stream in pieces, however it was cut, and gives whole events; an id may come without one. */
export function createEventParser(
  onEvent: (event: StreamEvent) => void,
  onId: (id: string) => void,
): (piece: string) => void {
  let rest = '';
  let event = '';
  let data: string[] = [];
  return piece => {
    rest += piece;
    for (;;) {
      const match = /\r\n|\n|\r(?=[\s\S])/.exec(rest);
      if (match === null) return;
      const line = rest.slice(0, match.index);
      rest = rest.slice(match.index + match[0].length);
      if (line === '') {
        if (data.length > 0) onEvent({ event: event || 'message', data: data.join('\n') });
        event = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      else if (field === 'event') event = value;
      else if (field === 'id') onId(value);
    }
  };
}

export type StreamListener = {
  /** The stream is open (again): whatever was missed for longer than the server remembers has to be asked for. */
  onOpen(): void;
  onEvent(event: string, data: unknown): void;
  /** The stream broke or could not be opened; it is tried again by itself. */
  onLost(): void;
  /** The server does not know the token: nothing is tried again. */
  onUnauthorized(): void;
};

const firstPause = 250;
const longestPause = 5_000;
/** The server sends a comment every 15 s; a stream silent for longer than two of them is dead. */
const deadAfter = 40_000;

/** Follows `path` until the returned function is called. */
export function followEvents(api: Api, path: string, listener: StreamListener): () => void {
  const stop = new AbortController();
  let last: string | null = null;
  let pause = firstPause;

  async function follow(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        const response = await api.raw('GET', path, {
          accept: 'text/event-stream',
          signal: stop.signal,
          ...(last === null ? {} : { lastEventId: last }),
        });
        pause = firstPause;
        listener.onOpen();
        await read(response);
      } catch (error) {
        if (error instanceof Refusal && error.status === 401) return listener.onUnauthorized();
      }
      if (stop.signal.aborted) return;
      listener.onLost();
      const wait = pause * (0.5 + Math.random() / 2);
      await new Promise(resolve => setTimeout(resolve, wait));
      pause = Math.min(pause * 2, longestPause);
    }
  }

  async function read(response: Response): Promise<void> {
    if (response.body === null) return;
    const decoder = new TextDecoder();
    const parse = createEventParser(
      ({ event, data }) => listener.onEvent(event, JSON.parse(data)),
      id => {
        last = id;
      },
    );
    const reader = response.body.getReader();
    for (;;) {
      const dead = setTimeout(() => void reader.cancel(), deadAfter);
      const { done, value } = await reader.read().finally(() => clearTimeout(dead));
      if (done || stop.signal.aborted) return;
      parse(decoder.decode(value, { stream: true }));
    }
  }

  void follow();
  return () => stop.abort();
}
