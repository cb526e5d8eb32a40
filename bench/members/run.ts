/**
 * `node bench/members/run.ts [--json] [--members N]`: three million members on a till. What HQ publishes, how large it is on the
 * wire and on disk, how long a card's scan waits for its member, and for how long the thread that sells is ever kept from a
 * sale while the whole file and a change of 30,000 are fetched and worked in. Beside it what keeps that thread when nothing is
 * worked on: the machine's own pauses.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { incomingIn } from '../../agent/members/incoming.ts';
import { startThread } from '../../agent/members/thread.ts';
import type { Order } from '../../agent/members/work.ts';
import { type Members, openMembers, type Target } from '../../agent/store/index.ts';
import { ContentHash, writeMemberFile } from '../../sync/protocol/members-file.ts';
import { packMember } from '../../sync/protocol/members-row.ts';
import { quantile } from '../offers/timing.ts';
import { chanceOf } from '../offers/world/chance.ts';
import { cardOf, memberOf, numberOf, words } from './population.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, members: { type: 'string', default: '3000000' } },
});
const count = Number(values.members);
const changes = Math.min(30_000, count);
const lookups = 20_000;
/** Half an hour of them. */
const mostLooks = 900_000;
/** Keys are spread over all 53 bits, as hashes are. */
const keyStep = Math.floor(Number.MAX_SAFE_INTEGER / (count + 1));
const keyOf = (number: number): number => (number + 1) * keyStep;
/** Who changes: everywhere in the file. */
const changeStep = Math.floor(count / changes);
const changed = (number: number): boolean => number % changeStep === 0 && number / changeStep < changes;

const schedstat = existsSync('/proc/thread-self/schedstat') ? openSync('/proc/thread-self/schedstat', 'r') : null;
const told = Buffer.alloc(100);

