/**
 * `node bench/simulate/run.ts [--sales N] [--offers N] [--json]`: `tillside simulate` itself on a file of sales made for the purpose,
 * with two workers, beside one core that decides sale by sale with every offer looked at; their counts are checked equal first.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import { compileBundle, parseSale } from '../../agent/offers/index.ts';
import { bundleOf, saleLines } from './world.ts';

const goal = 20_000;
const naiveSales = 600;

const { values } = parseArgs({
  options: {
    sales: { type: 'string', default: '200000' },
    offers: { type: 'string', default: '1000' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const [sales, offers] = [Number(values.sales), Number(values.offers)];
const folder = mkdtempSync(join(tmpdir(), 'tillside-bench-'));
const file = (name: string) => join(folder, name);
try {
  const bundle = bundleOf(offers, 2);
  writeFileSync(file('bundle.json'), JSON.stringify(bundle));
  writeFileSync(file('before.json'), JSON.stringify(bundleOf(offers, 1)));
  await writeSales(file('sales.ndjson'), sales);
  await writeSales(file('few.ndjson'), naiveSales);

  const naive = naively();
  const few = await simulated('few.ndjson');
  for (const { offer, issued, suppressed, reasons } of few.report.offers) {
    const counts = Object.entries({ issued, suppressed, ...reasons }).filter(([, count]) => count > 0);
    const found = counts.map(([what, count]) => `${what} ${count}`).sort();
    const expected = [...(naive.counts.get(offer) ?? [])].map(([what, count]) => `${what} ${count}`).sort();
    if (found.join() !== expected.join()) throw new Error(`${offer}: ${found} instead of ${expected}`);
  }
  const whole = await simulated('sales.ndjson');
  const compared = await simulated('sales.ndjson', '--against', file('before.json'));
  const rows = [
    {
      what: 'every offer of every sale, one core',
      'sales/s': naive.perSecond,
      'by processor time': naive.perSecond,
      MB: null,
    },
    row('simulate, 2 workers', whole),
    row('simulate --against, 2 workers', compared),
  ];
  const bytes = statSync(file('sales.ndjson')).size;
  if (values.json) console.log(JSON.stringify(rows));
  else {
    console.log(
      `${sales.toLocaleString('en')} sales (${(bytes / 1e6).toFixed(0)} MB), ${offers.toLocaleString('en')} offers`,
    );
    console.table(rows);
    const { salesPerSecond } = whole.report;
    const own = onTwoCores(whole.report);
    const times = (perSecond: number) => (perSecond / naive.perSecond).toFixed(0);
    const met = (perSecond: number) => (perSecond >= goal ? 'met' : 'NOT met');
    console.log(
      `goal of ${goal.toLocaleString('en')} sales a second: ${met(salesPerSecond)} by the clock (${times(salesPerSecond)} × the plain way), ` +
        `${met(own)} by processor time, as two cores of its own would do (${times(own)} ×)`,
    );
  }
} finally {
  if (values.keep) console.log(folder);
  else rmSync(folder, { recursive: true });
}

/** Sales a second if both cores did nothing else: on a busy machine the clock says more about the others. */
function onTwoCores({ sales, processorSeconds }: Report): number {
  return Math.round((2 * sales) / processorSeconds);
}

function row(what: string, { report, megabytes }: { readonly report: Report; readonly megabytes: number | null }) {
  return { what, 'sales/s': report.salesPerSecond, 'by processor time': onTwoCores(report), MB: megabytes };
}

async function writeSales(to: string, count: number): Promise<void> {
  // A chunk a hundred lines, or writing takes longer than simulating.
  function* chunks() {
    let chunk: string[] = [];
    for (const line of saleLines(count, offers)) {
      chunk.push(line);
      if (chunk.length === 100) {
        yield `${chunk.join('\n')}\n`;
        chunk = [];
      }
    }
    if (chunk.length > 0) yield `${chunk.join('\n')}\n`;
  }
  await pipeline(Readable.from(chunks()), createWriteStream(to));
}

interface Report {
  readonly sales: number;
  readonly salesPerSecond: number;
  readonly processorSeconds: number;
  readonly offers: readonly {
    readonly offer: string;
    readonly issued: number;
    readonly suppressed: number;
    readonly reasons: Readonly<Record<string, number>>;
  }[];
}

/** Runs the command. Its memory is what the system saw at most, where `/proc` tells. */
async function simulated(
  name: string,
  ...more: readonly string[]
): Promise<{ report: Report; megabytes: number | null }> {
  const args = ['tillside.ts', 'simulate', '--bundle', file('bundle.json'), '--sales', file(name)];
  const child = spawn(process.execPath, [...args, '--workers', '2', '--json', ...more], {
    cwd: new URL('../..', import.meta.url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let most: number | null = null;
  const looking = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most = Math.round(Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024) || most;
    } catch {
      // Not Linux, or over.
    }
  }, 250);
  try {
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    let output = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk;
    const code = await ended;
    if (code !== 0) throw new Error(`simulate ended with ${code}`);
    return { report: JSON.parse(output), megabytes: most };
  } finally {
    clearInterval(looking);
  }
}

/** The plain way: parse, validate, decide with every offer looked at, count every answer. */
function naively(): { perSecond: number; counts: ReadonlyMap<string, ReadonlyMap<string, number>> } {
  const compiled = compileBundle(bundleOf(offers, 2));
  const texts = readFileSync(file('few.ndjson'), 'utf8').trimEnd().split('\n');
  const counts = new Map<string, Map<string, number>>();
  const add = (offer: string, what: string) => {
    const own = counts.get(offer) ?? new Map<string, number>();
    counts.set(offer, own);
    own.set(what, (own.get(what) ?? 0) + 1);
  };
  const before = process.cpuUsage();
  for (const text of texts) {
    const read = parseSale(text);
    if (!read.ok) throw new Error(JSON.stringify(read.faults));
    const { decision, refused } = decideWithFindings(compiled, read.sale);
    // A redeemed coupon of an `issue` offer is no issue; its serial tells it from an application of the offer itself.
    const own = (offer: string, phase: string) => compiled.byId.get(offer)?.phase === phase;
    for (const { offer, phase } of decision.applied) if (own(offer, phase)) add(offer, 'issued');
    for (const { offer } of decision.points?.offers ?? []) if (own(offer, 'points')) add(offer, 'issued');
    for (const { offer } of decision.issue) add(offer, 'issued');
    for (const { offer } of decision.suppressed) add(offer, 'suppressed');
    for (const { offer, finding } of refused) add(offer, finding.reason);
  }
  const { user, system } = process.cpuUsage(before);
  return { perSecond: Math.round(texts.length / ((user + system) / 1e6)), counts };
}
