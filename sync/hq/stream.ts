/** Server-sent events of the console: changes as they happen. A reader that does not keep up is let go and reads anew. */
import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '../../clock.ts';
import type { HqEvents } from './wire.ts';

const mostReaders = 64;
const mostWaitingBytes = 1024 * 1024;
const heartbeatMs = 15_000;

export class HqStream {
  readonly #clock: Clock;
  readonly #readers = new Set<ServerResponse>();
  #cancel: Cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beat();
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Takes over the response. False: too many read already. */
  add(response: ServerResponse): boolean {
    if (this.#readers.size >= mostReaders) return false;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.write('retry: 2000\n\n');
    this.#readers.add(response);
    response.on('close', () => this.#readers.delete(response));
    response.on('error', () => this.#readers.delete(response));
    return true;
  }

  publish<Name extends keyof HqEvents>(name: Name, value: HqEvents[Name]): void {
    if (this.#readers.size > 0) this.#write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
  }

  close(): void {
    this.#cancel();
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }

  #write(text: string) {
    for (const reader of [...this.#readers]) {
      if (reader.writableLength > mostWaitingBytes) {
        this.#readers.delete(reader);
        reader.destroy();
      } else reader.write(text);
    }
  }

  #beat() {
    this.#cancel = this.#clock.after(heartbeatMs, () => {
      this.#write(':\n\n');
      this.#beat();
    });
  }
}
