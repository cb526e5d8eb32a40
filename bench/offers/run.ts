/**
 * `node bench/offers/run.ts [--json] [--size=10000] [--world=chain]`: decisions on 100, 1,000 and 10,000 offers of a chain, and on 10,000 of a
 * richer world, beside peers on the same offers and baskets, all lists of eligible offers checked equal, with the goals of 10,000.
 * docs/performance.md tells what is measured and how.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { allocationFlags } from './allocation.ts';
import {
  activationMs,
  allocated,
  explainMs,
  fasterThan,
  type Goal,
  isMet,
  longestSliceMs,
  p99BesideP50,
  slowerThanTouch,
} from './goals.ts';
import type { Measured } from './measure.ts';
import { inARow, quantile, type Times } from './timing.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, size: { type: 'string' }, world: { type: 'string' } },
});
const worlds = values.world === undefined ? ['chain', 'rich'] : [values.world];
const tables =
  values.size === undefined
    ? [100, 1000, 10_000].map(offers => ({ world: worlds[0] ?? '', offers }))
    : [{ world: worlds[0] ?? '', offers: Number(values.size) }];
for (const world of worlds.slice(1)) tables.push({ world, offers: Number(values.size ?? 10_000) });
const baskets = 500;
/** Peers, and on how many baskets they are measured with 10,000 offers; with fewer offers on three and ten times as many. */
const peers: Readonly<Record<string, number>> = {
  closures: 200,
  interpreter: 60,
  'json-logic-engine': 40,
  'json-logic-js': 40,
  'zen-engine': 30,
  'json-rules-engine': 2,
};

export interface Row {
  readonly world: string;
  readonly offers: number;
  readonly what: string;
  readonly baskets?: number;
  /** Microseconds. */
  readonly p50?: number;
  readonly p99?: number;
  /** What is compared with the goal. */
  readonly found?: number;
  readonly unit?: string;
  readonly goal?: Goal;
}

const begun = performance.now();
for (const { world, offers } of tables) {
  const rows = measure(world, offers).map((row): Row => ({ world, offers, ...row }));
  if (values.json) for (const row of rows) console.log(JSON.stringify(row));
  else print(world, offers, rows);
}
if (!values.json) {
  console.log(
    '\nin a row: each basket five times one after the other, each time from a new copy of its text, the best kept;',
  );
  console.log(
    'the others: five rounds over all baskets, so that 499 sales lie between two turns of one, the best kept',
  );
}
if (!values.json) console.log(`\n${((performance.now() - begun) / 1000).toFixed(0)} s in all`);

