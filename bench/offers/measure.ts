/**
 * `node bench/offers/measure.ts WHAT OFFERS BASKETS [WORLD]`: one measurement in a process of its own, so that none warms or cools the
 * other; its result as JSON on standard output. `run.ts` starts it.
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { decideWithFindings } from '../../agent/offers/decide.ts';
import {
  activating,
  type CompiledBundle,
  compileBundle,
  type Decision,
  decide,
  explain,
  type PreparedMember,
  prepareBundle,
  prepareMember,
  type Sale,
  scanBasket,
} from '../../agent/offers/index.ts';
import { bytesOf } from './allocation.ts';
import { peers } from './peers/index.ts';
import { copierOf, stopwatch, type Times, timesOf } from './timing.ts';
import { copyOf, touchOf } from './touch.ts';
import { chanceOf } from './world/chance.ts';
import { worlds } from './world/worlds.ts';

export interface Measured {
  /** By what was timed. */
  readonly times: Readonly<Record<string, Times>>;
  /** Numbers of the baskets that were timed. */
  readonly baskets: readonly number[];
  /** Of the list of eligible offers of each basket. */
  readonly digests?: readonly string[];
  /** Of the coupons of each basket. */
  readonly answers?: readonly string[];
  /** Allocated by a decision, beside its answer, and by a copy of the answer. */
  readonly bytes?: Readonly<Record<string, number>>;
}

/** Baskets of every measurement; one that takes fewer takes the first of a fixed shuffle, so that fewer are among more. */
export const allBaskets = 500;

const [what = '', offers = '', count = '', name = 'chain'] = process.argv.slice(2);
if (name !== 'chain' && name !== 'rich') throw new Error(`no such world: ${name}`);
const world = worlds[name];
const bundle = world.bundleOf(Number(offers));
const all = world.salesOf(allBaskets, bundle);
const baskets = chanceOf(5)
  .shuffled(all.map((_, index) => index))
  .slice(0, Number(count))
  .sort((a, b) => a - b);
const sales = baskets.map(index => all[index] as Sale);

/** A sale with what stands ready for it before it is timed. */
interface Ready {
  readonly sale: Sale;
  readonly prepared: PreparedMember | null;
  /** Which of the baskets that are followed is this sale's. */
  readonly till: number;
}

/** Baskets followed at the same time: a sale's last line is scanned while others come before its total. */
const tills = 8;

/** New copies of all sales, or of one. */
const fresh = copierOf(sales);

