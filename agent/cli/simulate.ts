/** `tillside simulate`: what would this bundle have done with these sales? */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, TillsideError } from '../../errors.ts';
import { parseBundle } from '../offers/index.ts';
import type { Bundle } from '../offers/types.ts';
import { reasonsText, reportJson, reportText } from '../simulate/report.ts';
import { type Simulation, simulate } from '../simulate/simulate.ts';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';
import { progressBar } from './simulate-progress.ts';

const help = `tillside simulate: what would this bundle have done with these sales?

usage: tillside simulate --bundle FILE --sales FILE.ndjson[.gz] [--against FILE] [--carry]
                         [--reasons | --json] [--workers N]

  --bundle FILE   the bundle to try
  --sales FILE    one sale a line (docs/offers.md), gzipped or not; - is standard input
  --against FILE  another bundle: what differs, with ten example sales for each difference
  --carry         remember each member's coupons and purchases from sale to sale, so that member caps, contact policies,
                  chains and "bought" see what this simulation printed; needs sales in order of time, and memory for the members
  --reasons       a second table: how often each reason met each offer
  --json          the whole report as JSON
  --workers N     threads (all cores)

Exit codes: 0 done, 2 wrong usage, a faulty bundle, or lines that are no sales (the others are counted).
`;

export const simulateCommand: Command = async (args, io) => {
  const { values } = readOptions('simulate', args, {
    bundle: { type: 'string' },
    sales: { type: 'string' },
    against: { type: 'string' },
    carry: { type: 'boolean' },
    reasons: { type: 'boolean' },
    json: { type: 'boolean' },
    workers: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) {
    io.stdout.write(help);
    return 0;
  }
  if (values.bundle === undefined || values.sales === undefined)
    throw new TillsideError('usage', 'simulate needs --bundle and --sales. See: tillside simulate --help');
  const workers = values.workers === undefined ? undefined : Number(values.workers);
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= 256))
    throw new TillsideError('usage', `--workers is "${values.workers}"; it is a number from 1 to 256.`);
  const bundle = readBundle(values.bundle);
  const against = values.against === undefined ? null : readBundle(values.against);
  const source = openSales(values.sales, io.stdin);
  const bar = progressBar(io.stderr, source.bytes, source.read, () => performance.now());
  const startedAt = performance.now();
  const usedBefore = process.cpuUsage();
  let result: Simulation;
  try {
    result = await simulate({
      bundle,
      against,
      source: source.stream,
      carry: values.carry === true,
      ...(workers === undefined ? {} : { workers }),
      onProgress: bar.show,
    });
  } finally {
    bar.end();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const used = process.cpuUsage(usedBefore);
  const processorSeconds = Math.round((used.user + used.system) / 1000) / 1000;
  io.stdout.write(
    values.json
      ? `${JSON.stringify(reportJson(result, bundle, against, seconds, processorSeconds))}\n`
      : reportText(result, bundle, against, seconds) + (values.reasons ? `\n${reasonsText(result, bundle)}` : ''),
  );
  for (const { line, faults } of values.json ? [] : result.bad)
    io.stderr.write(`line ${line}: ${faults.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ')}\n`);
  return result.badLines > 0 ? 2 : 0;
};

/** @throws TillsideError `bundle-invalid`, `usage` */
function readBundle(file: string): Bundle {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new TillsideError('usage', `The bundle ${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
  const parsed = parseBundle(bytes);
  if (parsed.ok) return parsed.bundle;
  throw new TillsideError('usage', `${file} breaks the offer contract:`, { faults: parsed.faults });
}

interface Sales {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Of the file; 0: not known. */
  readonly bytes: number;
  /** How many of them have been read. */
  readonly read: () => number;
}

/** @throws TillsideError `usage` if the file is not there; the stream throws it if it cannot be read or unpacked */
function openSales(file: string, stdin: NodeJS.ReadableStream): Sales {
  if (file === '-') return { stream: bytesOf(stdin, 'Standard input'), bytes: 0, read: () => 0 };
  let bytes: number;
  try {
    bytes = statSync(file).size;
  } catch (error) {
    throw new TillsideError('usage', `The sales ${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
  const raw = createReadStream(file, { highWaterMark: 1 << 20 });
  // Whoever reads the unpacked bytes hears of a fault of the file as well.
  const stream = file.endsWith('.gz') ? pipeline(raw, createGunzip({ chunkSize: 1 << 18 }), () => {}) : raw;
  return { stream: bytesOf(stream, `The sales ${file}`), bytes, read: () => raw.bytesRead };
}

async function* bytesOf(stream: NodeJS.ReadableStream, what: string): AsyncIterable<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]();
  for (;;) {
    let chunk: IteratorResult<string | Buffer>;
    try {
      chunk = await chunks.next();
    } catch (error) {
      throw new TillsideError('usage', `${what} can't be read: ${messageOf(error)}`, { cause: error });
    }
    if (chunk.done === true) return;
    yield typeof chunk.value === 'string' ? Buffer.from(chunk.value) : chunk.value;
  }
}
