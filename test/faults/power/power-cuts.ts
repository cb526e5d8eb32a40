/** Plays power cuts on what a till really wrote: the till's own store opens what is left, and every promise given before the cut is looked up. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openStore } from '../../../agent/store/index.ts';
import { temporaryFolder } from '../../sale/core-till.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { seeded } from '../seeded.ts';
import { brokenPromises } from '../till-checks.ts';
import { createDisk, type Loss, losses } from './disk.ts';
import { type DiskStep, traceWrites } from './trace.ts';

export type PowerFindings = {
  /** Cuts played. */
  readonly cuts: number;
  /** Sales that had been answered when the power went, summed over the cuts. */
  readonly promised: number;
  readonly broken: readonly string[];
  readonly byLoss: ReadonlyMap<Loss, number>;
};

const program = join(import.meta.dirname, 'recorded-till.ts');
const database = 'data/till.sqlite';
/** A till of two lives: killed in the middle of the first, shut down at the end of the second. */
const lives = [
  { end: 'kill', start: '2026-11-21T10:15:00+01:00' },
  { end: 'close', start: '2026-11-22T08:00:00+01:00' },
] as const;

/** The same seed sells the same; the log grows past SQLite's checkpoint (1,000 pages) in each life. */
export function recordTill(seed: number, synchronous: 'full' | 'normal', sales = 24): readonly DiskStep[] {
  // On a real file system: one in memory may give other answers to a sync.
  const top = mkdtempSync(join(tmpdir(), 'tillside-power-'));
  try {
    return lives.flatMap(({ end, start }, life) =>
      traceWrites(program, [join(top, 'data'), String(seed + life), String(sales), end, synchronous, start], top),
    );
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

export function cutPower(steps: readonly DiskStep[], cuts: number, seed: number): PowerFindings {
  const random = seeded(seed);
  const spoken = steps.flatMap(({ kind }, at) => (kind === 'said' ? [at] : []));
  // Half of them just after something was said: then most is promised and least may be lost.
  const places = Array.from({ length: cuts }, (_, nth) =>
    nth % 2 === 0 ? Math.floor(random() * steps.length) : (spoken[Math.floor(random() * spoken.length)] ?? 0),
  ).sort((a, b) => a - b);

  const disk = createDisk();
  const told = { answered: new Map<string, readonly string[]>(), voided: new Set<string>(), paper: [] as string[] };
  let activated = 0;
  let promised = 0;
  const broken: string[] = [];
  const byLoss = new Map<Loss, number>();
  const top = temporaryFolder();
  let done = 0;
  try {
    for (const [nth, place] of places.entries()) {
      for (; done <= place; done++) {
        const step = steps[done];
        if (step === undefined) break;
        disk.take(step);
        if (step.kind !== 'said') continue;
        const [what, id = '', ...serials] = step.line.split(' ');
        if (what === 'answered') told.answered.set(id, serials);
        if (what === 'voided') told.voided.add(id);
        if (what === 'paper') told.paper.push(id);
        if (what === 'activated') activated = Number(id);
      }
      const loss = losses[Math.floor(random() * losses.length)] ?? 'lost';
      byLoss.set(loss, (byLoss.get(loss) ?? 0) + 1);
      promised += told.answered.size;
      const folder = join(top, String(nth));
      try {
        layOut(folder, disk.afterCut(loss, random));
        for (const fault of lookInto(folder, activated)) broken.push(`step ${place}, ${loss}: ${fault}`);
        for (const fault of brokenPromises(join(folder, database), told))
          broken.push(`step ${place}, ${loss}: ${fault}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
  return { cuts, promised, broken, byLoss };
}

function layOut(folder: string, files: ReadonlyMap<string, Buffer>): void {
  mkdirSync(folder, { recursive: true });
  for (const [path, bytes] of files) {
    // The log's index is memory shared by processes; SQLite makes it anew. Members are a file that can be made again.
    if (path.endsWith('-shm') || path.includes('members')) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

/** The till starts on it. */
function* lookInto(folder: string, activated: number): Iterable<string> {
  const store = openStore({
    path: join(folder, database),
    address: { tenant: 'demo', store: '0042', till: '1' },
    clock: new FakeClock('2026-11-22T20:00:00+01:00'),
    timeZone: 'Europe/Zurich',
  });
  try {
    if (store.damaged !== null) yield `the store was damaged: ${store.damaged.problem}`;
    const bundle = store.bundles.current();
    if ((bundle?.version ?? 0) < activated) yield `bundle ${activated} was active and ${bundle?.version} is`;
    if (bundle !== null) {
      if (createHash('sha256').update(bundle.bytes).digest('hex') !== bundle.sha256) yield 'a bundle is half there';
      if (store.bundles.highest(bundle.id) < bundle.version) yield 'a bundle is active that is not trusted';
    }
  } finally {
    store.close();
  }
}