const measurements: Record<string, () => Promise<Omit<Measured, 'baskets'>>> = {
  async decide() {
    const compiled = compileBundle(bundle);
    prepareBundle(compiled);
    const ready = (only?: number): Ready[] =>
      fresh(only).map((sale, index) => ({ sale, prepared: scan(compiled, sale), till: index % (2 * tills) }));
    const followed = Array.from({ length: 2 * tills }, () => scanBasket(compiled));
    const follow = ({ sale, till }: Ready) => followed[till]?.scan(sale.lines);
    /** All but the last line of the sale at hand. */
    const followMost = ({ sale, till }: Ready) => followed[till]?.scan(sale.lines.slice(0, -1));
    return {
      times: {
        ...(await timesOf('all in', fresh, sale => decide(compiled, sale))),
        ...(await timesOf('at scan', fresh, sale => scan(compiled, sale))),
        ...(await timesOf('member ready', ready, ({ sale, prepared }) => decide(compiled, sale, prepared))),
        ...(await timesOf('line', ready, follow, (all, index) => followMost(all[index] as Ready))),
        ...(await timesOf(
          'at total',
          ready,
          ({ sale, prepared, till }) => decide(compiled, sale, prepared, followed[till]),
          (all, index) => {
            for (const each of index === 0 ? all.slice(0, tills) : all.slice(index + tills - 1, index + tills))
              follow(each);
          },
        )),
      },
      answers: ready().map(each => {
        follow(each);
        return answerOf(decide(compiled, each.sale, each.prepared, followed[each.till]));
      }),
    };
  },

  /** The product's own answer with every offer looked at: what the index's and the peers' answers are compared with. */
  async check() {
    const compiled = compileBundle(bundle);
    const decided = sales.map(sale => decideWithFindings(compiled, sale));
    sales.forEach((sale, index) => {
      const { issue, suppressed } = decided[index]?.decision ?? {};
      const { issue: found, suppressed: heldOut } = decide(compiled, sale);
      if (JSON.stringify([found, heldOut]) !== JSON.stringify([issue, suppressed]))
        throw new Error(`the index decides otherwise than the evaluator on all offers: ${sale.saleId}`);
    });
    return {
      times: {},
      answers: decided.map(({ decision }) => answerOf(decision)),
      digests: decided.map(({ decision, refused }) =>
        digestOf([
          ...decision.issue.map(({ offer }) => offer),
          ...decision.suppressed.filter(({ phase }) => phase === 'issue').map(({ offer }) => offer),
          ...refused.filter(({ finding }) => finding.reason === 'not-selected').map(({ offer }) => offer),
        ]),
      ),
    };
  },

  async touch() {
    const compiled = compileBundle(bundle);
    const touch = touchOf(bundle);
    const answers = sales.map(sale => decide(compiled, sale));
    const ready = (only?: number) =>
      fresh(only).map((sale, index) => ({ sale, answer: answers[only ?? index] as Decision }));
    return { times: await timesOf('touch', ready, ({ sale, answer }) => touch(sale, answer)) };
  },

  async explain() {
    const compiled = compileBundle(bundle);
    return { times: await timesOf('explain', fresh, sale => explain(compiled, sale, 'de')) };
  },

  /** In steps, as a till does it between sales: in all, and the longest step. The first of the rounds is the coldest. */
  async activate() {
    const source = Buffer.from(JSON.stringify(bundle));
    const total: number[] = [];
    const longest: number[] = [];
    for (let round = 0; round < 5; round++) {
      const steps: number[] = [];
      const work = activating(source);
      for (let done = false; !done; ) {
        const stop = stopwatch();
        const step = work.next();
        steps.push(stop());
        done = step.done ?? false;
        if (step.done && !step.value.ok) throw new Error('the bundle is valid');
      }
      total.push(steps.reduce((sum, step) => sum + step, 0));
      longest.push(Math.max(...steps));
    }
    return { times: { total, longest } };
  },

  async allocate() {
    const compiled = compileBundle(bundle);
    prepareBundle(compiled);
    const copies = fresh();
    const ready = copies.map((sale): Ready => ({ sale, prepared: scan(compiled, sale), till: 0 }));
    const followed = scanBasket(compiled);
    const answers = copies.map(sale => decide(compiled, sale));
    const copy = bytesOf(answers, copyOf);
    return {
      times: {},
      bytes: {
        'all in': bytesOf(copies, sale => decide(compiled, sale)) - copy,
        // With what the scan of all lines leaves.
        'at total':
          bytesOf(ready, ({ sale, prepared }) => {
            followed.scan(sale.lines);
            return decide(compiled, sale, prepared, followed);
          }) - copy,
        answer: copy,
      },
    };
  },
};

for (const [peerName, peer] of Object.entries(peers))
  measurements[peerName] ??= async () => {
    const eligible = await peer(bundle);
    const digests: string[] = [];
    for (const sale of sales) digests.push(digestOf(await eligible(sale)));
    return { times: await timesOf(peerName, fresh, eligible), digests };
  };

const measure = measurements[what];
if (measure === undefined) throw new Error(`no such measurement: ${what}`);
process.stdout.write(JSON.stringify({ ...(await measure()), baskets } satisfies Measured));

function scan(compiled: CompiledBundle, { member, history }: Sale): PreparedMember | null {
  return member === undefined ? null : prepareMember(compiled, member, history);
}

function answerOf({ issue, suppressed }: Pick<Decision, 'issue' | 'suppressed'>): string {
  return digestOf([...issue, ...suppressed].map(entry => JSON.stringify(entry)));
}

function digestOf(ids: readonly string[]): string {
  return createHash('sha256')
    .update([...ids].sort().join())
    .digest('base64')
    .slice(0, 12);
}
