/** Streams a file of sales through bundles on every core, with little memory: a line is forgotten as soon as it is counted. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Bundle } from '../offers/types.ts';
import type { BadLine, Difference, Played } from './player.ts';
import { hashOf } from './reach.ts';
import { emptyTally, merge, type Tally } from './tally.ts';
import type { WorkerInput, WorkerStart } from './worker.ts';

export type SimulationOptions = {
  readonly bundle: Bundle;
  readonly against: Bundle | null;
  /** One sale a line (JSON). */
  readonly lines: AsyncIterable<string>;
  /** Remember members from sale to sale: memory grows with the members, sales must be in order of time. */
  readonly carry: boolean;
  /** How many worker threads; absent: all cores. */
  readonly workers?: number;
  readonly onProgress?: (sales: number) => void;
};

export type Simulation = {
  readonly tally: Tally;
  readonly against: Tally | null;
  /** Most frequent first. */
  readonly differences: readonly Difference[];
  readonly bad: readonly BadLine[];
  readonly badLines: number;
};

const batchLines = 200;
/** Batches that a worker may have before it; enough that it never waits, few enough that memory stays small. */
const ahead = 4;

export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { bundle, against, carry } = options;
  const start: WorkerStart = { bundle, against, carry };
  const crews = Array.from({ length: options.workers ?? availableParallelism() }, () => new Crew(start));
  let played = 0;
  for (const crew of crews) crew.onPlayed = count => options.onProgress?.((played += count));
  let line = 0;
  let next = 0;
  try {
    for await (const text of options.lines) {
      line++;
      if (text.trim() === '') continue;
      // A member's sales must meet the same memory, in their order.
      const index = carry ? hashOf(memberIn(text)) % crews.length : Math.floor(next++ / batchLines) % crews.length;
      const crew = crews[index];
      if (crew !== undefined) await crew.take(text, line);
    }
    const results = await Promise.all(crews.map(crew => crew.finish()));
    return sum(results, bundle, against);
  } finally {
    await Promise.all(crews.map(crew => crew.end()));
  }
}

/** A worker and the lines on their way to it. */
class Crew {
  onPlayed: (count: number) => void = () => {};
  readonly #worker: Worker;
  #lines: string[] = [];
  #numbers: number[] = [];
  #waiting = 0;
  #room = () => {};
  readonly #result: Promise<Played>;

  constructor(start: WorkerStart) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
    this.#result = new Promise((resolve, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('message', (message: { done?: Played; played?: number }) => {
        if (message.done !== undefined) return resolve(message.done);
        this.#waiting--;
        this.onPlayed(message.played ?? 0);
        this.#room();
      });
    });
    // Heard again by whoever finishes; a fault before must not end the process.
    this.#result.catch(() => this.#room());
  }

  async take(line: string, number: number): Promise<void> {
    this.#lines.push(line);
    this.#numbers.push(number);
    if (this.#lines.length >= batchLines) await this.#send();
  }

  async finish(): Promise<Played> {
    if (this.#lines.length > 0) await this.#send();
    this.#post(null);
    return this.#result;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #send(): Promise<void> {
    if (this.#waiting >= ahead)
      await Promise.race([
        new Promise<void>(resolve => {
          this.#room = resolve;
        }),
        this.#result.then(() => undefined),
      ]);
    this.#waiting++;
    this.#post({ lines: this.#lines, numbers: this.#numbers });
    this.#lines = [];
    this.#numbers = [];
  }

  #post(input: WorkerInput): void {
    this.#worker.postMessage(input);
  }
}

function sum(results: readonly Played[], bundle: Bundle, against: Bundle | null): Simulation {
  const tally = emptyTally(bundle.offers);
  const other = against === null ? null : emptyTally(against.offers);
  const differences = new Map<string, Difference>();
  const bad: BadLine[] = [];
  let badLines = 0;
  for (const result of results) {
    merge(tally, result.tally);
    if (other !== null && result.against !== null) merge(other, result.against);
    bad.push(...result.bad);
    badLines += result.badLines;
    for (const difference of result.differences) {
      const key = `${difference.offer} ${difference.from} ${difference.to}`;
      const known = differences.get(key) ?? { ...difference, sales: 0, examples: [] };
      known.sales += difference.sales;
      known.examples.push(...difference.examples.slice(0, 10 - known.examples.length));
      differences.set(key, known);
    }
  }
  return {
    tally,
    against: other,
    differences: [...differences.values()].sort((a, b) => b.sales - a.sales || (a.offer < b.offer ? -1 : 1)),
    bad: bad.sort((a, b) => a.line - b.line).slice(0, 20),
    badLines,
  };
}

/** The member's id, read without parsing the line; '' where there is none. */
function memberIn(text: string): string {
  return /"member"\s*:\s*\{[^{}]*?"id"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? '';
}