function measure(world: string, offers: number): Omit<Row, 'world' | 'offers'>[] {
  const rows: Omit<Row, 'world' | 'offers'>[] = [];
  const child = (what: string, count: number, flags: readonly string[] = []) =>
    measureApart([what, String(offers), String(count), world], flags);
  // The goals are for the largest size.
  const goalHere = (goal: Goal | undefined) => (offers === 10_000 && goal !== undefined ? { goal } : {});
  const known = child('check', baskets);
  const own = child('decide', baskets);
  checkEqual('decide', offers, own.answers, known.answers, own, known);
  const ownTimes = (what: string) => own.times[what] ?? [];
  const { times: touched } = child('touch', baskets);
  for (const what of ['all in', 'at total'])
    for (const timed of [what, inARow(what)]) {
      const row = rowOf(`decide, ${timed}`, ownTimes(timed));
      const touch = touched[timed === what ? 'touch' : inARow('touch')] ?? [];
      rows.push({
        ...row,
        found: row.p50 / quantile(touch, 0.5),
        unit: '× the touch limit',
        ...goalHere(slowerThanTouch[what]),
      });
      rows.push({
        what: `  p99 beside p50, ${timed}`,
        found: row.p99 / row.p50,
        unit: '×',
        ...goalHere(p99BesideP50),
      });
    }
  for (const [what, title] of [
    ['member ready', 'decide, only the member ready'],
    ['line', 'a line, at its scan'],
    ['at scan', "the member's part, at the scan"],
  ] as const)
    for (const [timed, named] of [
      [what, title],
      [inARow(what), inARow(title)],
    ] as const)
      rows.push(rowOf(named, ownTimes(timed)));
  for (const [timed, times] of Object.entries(touched)) rows.push(rowOf(timed.replace('touch', 'touch limit'), times));
  for (const [peer, most] of Object.entries(peers)) {
    const measured = child(peer, Math.min(200, most * (offers === 10_000 ? 1 : offers === 1000 ? 3 : 10)));
    checkEqual(peer, offers, measured.digests, known.digests, measured, known);
    for (const [timed, ownTime] of [
      [peer, 'all in'],
      [inARow(peer), inARow('all in')],
    ] as const) {
      // Beside the product's times on the very same baskets.
      const same = measured.baskets.map(basket => ownTimes(ownTime)[own.baskets.indexOf(basket)] ?? Number.NaN);
      const row = rowOf(timed, measured.times[timed] ?? []);
      rows.push({
        ...row,
        found: row.p50 / quantile(same, 0.5),
        unit: '× slower than all in',
        ...goalHere(fasterThan[peer]),
      });
    }
  }
  const { bytes = {} } = child('allocate', baskets, allocationFlags);
  for (const what of ['all in', 'at total'])
    rows.push({
      what: `allocated beside the answer, ${what}`,
      found: bytes[what] ?? Number.NaN,
      unit: 'bytes',
      ...goalHere(allocated),
    });
  for (const [timed, times] of Object.entries(child('explain', 20).times))
    rows.push({ what: timed.replace('explain', 'explain all'), ...inMilliseconds(times, explainMs) });
  // As the till's process runs (docs/electron.md).
  const activated = child('activate', 1, ['--max-semi-space-size=1']).times;
  rows.push({ what: 'activate, in steps', ...inMilliseconds(activated.total ?? [], activationMs) });
  rows.push({ what: '  the longest step', ...inMilliseconds(activated.longest ?? [], longestSliceMs) });
  return rows;

  function rowOf(what: string, times: Times) {
    return { what, baskets: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  }

  function inMilliseconds(times: Times, goal: Goal) {
    const p50 = quantile(times, 0.5);
    return { p50, p99: quantile(times, 0.99), found: p50 / 1000, unit: 'ms', ...goalHere(goal) };
  }
}

/** Throws unless all that was found is what is known of the same baskets. */
function checkEqual(
  who: string,
  offers: number,
  found: readonly string[] = [],
  expected: readonly string[] = [],
  measured: Measured,
  known: Measured,
): void {
  measured.baskets.forEach((basket, index) => {
    const right = expected[known.baskets.indexOf(basket)];
    if (right === undefined || right !== found[index])
      throw new Error(`${who} and the evaluator on all offers differ in basket ${basket} with ${offers} offers`);
  });
}

function measureApart(what: readonly string[], flags: readonly string[]): Measured {
  const file = fileURLToPath(new URL('measure.ts', import.meta.url));
  const answer = execFileSync(process.execPath, [...flags, file, ...what], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(answer) as Measured;
}

function print(world: string, size: number, rows: readonly Row[]): void {
  console.log(`\n${size.toLocaleString('en')} offers, ${world === 'chain' ? 'a chain' : 'the richer world'}`);
  const table = rows.map(({ what, baskets: count, p50, p99, found, unit, goal }) => [
    what,
    count === undefined ? '' : String(count),
    p50 === undefined ? '' : microseconds(p50),
    p99 === undefined ? '' : microseconds(p99),
    found === undefined ? '' : `${figure(found)} ${unit ?? ''}`,
    goal === undefined ? '' : `${goal.at === 'least' ? '≥' : '≤'} ${goal.value.toLocaleString('en')}`,
    goal === undefined || found === undefined ? '' : isMet(goal, found) ? 'met' : 'not met',
  ]);
  const head = ['', 'baskets', 'p50', 'p99', 'compared', 'goal', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...table.map(row => (row[column] ?? '').length)));
  for (const row of [head, ...table])
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    );
}

function microseconds(value: number): string {
  return value >= 1000 ? `${figure(value / 1000)} ms` : `${figure(value)} µs`;
}

/** Three digits, or all of a whole number. */
function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3).replace(/\.?0+$/, '');
}
