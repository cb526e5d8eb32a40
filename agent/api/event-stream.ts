/**
 * Server-sent events for screens. The last events stay in a ring; every reader has its own place in it and is written to
 * only as fast as it reads, so a slow one costs no memory: when the ring has overtaken it, it is dropped and resumes by
 * Last-Event-ID, or is told `reset` and reads the state anew.
 */
import type { ServerResponse } from 'node:http';
import type { Cancel, Clock } from '../../clock.ts';
import { messageOf, TillsideError } from '../../errors.ts';
import type { Language } from './till-service.ts';
import type { ServerEvents } from './wire.ts';

export type StreamOptions = {
  readonly clock: Clock;
  /** Differs at every start of the process, so that an id of an earlier one is known as such. */
  readonly boot: string;
  readonly log: { error(facts: object, message: string): void };
  /** Events kept for readers that come back. */
  readonly kept?: number;
  readonly mostReaders?: number;
  /** A comment is sent that often, and a reader that has not read since the one before is dropped. */
  readonly heartbeatMs?: number;
};

type Entry = {
  readonly name: string;
  readonly render: (language: Language) => unknown;
  /** Rendered once a language, when first sent. */
  readonly texts: Map<Language, string>;
};

type Reader = {
  readonly response: ServerResponse;
  readonly language: Language;
  /** Sequence number of the next event for it. */
  next: number;
  /** Its buffer is full until `drain`. */
  full: boolean;
  /** It was full at the last heartbeat already. */
  stalled: boolean;
};

export class EventStream {
  readonly #options: Required<StreamOptions>;
  readonly #ring: Entry[] = [];
  readonly #readers = new Set<Reader>();
  /** Sequence number of the first entry in the ring. */
  #first = 1;
  #heartbeat: Cancel = () => {};

  constructor(options: StreamOptions) {
    this.#options = { kept: 1000, mostReaders: 32, heartbeatMs: 15_000, ...options };
    this.#beat();
  }

  get readers(): number {
    return this.#readers.size;
  }

  publish<Name extends keyof ServerEvents>(name: Name, render: (language: Language) => ServerEvents[Name]): void {
    this.#ring.push({ name, render, texts: new Map() });
    if (this.#ring.length > this.#options.kept) {
      this.#ring.shift();
      this.#first++;
    }
    for (const reader of this.#readers) this.#pump(reader);
  }

  /**
   * Takes a response over and writes events to it until its reader goes away.
   * @param lastEventId the id that the reader had last; null: it begins now
   * @throws TillsideError `too-many-streams`
   */
  attach(response: ServerResponse, language: Language, lastEventId: string | null): void {
    if (this.#readers.size >= this.#options.mostReaders)
      throw new TillsideError('too-many-streams', 'Too many event streams are open; close some.');
    const next = lastEventId === null ? this.#newest + 1 : this.#resume(lastEventId);
    const reader: Reader = { response, language, next: next ?? this.#newest + 1, full: false, stalled: false };
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      connection: 'keep-alive',
    });
    response.socket?.setNoDelay(true);
    response.on('drain', () => {
      reader.full = false;
      reader.stalled = false;
      this.#pump(reader);
    });
    response.on('close', () => this.#readers.delete(reader));
    response.on('error', () => this.#drop(reader));
    this.#readers.add(reader);
    // An id without data: the reader can resume although no event came yet.
    this.#write(reader, `retry: 1000\nid: ${this.#id(reader.next - 1)}\n\n`);
    if (next === null) {
      const data = JSON.stringify({ reason: 'The events after yours are no longer kept; read the state anew.' });
      this.#write(reader, `event: reset\nid: ${this.#id(reader.next - 1)}\ndata: ${data}\n\n`);
    }
    this.#pump(reader);
  }

  close(): void {
    this.#heartbeat();
    for (const reader of this.#readers) reader.response.end();
    this.#readers.clear();
  }

  get #newest(): number {
    return this.#first + this.#ring.length - 1;
  }

  #id(seq: number): string {
    return `${this.#options.boot}-${seq}`;
  }

  /** The event to go on with after `id`; null: it is of another start, too old, or never was. */
  #resume(id: string): number | null {
    const cut = id.lastIndexOf('-');
    const seq = /^\d{1,15}$/.test(id.slice(cut + 1)) ? Number(id.slice(cut + 1)) : -1;
    const ours = cut > 0 && id.slice(0, cut) === this.#options.boot;
    return ours && seq >= this.#first - 1 && seq <= this.#newest ? seq + 1 : null;
  }

  #pump(reader: Reader): void {
    while (!reader.full && this.#readers.has(reader)) {
      if (reader.next < this.#first) break;
      const entry = this.#ring[reader.next - this.#first];
      if (entry === undefined) return;
      const data = this.#text(entry, reader.language);
      if (data !== null) this.#write(reader, `event: ${entry.name}\nid: ${this.#id(reader.next)}\ndata: ${data}\n\n`);
      reader.next++;
    }
    if (reader.next < this.#first) this.#drop(reader);
  }

  #text(entry: Entry, language: Language): string | null {
    const known = entry.texts.get(language);
    if (known !== undefined) return known;
    try {
      const text = JSON.stringify(entry.render(language));
      entry.texts.set(language, text);
      return text;
    } catch (error) {
      this.#options.log.error({ event: entry.name, problem: messageOf(error) }, 'an event could not be rendered');
      return null;
    }
  }

  #write(reader: Reader, text: string): void {
    if (!reader.response.write(text)) reader.full = true;
  }

  #drop(reader: Reader): void {
    this.#readers.delete(reader);
    reader.response.destroy();
  }

  #beat(): void {
    this.#heartbeat = this.#options.clock.after(this.#options.heartbeatMs, () => {
      for (const reader of this.#readers) {
        if (reader.full && reader.stalled) this.#drop(reader);
        else if (reader.full) reader.stalled = true;
        else this.#write(reader, ': still here\n\n');
      }
      this.#beat();
    });
  }
}