const folder = mkdtempSync(join(tmpdir(), 'tillside-members-'));
try {
  const whole = publish(join(folder, 'whole.tsm'), null);
  const change = publish(join(folder, 'change.tsm'), whole.target);
  const members = openMembers(join(folder, 'members.sqlite'));
  const next = `${members.path}.next`;

  const watch = watchThread(members);
  await watch.rest();
  const fetched = await fetch(whole);
  const built = await worked({ kind: 'whole', ...fetched, next, afresh: true });
  const swap = timeOf(() => members.swap(next));
  await members.freed();
  const wholeHolds = watch.taken();
  const fileBytes = statSync(members.path).size;
  await watch.rest();
  const wholeControl = watch.taken();

  const look = timesOf(members);
  await watch.rest();
  watch.taken();
  const changed = await worked({ kind: 'change', ...(await fetch(change)), file: members.path });
  const reread = timeOf(() => members.reread());
  const folded = await worked({ kind: 'fold', file: members.path });
  const rereadAgain = timeOf(() => members.reread());
  const changeHolds = watch.taken();
  await watch.rest();
  const changeControl = watch.taken();
  watch.stop();
  const after = timesOf(members);
  members.close();

  const found = {
    members: count,
    transferBytes: whole.target.size,
    fileBytes,
    whole: { seconds: built, swapMs: swap.clock, hold: holdsOf(wholeHolds), control: holdsOf(wholeControl) },
    lookup: look,
    changes,
    changeTransferBytes: change.target.size,
    change: {
      ...{
        countsAfterSeconds: changed,
        seconds: changed + folded,
        rereadMs: Math.max(reread.clock, rereadAgain.clock),
      },
      ...{ hold: holdsOf(changeHolds), control: holdsOf(changeControl) },
    },
    lookupAfter: after,
  };
  if (values.json) console.log(JSON.stringify(found));
  else {
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    const one = ({ p99, most, over5 }: Holds['own']) =>
      `p99 ${p99.toFixed(1)} ms, most ${most.toFixed(1)} ms, ${over5} over 5 ms`;
    const held = ({ times, clock: by, own, work }: Holds) =>
      `${times.toLocaleString('en')} looks: by the clock ${one(by)}; without waiting for a processor ${one(own)}; at work ${one(work)}`;
    const looked = ({ clock: by, own }: Lookups) =>
      `by the clock p50 ${by.p50.toFixed(1)} µs, p99 ${by.p99.toFixed(1)} µs; without waiting for a processor ${own.p50.toFixed(1)} and ${own.p99.toFixed(1)} µs`;
    console.log(
      [
        `${count.toLocaleString('en')} members: ${mb(found.transferBytes)} to transfer (${(found.transferBytes / count).toFixed(0)} bytes each), ` +
          `members.sqlite ${mb(fileBytes)} (${(fileBytes / count).toFixed(0)} bytes each)`,
        `whole file: built and verified in ${built.toFixed(0)} s at a quarter of a processor, swapped in within ${swap.clock.toFixed(1)} ms`,
        `  the selling thread, ${held(found.whole.hold)}`,
        `  with nothing to do, ${held(found.whole.control)}`,
        `one by its card (${lookups.toLocaleString('en')} different ones): ${looked(look)}`,
        `change of ${changes.toLocaleString('en')}: ${mb(found.changeTransferBytes)} to transfer; it counts, verified, after ${changed.toFixed(0)} s and is folded in after ${found.change.seconds.toFixed(0)} s`,
        `  the selling thread, ${held(found.change.hold)} (taking it over ${found.change.rereadMs.toFixed(1)} ms)`,
        `  with nothing to do, ${held(found.change.control)}`,
        `afterwards one by its card: ${looked(after)}`,
      ].join('\n'),
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What HQ publishes: everybody, or those who changed since `base`. */
function publish(path: string, base: Target | null): { readonly path: string; readonly target: Target } {
  const version = base === null ? 1 : 2;
  const scope = 'store/0042';
  const file = openSync(path, 'w');
  const writer = writeMemberFile(
    {
      tenant: 'demo',
      scope,
      version,
      base: base?.content ?? null,
      wordsFrom: base === null ? 0 : words.length,
      words: base === null ? words : [],
    },
    bytes => void writeSync(file, bytes),
  );
  const content = new ContentHash(words);
  const { below } = chanceOf(3);
  const { below: other } = chanceOf(5);
  for (let number = 0; number < count; number++) {
    const key = keyOf(number);
    const facts = memberOf(number, key, below);
    const isChanged = base !== null && changed(number);
    const row = packMember(isChanged ? { ...facts, points: facts.points + 1 + other(100) } : facts, numberOf);
    content.add(key, row);
    if (base === null || isChanged) writer.add(key, row);
  }
  const ended = writer.end();
  closeSync(file);
  return {
    path,
    target: {
      ...ended,
      tenant: 'demo',
      scope,
      version,
      block: 131_072,
      content: content.digest(),
      count,
      base: base?.content ?? null,
    },
  };
}

/** Block by block, as the till's line brings it. */
async function fetch({ path, target }: { readonly path: string; readonly target: Target }) {
  const incoming = incomingIn(join(folder, 'members')).begin(target);
  const file = openSync(path, 'r');
  for (const index of incoming.missing(target.size)) {
    const block = Buffer.allocUnsafe(target.block);
    const bytes = block.subarray(0, readSync(file, block, 0, target.block, index * target.block));
    if (!incoming.write(index, bytes)) throw new Error(`block ${index} was not taken`);
    await new Promise(resolve => setImmediate(resolve));
  }
  closeSync(file);
  incoming.close();
  return { incoming: incoming.path, target };
}

/** Seconds. */
async function worked(order: Order): Promise<number> {
  const began = performance.now();
  const done = await startThread(order).done;
  if (done?.ok !== true) throw new Error(done === null ? 'called off' : done.reason);
  return (performance.now() - began) / 1000;
}

interface Spent {
  readonly clock: number;
  /** Without waiting for a processor; the same as by the clock where the system does not tell. */
  readonly own: number;
  /** At work on a processor: what is the program's own, whatever else runs on the machine. */
  readonly work: number;
}

type Holds = ReturnType<typeof holdsOf>;
type Lookups = ReturnType<typeof timesOf>;

/** Three numbers a look, in a place that never grows: nothing of this is garbage that the thread would have to collect. */
function holdsOf(held: Float64Array) {
  const of = (which: number) => {
    const times = held.filter((_, index) => index % 3 === which).sort();
    return {
      p50: quantile([...times], 0.5),
      p99: quantile([...times], 0.99),
      most: times.at(-1) ?? 0,
      over5: times.filter(ms => ms > 5).length,
    };
  };
  return { times: held.length / 3, clock: of(0), own: of(1), work: of(2) };
}

/** Milliseconds since some start. Linux tells in nanoseconds how long a thread waited for a processor (proc(5), schedstat). */
function spent(): Spent {
  const clock = performance.now();
  if (schedstat === null) return { clock, own: clock, work: clock };
  const text = told.toString('latin1', 0, readSync(schedstat, told, 0, told.length, 0));
  const [ran = 0, waited = 0] = text.split(' ').map(Number);
  return { clock, own: clock - waited / 1e6, work: ran / 1e6 };
}

function since(start: Spent): Spent {
  const end = spent();
  return { clock: end.clock - start.clock, own: end.own - start.own, work: end.work - start.work };
}

/**
 * What a sale would wait for: every other millisecond this thread wants to find a member. Noted is how much later than it wanted
 * it had done so.
 */
function watchThread(members: Members) {
  const everyMs = 2;
  const { below } = chanceOf(6);
  const held = new Float64Array(3 * mostLooks);
  let end = 0;
  let asleep = spent();
  let timer: NodeJS.Timeout;
  const look = () => {
    members.byCard(cardOf(below(count)));
    const { clock, own, work } = since(asleep);
    // A timer may come early by a fraction.
    held[end++] = Math.max(0, clock - everyMs);
    held[end++] = Math.max(0, own - everyMs);
    held[end++] = work;
    asleep = spent();
    if (end < held.length) timer = setTimeout(look, everyMs);
  };
  timer = setTimeout(look, everyMs);
  return {
    /** Since it was last asked. */
    taken() {
      const noted = held.slice(0, end);
      end = 0;
      return noted;
    },
    rest: () => new Promise(resolve => setTimeout(resolve, 20_000)),
    stop: () => clearTimeout(timer),
  };
}

function timeOf(run: () => void): Spent {
  const start = spent();
  run();
  return since(start);
}

/** Each lookup once, of members spread over the whole file, after as many others to warm up. Microseconds. */
function timesOf(members: Members) {
  const { below } = chanceOf(4);
  const look = (number: number) => {
    if (members.byCard(cardOf(number)) === null) throw new Error('every card is there');
  };
  for (let index = 0; index < lookups; index++) look(below(count));
  const times = Array.from({ length: lookups }, () => {
    const number = below(count);
    return timeOf(() => look(number));
  });
  const of = (each: readonly number[]) => ({ p50: quantile(each, 0.5) * 1000, p99: quantile(each, 0.99) * 1000 });
  return { clock: of(times.map(one => one.clock)), own: of(times.map(one => one.own)) };
}
