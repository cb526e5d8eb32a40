/** `tillside simulate`: what would this bundle have done with these sales? */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { createGunzip } from 'node:zlib';
import { messageOf, TillsideError } from '../../errors.ts';
import { parseBundle } from '../offers/index.ts';
import type { Bundle } from '../offers/types.ts';
import { reportJson, reportText } from '../simulate/report.ts';
import { simulate } from '../simulate/simulate.ts';
import type { Command } from './command.ts';
import { readOptions } from './options.ts';

const help = `tillside simulate: what would this bundle have done with these sales?

usage: tillside simulate --bundle FILE --sales FILE.ndjson[.gz] [--against FILE] [--carry] [--json] [--workers N]

  --bundle FILE   the bundle to try
  --sales FILE    one sale a line (docs/offers.md), gzipped or not; - is standard input
  --against FILE  another bundle: what differs, with ten example sales for each difference
  --carry         remember each member's coupons and purchases from sale to sale, so that member caps, contact policies,
                  chains and "bought" see what this simulation printed; needs sales in order of time, and memory for the members
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
  const source = openSales(values.sales);
  const bar = progressBar(source.bytes, source.read);
  const startedAt = performance.now();
  const result = await simulate({
    bundle,
    against,
    source: source.stream as AsyncIterable<Uint8Array>,
    carry: values.carry === true,
    ...(workers === undefined ? {} : { workers }),
    onProgress: bar.show,
  });
  bar.end();
  const seconds = (performance.now() - startedAt) / 1000;
  io.stdout.write(
    values.json
      ? `${JSON.stringify(reportJson(result, bundle, against, seconds))}\n`
      : reportText(result, bundle, against, seconds),
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

function openSales(file: string) {
  if (file === '-') return { stream: process.stdin, bytes: 0, read: () => 0 };
  let bytes: number;
  try {
    bytes = statSync(file).size;
  } catch (error) {
    throw new TillsideError('usage', `The sales ${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
  const raw = createReadStream(file, { highWaterMark: 1 << 20 });
  const stream = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  return { stream, bytes, read: () => raw.bytesRead };
}

/** On a terminal's standard error only; drawn at most ten times a second. */
function progressBar(bytes: number, read: () => number) {
  const out = process.stderr;
  let shown = 0;
  return {
    show(sales: number) {
      const now = performance.now();
      if (!out.isTTY || now - shown < 100) return;
      shown = now;
      const part = bytes === 0 ? 0 : Math.min(1, read() / bytes);
      const full = Math.round(part * 30);
      out.write(
        `\r${'█'.repeat(full)}${'░'.repeat(30 - full)} ${(part * 100).toFixed(0).padStart(3)} %  ${sales.toLocaleString('en')} sales`,
      );
    },
    end() {
      if (out.isTTY && shown > 0) out.write('\r\x1b[K');
    },
  };
}
