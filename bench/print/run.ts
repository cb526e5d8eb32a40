/**
 * `node bench/print/run.ts [--json] [--sales N]`: how long after the POS says "completed" the first byte of the coupon is at the printer, with 10,000 offers, a
 * real database on disk, HTTP and TCP; and how long after a scanner's report the `scan` event is on the screen's stream. Milliseconds beside the goals.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as command from '../../drivers/printer/escpos/commands.ts';
import { encodeSlip } from '../../drivers/printer/escpos/encode.ts';
import { resolveProfile } from '../../drivers/printer/profiles.ts';
import { bundleOf } from '../offers/world/campaign.ts';
import { salesOf } from '../offers/world/sales.ts';
import { openDisk } from './disk.ts';
import { type BenchTill, startTill } from './till.ts';

const offers = 10_000;
const warmUp = 30;
const goals = { coupon: 30, scan: 20 } as const;

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, sales: { type: 'string', default: '300' } },
});
const count = Number(values.sales);

/** The questions of the barrier: real-time status, known state, automatic status, process ID. */
const questions =
  command.realTimeStatus.length +
  encodeSlip([{ kind: 'cut' }], resolveProfile('TM-T88VI', 80)).init.length +
  command.automaticStatus.length +
  command.processId('0000').length;
const worker = new Worker(new URL('./printer-worker.ts', import.meta.url), { workerData: { questions } });
type Told = { readonly kind: string; readonly at?: bigint; readonly port?: number };
const told = new Map<string, (message: Told) => void>();
worker.on('message', (message: Told) => told.get(message.kind)?.(message));
const next = (kind: string) => new Promise<Told>(resolve => told.set(kind, resolve));

const { port } = await next('listening');
const till = await startTill(offers, `tcp://127.0.0.1:${port}`);
try {
  await until(() => till.agent.service.status('de').printer.evidence === 'confirmed');
  const { answered, first, coupon, processor, disk } = await measureSales(till);
  const scan = await measureScans(till);
  const rows = [
    row('sale completed → answer to the POS', answered),
    row('sale completed → first question at the printer', first),
    row('sale completed → first byte of the coupon at the printer', coupon, goals.coupon),
    row("processor time of the till's thread for it", processor),
    row('one page written and synced by the disk, between the sales', disk),
    row('scanner report → "scan" on the screen\'s stream', scan, goals.scan),
  ];
  if (values.json) for (const each of rows) console.log(JSON.stringify({ bench: 'print', offers, ...each }));
  else {
    console.log(`${offers} offers, ${coupon.length} sales, ${scan.length} scans; milliseconds`);
    console.table(rows.map(({ what, p50, p99, goal }) => ({ what, p50, p99, goal: goal === null ? '' : `< ${goal}` })));
  }
} finally {
  await till.stop();
  await worker.terminate();
}

async function measureSales({ agent, post }: BenchTill) {
  const times = {
    answered: [] as number[],
    first: [] as number[],
    coupon: [] as number[],
    processor: [] as number[],
    disk: [] as number[],
  };
  const disk = openDisk();
  for (const [index, { lines }] of salesOf(count + warmUp, bundleOf(offers - 1)).entries()) {
    const saleId = `B${index}`;
    const basket = lines.map(({ lineId, gtin, quantity, unit, amount, category, brand }) => ({
      lineId,
      quantity: String(quantity),
      amount,
      ...(gtin === undefined ? {} : { gtin }),
      ...(unit === undefined ? {} : { unit }),
      ...(category === undefined ? {} : { category }),
      ...(brand === undefined ? {} : { brand }),
    }));
    const startedAt = new Date().toISOString();
    const quote = (await post('PUT', `/v1/sales/${saleId}`, { startedAt, lines: basket })) as {
      total: { net: number };
    };
    const armed = next('armed');
    worker.postMessage('arm');
    await armed;
    const question = next('question');
    const byte = next('coupon');
    const used = process.threadCpuUsage();
    const start = process.hrtime.bigint();
    await post('POST', `/v1/sales/${saleId}/complete`, {
      completedAt: new Date().toISOString(),
      total: quote.total.net,
    });
    const answer = process.hrtime.bigint();
    const asked = (await question).at ?? 0n;
    const came = (await byte).at ?? 0n;
    const { user, system } = process.threadCpuUsage(used);
    await until(() => agent.service.status('de').printer.queued === 0);
    const synced = disk.sync();
    // The driver looked at its idle printer in this very moment: what came first was not of this sale.
    if (index < warmUp || asked < start) continue;
    const ms = (at: bigint) => Number(at - start) / 1e6;
    times.answered.push(ms(answer));
    times.first.push(ms(asked));
    times.coupon.push(ms(came));
    times.processor.push((user + system) / 1000);
    times.disk.push(synced);
  }
  disk.close();
  return times;
}

/** The simulated scanner's reports go through the parser of real ones; the screen's stream is real HTTP. */
async function measureScans({ agent, listen }: BenchTill): Promise<number[]> {
  let seen = () => {};
  await listen(name => {
    if (name === 'scan') seen();
  });
  const times: number[] = [];
  for (let index = 0; index < count + warmUp; index++) {
    const arrived = new Promise<void>(resolve => {
      seen = resolve;
    });
    const start = process.hrtime.bigint();
    agent.service.simulator?.scan({ code: '7610200337450' });
    await arrived;
    if (index >= warmUp) times.push(Number(process.hrtime.bigint() - start) / 1e6);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  return times;
}

function row(what: string, times: readonly number[], goal: number | null = null) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2));
  return { what, p50: at(0.5), p99: at(0.99), goal };
}

async function until(wanted: () => boolean): Promise<void> {
  while (!wanted()) await new Promise(resolve => setTimeout(resolve, 1));
}
