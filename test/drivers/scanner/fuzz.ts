/**
 * Coverage-guided fuzzing of everything that reads bytes of a device: inputs that reach new code are kept and changed further.
 * usage: node test/drivers/scanner/fuzz.ts [--minutes 10] [--seed 1] [--target demux,wedge]
 *        exit 1 with the input in hex when a rule is broken
 */
import { Session } from 'node:inspector/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { must, type Target, targets, text } from './fuzz-targets.ts';

/** No input of at most 2 KB may take more of the processor: a till that waits for a parser does not sell. */
const longestCpuMs = 250;
const longestInput = 2048;
const batchSize = 100;
const mostKept = 5000;

const tokens = [
  ']C1',
  ']E0',
  ']Q1',
  '\u001d',
  '\r\n',
  'TS1.',
  '8018',
  '255',
  '3902',
  '17',
  '21',
  '%B',
  '=',
  '^',
  '/01/',
  'https://',
  '?17=',
  '\u0000',
  '\u0002',
  '\u00ff',
  '&end=idle',
  '7"0001\u0000',
  '7#@A\u0000',
  '7%\u0000',
  '_EPSON\u0000',
].map(text);

/** xorshift32: repeatable, fast. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % Math.max(1, below);
  };
}

function changed(input: Uint8Array, other: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = [...input];
  for (let step = random(4); step >= 0; step--) {
    const at = random(bytes.length + 1);
    const kind = random(8);
    if (kind === 0) bytes[Math.min(at, bytes.length - 1)] = random(256);
    else if (kind === 1) bytes.splice(at, 0, random(256));
    else if (kind === 2) bytes.splice(at, 1 + random(8));
    else if (kind === 3) bytes.splice(at, 0, ...(tokens[random(tokens.length)] ?? []));
    else if (kind === 4) bytes = [...bytes.slice(0, at), ...other.slice(random(other.length + 1))];
    else if (kind === 5) bytes.splice(at, 0, ...bytes.slice(at, at + 1 + random(64)));
    else if (kind === 6 && at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (at < bytes.length) bytes[at] = 48 + random(10);
  }
  return Uint8Array.from(bytes.slice(0, longestInput));
}

export type FuzzResult = {
  readonly runs: number;
  /** Inputs that reached something new, by target. */
  readonly kept: Readonly<Record<string, number>>;
};

export type FuzzOptions = {
  readonly seed: number;
  /** Asked before each batch. */
  readonly goOn: (runs: number) => boolean;
  readonly targets: readonly Target[];
};

/**
 * Fuzzes the targets in turn until `goOn` says no.
 * @throws Error naming target, input in hex and rule
 */
export async function fuzz({ seed, goOn, targets }: FuzzOptions): Promise<FuzzResult> {
  const random = randomOf(seed);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const states = targets.map(target => ({ target, corpus: [...target.seeds], seen: new Set<string>() }));
  let runs = 0;
  try {
    while (goOn(runs)) {
      const state = states[Math.floor(runs / batchSize) % states.length];
      if (state === undefined) break;
      const { target, corpus, seen } = state;
      const batch = Array.from({ length: batchSize }, () => {
        const base = corpus[random(corpus.length)] ?? new Uint8Array();
        return changed(base, corpus[random(corpus.length)] ?? base, random);
      });
      for (const input of batch) attempt(target, input);
      runs += batch.length;
      // Asking V8 for coverage costs more than a hundred inputs: only a batch that reached something new is looked at singly.
      if (!(await places(session, target.code)).some(place => !seen.has(place))) continue;
      for (const input of batch) {
        attempt(target, input);
        const fresh = (await places(session, target.code)).filter(place => !seen.has(place));
        for (const place of fresh) seen.add(place);
        if (fresh.length > 0 && corpus.length < mostKept) corpus.push(input);
      }
    }
  } finally {
    session.disconnect();
  }
  return { runs, kept: Object.fromEntries(states.map(({ target, corpus }) => [target.name, corpus.length])) };
}

function attempt(target: Target, input: Uint8Array): void {
  const start = process.threadCpuUsage();
  try {
    target.run(input);
    const { user, system } = process.threadCpuUsage(start);
    must((user + system) / 1000 < longestCpuMs, `done within ${longestCpuMs} ms`);
  } catch (error) {
    throw new Error(`${target.name} ${Buffer.from(input).toString('hex')}: ${String(error)}`, { cause: error });
  }
}

/** Places of the target's code that ran since it was last asked. */
async function places(session: Session, code: string): Promise<readonly string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const ran: string[] = [];
  for (const script of result) {
    if (!script.url.includes(code)) continue;
    for (const { ranges } of script.functions)
      for (const { count, startOffset, endOffset } of ranges)
        if (count > 0) ran.push(`${script.scriptId}:${startOffset}:${endOffset}`);
  }
  return ran;
}

/** Megabytes in use after everything that nobody needs is given back. */
function heapMegabytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return Math.round(process.memoryUsage().heapUsed / 1e5) / 10;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string' },
    },
  });
  const names = values.target?.split(',');
  const chosen = targets.filter(({ name }) => names === undefined || names.includes(name));
  if (chosen.length === 0 || (names !== undefined && chosen.length < names.length)) {
    console.error(`--target: one or more of ${targets.map(({ name }) => name).join(',')}`);
    process.exit(2);
  }
  const start = performance.now();
  const end = start + Number(values.minutes) * 60_000;
  const middle = start + (end - start) / 2;
  let half: number | null = null;
  try {
    const before = heapMegabytes();
    const { runs, kept } = await fuzz({
      seed: Number(values.seed),
      targets: chosen,
      goOn() {
        const now = performance.now();
        if (half === null && now > middle) half = heapMegabytes();
        return now < end;
      },
    });
    const heap = `heap ${before} MB at the start, ${half} MB half-way, ${heapMegabytes()} MB at the end`;
    const inputs = Object.entries(kept).map(([name, count]) => `${name} ${count}`);
    console.log(
      `seed ${values.seed}: ${runs} inputs in ${values.minutes} minutes, no rule broken; ${heap}; kept for new code: ${inputs.join(', ')}`,
    );
  } catch (error) {
    console.error(`seed ${values.seed}: ${String(error)}`);
    process.exitCode = 1;
  }
}
