/** kill -9 at random moments of sales on a real database file (issue: the store). The seed is printed; TILL_KILLS sets how many. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { temporaryFolder } from '../sale/core-till.ts';
import { testSeed } from '../support/test-seed.ts';
import { seeded } from './seeded.ts';
import { brokenPromises } from './till-checks.ts';

const program = join(import.meta.dirname, 'selling-till.ts');
const kills = Number(process.env.TILL_KILLS ?? 200);
const seed = testSeed('TILL_SEED');
/** Where the children keep their compiled program: they start in a quarter of the time. */
const cache = join(tmpdir(), 'tillside-compile-cache');
/** Kills fall within this time after some line that the till said, so that a slow machine sees as much of its life as a fast one. */
const longestMs = 12;
const linesAtMost = 10;

type Child = {
  readonly process: ChildProcessWithoutNullStreams;
  readonly lines: string[];
  /** Resolves when it has said so many lines, or has ended. */
  said(lines: number): Promise<void>;
  readonly ended: Promise<void>;
  readonly errors: string[];
};

function start(mode: string, dir: string, childSeed: number): Child {
  const process = spawn(globalThis.process.execPath, [program, mode, dir, String(childSeed)], {
    env: { ...globalThis.process.env, NODE_COMPILE_CACHE: cache },
  });
  const lines: string[] = [];
  const errors: string[] = [];
  let rest = '';
  let over = false;
  let heard = () => {};
  process.stdin.on('error', () => {});
  process.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  process.stdout.setEncoding('utf8').on('data', (text: string) => {
    // A line cut off by the kill was never seen whole.
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    heard();
  });
  const ended = new Promise<void>(resolve => {
    process.once('close', () => {
      over = true;
      heard();
      resolve();
    });
  });
  const said = async (count: number) => {
    while (!over && lines.length < count) {
      await new Promise<void>(resolve => {
        heard = resolve;
      });
    }
  };
  return { process, lines, said, ended, errors };
}

/** Kills a till `times` times on one database; stops at the first broken promise. */
async function lane(mode: string, times: number, laneSeed: number): Promise<{ broken: string[]; answered: number }> {
  const dir = temporaryFolder();
  const random = seeded(laneSeed);
  const answered = new Map<string, readonly string[]>();
  const voided = new Set<string>();
  const paper: string[] = [];
  const take = (child: Child) => {
    for (const line of child.lines) {
      const [what, id = '', ...serials] = line.trim().split(' ');
      if (what === 'answered') answered.set(id, serials);
      if (what === 'voided') voided.add(id);
      if (what === 'paper') paper.push(id);
    }
  };
  let next = start(mode, dir, Math.floor(random() * 1e9));
  try {
    for (let kill = 1; kill <= times; kill++) {
      const child = next;
      await child.said(1);
      child.process.stdin.write('go\n');
      await child.said(1 + Math.floor(random() * (linesAtMost + 1)));
      await new Promise(resolve => setTimeout(resolve, random() * longestMs));
      child.process.kill('SIGKILL');
      // The next one loads its program meanwhile; it opens nothing before it is told.
      if (kill < times) next = start(mode, dir, Math.floor(random() * 1e9));
      await child.ended;
      take(child);
      const broken = [...child.errors, ...brokenPromises(join(dir, 'till.sqlite'), { answered, voided, paper })];
      if (broken.length > 0) return { broken: broken.map(text => `kill ${kill}: ${text}`), answered: answered.size };
    }
    next = start('drain', dir, 1);
    await next.said(1);
    next.process.stdin.write('go\n');
    await next.ended;
    take(next);
    const broken = [...next.errors, ...brokenPromises(join(dir, 'till.sqlite'), { answered, voided, paper })];
    return { broken, answered: answered.size };
  } finally {
    // Whatever went wrong, no till is left behind that waits for its word: it would keep the test run from ever ending.
    next.process.kill('SIGKILL');
    await next.ended;
    rmSync(dir, { recursive: true, force: true });
  }
}

test(`after ${kills} kills at random moments every answered sale is there once and every coupon in a defined state`, async t => {
  t.diagnostic(`seed ${seed} (TILL_SEED=${seed})`);
  // Two databases at once: one for each of two cores.
  const half = Math.ceil(kills / 2);
  const lanes = await Promise.all([lane('sell', half, seed), lane('sell', kills - half, seed + 1)]);
  const answered = lanes.reduce((sum, one) => sum + one.answered, 0);
  t.diagnostic(`${answered} sales answered`);
  assert.deepEqual(
    lanes.flatMap(one => one.broken),
    [],
  );
  assert(answered >= kills, 'on the whole at least one sale for each kill, else this shows nothing');
});

test('the same harness finds a till whose writes commit one by one', async t => {
  t.diagnostic(`seed ${seed} (TILL_SEED=${seed})`);
  const { broken } = await lane('split', 150, seed + 2);
  t.diagnostic(broken[0] ?? 'nothing found');
  assert.notDeepEqual(broken, []);
});

test('a till killed before it made its tables has promised nothing, and one that had promised something is found', () => {
  const path = join(temporaryFolder(), 'till.sqlite');
  const nobody = { answered: new Map(), voided: new Set<string>(), paper: [] };
  assert.deepEqual(brokenPromises(path, nobody), []);
  new SqliteDatabase(path).close();
  assert.deepEqual(brokenPromises(path, nobody), []);
  assert.equal(brokenPromises(path, { ...nobody, paper: ['S1'] }).length, 1);
});
