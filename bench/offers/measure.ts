/**
 * `node bench/offers/measure.ts WHAT OFFERS BASKETS`: one measurement in a process of its own, so that none warms or cools the
 * other; its result as JSON on standard output. `run.ts` starts it.
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import {
  compileBundle,
  type Decision,
  decide,
  explain,
  parseBundle,
  prepareBundle,
  prepareMember,
  type Sale,
} from '../../agent/offers/index.ts';
import { peers } from './peers/index.ts';
import { bestOf, type Times } from './timing.ts';
import { touchOf } from './touch.ts';
import { bundleOf } from './world/campaign.ts';
import { chanceOf } from './world/chance.ts';
import { salesOf } from './world/sales.ts';

export interface Measured {
  /** By what was timed. */
  readonly times: Readonly<Record<string, Times>>;
  /** Numbers of the baskets that were timed. */
  readonly baskets: readonly number[];
  /** Of the list of eligible offers of each basket, where there is one. */
  readonly digests?: readonly string[];
}

/** Baskets of every measurement; one that takes fewer takes the first of a fixed shuffle, so that fewer are among more. */
export const allBaskets = 500;

const [what = '', offers = '', count = ''] = process.argv.slice(2);
const bundle = bundleOf(Number(offers));
const all = salesOf(allBaskets, bundle);
const baskets = chanceOf(5)
  .shuffled(all.map((_, index) => index))
  .slice(0, Number(count))
  .sort((a, b) => a - b);
const sales = baskets.map(index => all[index] as Sale);

const measurements: Record<string, () => Promise<Omit<Measured, 'baskets'>>> = {
  async decide() {
    const compiled = compileBundle(bundle);
    prepareBundle(compiled);
    for (const sale of sales) {
      const { decision } = decideWithFindings(compiled, sale);
      const quick = decide(compiled, sale);
      if (JSON.stringify([quick.issue, quick.suppressed]) !== JSON.stringify([decision.issue, decision.suppressed]))
        throw new Error(`the index decides otherwise than the evaluator on all offers: ${sale.saleId}`);
    }
    const prepared = new Map(
      sales.map(sale => [sale, sale.member === undefined ? undefined : prepareMember(compiled, sale.member)]),
    );
    return {
      times: {
        'all in': await bestOf(sales, sale => decide(compiled, sale)),
        'at total': await bestOf(sales, sale => decide(compiled, sale, prepared.get(sale))),
      },
    };
  },

  /** The product's own answer with every offer looked at: what the peers' lists are compared with. */
  async eligible() {
    const compiled = compileBundle(bundle);
    const digests = sales.map(sale => {
      const { decision, refused } = decideWithFindings(compiled, sale);
      return digestOf([
        ...decision.issue.map(({ offer }) => offer),
        ...decision.suppressed.filter(({ phase }) => phase === 'issue').map(({ offer }) => offer),
        ...refused.filter(({ finding }) => finding.reason === 'not-selected').map(({ offer }) => offer),
      ]);
    });
    return { times: {}, digests };
  },

  async touch() {
    const compiled = compileBundle(bundle);
    const touch = touchOf(bundle, new Map(sales.map((sale): [Sale, Decision] => [sale, decide(compiled, sale)])));
    return { times: { touch: await bestOf(sales, touch) } };
  },

  async explain() {
    const compiled = compileBundle(bundle);
    return { times: { explain: await bestOf(sales, sale => explain(compiled, sale, 'de')) } };
  },

  async activate() {
    const text = JSON.stringify(bundle);
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      const read = parseBundle(text);
      if (!read.ok) throw new Error('the bundle is valid');
      prepareBundle(compileBundle(read.bundle));
      return (performance.now() - start) * 1000;
    });
    return { times: { total: times, slice: times } };
  },
};

for (const [name, peer] of Object.entries(peers))
  measurements[name] ??= async () => {
    const eligible = await peer(bundle);
    const digests: string[] = [];
    for (const sale of sales) digests.push(digestOf(await eligible(sale)));
    return { times: { [name]: await bestOf(sales, eligible) }, digests };
  };

const measure = measurements[what];
if (measure === undefined) throw new Error(`no such measurement: ${what}`);
process.stdout.write(JSON.stringify({ ...(await measure()), baskets } satisfies Measured));

function digestOf(ids: readonly string[]): string {
  return createHash('sha256')
    .update([...ids].sort().join())
    .digest('base64')
    .slice(0, 12);
}
