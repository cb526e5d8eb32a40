/** Streams a file of sales through bundles on every core, with little memory: a piece is forgotten as soon as it is counted. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Bundle } from '../offers/types.ts';
import { type Piece, piecesOf } from './pieces.ts';
import { type BadLine, type Difference, keptBadLines, keptExamples, type Played } from './player.ts';
import { emptyTally, merge, type Tally } from './tally.ts';
import type { WorkerInput, WorkerOutput, WorkerStart } from './worker.ts';

export type SimulationOptions = {
  readonly bundle: Bundle;
  readonly against: Bundle | null;
  /** One sale a line (JSON, UTF-8). */
  readonly source: AsyncIterable<Uint8Array>;
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

/** Pieces that a worker may have before it; enough that it never waits, few enough that memory stays small. */
export const ahead = 3;

export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { bundle, against, carry } = options;
  const workers = options.workers ?? availableParallelism();
  let played = 0;
  const onPlayed = (count: number) => {
    played += count;
    options.onProgress?.(played);
  };
  const crews = Array.from(
    { length: workers },
    (_, index) => new Crew({ bundle, against, carry, index, workers }, onPlayed),
  );
  try {
    for await (const piece of piecesOf(options.source)) {
      if (carry) for (const crew of crews) await crew.take(piece, false);
      else await (await mostIdle(crews)).take(piece, true);
    }
    return sum(await Promise.all(crews.map(crew => crew.finish())), bundle, against);
  } finally {
    await Promise.all(crews.map(crew => crew.end()));
  }
}

async function mostIdle(crews: readonly Crew[]): Promise<Crew> {
  const [first, ...others] = crews;
  if (first === undefined) throw new RangeError('no worker');
  if (crews.every(crew => crew.waiting >= ahead)) await Promise.race(crews.map(crew => crew.room()));
  return others.reduce((least, crew) => (crew.waiting < least.waiting ? crew : least), first);
}

/** A worker and the pieces on their way to it. */
class Crew {
  waiting = 0;
  readonly #worker: Worker;
  #free = () => {};
  readonly #result: Promise<Played>;

  constructor(start: WorkerStart, onPlayed: (count: number) => void) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
    this.#result = new Promise((resolve, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('message', (message: WorkerOutput) => {
        if ('done' in message) return resolve(message.done);
        this.waiting--;
        onPlayed(message.played);
        this.#free();
      });
    });
    // Heard again by whoever waits or finishes; a fault before must not end the process.
    this.#result.catch(() => this.#free());
  }

  /** Resolves when the worker has room for a piece. @throws what the worker threw */
  async room(): Promise<void> {
    if (this.waiting < ahead) return;
    const freed = new Promise<void>(resolve => {
      this.#free = resolve;
    });
    await Promise.race([freed, this.#result]);
  }

  /** @param alone nobody else needs its bytes: they are handed over, not copied */
  async take(piece: Piece, alone: boolean): Promise<void> {
    await this.room();
    this.waiting++;
    this.#worker.postMessage(piece satisfies WorkerInput, alone ? [piece.bytes.buffer] : []);
  }

  async finish(): Promise<Played> {
    this.#worker.postMessage(null);
    return this.#result;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
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
      known.examples.push(...difference.examples);
      differences.set(key, known);
    }
  }
  // Each worker has its first ones, so the first of all are among them, however the lines were shared out.
  for (const { examples } of differences.values()) examples.sort((a, b) => a.line - b.line).splice(keptExamples);
  return {
    tally,
    against: other,
    differences: [...differences.entries()]
      .sort(([a, { sales: left }], [b, { sales: right }]) => right - left || (a < b ? -1 : 1))
      .map(([, difference]) => difference),
    bad: bad.sort((a, b) => a.line - b.line).slice(0, keptBadLines),
    badLines,
  };
}
