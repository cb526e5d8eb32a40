/**
 * `node bench/offers/run.ts [--json]`: a decision by the index beside the evaluator on all offers and hand-written closures,
 * on the same offers and baskets, results checked equal first.
 */
import { parseArgs } from 'node:util';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import {
  compileBundle,
  decide,
  explain,
  parseBundle,
  prepareBundle,
  prepareMember,
  type Sale,
} from '../../agent/offers/index.ts';
import { closuresOf } from './closures.ts';
import { bundleOf, salesOf } from './world.ts';

interface Row {
  readonly offers: number;
  readonly what: string;
  readonly p50: number;
  readonly p99: number;
}

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const rows: Row[] = [];
for (const size of [100, 1000, 10_000]) measure(size);
if (values.json) console.log(JSON.stringify(rows));
else console.table(rows.map(row => ({ ...row, p50: `${row.p50.toFixed(1)} µs`, p99: `${row.p99.toFixed(1)} µs` })));

function measure(size: number): void {
  const bundle = bundleOf(size);
  const text = JSON.stringify(bundle);
  const sales = salesOf(300);
  const compiled = compileBundle(bundle);
  const closures = closuresOf(bundle);
  for (const sale of sales) checkEqual(sale);
  const add = (what: string, times: readonly number[]) => {
    const sorted = [...times].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    rows.push({ offers: size, what, p50: at(0.5), p99: at(0.99) });
  };
  const members = new Map(sales.flatMap(({ member }) => (member ? [[member, prepareMember(compiled, member)]] : [])));
  add(
    'decide, all in',
    best(sales, sale => decide(compiled, sale).issue.length),
  );
  add(
    'decide at total, member prepared',
    best(sales, sale => decide(compiled, sale, sale.member && members.get(sale.member)).issue.length),
  );
  add(
    'closures, eligible only',
    best(sales, sale => closures(sale).length),
  );
  add(
    'every offer with its reason',
    best(sales.slice(0, 30), sale => decideWithFindings(compiled, sale).refused.length),
  );
  add(
    'explain all',
    best(sales.slice(0, 30), sale => explain(compiled, sale, 'de').length),
  );
  add(
    'activate: parse, validate, compile, index',
    [1, 2, 3].map(() => {
      const start = performance.now();
      const read = parseBundle(text);
      if (read.ok) prepareBundle(compileBundle(read.bundle));
      return (performance.now() - start) * 1000;
    }),
  );

  function checkEqual(sale: Sale): void {
    const { decision, refused } = decideWithFindings(compiled, sale);
    const eligible = [
      ...decision.issue.map(({ offer }) => offer),
      ...refused.filter(({ finding }) => finding.reason === 'not-selected').map(({ offer }) => offer),
    ].sort();
    if (closures(sale).sort().join() !== eligible.join()) throw new Error(`closures differ for ${sale.saleId}`);
    if (JSON.stringify(decide(compiled, sale).issue) !== JSON.stringify(decision.issue))
      throw new Error(`the index differs for ${sale.saleId}`);
  }
}

/** Microseconds of each sale, the best of five. */
function best(sales: readonly Sale[], run: (sale: Sale) => number): number[] {
  const times = sales.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 5; round++)
    sales.forEach((sale, index) => {
      const start = performance.now();
      run(sale);
      times[index] = Math.min(times[index] ?? 0, (performance.now() - start) * 1000);
    });
  return times;
}
