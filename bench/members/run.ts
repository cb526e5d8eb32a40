/**
 * `node bench/members/run.ts [--json] [--members N]`: three million members on a till. What HQ publishes, how large it is on the
 * wire and on disk, how long a card's scan waits for its member, and for how long a change of 30,000 ever holds up a sale. Each
 * by the clock, and without the time that this thread stood in line for a processor that others had.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inSlices } from '../../agent/members/slices.ts';
import {
  build,
  fold,
  type Job,
  newMembersFile,
  type Outcome,
  openMembers,
  settle,
  stage,
  type Target,
} from '../../agent/store/index.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { ContentHash, openMemberFile, writeMemberFile } from '../../sync/protocol/members-file.ts';
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

  const path = join(folder, 'members.sqlite');
  const next = newMembersFile(`${path}.next`);
  const began = performance.now();
  const built = atOnce(build(next, opened(whole.path), whole.target));
  next.close();
  const buildSeconds = (performance.now() - began) / 1000;
  if (!built.ok) throw new Error(built.reason);
  const members = openMembers(path);
  onDisk(`${path}.next`);
  const swapMs = timeOf(() => members.swap(`${path}.next`)).clock;
  const fileBytes = statSync(path).size;

  const look = timesOf(number => {
    if (members.byCard(cardOf(number)) === null) throw new Error('every card is there');
  });

  const { clock, slices } = timingClock();
  const from = performance.now();
  const staged = await inSlices<Outcome>(stage(members.file, opened(change.path), change.target), clock);
  if (staged?.ok !== true) throw new Error(staged === null ? 'broken off' : staged.reason);
  const stagedSeconds = (performance.now() - from) / 1000;
  const settled = timeOf(() => {
    settle(members.file, opened(change.path), change.target);
    members.reread();
  });
  await inSlices(fold(members.file), clock);
  const reread = timeOf(() => members.reread());
  const changeSeconds = (performance.now() - from) / 1000;
  const after = timesOf(number => {
    if (members.byCard(cardOf(number)) === null) throw new Error('every card is there');
  });
  members.close();

  const holds = [...slices, settled, reread];
  const found = {
    members: count,
    transferBytes: whole.target.size,
    fileBytes,
    buildSeconds,
    swapMs,
    lookup: look,
    changes,
    changeTransferBytes: change.target.size,
    changeSeconds,
    verifiedAfterSeconds: stagedSeconds,
    slices: slices.length,
    busySeconds: slices.reduce((sum, { own }) => sum + own, 0) / 1000,
    hold: { clock: holdsOf(holds.map(one => one.clock)), own: holdsOf(holds.map(one => one.own)) },
    settleMs: settled.own,
    lookupAfter: after,
  };
  if (values.json) console.log(JSON.stringify(found));
  else {
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    const held = ({ p50, p99, most, over5 }: Holds) =>
      `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, most ${most.toFixed(1)} ms, ${over5} over 5 ms`;
    const looked = ({ clock: by, own }: Lookups) =>
      `by the clock p50 ${by.p50.toFixed(1)} µs, p99 ${by.p99.toFixed(1)} µs; without waiting for a processor ${own.p50.toFixed(1)} and ${own.p99.toFixed(1)} µs`;
    console.log(
      [
        `${count.toLocaleString('en')} members: ${mb(found.transferBytes)} to transfer (${(found.transferBytes / count).toFixed(0)} bytes each), ` +
          `members.sqlite ${mb(fileBytes)} (${(fileBytes / count).toFixed(0)} bytes each)`,
        `built and verified in ${buildSeconds.toFixed(1)} s of work, swapped in within ${swapMs.toFixed(1)} ms`,
        `one by its card (${lookups.toLocaleString('en')} different ones): ${looked(look)}`,
        `change of ${changes.toLocaleString('en')}: ${mb(found.changeTransferBytes)} to transfer; it counts, verified, after ${stagedSeconds.toFixed(1)} s and is folded in after ${changeSeconds.toFixed(1)} s, ` +
          `of which ${found.busySeconds.toFixed(1)} s were work, in ${slices.length.toLocaleString('en')} slices`,
        `a sale is held up by a slice, by the clock: ${held(found.hold.clock)}`,
        `              without waiting for a processor: ${held(found.hold.own)} (settle ${found.settleMs.toFixed(1)} ms)`,
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

function opened(path: string) {
  const file = openSync(path, 'r');
  const made = openMemberFile((offset, length) => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  });
  if (!made.ok) throw new Error(made.reason);
  return made.value;
}

function atOnce<T>(job: Job<T>): T {
  for (;;) {
    const step = job.next();
    if (step.done === true) return step.value;
  }
}

interface Spent {
  readonly clock: number;
  /** Without waiting for a processor; the same as by the clock where the system does not tell. */
  readonly own: number;
}

type Holds = ReturnType<typeof holdsOf>;
type Lookups = ReturnType<typeof timesOf>;

function holdsOf(times: readonly number[]) {
  return {
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    most: times.reduce((most, ms) => Math.max(most, ms), 0),
    over5: times.filter(ms => ms > 5).length,
  };
}

/** Milliseconds since some start. Linux tells in nanoseconds how long a thread waited for a processor (proc(5), schedstat). */
function spent(): Spent {
  const clock = performance.now();
  if (schedstat === null) return { clock, own: clock };
  const text = told.toString('latin1', 0, readSync(schedstat, told, 0, told.length, 0));
  return { clock, own: clock - Number(text.split(' ')[1]) / 1e6 };
}

function since(start: Spent): Spent {
  const end = spent();
  return { clock: end.clock - start.clock, own: end.own - start.own };
}

/** The real clock, which notes how long each slice keeps the thread: from its timer to its next wish for one. */
function timingClock(): { readonly clock: Clock; readonly slices: Spent[] } {
  const slices: Spent[] = [];
  let began: Spent | null = null;
  return {
    slices,
    clock: {
      ...systemClock,
      after(ms, run) {
        if (began !== null) slices.push(since(began));
        const timer = setTimeout(() => {
          began = spent();
          run();
        }, ms);
        return () => clearTimeout(timer);
      },
    },
  };
}

function timeOf(run: () => void): Spent {
  const start = spent();
  run();
  return since(start);
}

/** As the till's keeper does before it swaps the file in. */
function onDisk(path: string) {
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

/** Each lookup once, of members spread over the whole file, after as many others to warm up. Microseconds. */
function timesOf(look: (number: number) => void) {
  const { below } = chanceOf(4);
  for (let index = 0; index < lookups; index++) look(below(count));
  const times = Array.from({ length: lookups }, () => {
    const number = below(count);
    return timeOf(() => look(number));
  });
  const of = (each: readonly number[]) => ({ p50: quantile(each, 0.5) * 1000, p99: quantile(each, 0.99) * 1000 });
  return { clock: of(times.map(one => one.clock)), own: of(times.map(one => one.own)) };
}
